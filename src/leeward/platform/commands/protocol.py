"""`leeward protocol`: check a definition and show what it says."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward import definitions
from leeward.rules.errors import DefinitionError
from leeward.rules.picture import file_svg, lay_out
from leeward.rules.protocol import Checked, Protocol, check

from . import protocol_shown

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

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
        checked = _read(file)
    except DefinitionError as error:
        if as_json:
            print(json.dumps({"sound": False, "mistakes": [_mistake(each) for each in error.every]}, indent=2))
        else:
            for each in error.every:
                _tell(each)
        raise typer.Exit(1) from error
    protocol = checked.protocol
    if as_json:
        found = {"sound": True, "protocol": protocol.name, "version": protocol.version}
        counts = {"steps": len(protocol.steps), "gates": len(protocol.gates), "facts": len(protocol.facts)}
        print(json.dumps(found | counts | {"warnings": [_mistake(each) for each in checked.warnings]}, indent=2))
        return
    for each in checked.warnings:
        _tell(each, "Warning: ")
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
        _draw(protocol, svg, language)
    if as_json:
        print(json.dumps(protocol_shown.as_json(protocol, language), indent=2, ensure_ascii=False))
    elif svg is None:
        print(protocol_shown.as_text(protocol, language))


def _draw(protocol: Protocol, file: Path, language: str) -> None:
    """Write the picture and say so on standard error, which leaves standard output to the JSON."""
    picture = lay_out(protocol, language=language, is_titled=True)
    try:
        file.write_text(file_svg(picture), encoding="utf-8")
    except OSError as error:
        typer.echo(f"leeward: {file} can't be written: {error.strerror}. Name a file in a folder of yours.", err=True)
        raise typer.Exit(1) from error
    roles = len({step.role for step in protocol.steps})
    typer.echo(
        f"{protocol.name} {protocol.version} is drawn in {file}: {len(protocol.steps)} steps of {roles} roles.",
        err=True,
    )


def sound(file: Path) -> Protocol:
    """The protocol that a file says; leaves with every mistake told if it is broken."""
    try:
        return _read(file).protocol
    except DefinitionError as error:
        for each in error.every:
            _tell(each)
        raise typer.Exit(1) from error


def _read(file: Path) -> Checked:
    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            file=file.name, line=1, problem="This is not UTF-8 text.", remedy="Save the file as UTF-8."
        ) from error
    except OSError as error:
        typer.echo(f"leeward: {file} can't be read: {error.strerror}. Check the path and its permissions.", err=True)
        raise typer.Exit(1) from error
    return check(text, name=file.name, schema=definitions.schema("protocol"))


def _mistake(error: DefinitionError) -> dict[str, object]:
    return {"file": error.file, "line": error.line, "problem": error.problem, "remedy": error.remedy}


def _tell(error: DefinitionError, before: str = "") -> None:
    typer.echo(f"{before}{error} {error.hint}".rstrip(), err=True)
