"""One person's record in the fields of the Human Trafficking Case Data Standard 2.0 (IOM; UNMigration/HTCDS).

Of its 83 fields only those are filled that say something of a case and nothing of who or where the person is. Names,
birth dates, addresses, phones, recruiters and places are never filled: `FILLED` is the whole list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

#: Fields that this export fills. The first two columns of the file, `record` and `con_Consent`, go before them.
FILLED: Final = (
    "con_Consent",
    "prs_PrimaryLanguage",
    "vic_TraffickingStatus",
    "cas_Status",
    "cas_ReasonForCaseClosure",
    "cas_ReasonForOutgoingReferral",
    "spl_Type",
)
_LANGUAGES: Final = {"en": "eng", "es": "spa", "vi": "vie"}
#: Services as referred to, and the kind of support plan that they belong to.
_PLANS: Final = {
    "medical": "Health",
    "dental": "Health",
    "forensic_exam": "Health",
    "mental_health": "Health",
    "substance_use": "Health",
    "civil_legal": "Legal",
    "immigration_legal": "Legal",
    "criminal_justice_advocacy": "Legal",
    "compensation_claim": "Legal",
    "record_clearing": "Legal",
    "education": "Education",
    "job": "Livelihood",
    "financial": "Financial",
    "benefits": "Financial",
}
_OTHER_PLAN: Final = "SocialCare"
_REFERENCE_TOOLS: Final = ("full-assessment",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the standard: its name, its type, and its codes where it has a list of them."""

    name: str
    type: str
    core: bool
    status: str
    values: tuple[str, ...]


@cache
def fields() -> Mapping[str, Field]:
    """The fields of the standard by name."""
    said = json.loads(Path(__file__).with_name("htcds_fields.json").read_text(encoding="utf-8"))
    return {
        each["name"]: Field(
            name=each["name"],
            type=each["type"],
            core=each["core"],
            status=each["status"],
            values=tuple(each.get("values", ())),
        )
        for each in said["fields"]
    }


Happened = tuple[str, Mapping[str, object]]
"""Kind and data of an event."""


def record(language: str, events: Sequence[Happened]) -> dict[str, str]:
    """The filled fields of one person, from their events in order. Codes of one field stand with `;` between."""
    said = [str(data.get("service")) for kind, data in events if kind == "referral.sent"]
    status, reason = _status(events)
    return {
        "con_Consent": "TRUE",
        "prs_PrimaryLanguage": _LANGUAGES.get(language, ""),
        "vic_TraffickingStatus": _trafficking(events),
        "cas_Status": status,
        "cas_ReasonForCaseClosure": reason,
        "cas_ReasonForOutgoingReferral": "AdditionalServicesRequired" if said else "",
        "spl_Type": ";".join(sorted({_PLANS.get(service, _OTHER_PLAN) for service in said})),
    }


def _trafficking(events: Sequence[Happened]) -> str:
    """What a long assessment found; before one, a positive conversation makes it possible."""
    conclusive = [
        data
        for kind, data in events
        if kind == "screening.completed" and data.get("result") in ("positive", "negative")
    ]
    assessed = [data["result"] for data in conclusive if data.get("tool") in _REFERENCE_TOOLS]
    if assessed:
        return "ActualVictimOfTrafficking" if assessed[-1] == "positive" else "NotAVictimOfTrafficking"
    return "PossibleVictimOfTrafficking" if any(data["result"] == "positive" for data in conclusive) else ""


def _status(events: Sequence[Happened]) -> tuple[str, str]:
    """Whether the case is open, closed, or looked after since; and why it was closed, as a code."""
    status, reason = "Active", ""
    for kind, data in events:
        if kind == "case.closed":
            reason = str(data.get("reason") or "other")
            status = "ClosedReferred" if reason == "transferred" else "Closed"
        elif kind == "case.reopened":
            status, reason = "Active", ""
        elif kind == "aftercare.contacted" and status == "Closed":
            status = "FollowUp"
    return status, reason


def misfits(row: Mapping[str, str]) -> tuple[str, ...]:
    """How a record departs from the standard, one sentence each."""
    known = fields()
    found = [f"There is no field {name}." for name in row if name not in known]
    for name, text in row.items():
        values = known[name].values if name in known else ()
        found += [f"{name} can't be {code}." for code in text.split(";") if values and text and code not in values]
    return tuple(found)
