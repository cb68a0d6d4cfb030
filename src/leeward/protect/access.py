"""Who may reach which row: the one declaration from which every row-security policy is made.

Read a `Table` as a sentence: "of `treat_measure`, the care team may select and insert; a partner may select what a
grant of class `clinical` covers; the reporter may count". What is not declared is denied: row security is forced on
every table, and `leeward.protect.policies` refuses a table with a client that is not declared here.
"""

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
#: Nobody signed in, no row.
SIGNED_IN = "(SELECT ctx.staff()) IS NOT NULL"
#: Somebody who may open no record and still must hear that a step is late.
REACHED = (
    "agency_id = (SELECT ctx.agency()) AND role = (SELECT ctx.role()) "
    "AND (SELECT ctx.role()) IN ('program_director', 'privacy_officer')"
)
LEADERS = "(SELECT ctx.role()) IN ('program_director', 'evaluator', 'privacy_officer')"

#: The asker leads the program of the agency that keeps the row.
DIRECTOR = "agency_id = (SELECT ctx.agency()) AND (SELECT ctx.role()) = 'program_director'"

#: The asker works at the partner that the row is for.
RECEIVES = "recipient_id = (SELECT ctx.agency()) AND (SELECT ctx.role()) = 'partner'"
#: The asker leads the centre, and has just proved that it is them by a factor that can't be phished.
LEADS = "(SELECT ctx.role()) IN ('program_director', 'privacy_officer')"
LEADS_PROVED = f"{LEADS} AND (SELECT ctx.proved())"
#: Of somebody at the asker's agency or at a partner, and not of the asker.
OF_OTHERS = (
    "id <> (SELECT ctx.staff()) AND (agency_id = (SELECT ctx.agency()) "
    "OR agency_id IN (SELECT a.id FROM people_agency a WHERE a.kind <> 'centre'))"
)
#: Nobody asks for themselves, and a partner was called back at its number in the directory (P-04).
FAIRLY_ASKED = (
    "(staff_id IS NULL OR staff_id <> (SELECT ctx.staff())) "
    "AND (kind <> 'person' OR (role = 'partner') = (place_id <> (SELECT ctx.agency()))) "
    "AND (kind NOT IN ('role', 'anew') OR EXISTS "
    "(SELECT FROM people_staff s JOIN people_agency a ON a.id = s.agency_id "
    "WHERE s.id = protect_accountrequest.staff_id "
    "AND (a.id = (SELECT ctx.agency()) OR a.kind <> 'centre') "
    "AND (protect_accountrequest.kind = 'anew' "
    "OR (protect_accountrequest.role = 'partner') = (s.role = 'partner')))) "
    "AND (kind NOT IN ('person', 'agreement') OR "
    "place_id = (SELECT ctx.agency()) OR spoke_with <> '' AND called <> '' AND called = "
    "(SELECT a.phone FROM people_agency a WHERE a.id = protect_accountrequest.place_id AND a.kind <> 'centre')) "
    "AND (kind <> 'partner' OR called <> '' AND spoke_with <> '')"
)
#: A second person, whom it is not about, within a week.
BY_A_SECOND = (
    "EXISTS (SELECT FROM protect_accountrequest r WHERE r.id = protect_accountdecision.request_id "
    "AND r.agency_id = (SELECT ctx.agency()) AND r.asked_by_id <> (SELECT ctx.staff()) "
    "AND (r.staff_id IS NULL OR r.staff_id <> (SELECT ctx.staff())) "
    "AND r.asked_at > clock_timestamp() - interval '7 days')"
)

#: A version's text is one of its draft's, and whoever publishes it wrote none of them.
WRITTEN_BY_OTHERS = (
    "EXISTS (SELECT 1 FROM learn_drafttext t WHERE t.draft_id = people_publishedprotocol.draft "
    "AND t.text = people_publishedprotocol.text AND t.written_by_id = people_publishedprotocol.author_id) "
    "AND NOT EXISTS (SELECT 1 FROM learn_drafttext t WHERE t.draft_id = people_publishedprotocol.draft "
    "AND t.written_by_id = people_publishedprotocol.published_by_id)"
)

