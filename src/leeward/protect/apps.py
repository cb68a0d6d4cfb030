from django.apps import AppConfig


class ProtectConfig(AppConfig):
    name = "leeward.protect"
    label = "protect"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from leeward.people import rotation

        from .factors import APP_SECRETS
        from .models import BreakGlassText
        from .personal_keys import SEALED

        rotation.TABLES.append(APP_SECRETS)
        rotation.TABLES.append(SEALED)
        rotation.TABLES.append(rotation.Wrapped(BreakGlassText, lambda row: row.binding))  # type: ignore[attr-defined]
