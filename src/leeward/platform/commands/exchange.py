"""`leeward exchange`: what leaves for other systems in their standards, and what comes from them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward.exchange.errors import ExchangeError
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
    file: Annotated[Path, typer.Argument(help="A protocol definition, a YAML file.", metavar="FILE")], out: _Out = None
) -> None:
    """A protocol as an HL7 FHIR R4 PlanDefinition; what R4 can't say is listed on standard error."""
    exported = export(sound(file))
    _write(json.dumps(exported.resource, indent=2, ensure_ascii=False) + "\n", out)
    _tell("Plain R4 can't say, and our own extensions carry", exported.not_said)


@_import.command(
    "plan-definition", epilog="Example: leeward exchange import plan-definition protocol.json --out protocol.yaml"
)
def import_plan_definition(
    file: Annotated[Path, typer.Argument(help="An R4 PlanDefinition, a JSON file.", metavar="FILE")], out: _Out = None
) -> None:
    """A PlanDefinition as a protocol definition; what must be completed is listed on standard error."""
    imported = read(_json(file))
    _write(imported.text, out)
    _tell("To be looked at before use", imported.not_understood)


def _json(file: Path) -> object:
    try:
        if file.stat().st_size > LARGEST:
            raise ExchangeError(f"{file} is larger than 20 MiB.", hint="A PlanDefinition is much smaller.")
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ExchangeError(f"{file} is not JSON.", hint="Export it again from where it came.") from error


def _write(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
        return
    part = out.with_name(f".{out.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(out)
    print(f"Wrote {out}.")


def _tell(head: str, notes: tuple[NotSaid, ...]) -> None:
    if notes:
        typer.echo(f"{head}:", err=True)
    for each in notes:
        typer.echo(f"  {each.where}: {each.what}", err=True)
