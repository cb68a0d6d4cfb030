"""`leeward consent`: one decision, with the row that made it and every reason."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward import catalogue
from leeward.exchange.consent_case import CaseError, read_case
from leeward.rules.consent import Decision, decide

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def consent() -> None:
    """Ask the consent rule."""


@app.command("decide", epilog="Example: leeward consent decide case.json --json   (see docs/reference/consent.md)")
def decide_file(
    file: Annotated[Path, typer.Argument(help="JSON with request, grants and law; `-` reads standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    language: Annotated[str, typer.Option("--language", help="Language of the reasons: en or es.")] = "en",
) -> None:
    """Decide one request. Exit 0 if every class asked for is permitted, 1 if any is refused."""
    if language not in ("en", "es"):
        raise typer.BadParameter("There are reasons in en and es.", param_hint="--language")
    case = read_case(_content(file))
    law = catalogue.law(case.law)
    decisions = [(request.data_class.value, decide(request, case.grants, law)) for request in case.requests]
    permitted = all(decision.permitted for _, decision in decisions)
    if as_json:
        listed = [{"data_class": name, **_as_json(decision, language)} for name, decision in decisions]
        result = {"permitted": permitted, "law": law.name, "law_version": law.version}
        result |= listed[0] if len(listed) == 1 else {"decisions": listed}
        print(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        for name, decision in decisions:
            _tell(name, decision, language)
    if not permitted:
        raise typer.Exit(1)


def _as_json(decision: Decision, language: str) -> dict[str, object]:
    row = decision.row
    return {
        "permitted": decision.permitted,
        "outcome": decision.outcome.name.lower() if decision.outcome is not None else None,
        "row": {"id": row.id, "citation": row.citation, "status": row.status.value, "checked": row.checked.isoformat()}
        if row
        else None,
        "grant": decision.grant.id if decision.grant else None,
        "reasons": [
            {"code": reason.code.value, "about": reason.about, "text": reason.text.in_(language)}
            for reason in decision.reasons
        ],
        "obligations": [
            {
                "code": one.code,
                "text": one.text.in_(language),
                "notice": one.notice.in_(language) if one.notice else None,
            }
            for one in decision.obligations
        ],
    }


def _tell(name: str, decision: Decision, language: str) -> None:
    print(f"{name}: {'yes' if decision.permitted else 'no'}")
    for reason in decision.reasons:
        print(f"  {reason.text.in_(language)}" + (f" [{reason.about}]" if reason.about else ""))
    if decision.row:
        print(f"  Row {decision.row.id}: {decision.row.citation} ({decision.row.status.value})")
    for obligation in decision.obligations:
        print(f"  Then: {obligation.text.in_(language)}")


def _content(file: Path) -> str:
    try:
        return typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CaseError("The file is not UTF-8 text.", hint="Save it as JSON in UTF-8.") from error
    except OSError as error:
        raise CaseError(f"{file} can't be read: {error.strerror}.", hint="Check the path.") from error
