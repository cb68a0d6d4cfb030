"""The record: agencies and staff, clients, their timeline, tasks and names, what was noticed and what they need."""

from collections.abc import Mapping

from leeward.people.actions import IDENTITY_FIELDS
from leeward.rules.protocol.vocabulary import KINDS

from .declaration import (
    ADD,
    ALL,
    DIRECTOR,
    LEADS_PROVED,
    PRIVACY,
    READ,
    TEAM,
    WAITING,
    Rule,
    Table,
    Worker,
    by_asker,
    compelled,
    glass,
    just_now,
    not_ahead,
    of_own_referral,
    one_of,
    partner,
    privacy,
    signed,
    team,
    team_signs,
)

#: Nobody signed in, no row.
SIGNED_IN = "(SELECT ctx.staff()) IS NOT NULL"
OF_CENTRE = "agency_id IN (SELECT a.id FROM people_agency a WHERE a.kind = 'centre')"
#: Of the asker's own agency or of a centre; staff of a centre also know the partners' people.
KNOWN_BY_NAME = (
    f"{SIGNED_IN} AND ((SELECT ctx.role()) <> 'partner' OR agency_id = (SELECT ctx.agency()) OR {OF_CENTRE})"
)
#: The worker says when it went round, and not when keys were turned.
OWN_ROUND = "name = 'escalation'"
#: Somebody who may open no record and still must hear that a step is late.
REACHED = (
    "agency_id = (SELECT ctx.agency()) AND role = (SELECT ctx.role()) "
    "AND (SELECT ctx.role()) IN ('program_director', 'privacy_officer')"
)
#: Of somebody at the asker's agency or at a partner, and not of the asker.
OF_OTHERS = (
    "id <> (SELECT ctx.staff()) AND (agency_id = (SELECT ctx.agency()) "
    "OR agency_id IN (SELECT a.id FROM people_agency a WHERE a.kind <> 'centre'))"
)
#: A version's text is one of its draft's, and whoever publishes it wrote none of them.
WRITTEN_BY_OTHERS = (
    "EXISTS (SELECT 1 FROM learn_drafttext t WHERE t.draft_id = people_publishedprotocol.draft "
    "AND t.text = people_publishedprotocol.text AND t.written_by_id = people_publishedprotocol.author_id) "
    "AND NOT EXISTS (SELECT 1 FROM learn_drafttext t WHERE t.draft_id = people_publishedprotocol.draft "
    "AND t.written_by_id = people_publishedprotocol.published_by_id)"
)
#: A permission covers this class of this client's data, which is not only that they come here. The class is left out of
#: the permissions, which are laid out once, and not asked of each row.
GRANTED_MORE = (
    "(client_id, data_class) IN (SELECT client_id, data_class FROM ctx.my_grants() WHERE data_class <> 'existence')"
)
#: That somebody was sent to another agency is that agency's to know: an event of a referral opens as the referral does.
OF_NO_OTHERS_REFERRAL = (
    "(kind NOT LIKE 'referral.%' OR subject IN "
    "(SELECT r.id FROM coordinate_referral r WHERE r.to_agency_id = (SELECT ctx.agency())))"
)
#: A partner's event says what it has just made of its referral.
AS_ITS_REFERRAL_SAYS = (
    "kind IN ('referral.accepted', 'referral.waitlisted', 'referral.declined', 'referral.closed')"
    " AND kind = (SELECT 'referral.' || r.status FROM coordinate_referral r WHERE r.id = people_event.subject)"
    " AND data_class = 'case' AND supersedes_id IS NULL"
)
#: An open export of the asker, the privacy officer, holds this class of this client's data: its recipient may have it.
EXPORTED = f"({PRIVACY}) AND (client_id, data_class) IN (SELECT client_id, data_class FROM ctx.my_exports())"  # noqa: S608


def of_its_class(column: str, classes: Mapping[str, str]) -> str:
    """The row says of itself the class that the value of `column` has: by the class it leaves, or does not."""
    by_class: dict[str, list[str]] = {}
    for name, data_class in sorted(classes.items()):
        by_class.setdefault(data_class, []).append(name)
    return " OR ".join(f"data_class = '{one}' AND {one_of(column, names)}" for one, names in by_class.items())


