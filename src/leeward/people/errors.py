"""What can go wrong with people's records, each with a sentence for the reader and a way out."""

from django.utils.translation import gettext as _


class PeopleError(Exception):
    """A refusal in plain words; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SealBroken(PeopleError):
    """A sealed value does not open: altered, moved, or its key destroyed."""

    def __init__(self) -> None:
        super().__init__(
            _("Part of this record is not available."),
            _("Tell the privacy officer. Nothing was changed."),
        )


class VaultClosed(SealBroken):
    """Nothing may be decrypted: what the database remembers of the erasure ledger and the ledger itself differ."""

    def __init__(self, message: str, hint: str) -> None:
        PeopleError.__init__(self, message, hint)


class KeyringUnusable(PeopleError):
    """The site keys are missing, unreadable, or readable by others."""


class CantErase(PeopleError):
    """An erasure that must not run."""


class NoSuchVersion(PeopleError):
    """A case names a version of its protocol that is nowhere to be found."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            _("Version %(version)s of the protocol %(name)s is missing.") % {"version": version, "name": name},
            _("Put its file beside the definitions, named %(name)s-%(version)s.yaml.")
            % {"version": version, "name": name},
        )


class NotYet(PeopleError):
    """The protocol asks for something else first."""


class BadEvent(PeopleError):
    """An event that the vocabulary does not allow: a wrong kind, field or time."""
