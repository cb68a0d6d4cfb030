"""A command that ends in the middle tells no value of a row, to a terminal or to whatever keeps its words (U-02)."""

import os
import sys

import psycopg
import pytest
from django.db import connection, transaction

from leeward.platform import cli

from ..cast import Cast

CANARY = "Qwertz-Canary"


def quoted_by_psycopg() -> None:
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as database:
        database.execute(f"SELECT '{CANARY}'::uuid")


def quoted_by_django() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::integer", [CANARY])


@pytest.mark.parametrize("command", [quoted_by_psycopg, quoted_by_django])
def test_u02_what_the_database_refuses_is_said_by_its_number_not_in_its_words(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: object
) -> None:
    monkeypatch.setattr(cli, "app", command)
    monkeypatch.setattr(cli, "_load_commands", lambda _first: None)
    monkeypatch.setattr(cli, "stays_in_memory", lambda: None)
    monkeypatch.setattr(sys, "argv", ["leeward"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "22P02" in told
    assert CANARY not in told
    assert len(told.splitlines()) == 1
