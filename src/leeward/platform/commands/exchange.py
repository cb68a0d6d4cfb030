"""`leeward exchange`: what leaves for other systems in their standards, and what comes from them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward.exchange.errors import PlanDefinitionError
from leeward.exchange.plan_definition import NotSaid, export
from leeward.exchange.plan_definition_import import read

from .definition_file import sound

LARGEST = 20 * 1024 * 1024

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_export = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_import = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(_export, name="export", help="Write one of our files in a standard of others.")
app.add_typer(_import, name="import", help="Read a file of others.")

_Out = Annotated[Path | None, typer.Option(help="Write to this file instead of printing.")]


@_export.command(
    "plan-definition", epilog="Example: leeward exchange export plan-definition protocol.yaml --out protocol.json"
)
def export_plan_definition(
    file: Annotated[
        Path, typer.Argument(help="A protocol definition, a YAML file; `-` reads standard input.", metavar="FILE")
    ],
    out: _Out = None,
) -> None:
    """A protocol as an HL7 FHIR R4 PlanDefinition; what R4 can't say is listed on standard error."""
    exported = export(sound(file))
    _write(json.dumps(exported.resource, indent=2, ensure_ascii=False) + "\n", out)
    _tell("Plain R4 can't say, and our own extensions carry", exported.not_said)


@_import.command(
    "plan-definition", epilog="Example: leeward exchange import plan-definition protocol.json --out protocol.yaml"
)
def import_plan_definition(
    file: Annotated[
        Path, typer.Argument(help="An R4 PlanDefinition, a JSON file; `-` reads standard input.", metavar="FILE")
    ],
    out: _Out = None,
) -> None:
    """A PlanDefinition as a protocol definition; what must be completed is listed on standard error."""
    imported = read(_json(file))
    _write(imported.text, out)
    _tell("To be looked at before use", imported.not_understood)


def _json(file: Path) -> object:
    try:
        if str(file) == "-":
            content = typer.get_binary_stream("stdin").read(LARGEST + 1)
        else:
            with file.open("rb") as stream:
                content = stream.read(LARGEST + 1)
    except OSError as error:
        raise PlanDefinitionError(f"{file} can't be read: {error.strerror}.", hint="Check the path.") from error
    if len(content) > LARGEST:
        raise PlanDefinitionError(f"{file} is larger than 20 MiB.", hint="A PlanDefinition is much smaller.")
    try:
        found: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PlanDefinitionError(f"{file} is not JSON.", hint="Export it again from where it came.") from error
    return found


def _write(text: str, out: Path | None) -> None:
    """Write whole or not at all."""
    if out is None:
        print(text, end="")
        return
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise PlanDefinitionError(
            f"{out} can't be written: {error.strerror}.", hint="Name a file in a folder that you may write to."
        ) from error
    print(f"Wrote {out}.")


def _tell(head: str, notes: tuple[NotSaid, ...]) -> None:
    if notes:
        typer.echo(f"{head}:", err=True)
    for each in notes:
        typer.echo(f"  {each.where}: {each.what}", err=True)
