"""`leeward instruments`: list, score, import and export questionnaires."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward import catalogue, definitions
from leeward.exchange.errors import QuestionnaireError
from leeward.exchange.official_wording import choose, put_on
from leeward.exchange.questionnaire import LARGEST, read_questionnaire
from leeward.exchange.questionnaire_export import export_conversation, export_instrument
from leeward.rules.instruments import Instrument, Score, parse_instrument, read_answer, score
from leeward.rules.yaml_source import load

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_Language = Annotated[str, typer.Option("--language", help="Language of the words: en or es.")]
_Name = Annotated[str, typer.Argument(help="A measure, such as phq-9.", metavar="NAME")]


@app.command("list", epilog="Example: leeward instruments list --json")
def list_instruments(as_json: _Json = False, language: _Language = "en") -> None:
    """Every questionnaire: its items, range, codes and whose wording it shows."""
    _check_language(language)
    measures = [catalogue.instrument(name) for name in catalogue.measure_names()]
    conversations = [catalogue.conversation(name) for name in catalogue.conversation_names()]
    if as_json:
        rows: list[dict[str, object]] = [_listed(measure, language) for measure in measures]
        rows += [
            {
                "name": talk.name,
                "kind": "conversation",
                "title": talk.title.in_(language),
                "version": talk.version,
                "items": len(talk.questions),
                "validation": talk.validation,
            }
            for talk in conversations
        ]
        _print_json(rows)
        return
    for measure in measures:
        words = measure.wording_in(language).value
        print(
            f"{measure.name:22} {len(measure.items):2} items, {measure.lowest} to {measure.highest}, "
            f"{words} wording, LOINC {measure.panel_loinc or 'none'}: {measure.title.in_(language)}"
        )
    for talk in conversations:
        print(
            f"{talk.name:22} {len(talk.questions):2} questions, no score, validation {talk.validation}: "
            f"{talk.title.in_(language)}"
        )


@app.command("score", epilog="Example: leeward instruments score phq-9 --answers 1,2,0,1,,declined,0,0,0")
def score_answers(
    name: _Name,
    answers: Annotated[
        str,
        typer.Option(help="One answer an item, in order, with commas: a value, `declined`, or nothing if not asked."),
    ],
    as_json: _Json = False,
    language: _Language = "en",
) -> None:
    """Score one set of answers: total, band, alerts, the diagnosis pattern, what is missing."""
    _check_language(language)
    instrument = catalogue.instrument(name)
    given = answers.split(",")
    texts = instrument.in_order([None] * len(given))
    result = score(
        instrument,
        {item: read_answer(instrument, item, text) for item, text in zip(texts, given, strict=True)},
    )
    if as_json:
        _print_json(_scored(instrument, result, language))
    else:
        _tell_score(instrument, result, language)


@app.command("import", epilog="Example: leeward instruments import phq-9.questionnaire.json --to /etc/leeward")
def import_form(
    file: Annotated[Path, typer.Argument(help="A FHIR R4 Questionnaire in JSON; `-` reads standard input.")],
    to: Annotated[
        Path | None,
        typer.Option(
            help="The site's own definitions; else LEEWARD_SITE_DEFINITIONS, else `definitions` in Leeward's home."
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Show a measure in its official wording. Scoring stays as shipped; the site's folder gets the new definition."""
    questionnaire = read_questionnaire(_content(file))
    instrument = choose(questionnaire, [catalogue.instrument(name) for name in catalogue.measure_names()])
    document = load(definitions.read("instruments", instrument.name), name=f"{instrument.name}.yaml")
    made = put_on(questionnaire, instrument, document)
    parse_instrument(load(made.text, name=f"{made.name}.yaml"), definitions.schema("instrument"))
    folder = to or definitions.site_folder()
    target = folder / "instruments" / f"{made.name}.yaml"
    _write(target, made.text)
    notes = list(made.notes)
    if not any(known.resolve() == folder.resolve() for known in definitions.folders()):
        notes.append(f"To use it, set LEEWARD_SITE_DEFINITIONS={folder}")
    if as_json:
        _print_json(
            {"name": made.name, "file": str(target), "language": made.language, "wording": questionnaire.wording}
            | {"items": len(instrument.items), "notes": notes}
        )
        return
    print(f"{instrument.short_name}: {len(instrument.items)} items in {made.language} written to {target}.")
    for note in notes:
        print(note)


