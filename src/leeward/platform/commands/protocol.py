"""`leeward protocol`: check a definition and show what it says."""

import json
from pathlib import Path
from typing import Annotated

import typer

from leeward import definitions
from leeward.rules.durations import format_duration
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import Checked, Protocol, Step, check

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_File = Annotated[Path, typer.Argument(help="The definition, a YAML file; `-` reads standard input.", metavar="FILE")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
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


@app.command("show", epilog="Example: leeward protocol show FILE --language es")
def show_file(file: _File, as_json: _Json = False, language: _Language = "en") -> None:
    """Print a definition as a table: stage by stage, each step with its clock, owner, basis and choice."""
    if language not in ("en", "es"):
        raise typer.BadParameter("There are titles in en and es.", param_hint="--language")
    try:
        protocol = _read(file).protocol
    except DefinitionError as error:
        for each in error.every:
            _tell(each)
        raise typer.Exit(1) from error
    if as_json:
        print(json.dumps(_as_json(protocol, language), indent=2, ensure_ascii=False))
        return
    print(f"{protocol.title.in_(language)} ({protocol.name} {protocol.version})")
    for stage in protocol.stages:
        print(f"\n{stage.number}  {stage.title.in_(language)}")
        for step in protocol.steps:
            if step.stage == stage.id:
                _print_step(step, language)
    print("\nGates")
    for gate in protocol.gates:
        print(f"  {gate.id}: holds {', '.join(gate.holds)}. {gate.reason.in_(language)}")


def _print_step(step: Step, language: str) -> None:
    clock = "at once" if not step.within else f"within {format_duration(step.within)}"
    grace = f" (+{format_duration(step.grace)} grace)" if step.grace else ""
    print(f"  {step.id}: {step.title.in_(language)}")
    print(f"      {clock}{grace}, {step.role}; after {', '.join(dict.fromkeys(p.kind for p in step.after.patterns))}")
    if step.when:
        print(f"      when {step.when.sql}")
    if step.choice:
        print(f"      {step.choice.in_(language)}")
    print(f"      {step.basis.kind.value}: {step.basis.text}")


def _as_json(protocol: Protocol, language: str) -> dict[str, object]:
    return {
        "protocol": protocol.name,
        "version": protocol.version,
        "title": protocol.title.in_(language),
        "steps": [
            {
                "id": step.id,
                "stage": step.stage,
                "title": step.title.in_(language),
                "after": [pattern.kind for pattern in step.after.patterns],
                "when": step.when.sql if step.when else None,
                "within": format_duration(step.within),
                "grace": format_duration(step.grace),
                "role": step.role,
                "done": [pattern.kind for pattern in step.done.patterns],
                "declined": [pattern.kind for pattern in step.declined],
                "void": [pattern.kind for pattern in step.void],
                "repeat": format_duration(step.repeat) if step.repeat else None,
                "each": "subject" if step.each_subject else None,
                "escalate": [{"after": format_duration(rung.after), "to": rung.to} for rung in step.escalate],
                "basis": {
                    step.basis.kind.value: step.basis.text,
                    "checked": step.basis.checked.isoformat() if step.basis.checked else None,
                },
                "choice": step.choice.in_(language) if step.choice else None,
            }
            for step in protocol.steps
        ],
        "gates": [
            {"id": gate.id, "holds": list(gate.holds), "reason": gate.reason.in_(language)} for gate in protocol.gates
        ],
    }


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
