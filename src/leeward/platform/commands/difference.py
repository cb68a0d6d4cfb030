"""`leeward protocol diff`: what changes from one version to another, in plain words."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward.rules.protocol.difference import Change, difference

from .definition_file import sound


def diff(
    old: Annotated[Path, typer.Argument(help="The definition as it was, a YAML file.", metavar="A")],
    new: Annotated[Path, typer.Argument(help="The definition as it would be.", metavar="B")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    language: Annotated[str, typer.Option("--language", help="Language of the words: en or es.")] = "en",
) -> None:
    """Say what changes from definition A to definition B: steps, clocks, owners, gates, facts and words.

    Example: leeward protocol diff before.yaml after.yaml
    """
    if language not in ("en", "es"):
        raise typer.BadParameter("There are words in en and es.", param_hint="--language")
    before, after = sound(old), sound(new)
    changes = difference(before, after)
    if as_json:
        said = {"from": before.version, "to": after.version, "changes": [_plain(each, language) for each in changes]}
        print(json.dumps(said, indent=2, ensure_ascii=False))
        return
    print(f"{before.name} {before.version} → {after.name} {after.version}")
    for change in changes:
        print(f"  {change.say(language)}")
    if not changes:
        print("  " + ("Nada cambia." if language == "es" else "Nothing changes."))


def _plain(change: Change, language: str) -> dict[str, object]:
    before, after = (None if side is None else side.in_(language) for side in (change.before, change.after))
    return {
        "part": change.part,
        "id": change.id,
        "field": change.field,
        "before": before,
        "after": after,
        "words": change.say(language),
    }
