"""`leeward exchange`: what leaves for other systems in their standards, and what comes from them."""

import json
from datetime import datetime
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


@_export.command(
    "htcds",
    epilog="Example: leeward exchange export htcds --by officer@centre.org --recipient 'Harbor House' "
    "--purpose coordination --until 2026-12-31 --to age1… --out records.zip.age",
)
def export_htcds(
    by: Annotated[str, typer.Option(help="Address with which the privacy officer signs in.")],
    recipient: Annotated[str, typer.Option(help="Name of the agency, as it stands in the directory.")],
    purpose: Annotated[str, typer.Option(help="coordination, treatment, benefits, legal or protection.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day on which it may be used.")],
    out: Annotated[Path, typer.Option(help="File to write, with a name that tells nothing.")] = Path("records.zip.age"),
    to: Annotated[str | None, typer.Option(help="The recipient's age public key: only they can open the file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """The cases that survivors let one agency have, in the Human Trafficking Case Data Standard 2.0, without names.

    Each person is decided when their line is made; each line is on that person's own list of what was shared.
    """
    import django

    from leeward.platform import database

    database.administrator_url()
    django.setup()
    from django.conf import settings

    from leeward.exchange import htcds_handover

    if to is None and not settings.DEMO:
        raise typer.BadParameter("Name the recipient's public key.", param_hint="--to")
    handed = htcds_handover.hand_over(
        email=by,
        recipient=recipient,
        purpose=purpose,
        last_day=until.date(),
        out=out,
        to=to,
        progress=lambda people: typer.echo(f"Bundled: {people:,}", err=True),
    )
    if as_json:
        print(json.dumps(handed.told()))
        return
    print(f"Wrote {out}: export {handed.number}, {handed.people:,} people. Left out: {handed.left_out}.")
    print("Each of them finds it in the list of what was shared." if handed.people else "Nobody is in it.")


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
