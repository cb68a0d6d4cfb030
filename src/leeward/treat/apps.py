from django.apps import AppConfig


class TreatConfig(AppConfig):
    name = "leeward.treat"
    label = "treat"
    default_auto_field = "django.db.models.UUIDField"
