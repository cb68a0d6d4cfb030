from django.apps import AppConfig


class ProtectConfig(AppConfig):
    name = "leeward.protect"
    label = "protect"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from leeward.people import rotation

        from . import erasure, sealing
        from .factors import APP_SECRETS
        from .holds import why_kept
        from .models import BreakGlassText, Hold, Suspension
        from .personal_keys import SEALED

        rotation.TABLES.append(APP_SECRETS)
        rotation.TABLES.append(SEALED)
        rotation.TABLES.append(rotation.Wrapped(BreakGlassText, lambda row: row.binding))  # type: ignore[attr-defined]
        rotation.TABLES.extend(
            rotation.Wrapped(model, sealing.binding, column="sealed") for model in (Hold, Suspension)
        )
        erasure.holds.append(why_kept)
