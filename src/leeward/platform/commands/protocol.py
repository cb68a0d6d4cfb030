"""`leeward protocol`: check a definition and show what it says."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward.rules.errors import DefinitionError
from leeward.rules.picture import file_svg, lay_out
from leeward.rules.protocol import Protocol

from . import protocol_shown
from .definition_file import checked, mistake, sound, tell
from .difference import diff
from .fidelity import fidelity
from .replay import replay
from .what_if import what_if

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("diff")(diff)
app.command("replay")(replay)
app.command("fidelity")(fidelity)
app.command("what-if")(what_if)

_File = Annotated[Path, typer.Argument(help="The definition, a YAML file; `-` reads standard input.", metavar="FILE")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_Svg = Annotated[
    Path | None, typer.Option("--svg", help="Draw the lanes of the roles into this SVG file.", metavar="OUT.svg")
]
_Language = Annotated[str, typer.Option("--language", help="Language of the titles: en or es.")]


@app.command("check", epilog="Example: leeward protocol check definitions/protocol/human-trafficking-response.yaml")
def check_file(file: _File, as_json: _Json = False) -> None:
    """Check a definition: exit 0 if it is sound, 1 with every mistake, its line and what would be right."""
    try:
        found = checked(file)
    except DefinitionError as error:
        if as_json:
            print(json.dumps({"sound": False, "mistakes": [mistake(each) for each in error.every]}, indent=2))
        else:
            for each in error.every:
                tell(each)
        raise typer.Exit(1) from error
    protocol = found.protocol
    if as_json:
        said = {"sound": True, "protocol": protocol.name, "version": protocol.version}
        counts = {"steps": len(protocol.steps), "gates": len(protocol.gates), "facts": len(protocol.facts)}
        print(json.dumps(said | counts | {"warnings": [mistake(each) for each in found.warnings]}, indent=2))
        return
    for each in found.warnings:
        tell(each, "Warning: ")
    print(
        f"{protocol.name} {protocol.version} is sound: {len(protocol.stages)} stages, {len(protocol.steps)} steps, "
        f"{len(protocol.gates)} gates, {len(protocol.facts)} facts."
    )


@app.command("show", epilog="Example: leeward protocol show FILE --svg picture.svg --language es")
def show_file(file: _File, as_json: _Json = False, svg: _Svg = None, language: _Language = "en") -> None:
    """Print a definition stage by stage, each step with its clock, owner, basis and choice; or draw it."""
    if language not in ("en", "es"):
        raise typer.BadParameter("There are titles in en and es.", param_hint="--language")
    protocol = sound(file)
    if svg is not None:
        _draw(protocol, svg, language, aside=as_json)
    if as_json:
        print(json.dumps(protocol_shown.as_json(protocol, language), indent=2, ensure_ascii=False))
    elif svg is None:
        print(protocol_shown.as_text(protocol, language))


def _draw(protocol: Protocol, file: Path, language: str, *, aside: bool) -> None:
    """Write the picture and say so; `aside`, on standard error, where standard output belongs to the JSON."""
    picture = lay_out(protocol, language=language, is_titled=True)
    try:
        file.write_text(file_svg(picture), encoding="utf-8")
    except OSError as error:
        typer.echo(f"leeward: {file} can't be written: {error.strerror}. Name a file in a folder of yours.", err=True)
        raise typer.Exit(1) from error
    drawn = f"{len(protocol.steps)} steps in the lanes of {len({step.role for step in protocol.steps})} roles"
    typer.echo(f"{protocol.name} {protocol.version} is drawn in {file}: {drawn}.", err=aside)
