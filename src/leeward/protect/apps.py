from django.apps import AppConfig


class ProtectConfig(AppConfig):
    name = "leeward.protect"
    label = "protect"
    default_auto_field = "django.db.models.BigAutoField"
