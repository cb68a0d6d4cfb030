from django.apps import AppConfig


class CoordinateConfig(AppConfig):
    name = "leeward.coordinate"
    label = "coordinate"
    default_auto_field = "django.db.models.UUIDField"
