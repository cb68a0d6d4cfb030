"""Reading a protocol definition that somebody names on the command line."""

from pathlib import Path

import typer

from leeward import definitions
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import Checked, Protocol, check


def sound(file: Path) -> Protocol:
    """The protocol that a file says; leaves with every mistake told if it is broken."""
    try:
        return checked(file).protocol
    except DefinitionError as error:
        for each in error.every:
            tell(each)
        raise typer.Exit(1) from error


def checked(file: Path) -> Checked:
    """What a file (`-`: standard input) says. Raises DefinitionError; leaves if it can't be read at all."""
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


def mistake(error: DefinitionError) -> dict[str, object]:
    """A mistake for a program to read."""
    return {"file": error.file, "line": error.line, "problem": error.problem, "remedy": error.remedy}


def tell(error: DefinitionError, before: str = "") -> None:
    """A mistake for a person to read, on standard error."""
    typer.echo(f"{before}{error} {error.hint}".rstrip(), err=True)
