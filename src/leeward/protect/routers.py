"""Which connection serves which table: sign-in data has a role of its own, so that a page's SQL can't reach it."""

from typing import Any

SIGN_IN = {"account", "session", "passkey", "codeapp", "onetimecode"}


class SignInRouter:
    """Sends accounts, sessions and the record of failed sign-ins to the `signin` connection, all else to the web role.

    It always answers: Django would otherwise follow the connection that a related object came from.
    """

    def _is_sign_in(self, model: Any) -> bool:
        meta = model._meta
        return bool(meta.app_label == "axes" or (meta.app_label == "protect" and meta.model_name in SIGN_IN))

    def db_for_read(self, model: Any, **hints: object) -> str:
        return "signin" if self._is_sign_in(model) else "default"

    def db_for_write(self, model: Any, **hints: object) -> str:
        return "signin" if self._is_sign_in(model) else "default"

    def allow_relation(self, one: object, other: object, **hints: object) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        return db == "owner"
