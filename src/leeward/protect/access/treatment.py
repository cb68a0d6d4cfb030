"""Measures, plans, and a therapist's private notes."""

from .declaration import (
    ADD,
    DIRECTOR,
    PRIVACY,
    READ,
    TEAM,
    Rule,
    Table,
    by_asker,
    glass,
    partner,
    team,
    team_signs,
)

#: Of a private note: the asker writes it themselves, as a therapist; the asker holds a key of these notes.
AUTHOR = f"{by_asker('author_id')} AND (SELECT ctx.role()) = 'therapist'"
HOLDS_THE_KEY = (
    "EXISTS (SELECT FROM treat_notekey k WHERE k.client_id = treat_privatenote.client_id"
    " AND k.author_id = treat_privatenote.author_id AND k.reader_id = (SELECT ctx.staff()))"
)
#: Notes are released when their author left, or to the author, who lost their passphrase.
LEFT_OR_SELF = (
    "EXISTS (SELECT FROM people_staff p WHERE p.id = treat_noterelease.author_id"
    " AND (NOT p.is_active OR p.id = treat_noterelease.successor_id))"
)
#: Of a release, as `r` in `of_release`: the asker is the second person, and not the first.
CONFIRMS = "r.confirmer_id = (SELECT ctx.staff()) AND r.asked_by_id <> (SELECT ctx.staff())"


def of_release(table: str, whose: str) -> str:
    """The row of `table` follows from a release of the same author's notes about the same client."""
    return (
        f"EXISTS (SELECT FROM treat_noterelease r WHERE r.client_id = {table}.client_id"
        f" AND r.author_id = {table}.author_id AND {whose})"
    )


TABLES: tuple[Table, ...] = (
    Table(
        name="treat_measure",
        counted=True,
        rules=(
            team(*READ),
            team_signs("by_id", "taken_at", "recorded_at"),
            glass(),
            partner(*READ, data_class="'clinical'"),
        ),
    ),
    # A therapist's private notes: their author's rows, and after a release by two people their successor's. Nobody
    # else has a rule: no other member of the team, no privacy officer, no emergency, no partner.
    Table(
        name="treat_privatenote",
        rules=(
            Rule(name="reader", commands=READ, rows=f"({TEAM}) AND {HOLDS_THE_KEY}"),
            Rule(name="author", commands=("insert",), rows=f"({TEAM}) AND {AUTHOR} AND {HOLDS_THE_KEY}"),
        ),
    ),
    Table(
        name="treat_notekey",
        rules=(
            Rule(name="reader", commands=READ, rows=f"({TEAM}) AND {by_asker('reader_id')}"),
            Rule(name="author", commands=("insert",), rows=f"({TEAM}) AND {AUTHOR} AND reader_id = author_id"),
            Rule(
                name="released",
                commands=("insert",),
                rows=f"({DIRECTOR}) AND {of_release('treat_notekey', 'r.successor_id = treat_notekey.reader_id')}"
                f" AND {of_release('treat_notekey', CONFIRMS)}",
            ),
        ),
    ),
    Table(
        name="treat_noteshare",
        gate=True,
        rules=(
            Rule(name="keeper", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {by_asker('keeper_id')}"),
            Rule(name="author", commands=ADD, rows=f"({TEAM}) AND {AUTHOR}"),
            Rule(
                name="handed",
                commands=("insert",),
                rows=f"({PRIVACY}) AND half = 1 AND "
                + of_release(
                    "treat_noteshare",
                    "r.asked_by_id = (SELECT ctx.staff()) AND r.confirmer_id = treat_noteshare.keeper_id",
                ),
            ),
        ),
    ),
    Table(
        name="treat_noterelease",
        gate=True,
        rules=(
            Rule(
                name="two",
                commands=READ,
                rows=f"agency_id = (SELECT ctx.agency()) AND ({by_asker('asked_by_id')} OR {by_asker('confirmer_id')})",
            ),
            Rule(
                name="asks",
                commands=("insert",),
                rows=f"({PRIVACY}) AND {by_asker('asked_by_id')} AND {LEFT_OR_SELF} AND (SELECT ctx.proved())",
            ),
        ),
    ),
    Table(
        name="treat_notereleasedone",
        rules=(
            Rule(
                name="confirms",
                commands=("insert",),
                rows=f"({DIRECTOR}) AND {by_asker('confirmed_by_id')} AND EXISTS (SELECT FROM treat_noterelease r"
                " WHERE r.id = treat_notereleasedone.release_id AND r.client_id = treat_notereleasedone.client_id"
                f" AND {CONFIRMS}) AND (SELECT ctx.proved())",
            ),
            Rule(
                name="confirmed",
                commands=READ,
                rows=f"agency_id = (SELECT ctx.agency()) AND {by_asker('confirmed_by_id')}",
            ),
            Rule(
                name="asked",
                commands=READ,
                rows=f"({PRIVACY}) AND EXISTS (SELECT FROM treat_noterelease r"
                " WHERE r.id = treat_notereleasedone.release_id AND r.asked_by_id = (SELECT ctx.staff()))",
            ),
        ),
    ),
    Table(name="treat_serviceplan", rules=(team(*READ), team_signs("by_id", "agreed_at"), glass())),
)
