"""`leeward protocol what-if`: how fidelity and workload would differ under another definition."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .definition_file import sound
from .fidelity import LANGUAGES, UNSUPPRESSED, people_of_results, print_columns, site_zone
from .moments import moment, said

if TYPE_CHECKING:
    from leeward.learn.plain import Json
    from leeward.learn.reading import Part
    from leeward.learn.whatif import WhatIf

_STEPS = ("opened", "late", "overdue")
_CHANGES = {"new": "new", "gone": "gone", "turned_missed": "now late", "turned_fine": "now fine"}
_WORK = ("openings", "closings", "open")


def what_if(
    a: Annotated[Path, typer.Argument(help="The definition that was in force, a YAML file.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="The definition to try instead.", metavar="B")],
    data: Annotated[Path, typer.Option(help="Folder with events.parquet, as `leeward simulate` writes it.")],
    now: Annotated[
        str | None, typer.Option(help="The moment to judge by, such as 2026-11-23T12:00Z; default the last event.")
    ] = None,
    threshold: Annotated[int, typer.Option(help="Smallest count above zero that is shown; 11 or more.")] = 11,
    unsuppressed: Annotated[
        bool, typer.Option("--unsuppressed", help="Show every count. For an analyst who may read the records.")
    ] = False,
    only_results: Annotated[
        bool,
        typer.Option(
            "--only-results", help="Only the people of the results: since go-live, without who declined research."
        ),
    ] = False,
    zone: Annotated[str, typer.Option(help="Where weeks begin; default LEEWARD_TIME_ZONE.")] = "",
    language: Annotated[str, typer.Option(help="Language of the sentences: en or es.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON, with every week.")] = False,
) -> None:
    """Judge the same timelines by two definitions: what would have been late, and each role's work by week.

    What happened is held fixed; people would have acted differently. Counts below the threshold are hidden.

    Example: leeward protocol what-if now.yaml proposed.yaml --data centre
    """
    if language not in LANGUAGES:
        raise typer.BadParameter("The sentences are written in en and es.", param_hint="--language")
    import django
    from django.utils import translation

    django.setup()
    from leeward.evidence.threshold import Threshold
    from leeward.learn.reading import Part
    from leeward.learn.replay.cases import cases
    from leeward.learn.whatif import what_if as compare
    from leeward.learn.whatif.sentences import held_fixed, sentences
    from leeward.learn.whatif.shown import document

    chosen = None if unsuppressed else Threshold(threshold)
    at = moment(now)
    only = people_of_results(data, at) if only_results else None
    found = compare(sound(a), sound(b), cases(data), at, zone=zone or site_zone(), only=only)
    if unsuppressed:
        typer.echo(UNSUPPRESSED, err=True)
    made = dict(document(found, chosen, last_weeks=None if as_json else 0))
    spoken: dict[str, Json] = {}
    for each in LANGUAGES:
        with translation.override(each):
            spoken[each] = [held_fixed(), *sentences(Part(made))]
    if as_json:
        print(json.dumps({**made, "sentences": spoken}, indent=2, ensure_ascii=False))
        return
    _print(found, Part(made), spoken[language])


def _print(found: "WhatIf", made: "Part", spoken: "Json") -> None:
    """The sentences, the steps that change, and each role's work."""
    from leeward.learn.whatif.sentences import is_changed

    print(f"A: {found.a.name} {found.a.version}. B: {found.b.name} {found.b.version}. As of {said(found.now)}.")
    for sentence in spoken if isinstance(spoken, list) else []:
        print(sentence)
    steps = [["step", *(f"{name} {side}" for name in _STEPS for side in "AB"), *_CHANGES.values()]]
    for step in made["steps"]:
        if is_changed(step):
            sides = [_count(step[side][name]) for name in _STEPS for side in "ab"]
            steps.append([step["step"].text, *sides, *(_count(step[name]) for name in _CHANGES)])
    if len(steps) > 1:
        print()
        print_columns(steps, 1)
    roles = [["role", *(f"{name} {side}" for name in _WORK for side in "AB")]]
    roles += [
        [role["role"].text, *(_count(role[side][name]) for name in _WORK for side in "ab")] for role in made["roles"]
    ]
    print()
    print_columns(roles, 1)
    print("\nOpen: at the end of the last week. Every week: --json.")


def _count(part: "Part") -> str:
    if part.is_hidden:
        return "hidden"
    return "-" if part.number is None else f"{part.number:,.0f}"