#: A message that the job worker has not sent yet.
WAITING = "SELECT FROM protect_message m WHERE m.state = 'waiting'"
#: A permission is given in a talk of the same person about the same agency, in which these classes had a yes.
IN_ITS_TALK = (
    "EXISTS (SELECT FROM protect_consenttalk t WHERE t.id = protect_grant.talk_id"
    " AND t.client_id = protect_grant.client_id AND t.recipient_id = protect_grant.recipient_id"
    " AND t.outcome = 'granted' AND t.purpose = protect_grant.purpose"
    " AND protect_grant.data_classes <@ t.allowed AND t.language = protect_grant.language"
    " AND (protect_grant.method <> 'spoken' OR t.witness_id IS NOT NULL))"
)
#: Somebody else than who proposed it decides about a representation (G-01).
PROPOSED_BY_ANOTHER = (
    "EXISTS (SELECT FROM protect_representation r WHERE r.id = protect_representationdecision.representation_id"
    " AND r.client_id = protect_representationdecision.client_id AND r.proposed_by_id <> (SELECT ctx.staff()))"
)
#: Counsel let the asker, the privacy officer, answer a legal request with this class of this client's data.
ANSWERED_WITH = "({client}, {data_class}) IN (SELECT client_id, data_class FROM ctx.my_releases())"
#: No official's statement keeps it from the person for now.
TOLD = "(process IS NULL OR process NOT IN (SELECT request_id FROM ctx.withheld()))"
#: Not a record of legal work on a client who may not hear of it for now.
NOT_WITHHELD = (
    "NOT ((action ~ '^(read|disclosed) legal' OR subject ~ '^(coordinate_legal|protect_(suspension|hold)|"
    "protect_disclosure legal)') AND coalesce(client_id IN (SELECT client_id FROM ctx.withheld()), false))"
)
#: An answer to a legal request, while it may be given.
COMPELLED = f"({PRIVACY}) AND (client_id, process) IN (SELECT client_id, request_id FROM ctx.my_releases())"  # noqa: S608

