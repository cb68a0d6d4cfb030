from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "leeward.support"
    label = "support"
    default_auto_field = "django.db.models.UUIDField"