@app.command("export", epilog="Example: leeward instruments export gad-7 --language es --out gad-7.json")
def export_form(
    name: Annotated[str, typer.Argument(help="A measure or conversation, such as gad-7.", metavar="NAME")],
    out: Annotated[Path | None, typer.Option(help="File to write; else standard output.")] = None,
    language: _Language = "en",
) -> None:
    """Write a questionnaire as FHIR R4 JSON, with codes, scores, credit and whose words it uses."""
    _check_language(language)
    if name in catalogue.conversation_names():
        resource = export_conversation(catalogue.conversation(name), language)
    else:
        resource = export_instrument(catalogue.instrument(name), language)
    text = json.dumps(resource, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        print(text, end="")
        return
    _write(out, text)
    print(f"Written to {out}.")


def _listed(measure: Instrument, language: str) -> dict[str, object]:
    return {
        "name": measure.name,
        "kind": "measure",
        "title": measure.title.in_(language),
        "version": measure.version,
        "items": len(measure.items),
        "lowest": measure.lowest,
        "highest": measure.highest,
        "wording": {code: words.value for code, words in measure.wording.items()},
        "loinc": {"panel": measure.panel_loinc, "score": measure.score_loinc},
    }


def _scored(instrument: Instrument, result: Score, language: str) -> dict[str, object]:
    return {
        "instrument": result.instrument,
        "version": result.version,
        "total": result.total,
        "why_no_total": result.no_total.value if result.no_total else None,
        "band": result.band.id if result.band else None,
        "band_text": result.band.text.in_(language) if result.band else None,
        "cut_offs_reached": [line.id for line in result.cut_offs],
        "prorated": result.prorated,
        "answered": result.answered,
        "items": result.asked,
        "missing": list(result.missing),
        "declined": list(result.declined),
        "safety_unanswered": list(result.safety_unanswered),
        "alerts": [{"id": alert.id, "item": alert.item, "text": alert.text.in_(language)} for alert in result.alerts],
        "diagnosis": {
            "result": result.diagnosis.result,
            "text": result.diagnosis.text.in_(language) if result.diagnosis.text else None,
            "why_none": result.diagnosis.why.value if result.diagnosis.why else None,
        },
        "clusters": dict(result.clusters),
        "wording": instrument.wording_in(language).value,
    }


def _tell_score(instrument: Instrument, result: Score, language: str) -> None:
    if result.total is None:
        why = {"too_few_answers": "too few answers", "safety_item_unanswered": "the safety question is unanswered"}
        print(f"{instrument.short_name}: no total, because {why[result.no_total.value if result.no_total else '']}.")
    else:
        note = ", prorated" if result.prorated else ""
        band = f", {result.band.text.in_(language)}" if result.band else ""
        print(f"{instrument.short_name}: {result.total} of {instrument.highest}{band}{note}.")
    left = f"{len(result.declined)} declined, {len(result.missing)} not asked"
    print(f"{result.answered} of {result.asked} answered, {left}.")
    for cluster in instrument.clusters:
        points = result.clusters[cluster.id]
        print(f"{cluster.id} {cluster.text.in_(language)}: {'not complete' if points is None else points}")
    if result.diagnosis.text is not None and instrument.diagnosis is not None:
        print(f"{result.diagnosis.text.in_(language)}. {instrument.diagnosis.note.in_(language)}")
    for alert in result.alerts:
        print(f"ALERT: {alert.text.in_(language)}")


def _content(file: Path) -> bytes:
    try:
        if str(file) == "-":
            return typer.get_binary_stream("stdin").read(LARGEST + 1)
        with file.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise QuestionnaireError(f"{file} can't be read: {error.strerror}.", hint="Check the path.") from error


def _write(target: Path, text: str) -> None:
    """Write whole or not at all."""
    beside = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise QuestionnaireError(
            f"{target} can't be written: {error.strerror}.", hint="Name a folder that you may write to."
        ) from error


def _check_language(language: str) -> None:
    if language not in ("en", "es"):
        raise typer.BadParameter("There are words in en and es.", param_hint="--language")


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
