"""`leeward`: one command for whoever runs, checks or studies a centre. Each part lives in `commands/`."""

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

from .memory import stays_in_memory

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Run a response protocol, its consent and its measures, and learn whether it helps.",
)


#: Each command, with the module in `commands/` that holds it under the same name.
_COMMANDS: Final = {
    "demo": "centre",
    "serve": "centre",
    "work": "work",
    "migrate": "centre",
    "doctor": "centre",
    "backup": "backup",
    "restore": "backup",
    "simulate": "simulate",
    "extract": "extract",
    "results": "results",
}
#: Each group of commands; its module in `commands/` has its name.
_GROUPS: Final = {
    "accounts": "The first two people of a new centre.",
    "vault": "Site keys, erasure, and the pair of keys for backups.",
    "protocol": "Check and show a protocol definition.",
    "instruments": "List, score, import and export questionnaires.",
    "exchange": "The standards: export to other systems, import from them.",
    "consent": "Decide one request, with every reason.",
    "evidence": "Each statistic of the results alone, from a CSV file.",
    "proof": "The evidence pack: what a stranger needs to check the promises.",
    "audit": "Seal the record of who saw what, and check it.",
}


def _load_commands(asked: str = "") -> None:
    """Load the command that is asked for, which is soonest; where there is none of that name, all of them."""
    names = [asked] if asked in _COMMANDS or asked in _GROUPS else [*_COMMANDS, *_GROUPS]
    for name in names:
        module = import_module(f".commands.{_COMMANDS.get(name, name)}", __package__)
        if name in _GROUPS:
            app.add_typer(module.app, name=name, help=_GROUPS[name])
        else:
            app.command(name)(getattr(module, name))


def _told(asked: bool) -> None:
    if asked:
        print(f"leeward {version('leeward')}")
        raise typer.Exit


@app.callback()
def _root(
    is_version_asked: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_told, is_eager=True)
    ] = False,
) -> None:
    """What comes before every command; with it a command that was loaded alone is still called by its name."""


def main() -> None:
    """Entry point: exit 0 done, 1 refused or failed, 2 wrong usage; errors in one plain line on standard error."""
    stays_in_memory()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leeward.platform.settings")
    _load_commands(next(iter(sys.argv[1:]), ""))
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(1)
    except Exception as error:
        hint = getattr(error, "hint", None)
        if hint is None and (refused := _by_the_database(error)):
            print(f"leeward: The database refused ({refused}). Run `leeward doctor`.", file=sys.stderr)
            sys.exit(1)
        if hint is None and not isinstance(error, OSError):
            raise
        print(f"leeward: {error}" + (f" {hint}" if hint else ""), file=sys.stderr)
        sys.exit(1)


def _by_the_database(error: BaseException | None) -> str:
    """Class and number of what the database refused, or nothing. Its own words quote what stands in the row (U-02)."""
    while error is not None:
        number = getattr(error, "sqlstate", None)
        if number is not None:
            return f"{type(error).__name__}, {number}"
        error = error.__cause__
    return ""


if __name__ == "__main__":
    main()
