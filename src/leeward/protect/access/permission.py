"""Permission and what left by it: talks, grants, withdrawals, representatives, disclosures, messages."""

from django.conf import settings

from .declaration import (
    COMPELLED,
    PRIVACY,
    READ,
    TEAM,
    TOLD,
    WAITING,
    Rule,
    Table,
    Worker,
    by_asker,
    glass,
    just_now,
    not_ahead,
    of_its,
    privacy,
    signed,
    team,
)

#: The asker works at the partner that the row is for.
RECEIVES = "recipient_id = (SELECT ctx.agency()) AND (SELECT ctx.role()) = 'partner'"
#: A permission is given in a talk of the same person about the same agency, in which these classes had a yes.
IN_ITS_TALK = (
    "EXISTS (SELECT FROM protect_consenttalk t WHERE t.id = protect_grant.talk_id"
    " AND t.client_id = protect_grant.client_id AND t.recipient_id = protect_grant.recipient_id"
    " AND t.outcome = 'granted' AND t.purpose = protect_grant.purpose"
    " AND protect_grant.data_classes <@ t.allowed AND t.language = protect_grant.language"
    " AND (protect_grant.method <> 'spoken' OR t.witness_id IS NOT NULL))"
)
#: It is over at 00:00 of the next day by the site's clock (C-03, `actions.end_of`), as the page says.
OVER_AFTER_ITS_LAST_DAY = f"ends_at = (last_day + 1)::timestamp AT TIME ZONE '{settings.TIME_ZONE}'"
#: Somebody else than who proposed it decides about a representation (G-01).
PROPOSED_BY_ANOTHER = (
    "EXISTS (SELECT FROM protect_representation r WHERE r.id = protect_representationdecision.representation_id"
    " AND r.client_id = protect_representationdecision.client_id AND r.proposed_by_id <> (SELECT ctx.staff()))"
)
#: Somebody of the team asks that a flag of the same client be lifted; somebody else than who asked decides (G-02).
ASKED_BY_ANOTHER = (
    "EXISTS (SELECT FROM protect_controllerflaglift l WHERE l.id = protect_controllerflagliftdecision.lift_id"
    " AND l.client_id = protect_controllerflagliftdecision.client_id AND l.asked_by_id <> (SELECT ctx.staff()))"
)
#: Who of the recipient looked, only the recipient says. Nothing has left before it leaves.
OF_NOBODYS_LOOK = f"recipient_staff_id IS NULL AND {not_ahead('disclosed_at')}"
#: The asker, at the partner, looks now.
OWN_LOOK = f"recipient_id = (SELECT ctx.agency()) AND {by_asker('recipient_staff_id')} AND {just_now('disclosed_at')}"
#: Under a permission of theirs that stands, for what it is for, at classes that are open to them.
AT_WHAT_IS_OPEN = (
    "EXISTS (SELECT FROM protect_grant g WHERE g.id = protect_disclosure.grant_id"
    " AND g.client_id = protect_disclosure.client_id AND g.agency_id = protect_disclosure.agency_id"
    " AND g.recipient_id = protect_disclosure.recipient_id AND g.purpose = protect_disclosure.purpose)"
    " AND NOT EXISTS (SELECT FROM unnest(data_classes) AS class (name) WHERE ((client_id, class.name) IN"
    " (SELECT m.client_id, m.data_class FROM ctx.my_grants() AS m)) IS NOT TRUE)"
)
EXPORTED_UNDER = f"({PRIVACY}) AND (client_id, grant_id) IN (SELECT client_id, grant_id FROM ctx.my_exports())"  # noqa: S608