#: An open export of the asker, the privacy officer, holds this class of this client's data: its recipient may have it.
EXPORTED = f"({PRIVACY}) AND (client_id, data_class) IN (SELECT client_id, data_class FROM ctx.my_exports())"  # noqa: S608
EXPORTED_UNDER = f"({PRIVACY}) AND (client_id, grant_id) IN (SELECT client_id, grant_id FROM ctx.my_exports())"  # noqa: S608

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

    reads: tuple[str, ...]
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
    an `audited` table notes every write, by trigger. Where `changes` names columns, no other may be updated."""

    name: str
    rules: tuple[Rule, ...]
    client: str | None = "client_id"
    counted: bool = False
    gate: bool = False
    gate_changes: tuple[str, ...] = ()
    gate_adds: bool = False
    audited: bool = True
    changes: tuple[str, ...] = ()
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


#: Of a break-glass, as `b` in `of_glass`: the asker's own, or somebody else's.
MINE = "b.staff_id = (SELECT ctx.staff())"
NOT_MINE = "b.staff_id <> (SELECT ctx.staff())"


def of_glass(table: str, whose: str = "true") -> str:
    """The row of `table` belongs to a break-glass of the same client; `whose` says more of it."""
    return (
        f"EXISTS (SELECT FROM protect_breakglass b WHERE b.id = {table}.glass_id"
        f" AND b.client_id = {table}.client_id AND {whose})"
    )


def compelled(data_class: str) -> Rule:
    """The privacy officer reads what an answer to a legal request may hold, and only until it is given."""
    return Rule(name="compelled", commands=READ, rows=ANSWERED_WITH.replace("{data_class}", data_class))


def by_asker(column: str) -> str:
    """The row says who did it, and it says the truth."""
    return f"{column} = (SELECT ctx.staff())"


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
    # people
    Table(
        name="people_agency",
        client=None,
        counted=True,
        gate=True,
        gate_changes=("agreement_ends_at",),
        gate_adds=True,
        rules=(Rule(name="known", commands=READ, rows=SIGNED_IN),),
    ),
    Table(
        name="people_staff",
        client=None,
        counted=True,
        gate=True,
        gate_changes=("role", "is_active"),
        gate_adds=True,
        changes=("is_active",),
        rules=(
            Rule(name="known", commands=READ, rows=SIGNED_IN),
            # One person is enough to end somebody's work, never to begin it.
            Rule(
                name="ended",
                commands=("update",),
                rows=f"{LEADS_PROVED} AND {OF_OTHERS}",
                check=f"{LEADS_PROVED} AND {OF_OTHERS} AND NOT is_active",
            ),
        ),
    ),
    Table(
        name="people_client",
        client="id",
        counted=True,
        gate=True,
        rules=(
            team(*KEEP),
            Rule(
                name="found",
                commands=("insert",),
                rows="agency_id = (SELECT ctx.agency()) AND created_by_id = (SELECT ctx.staff()) "
                "AND (SELECT ctx.gives_care())",
            ),
            privacy(*READ),
            glass(),
            partner(*READ, data_class="'existence'"),
        ),
    ),
    Table(
        name="people_careteammember",
        gate=True,
        counted=True,
        rules=(
            team(*KEEP),
            Rule(
                name="found",
                commands=("insert",),
                rows="agency_id = (SELECT ctx.agency()) AND staff_id = (SELECT ctx.staff()) "
                "AND ctx.founding(client_id)",
            ),
            privacy(*READ),
            glass(),
        ),
    ),
    Table(
        name="people_event",
        counted=True,
        gate=True,
        rules=(
            team(*READ),
            glass(),
            Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND {by_asker('actor_id')}"),
            privacy(*READ, also="data_class = 'existence'"),
            Rule(
                name="privacy_adds",
                commands=("insert",),
                rows=f"({PRIVACY}) AND data_class = 'existence' AND {by_asker('actor_id')}",
            ),
            partner(*READ, data_class="data_class"),
            compelled("data_class"),
            Rule(name="exported", commands=READ, rows=EXPORTED),
            Rule(
                name="partner_adds",
                commands=("insert",),
                rows=f"({GRANTED.replace('{data_class}', chr(39) + 'referral' + chr(39))}) "
                f"AND kind LIKE 'referral.%' AND {by_asker('actor_id')}",
            ),
        ),
    ),
    Table(
        name="people_task",
        audited=False,
        gate=True,
        rules=(team(*ALL), glass()),
        worker=Worker(
            reads=(
                "id",
                "agency_id",
                "client_id",
                "step",
                "subject",
                "closed_at",
                "rung_roles",
                "rung_times",
                "next_rung_at",
            ),
            changes=("next_rung_at",),
            rows="closed_at IS NULL",
        ),
    ),
    Table(
        name="people_escalation",
        audited=False,
        gate=True,
        gate_changes=("closed_at",),
        changes=("seen_at", "seen_by_id"),
        rules=(
            team(*READ),
            Rule(name="reached", commands=READ, rows=REACHED),
            Rule(
                name="reached_seen",
                commands=("update",),
                rows=REACHED,
                check=f"{REACHED} AND (seen_by_id IS NULL OR {by_asker('seen_by_id')})",
            ),
        ),
        # Whatever the worker's code says: only of an open task, only what stands in the task's ladder, once.
        worker=Worker(
            reads=("task_id", "rung"),
            adds=("id", "agency_id", "client_id", "task_id", "step", "rung", "role", "reached_at", "raised_at"),
            added="EXISTS (SELECT FROM people_task t WHERE t.id = people_escalation.task_id"
            " AND t.client_id = people_escalation.client_id AND t.agency_id = people_escalation.agency_id"
            " AND t.step = people_escalation.step AND t.rung_roles[people_escalation.rung + 1] = people_escalation.role"
            " AND t.rung_times[people_escalation.rung + 1] = people_escalation.reached_at"
            " AND people_escalation.reached_at <= people_escalation.raised_at)",
        ),
    ),
    Table(
        name="people_round",
        client=None,
        rules=(Rule(name="known", commands=READ, rows=SIGNED_IN),),
        worker=Worker(reads=("name", "ended_at"), changes=("ended_at",), adds=("name", "ended_at")),
    ),
    Table(
        name="people_publishedprotocol",
        client=None,
        counted=True,
        rules=(
            Rule(name="known", commands=READ, rows=SIGNED_IN),
            Rule(
                name="published",
                commands=("insert",),
                rows=f"{DIRECTOR} AND {by_asker('published_by_id')} AND {WRITTEN_BY_OTHERS}",
            ),
        ),
    ),
    Table(
        name="people_staleplan",
        audited=False,
        rules=(team(*ALL), privacy("insert"), partner("insert", data_class="'referral'")),
        worker=Worker(reads=("client_id", "subject", "steps")),
    ),
    Table(
        name="people_vaultkey",
        rules=(
            team(*ADD),
            glass(),
            Rule(
                name="partner",
                commands=READ,
                rows="client_id IN (SELECT client_id FROM ctx.my_grants() "
                "WHERE data_class IN ('identity', 'contact', 'referral', 'clinical', 'case'))",
            ),
            Rule(name="compelled", commands=READ, rows="client_id IN (SELECT client_id FROM ctx.my_releases())"),
        ),
    ),
    Table(
        name="people_identityfield",
        rules=(team(*ALL), glass(), partner(*READ, data_class="data_class"), compelled("data_class")),
    ),
    Table(name="people_blindindex", gate=True, rules=(team(*ALL),)),
    Table(
        name="people_contactrule",
        gate=True,
        changes=("ended_at",),
        rules=(
            team("select", "update"),
            Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND {by_asker('set_by_id')}"),
        ),
    ),
    # No person's row: how far the database has followed the erasure ledger. The vault reads it before it opens.
    Table(name="people_ledgerposition", client=None, rules=(Rule(name="known", commands=READ, rows="true"),)),
    Table(
        name="people_partnercode",
        gate=True,
        rules=(team(*ADD), partner(*READ, data_class="'existence'", also="partner_id = (SELECT ctx.agency())")),
        # For a partner that was told of somebody otherwise than by a referral.
        worker=Worker(
            reads=("client_id", "partner_id"),
            rows=f"EXISTS ({WAITING} AND m.client_id = people_partnercode.client_id)",
            adds=("id", "agency_id", "client_id", "partner_id", "code"),
            added=f"EXISTS ({WAITING} AND m.client_id = people_partnercode.client_id"
            " AND m.agency_id = people_partnercode.agency_id AND m.recipient_id = people_partnercode.partner_id)",
        ),
    ),
    # protect
    Table(
        name="protect_accountrequest",
        client=None,
        gate=True,
        rules=(
            Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADS}"),
            Rule(
                name="asked",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {LEADS_PROVED} AND {by_asker('asked_by_id')} "
                f"AND {FAIRLY_ASKED}",
            ),
        ),
    ),
    Table(
        name="protect_accountdecision",
        client=None,
        rules=(
            Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADS}"),
            Rule(
                name="decided",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {LEADS_PROVED} AND {by_asker('decided_by_id')} "
                f"AND {BY_A_SECOND}",
            ),
        ),
    ),
    Table(
        name="protect_personalkey",
        client=None,
        gate=True,
        rules=(
            Rule(
                name="own",
                commands=KEEP,
                rows="staff_id = (SELECT ctx.staff()) AND agency_id = (SELECT ctx.agency())",
            ),
        ),
    ),
    Table(
        name="protect_draft",
        client=None,
        rules=(Rule(name="own", commands=ALL, rows="staff_id = (SELECT ctx.staff())"),),
    ),
    Table(
        name="protect_submission",
        client=None,
        rules=(Rule(name="own", commands=ALL, rows="staff_id = (SELECT ctx.staff())"),),
    ),
    Table(
        name="protect_grant",
        gate=True,
        counted=True,
        rules=(
            team(*READ),
            glass(),
            Rule(
                name="team_adds",
                commands=("insert",),
                rows=f"({TEAM}) AND {by_asker('recorded_by_id')} AND {IN_ITS_TALK}",
            ),
            privacy(*READ),
            Rule(name="partner", commands=READ, rows="id IN (SELECT grant_id FROM ctx.my_grants())"),
        ),
    ),
    # Who may sign with a minor. Nobody outside the centre reads any of it, whatever was granted.
    *(
        Table(
            name=name,
            gate=True,
            rules=(
                team(*READ),
                glass(),
                Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND {by_asker(column)}"),
                privacy(*READ),
            ),
        )
        for name, column in (
            ("protect_consenttalk", "recorded_by_id"),
            ("protect_knownperson", "recorded_by_id"),
            ("protect_controllerflag", "recorded_by_id"),
            ("protect_representation", "proposed_by_id"),
        )
    ),
    Table(
        name="protect_representationdecision",
        gate=True,
        rules=(
            team(*READ),
            glass(),
            privacy(*READ),
            Rule(
                name="privacy_adds",
                commands=("insert",),
                rows=f"({PRIVACY}) AND {by_asker('decided_by_id')} AND {PROPOSED_BY_ANOTHER}",
            ),
        ),
    ),
    Table(
        name="protect_withdrawal",
        gate=True,
        counted=True,
        rules=(
            team(*READ),
            glass(),
            Rule(name="adds", commands=("insert",), rows=f"(({TEAM}) OR ({PRIVACY})) AND {by_asker('recorded_by_id')}"),
            privacy(*READ),
        ),
    ),
    *(
        Table(
            name=name,
            gate=True,
            rules=(
                team(*READ),
                *((glass(),) if "restriction" in name or "representation" in name else ()),
                Rule(
                    name="adds",
                    commands=("insert",),
                    rows=f"(({TEAM}) OR ({PRIVACY})) AND {by_asker('recorded_by_id')}",
                ),
                privacy(*READ),
            ),
        )
        for name in (
            "protect_restriction",
            "protect_restrictionlift",
            "protect_barring",
            "protect_barringlift",
            "protect_representationend",
            "protect_concealment",
            "protect_concealmentlift",
        )
    ),
    # Added by `ctx.break_glass` alone, which asks whether this person may and by whose clock it ends.
    Table(name="protect_breakglass", gate=True, gate_adds=True, rules=(team(*READ), privacy(*READ), glass())),
    Table(
        name="protect_breakglassend",
        gate=True,
        rules=(
            team(*READ),
            privacy(*READ),
            glass(),
            Rule(
                name="adds",
                commands=("insert",),
                rows=f"{by_asker('ended_by_id')} AND {of_glass('protect_breakglassend')}"
                f" AND (({PRIVACY}) OR ({GLASS}) AND {of_glass('protect_breakglassend', MINE)})",
            ),
        ),
    ),
    Table(
        name="protect_breakglassreview",
        rules=(
            team(*READ),
            privacy(*READ),
            Rule(
                name="adds",
                commands=("insert",),
                rows=f"({PRIVACY}) AND {by_asker('reviewed_by_id')}"
                f" AND {of_glass('protect_breakglassreview', NOT_MINE)}",
            ),
        ),
    ),
    Table(
        name="protect_breakglasstext",
        rules=(
            team(*READ),
            privacy(*READ),
            Rule(
                name="reason",
                commands=("insert",),
                rows=f"({GLASS}) AND about = 'reason' AND {of_glass('protect_breakglasstext', MINE)}",
            ),
            Rule(
                name="review",
                commands=("insert",),
                rows=f"({PRIVACY}) AND about = 'review' AND {of_glass('protect_breakglasstext', NOT_MINE)}",
            ),
        ),
    ),
    Table(
        name="protect_disclosure",
        rules=(
            team(*READ, also=TOLD),
            Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND process IS NULL"),
            privacy(*READ),
            Rule(name="compelled", commands=("insert",), rows=COMPELLED),
            Rule(name="exported", commands=("insert",), rows=f"({EXPORTED_UNDER}) AND process IS NULL"),
            partner("insert", data_class="'existence'", also="recipient_id = (SELECT ctx.agency())"),
        ),
    ),
    Table(
        name="protect_message",
        gate=True,
        changes=("state", "decided_at", "why"),
        rules=(
            team(*READ),
            privacy(*READ),
            Rule(
                name="adds",
                commands=("insert",),
                rows=f"(({TEAM}) OR ({PRIVACY})) AND {by_asker('queued_by_id')} AND state = 'waiting'",
            ),
            # Whoever may take a permission back takes back what waits under it. Only the worker says that it sent.
            Rule(
                name="stops",
                commands=("update",),
                rows=f"(({TEAM}) OR ({PRIVACY})) AND state = 'waiting' AND kind <> 'withdrawn'",
                check=f"(({TEAM}) OR ({PRIVACY})) AND state IN ('taken_back', 'called_off')",
            ),
        ),
        worker=Worker(
            reads=("id", "agency_id", "client_id", "kind", "recipient_id", "grant_id", "state", "not_before"),
            changes=("state", "decided_at", "why", "channel", "not_before"),
            changing="state = 'waiting'",
        ),
    ),
    Table(
        name="protect_told",
        rules=(
            team(*READ),
            Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND {by_asker('told_by_id')}"),
        ),
    ),
    # No client in it: who was in an export stands on each person's own list.
    Table(
        name="protect_export",
        client=None,
        gate=True,
        changes=("finished_at", "people", "digest"),
        rules=(
            privacy(*READ),
            Rule(
                name="asks",
                commands=("insert",),
                rows=f"({PRIVACY}) AND {by_asker('asked_by_id')} AND finished_at IS NULL AND (SELECT ctx.proved())",
            ),
            Rule(
                name="ends",
                commands=("update",),
                rows=f"({PRIVACY}) AND {by_asker('asked_by_id')} AND finished_at IS NULL",
                check=f"({PRIVACY}) AND {by_asker('asked_by_id')} AND finished_at IS NOT NULL",
            ),
        ),
    ),
    # No client in it: it outlives the permission, and names the person by the partner's own code only.
    Table(
        name="protect_notice",
        client=None,
        changes=("confirmed_at", "confirmed_by_id"),
        rules=(
            Rule(
                name="keeper",
                commands=READ,
                rows="agency_id = (SELECT ctx.agency()) AND message_id IN (SELECT id FROM protect_message)",
            ),
            Rule(name="recipient", commands=READ, rows=RECEIVES),
            Rule(
                name="confirms",
                commands=("update",),
                rows=f"{RECEIVES} AND confirmed_at IS NULL",
                check=f"{RECEIVES} AND {by_asker('confirmed_by_id')}",
            ),
        ),
        worker=Worker(
            reads=("message_id",),
            adds=("message_id", "agency_id", "recipient_id", "kind", "partner_code", "sent_at"),
            added=f"EXISTS ({WAITING} AND m.id = protect_notice.message_id AND m.agency_id = protect_notice.agency_id"
            " AND m.recipient_id = protect_notice.recipient_id AND m.kind = protect_notice.kind)",
        ),
    ),
    Table(
        name="protect_auditrecord",
        audited=False,
        gate_adds=True,
        rules=(
            Rule(
                name="adds", commands=("insert",), rows=f"{by_asker('staff_id')} AND agency_id = (SELECT ctx.agency())"
            ),
            Rule(name="team", commands=READ, rows=f"client_id IN (SELECT ctx.my_clients()) AND {NOT_WITHHELD}"),
            privacy(*READ),
        ),
        auditor=READ,
        gate=True,
    ),
    Table(
        name="protect_oddreading",
        client=None,
        gate=True,
        gate_adds=True,
        gate_changes=("records", "looks"),
        rules=(privacy(*READ),),
    ),
    Table(
        name="protect_oddreadingreview",
        client=None,
        rules=(
            privacy(*READ),
            Rule(
                name="adds",
                commands=("insert",),
                rows=f"({PRIVACY}) AND {by_asker('reviewed_by_id')} AND EXISTS (SELECT FROM protect_oddreading o"
                " WHERE o.id = protect_oddreadingreview.odd_id AND o.agency_id = protect_oddreadingreview.agency_id"
                " AND o.staff_id <> (SELECT ctx.staff()))",
            ),
        ),
    ),
    Table(
        name="protect_auditseal",
        client=None,
        rules=(Rule(name="privacy", commands=READ, rows="(SELECT ctx.role()) = 'privacy_officer'"),),
        auditor=ADD,
    ),
    Table(name="protect_suspension", gate=True, rules=(privacy(*ADD, also=by_asker("recorded_by_id")),)),
    Table(
        name="protect_hold",
        changes=("review_on", "reviewed_at", "reviewed_by_id", "lifted_at", "lifted_by_id"),
        rules=(privacy(*KEEP),),
    ),
    # Written by whoever erases, as the administrator.
    Table(name="protect_pendingerasure", rules=(privacy(*READ),)),
    # identify
    Table(name="identify_observation", counted=True, rules=(team(*ADD), glass())),
    Table(name="identify_screening", counted=True, rules=(team(*ADD), glass())),
    # treat
    Table(name="treat_measure", counted=True, rules=(team(*ADD), glass(), partner(*READ, data_class="'clinical'"))),
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
    Table(name="treat_serviceplan", rules=(team(*ADD), glass())),
    # support
    Table(name="support_safetyplan", rules=(team(*ADD), glass())),
    Table(name="support_needsassessment", counted=True, rules=(team(*ADD), glass())),
    # coordinate
    Table(
        name="coordinate_referral",
        counted=True,
        gate=True,
        rules=(
            team(*KEEP),
            glass(),
            partner("select", "update", data_class="'referral'", also="to_agency_id = (SELECT ctx.agency())"),
        ),
    ),
    # No client stands in a request or in what was done about it: whoever hands one in learns nothing, and a request
    # about somebody unknown looks like any other.
    Table(
        name="coordinate_legalrequest",
        client=None,
        gate=True,
        rules=(
            Rule(
                name="handed_in",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {by_asker('handed_in_by_id')} "
                "AND (SELECT ctx.role()) <> 'partner'",
            ),
            privacy(*READ),
        ),
    ),
    Table(
        name="coordinate_legalstep",
        client=None,
        gate=True,
        rules=(
            privacy(*READ),
            Rule(name="privacy_adds", commands=("insert",), rows=f"({PRIVACY}) AND {by_asker('by_id')}"),
        ),
    ),
    Table(name="coordinate_legalmatch", gate=True, rules=(privacy(*ADD, also=by_asker("matched_by_id")),)),
    Table(
        name="coordinate_legalnotice",
        changes=("told_at", "told_by_id", "how"),
        rules=(
            team(*READ, also=TOLD),
            Rule(
                name="team_tells",
                commands=("update",),
                rows=f"({TEAM}) AND {TOLD}",
                check=f"({TEAM}) AND {TOLD} AND {by_asker('told_by_id')}",
            ),
            privacy(*READ),
            Rule(name="compelled", commands=("insert",), rows=COMPELLED),
        ),
    ),
    # train
    Table(
        name="people_completion",
        client=None,
        counted=True,
        rules=(
            Rule(name="own", commands=READ, rows="staff_id = (SELECT ctx.staff())"),
            Rule(name="leaders", commands=ADD, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),
        ),
    ),
    # learn
    *(
        Table(
            name=name,
            client=None,
            rules=(
                Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),
                Rule(name="director", commands=("insert",), rows=f"{DIRECTOR} AND {by_asker(column)}"),
            ),
        )
        for name, column in (
            ("learn_protocoldraft", "started_by_id"),
            ("learn_drafttext", "written_by_id"),
            ("learn_draftdecision", "decided_by_id"),
        )
    ),
    Table(
        name="learn_comparison",
        client=None,
        rules=(
            Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),
            Rule(
                name="asked",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS} AND {by_asker('asked_by_id')}",
            ),
        ),
        worker=Worker(reads=("id", "agency_id", "a_text", "b_text", "cases", "asked_at")),
    ),
    Table(
        name="learn_comparisonanswer",
        client=None,
        rules=(Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),),
        worker=Worker(
            reads=("comparison_id",),
            adds=("comparison_id", "agency_id", "answered_at", "document", "trouble"),
            added="EXISTS (SELECT FROM learn_comparison c WHERE c.id = learn_comparisonanswer.comparison_id"
            " AND c.agency_id = learn_comparisonanswer.agency_id)",
        ),
    ),
    Table(
        name="learn_resultssnapshot",
        client=None,
        rules=(
            Rule(
                name="leaders",
                commands=ADD,
                rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}",
            ),
        ),
    ),
)
