from django.apps import AppConfig


class TreatConfig(AppConfig):
    name = "leeward.treat"
    label = "treat"
    default_auto_field = "django.db.models.UUIDField"

    def ready(self) -> None:
        from leeward.people import rotation

        from .models import NoteKey, NoteShare

        for model in (NoteKey, NoteShare):
            rotation.TABLES.append(rotation.Wrapped(model, lambda row: row.binding))  # type: ignore[attr-defined]
