from django.apps import AppConfig


class CoordinateConfig(AppConfig):
    name = "leeward.coordinate"
    label = "coordinate"
    default_auto_field = "django.db.models.UUIDField"

    def ready(self) -> None:
        from leeward.protect.actions import followed
        from leeward.protect.preview import drawn_by

        from .actions import go_on_under
        from .preview import shown_to

        drawn_by.append(shown_to)
        followed.append(go_on_under)
        from leeward.people import rotation
        from leeward.protect import erasure, sealing

        from .legal.models import LegalRequest, LegalStep
        from .legal.retention import forget_with

        tables = (LegalRequest, LegalStep)
        rotation.TABLES.extend(rotation.Wrapped(model, sealing.binding, column="sealed") for model in tables)
        erasure.forgets.append(forget_with)
