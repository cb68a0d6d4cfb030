"""The rule of docs/reference/consent.md read slowly: every row and record looked at, nothing kept, nothing shared."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from leeward.rules.consent import Grant, Law, Outcome, RecipientKind, Request, Restriction, Row

IMPLIED = {"names_recipient", "names_data", "names_purpose", "end_date"}
Known = list[Grant | Restriction]


@dataclass(frozen=True, slots=True)
class Answer:
    permitted: bool
    outcome: Outcome | None
    row: str | None
    grant: str | None
    codes: tuple[str, ...]
    about: frozenset[str]
    obligations: frozenset[str]


def answer(request: Request, records: Known, law: Law) -> Answer:
    rows = deciding_rows(request, law)
    if isinstance(rows, str):
        return Answer(False, None, None, None, (rows,), frozenset({""}), frozenset())
    outcome = rows[0].outcome
    named = min(rows, key=lambda row: (_terms(row), row.id)).id
    obligations = frozenset(code for row in rows for code in row.obligations)

    def no(codes: list[str], *about: str) -> Answer:
        return Answer(False, outcome, named, None, tuple(sorted(codes)), frozenset(about), frozenset())

    if outcome is Outcome.NEVER:
        return no(["never"], named)
    if outcome is Outcome.REQUIRED_BY_LAW:
        return Answer(True, outcome, named, None, ("required_by_law",), frozenset({named}), obligations)
    barring = [record for record in records if isinstance(record, Restriction) and bars(record, request)]
    if barring:
        return no(["restricted"], barring[0].id)
    if outcome is Outcome.PERMITTED:
        return Answer(True, outcome, named, None, ("permitted",), frozenset({named}), obligations)
    required = {element for row in rows if row.authorisation for element in row.authorisation.elements} - IMPLIED
    faults: list[tuple[str, str]] = []
    good: list[Grant] = []
    for grant in (record for record in records if isinstance(record, Grant)):
        if grant.client == request.client and grant.recipient == request.recipient and _about(grant, request):
            fault = wrong_with(grant, request, records, required, law)
            if fault:
                faults.append((fault, grant.id))
            else:
                good.append(grant)
    if good:
        best = max(good, key=lambda grant: (grant.last_day, grant.id)).id
        return Answer(True, outcome, named, best, ("covered",), frozenset({best}), obligations)
    told = [code for code, _ in faults] or ["no_grant"]
    return no([*told, "no_grant"], *([grant for _, grant in faults] or [""]), named)


def deciding_rows(request: Request, law: Law) -> list[Row] | str:
    """The strictest rows, or the code of a no that no row gives."""
    rows = []
    for row in law.rows:
        if request.data_class not in row.classes or request.recipient_kind not in row.recipients:
            continue
        if request.purpose not in row.purposes:
            continue
        if row.regimes is not None and not any(regime in row.regimes for regime in request.regimes):
            continue
        if row.outcome is Outcome.REQUIRED_BY_LAW and (request.duty is None or row.duty != request.duty):
            continue
        rows.append(row)
    never = [row for row in rows if row.outcome is Outcome.NEVER]
    if never:
        return never
    if not request.regimes or not rows:
        return "no_row"
    for regime in request.regimes:
        if not any(row.regimes is not None and regime in row.regimes for row in rows):
            return "regime_silent"
    strictest = max(row.outcome for row in rows)
    return [row for row in rows if row.outcome is strictest]


def bars(restriction: Restriction, request: Request) -> bool:
    if restriction.client != request.client or restriction.lifted:
        return False
    if _later(restriction.starts_at, request.at):
        return False
    if restriction.recipient is None and request.recipient_kind is RecipientKind.CENTRE:
        return False
    if restriction.recipient is not None and restriction.recipient != request.recipient:
        return False
    if restriction.classes is not None and request.data_class not in restriction.classes:
        return False
    return restriction.purpose is None or restriction.purpose == request.purpose


def wrong_with(grant: Grant, request: Request, records: Known, required: set[str], law: Law) -> str:
    same = [record for record in records if isinstance(record, Grant) and record.id == grant.id]
    if any(record.withdrawn for record in same if (record.client, record.recipient) == (grant.client, grant.recipient)):
        return "withdrawn"
    if grant.purpose != request.purpose:
        return "other_purpose"
    if _later(grant.starts_at, request.at):
        return "not_started"
    if request.at.astimezone(ZoneInfo(request.zone)).date() > grant.last_day:
        return "ended"
    if any(element not in grant.elements for element in required):
        return "lacks_elements"
    return _signatures(grant, request, law)


def _signatures(grant: Grant, request: Request, law: Law) -> str:
    signer = grant.representation
    if signer is not None:
        today = request.at.astimezone(ZoneInfo(request.zone)).date()
        if signer.ended or _later(signer.starts_at, request.at) or today > signer.last_day:
            return "representation_ended"
        whole = request.data_class == "existence" and len(signer.classes) > 0
        return "" if request.data_class in signer.classes or whole else "outside_representation"
    if grant.age is None:
        return ""
    for regime in request.regimes:
        if not any(
            grant.age >= row.from_age
            for row in law.alone
            if (row.regimes is None or regime in row.regimes)
            and request.recipient_kind in row.recipients
            and request.purpose in row.purposes
        ):
            return "needs_representative"
    return "" if request.regimes else "needs_representative"


def _about(grant: Grant, request: Request) -> bool:
    return request.data_class in grant.classes or (request.data_class == "existence" and len(grant.classes) > 0)


def _later(one: datetime, other: datetime) -> bool:
    return one.timestamp() > other.timestamp()


def _terms(row: Row) -> tuple[int, int]:
    return (row.authorisation.longest_days, -len(row.authorisation.elements)) if row.authorisation else (0, 0)
