"""By which events something about a person leaves to another party on the person's permission.

This is the one place that says so; docs/reference/fidelity.md shows the same table. What leaves on another ground (a
report that the law requires, contact with the police by duty) needs no permission and is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Events of a kind, where given only those whose field `only[0]` says `only[1]`, share with the agency that the
    field `to` names, or with agencies of the kind `to_kind`. A permission that lists classes of data must list
    `data_class`."""

    kind: str
    to: str | None = None
    to_kind: str | None = None
    only: tuple[str, str] | None = None
    data_class: str | None = None


SHARINGS: Final = (
    Sharing(kind="referral.sent", to="to", data_class="referral"),
    Sharing(kind="law_enforcement.contacted", to_kind="law_enforcement", only=("basis", "consent")),
)
