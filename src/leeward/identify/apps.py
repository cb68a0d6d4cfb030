from django.apps import AppConfig


class IdentifyConfig(AppConfig):
    name = "leeward.identify"
    label = "identify"
    default_auto_field = "django.db.models.UUIDField"