FIELD_OF_ITS_CLASS = f"({of_its_class('field', IDENTITY_FIELDS)})"
#: Of the class of its kind, and of whoever records it, as what they are now.
TRUE_EVENT = (
    f"({of_its_class('kind', {kind.name: kind.data_class.value for kind in KINDS.values()})}) "
    f"AND {signed('actor_id', 'occurred_at', 'recorded_at')} "
    "AND actor_role = (SELECT ctx.role()) AND actor_agency_id = (SELECT ctx.agency())"
)

TABLES: tuple[Table, ...] = (
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
            Rule(name="known", commands=READ, rows=KNOWN_BY_NAME),
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
        changes=("language", "county", "protocol_version"),
        rules=(
            team("select", "update"),
            Rule(
                name="found",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {signed('created_by_id', 'created_at')} "
                "AND (SELECT ctx.gives_care())",
            ),
            privacy(*READ),
            glass(),
        ),
    ),
    Table(
        name="people_careteammember",
        gate=True,
        counted=True,
        changes=("until",),
        rules=(
            team(*READ),
            team_signs("added_by_id", "since"),
            Rule(
                name="found",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {by_asker('staff_id')} "
                f"AND {signed('added_by_id', 'since')} AND ctx.founding(client_id)",
            ),
            # Who left comes back by a new row only, which says who let them.
            Rule(
                name="team_ends",
                commands=("update",),
                rows=f"({TEAM}) AND until IS NULL",
                check=f"({TEAM}) AND {not_ahead('until')}",
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
            Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND {TRUE_EVENT}"),
            privacy(*READ, also="data_class = 'existence'"),
            Rule(
                name="privacy_adds",
                commands=("insert",),
                rows=f"({PRIVACY}) AND data_class = 'existence' AND {TRUE_EVENT}",
            ),
            # That the person exists, the permission says. Its events tell more: how old the person was, who sent them,
            # and what they answered to other agencies.
            Rule(name="partner", commands=READ, rows=f"{GRANTED_MORE} AND {OF_NO_OTHERS_REFERRAL}"),
            compelled("data_class"),
            Rule(name="exported", commands=READ, rows=EXPORTED),
            Rule(
                name="partner_adds",
                commands=("insert",),
                rows=f"{of_own_referral('people_event')} AND {AS_ITS_REFERRAL_SAYS} AND {by_asker('actor_id')}"
                " AND actor_role = (SELECT ctx.role()) AND actor_agency_id = (SELECT ctx.agency())"
                f" AND {just_now('occurred_at')} AND {just_now('recorded_at')}",
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
        worker=Worker(
            reads=("name", "ended_at"),
            changes=("ended_at",),
            adds=("name", "ended_at"),
            rows=OWN_ROUND,
            added=OWN_ROUND,
        ),
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
        rules=(
            team(*ALL),
            privacy("insert", also=not_ahead("since")),
            Rule(
                name="partner_adds",
                commands=("insert",),
                rows=f"{of_own_referral('people_staleplan')} AND {not_ahead('since')}",
            ),
        ),
        worker=Worker(reads=("agency_id", "client_id", "subject", "steps")),
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
        rules=(
            team("select", "delete"),
            Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND {FIELD_OF_ITS_CLASS}"),
            glass(),
            partner(*READ, data_class="data_class"),
            # No answer to anybody holds the word by which they know who calls (`legal.queries.NEVER_GIVEN`).
            compelled("data_class", also="field <> 'code_word'"),
        ),
    ),
    Table(name="people_blindindex", gate=True, rules=(team(*ALL),)),
    Table(
        name="people_contactrule",
        gate=True,
        changes=("ended_at",),
        rules=(
            team(*READ),
            team_signs("set_by_id", "set_at"),
            Rule(
                name="team_ends",
                commands=("update",),
                rows=f"({TEAM}) AND ended_at IS NULL",
                check=f"({TEAM}) AND {not_ahead('ended_at')}",
            ),
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
    *(
        Table(name=name, counted=counted, rules=(team(*READ), team_signs(by, at), glass()))
        for name, counted, by, at in (
            ("identify_observation", True, "by_id", "observed_at"),
            ("identify_screening", True, "screener_id", "held_at"),
            ("support_safetyplan", False, "by_id", "saved_at"),
            ("support_needsassessment", True, "by_id", "assessed_at"),
        )
    ),
)
