"""The words of the declaration: conditions that policies are made of, and what a table, a rule and the worker say."""

from collections.abc import Iterable
from dataclasses import dataclass

#: The asker's agency keeps the row, and the asker is on the client's care team.
TEAM = "agency_id = (SELECT ctx.agency()) AND {client} IN (SELECT ctx.my_clients())"
#: The asker is the keeping agency's privacy officer.
PRIVACY = "agency_id = (SELECT ctx.agency()) AND (SELECT ctx.role()) = 'privacy_officer'"
#: An active grant to the asker's agency covers this client and this class of data.
GRANTED = "({client}, {data_class}) IN (SELECT client_id, data_class FROM ctx.my_grants())"
#: The asker opened this record in an emergency, and the time is not over. It lets them read, never write.
GLASS = "agency_id = (SELECT ctx.agency()) AND {client} IN (SELECT ctx.broken_glass())"
#: The asker must never see this record: the survivor said so, or it is hidden from everybody outside its care team.
#: It holds against every rule, as a restrictive policy.
NOT_BARRED = "NOT coalesce({client} IN (SELECT ctx.barred()), false)"
#: The asker leads the program of the agency that keeps the row.
DIRECTOR = "agency_id = (SELECT ctx.agency()) AND (SELECT ctx.role()) = 'program_director'"
#: The asker leads the centre, and has just proved that it is them by a factor that can't be phished.
LEADS = "(SELECT ctx.role()) IN ('program_director', 'privacy_officer')"
LEADS_PROVED = f"{LEADS} AND (SELECT ctx.proved())"
#: A message that the job worker has not sent yet.
WAITING = "SELECT FROM protect_message m WHERE m.state = 'waiting'"
#: Counsel let the asker, the privacy officer, answer a legal request with this class of this client's data.
ANSWERED_WITH = "({client}, {data_class}) IN (SELECT client_id, data_class FROM ctx.my_releases())"
#: No official's statement keeps it from the person for now.
TOLD = "(process IS NULL OR NOT ctx.is_withheld(process))"
#: An answer to a legal request, while it may be given.
COMPELLED = f"({PRIVACY}) AND (client_id, process) IN (SELECT client_id, request_id FROM ctx.my_releases())"  # noqa: S608
READ = ("select",)
ADD = ("select", "insert")
KEEP = ("select", "insert", "update")
ALL = ("select", "insert", "update", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One permissive policy: these commands, on the rows where `rows` holds."""

    name: str
    commands: tuple[str, ...]
    rows: str
    #: What an updated row must be, where that is more than `rows`.
    check: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What the job worker may reach of a table: these columns, on the rows where `rows` holds; it adds a row only
    where `added` holds. It asks in nobody's name, so no rule of a person applies."""

    reads: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    rows: str = "true"
    added: str = "true"
    #: Which rows it changes, where that is fewer than it reads.
    changing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Access to one table. `counted` lets the reporter role read its columns that are not sealed; `gate` lets
    the definer functions of `ctx` look into it, change the columns of `gate_changes` and, with `gate_adds`, add rows;
    an `audited` table notes every write, by trigger. Where `changes` names columns, no other may be updated; where
    `adds` does, a new row says these and nothing else."""

    name: str
    rules: tuple[Rule, ...]
    client: str | None = "client_id"
    counted: bool = False
    gate: bool = False
    gate_changes: tuple[str, ...] = ()
    gate_adds: bool = False
    audited: bool = True
    changes: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    worker: Worker | None = None
    #: What the auditor role, which seals the audit record, may do with every row.
    auditor: tuple[str, ...] = ()


def team(*commands: str, also: str = "") -> Rule:
    return Rule(name="team", commands=commands, rows=f"({TEAM}){' AND ' + also if also else ''}")


def privacy(*commands: str, also: str = "") -> Rule:
    return Rule(name="privacy", commands=commands, rows=f"({PRIVACY}){' AND ' + also if also else ''}")


def glass() -> Rule:
    """Read in an emergency."""
    return Rule(name="glass", commands=READ, rows=GLASS)


def partner(*commands: str, data_class: str, also: str = "") -> Rule:
    """`data_class` is SQL: a quoted class or the column that holds it."""
    rows = GRANTED.replace("{data_class}", data_class)
    return Rule(name="partner", commands=commands, rows=f"({rows}){' AND ' + also if also else ''}")


def compelled(data_class: str, also: str = "true") -> Rule:
    """The privacy officer reads what an answer to a legal request may hold, and only until it is given."""
    return Rule(name="compelled", commands=READ, rows=f"{ANSWERED_WITH} AND {also}".replace("{data_class}", data_class))


def of_its(table: str, column: str, named: str) -> str:
    """What a row of `table` names by this column in the table `named`, if anything, is of the row's own client."""
    its = f"one.id = {table}.{column} AND one.client_id = {table}.client_id"
    return f"({column} IS NULL OR EXISTS (SELECT FROM {named} one WHERE {its}))"


def by_asker(column: str) -> str:
    """The row says who did it, and it says the truth."""
    return f"{column} = (SELECT ctx.staff())"


def not_ahead(*columns: str) -> str:
    """Nothing is dated in the future. The clock that says when may run ahead of the database's a little."""
    return " AND ".join(f"({column} <= clock_timestamp() + interval '2 minutes') IS NOT FALSE" for column in columns)


def just_now(column: str) -> str:
    """It is being done in this moment: nobody says that they did it earlier."""
    return f"{column} BETWEEN clock_timestamp() - interval '10 minutes' AND clock_timestamp() + interval '2 minutes'"


def of_own_referral(table: str) -> str:
    """The row's subject is a referral of the same person to the asker's agency, while a permission opens it to them."""
    return (
        f"EXISTS (SELECT FROM coordinate_referral r WHERE r.id = {table}.subject AND r.client_id = {table}.client_id"
        f" AND r.agency_id = {table}.agency_id AND r.to_agency_id = (SELECT ctx.agency()))"
    )


def signed(by: str, *moments: str) -> str:
    """The asker did it, and not at a time that is still to come."""
    return f"{by_asker(by)} AND {not_ahead(*moments)}"


def team_signs(by: str, *moments: str) -> Rule:
    """The care team adds rows, each in their own name."""
    return Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND {signed(by, *moments)}")


def one_of(column: str, names: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(name)) for name in names)})"
