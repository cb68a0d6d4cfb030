from django.apps import AppConfig


class CoordinateConfig(AppConfig):
    name = "leeward.coordinate"
    label = "coordinate"
    default_auto_field = "django.db.models.UUIDField"

    def ready(self) -> None:
        from leeward.protect.preview import drawn_by

        from .preview import shown_to

        drawn_by.append(shown_to)
