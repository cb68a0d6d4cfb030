"""Referrals and legal requests."""

from .declaration import (
    COMPELLED,
    GRANTED,
    PRIVACY,
    READ,
    TEAM,
    TOLD,
    Rule,
    Table,
    by_asker,
    glass,
    not_ahead,
    partner,
    privacy,
    signed,
    team,
)

#: The asker works at the partner whose row it is.
OF_THE_PARTNER = "agency_id = (SELECT ctx.agency()) AND (SELECT ctx.role()) = 'partner'"
#: A referral goes under a permission that the same person gave for the agency it is sent to.
UNDER_ITS_GRANT = (
    "EXISTS (SELECT FROM protect_grant g WHERE g.id = coordinate_referral.grant_id"
    " AND g.client_id = coordinate_referral.client_id AND g.recipient_id = coordinate_referral.to_agency_id)"
)
SENT_TO_ASKER = (
    f"{GRANTED.replace('{data_class}', chr(39) + 'referral' + chr(39))} AND to_agency_id = (SELECT ctx.agency())"
)

TABLES: tuple[Table, ...] = (
    Table(
        name="coordinate_referral",
        counted=True,
        gate=True,
        changes=("status", "replied_at", "reply", "outcome", "closed_at", "grant_id"),
        rules=(
            team(*READ),
            glass(),
            Rule(
                name="team_adds",
                commands=("insert",),
                rows=f"({TEAM}) AND {signed('sent_by_id', 'sent_at')} AND {UNDER_ITS_GRANT}",
            ),
            Rule(
                name="team_changes",
                commands=("update",),
                rows=TEAM,
                check=f"({TEAM}) AND {not_ahead('replied_at', 'closed_at')} AND {UNDER_ITS_GRANT}",
            ),
            partner(*READ, data_class="'referral'", also="to_agency_id = (SELECT ctx.agency())"),
            # What has ended stays so. When they say it, and under which permission, `keep_referral` sees to.
            Rule(
                name="partner_answers",
                commands=("update",),
                rows=f"{SENT_TO_ASKER} AND status IN ('sent', 'accepted', 'waitlisted')",
                check=f"{SENT_TO_ASKER} AND status IN ('accepted', 'waitlisted', 'declined', 'closed')"
                " AND (status = 'closed') = (closed_at IS NOT NULL) AND (status = 'closed') = (outcome <> '')",
            ),
        ),
    ),
    # No client in it. Whoever registers the agency's key has just proved that it is them.
    Table(
        name="coordinate_listkey",
        client=None,
        rules=(
            Rule(name="own", commands=READ, rows=OF_THE_PARTNER),
            Rule(
                name="registers",
                commands=("insert",),
                rows=f"{OF_THE_PARTNER} AND {by_asker('registered_by_id')} AND (SELECT ctx.proved())",
            ),
        ),
    ),
    # No client stands in a request or in what was done about it: whoever hands one in learns nothing, and a request
    # about somebody unknown looks like any other.
    Table(
        name="coordinate_legalrequest",
        client=None,
        gate=True,
        gate_changes=("sealed",),
        rules=(
            Rule(
                name="handed_in",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {signed('handed_in_by_id', 'received_at')} "
                "AND (SELECT ctx.role()) <> 'partner'",
            ),
            privacy(*READ),
        ),
    ),
    Table(
        name="coordinate_legalstep",
        client=None,
        gate=True,
        gate_changes=("sealed",),
        rules=(
            privacy(*READ),
            Rule(name="privacy_adds", commands=("insert",), rows=f"({PRIVACY}) AND {signed('by_id', 'at')}"),
        ),
    ),
    # Added by `ctx.match_asked` alone: about whom exactly the papers' words find, not about whom somebody chooses.
    Table(name="coordinate_legalmatch", gate=True, gate_adds=True, rules=(privacy(*READ),)),
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
)
