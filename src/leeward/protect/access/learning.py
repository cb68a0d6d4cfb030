"""Training, protocol drafts, comparisons, results."""

from .declaration import ADD, DIRECTOR, READ, Rule, Table, Worker, by_asker

LEADERS = "(SELECT ctx.role()) IN ('program_director', 'evaluator', 'privacy_officer')"

#: Who may ask for new results.
COMPUTERS = "(SELECT ctx.role()) IN ('program_director', 'evaluator')"
#: The columns of a snapshot.
SNAPSHOT = ("id", "agency_id", "computed_at", "data_cut", "n_clients", "protocol_version", "document")

TABLES: tuple[Table, ...] = (
    Table(
        name="people_completion",
        client=None,
        counted=True,
        rules=(
            Rule(name="own", commands=READ, rows="staff_id = (SELECT ctx.staff())"),
            Rule(name="leaders", commands=ADD, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),
        ),
    ),
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
        name="learn_resultsrequest",
        client=None,
        rules=(
            Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),
            Rule(
                name="asked",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {COMPUTERS} AND {by_asker('asked_by_id')}",
            ),
        ),
        worker=Worker(reads=("id", "agency_id", "asked_at", "early", "language")),
    ),
    Table(
        name="learn_resultsanswer",
        client=None,
        rules=(Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),),
        worker=Worker(
            reads=("request_id",),
            adds=("request_id", "agency_id", "answered_at", "trouble", "hint"),
            added="EXISTS (SELECT FROM learn_resultsrequest r WHERE r.id = learn_resultsanswer.request_id"
            " AND r.agency_id = learn_resultsanswer.agency_id)",
        ),
    ),
    Table(
        name="learn_resultssnapshot",
        client=None,
        rules=(Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}"),),
        worker=Worker(
            reads=SNAPSHOT,
            adds=SNAPSHOT,
            added="EXISTS (SELECT FROM learn_resultsrequest r WHERE r.agency_id = learn_resultssnapshot.agency_id)",
        ),
    ),
    # It holds true counts. The worker, which adds to it, can't read it; the reporter can, which counts them anyway.
    Table(
        name="learn_resultsrelease",
        client=None,
        counted=True,
        rules=(),
        worker=Worker(
            reads=("id",),
            adds=("id", "agency_id", "released_at", "data_cut", "digest", "ledgers"),
            added="EXISTS (SELECT FROM learn_resultsrequest r WHERE r.agency_id = learn_resultsrelease.agency_id)",
        ),
    ),
)
