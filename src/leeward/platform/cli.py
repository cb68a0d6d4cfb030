"""`leeward`: one command for whoever runs, checks or studies a centre. Each part lives in `commands/`."""

import os
import sys

import typer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Run a response protocol, its consent and its measures, and learn whether it helps.",
)


def _load_commands() -> None:
    from .commands import (
        accounts,
        audit,
        backup,
        centre,
        consent,
        evidence,
        exchange,
        extract,
        instruments,
        proof,
        protocol,
        results,
        simulate,
        vault,
        work,
    )

    app.command("demo")(centre.demo)
    app.command("serve")(centre.serve)
    app.command("work")(work.work)
    app.command("migrate")(centre.migrate)
    app.command("doctor")(centre.doctor)
    app.command("backup")(backup.backup)
    app.command("restore")(backup.restore)
    app.add_typer(accounts.app, name="accounts", help="The first two people of a new centre.")
    app.add_typer(vault.app, name="vault", help="Site keys, erasure, and the pair of keys for backups.")
    app.command("simulate")(simulate.simulate)
    app.command("extract")(extract.extract)
    app.command("results")(results.results)
    app.add_typer(protocol.app, name="protocol", help="Check and show a protocol definition.")
    app.add_typer(instruments.app, name="instruments", help="List, score, import and export questionnaires.")
    app.add_typer(exchange.app, name="exchange", help="The standards: export to other systems, import from them.")
    app.add_typer(consent.app, name="consent", help="Decide one request, with every reason.")
    app.add_typer(evidence.app, name="evidence", help="Each statistic of the results alone, from a CSV file.")
    app.add_typer(proof.app, name="proof", help="The evidence pack: what a stranger needs to check the promises.")
    app.add_typer(audit.app, name="audit", help="Seal the record of who saw what, and check it.")


def main() -> None:
    """Entry point: exit 0 done, 1 refused or failed, 2 wrong usage; errors in one plain line on standard error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leeward.platform.settings")
    _load_commands()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(1)
    except Exception as error:
        hint = getattr(error, "hint", None)
        if hint is None and not isinstance(error, OSError):
            raise
        print(f"leeward: {error}" + (f" {hint}" if hint else ""), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