TABLES: tuple[Table, ...] = (
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
                rows=f"({TEAM}) AND {signed('recorded_by_id', 'granted_at', 'starts_at')}"
                f" AND {OVER_AFTER_ITS_LAST_DAY} AND {IN_ITS_TALK}",
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
                Rule(
                    name="team_adds",
                    commands=("insert",),
                    rows=f"({TEAM}) AND {signed(by, at)} AND {of_its(name, *its) if its else 'true'} AND {also}",
                ),
                privacy(*READ),
            ),
        )
        for name, by, at, its, also in (
            (
                "protect_consenttalk",
                "recorded_by_id",
                "held_at",
                ("representation_id", "protect_representation"),
                "true",
            ),
            ("protect_knownperson", "recorded_by_id", "added_at", None, "true"),
            ("protect_controllerflag", "recorded_by_id", "flagged_at", ("person_id", "protect_knownperson"), "true"),
            ("protect_controllerflaglift", "asked_by_id", "asked_at", ("flag_id", "protect_controllerflag"), "true"),
            # A flag ends what was proposed before it: a proposal of next year would outlive it.
            (
                "protect_representation",
                "proposed_by_id",
                "proposed_at",
                ("person_id", "protect_knownperson"),
                OVER_AFTER_ITS_LAST_DAY,
            ),
        )
    ),
    *(
        Table(
            name=name,
            gate=True,
            rules=(
                team(*READ),
                glass(),
                privacy(*READ),
                Rule(
                    name="privacy_adds",
                    commands=("insert",),
                    rows=f"({PRIVACY}) AND {signed('decided_by_id', 'decided_at')} AND {by_another}",
                ),
            ),
        )
        for name, by_another in (
            ("protect_representationdecision", PROPOSED_BY_ANOTHER),
            ("protect_controllerflagliftdecision", ASKED_BY_ANOTHER),
        )
    ),
    # What somebody says, and what ends it, which ends nothing of anybody else's.
    *(
        Table(
            name=name,
            gate=True,
            counted=name == "protect_withdrawal",
            rules=(
                team(*READ),
                *((glass(),) if name.startswith(("protect_withdrawal", "protect_re")) else ()),
                Rule(
                    name="adds",
                    commands=("insert",),
                    rows=f"(({TEAM}) OR ({PRIVACY})) AND {by_asker('recorded_by_id')}"
                    f" AND {of_its(name, *its) if its else 'true'}",
                ),
                privacy(*READ),
            ),
        )
        for name, its in (
            ("protect_withdrawal", ("grant_id", "protect_grant")),
            ("protect_restriction", None),
            ("protect_restrictionlift", ("restriction_id", "protect_restriction")),
            ("protect_barring", None),
            ("protect_barringlift", ("barring_id", "protect_barring")),
            ("protect_representationend", ("representation_id", "protect_representation")),
            ("protect_concealment", None),
            ("protect_concealmentlift", ("concealment_id", "protect_concealment")),
        )
    ),
    Table(
        name="protect_disclosure",
        gate=True,
        rules=(
            team(*READ, also=TOLD),
            Rule(name="team_adds", commands=("insert",), rows=f"({TEAM}) AND process IS NULL AND {OF_NOBODYS_LOOK}"),
            privacy(*READ),
            Rule(name="compelled", commands=("insert",), rows=f"{COMPELLED} AND {OF_NOBODYS_LOOK}"),
            Rule(
                name="exported",
                commands=("insert",),
                rows=f"({EXPORTED_UNDER}) AND process IS NULL AND {OF_NOBODYS_LOOK}",
            ),
            Rule(
                name="partner_looks",
                commands=("insert",),
                rows=f"{OWN_LOOK} AND process IS NULL AND {AT_WHAT_IS_OPEN}",
            ),
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
                check=f"{RECEIVES} AND {by_asker('confirmed_by_id')} AND {just_now('confirmed_at')}",
            ),
        ),
        worker=Worker(
            reads=("message_id",),
            adds=("message_id", "agency_id", "recipient_id", "kind", "partner_code", "sent_at"),
            added=f"EXISTS ({WAITING} AND m.id = protect_notice.message_id AND m.agency_id = protect_notice.agency_id"
            " AND m.recipient_id = protect_notice.recipient_id AND m.kind = protect_notice.kind)",
        ),
    ),
)
