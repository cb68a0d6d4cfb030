"""One thing that was checked, whether it is well, and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    ok: bool
    mend: str = ""

    def as_json(self) -> dict[str, object]:
        return {"what": self.what, "ok": self.ok, "mend": self.mend}
