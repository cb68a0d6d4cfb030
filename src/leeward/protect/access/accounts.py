"""Who may work here, and what belongs to one member of staff alone."""

from leeward.people.models import AgencyKind, Role

from .declaration import ALL, KEEP, LEADS, LEADS_PROVED, READ, Rule, Table, by_asker, one_of, signed

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
#: A role that there is, and no second centre: it would be trusted as this one is.
OF_A_KNOWN_KIND = (
    f"(kind NOT IN ('person', 'role') OR {one_of('role', Role.values)}) "
    f"AND (kind <> 'partner' OR {one_of('sort', [kind for kind in AgencyKind.values if kind != AgencyKind.CENTRE])})"
)
#: A second person, whom it is not about, within a week.
BY_A_SECOND = (
    "EXISTS (SELECT FROM protect_accountrequest r WHERE r.id = protect_accountdecision.request_id "
    "AND r.agency_id = (SELECT ctx.agency()) AND r.asked_by_id <> (SELECT ctx.staff()) "
    "AND (r.staff_id IS NULL OR r.staff_id <> (SELECT ctx.staff())) "
    "AND r.asked_at > clock_timestamp() - interval '7 days')"
)

TABLES: tuple[Table, ...] = (
    Table(
        name="protect_accountrequest",
        client=None,
        gate=True,
        rules=(
            Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADS}"),
            Rule(
                name="asked",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {LEADS_PROVED} AND {signed('asked_by_id', 'asked_at')} "
                f"AND {FAIRLY_ASKED} AND {OF_A_KNOWN_KIND}",
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
)
