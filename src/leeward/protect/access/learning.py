"""Training, protocol drafts, comparisons, results."""

from .declaration import DIRECTOR, READ, Rule, Table, Worker, by_asker

LEADERS = "(SELECT ctx.role()) IN ('program_director', 'evaluator', 'privacy_officer')"

#: Who may ask for new results.
COMPUTERS = "(SELECT ctx.role()) IN ('program_director', 'evaluator')"
#: Leaders read what their agency keeps.
READ_BY_LEADERS = Rule(name="leaders", commands=READ, rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS}")


def answers(table: str, question: str, column: str, *told: str) -> Table:
    """What the worker answers to the rows of another table, in these columns; leaders read it."""
    mine = f"q.id = {table}.{column} AND q.agency_id = {table}.agency_id"
    return Table(
        name=table,
        client=None,
        rules=(READ_BY_LEADERS,),
        worker=Worker(
            reads=(column,),
            adds=(column, "agency_id", "answered_at", *told),
            added=f"EXISTS (SELECT FROM {question} q WHERE {mine})",
        ),
    )


TABLES: tuple[Table, ...] = (
    Table(
        name="people_completion",
        client=None,
        counted=True,
        rules=(
            Rule(name="own", commands=READ, rows="staff_id = (SELECT ctx.staff())"),
            READ_BY_LEADERS,
            Rule(
                name="recorded",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS} AND {by_asker('recorded_by_id')}"
                " AND completed_on <= current_date + 1",  # it may be tomorrow at the site already
            ),
        ),
    ),
    *(
        Table(
            name=name,
            client=None,
            rules=(
                READ_BY_LEADERS,
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
            READ_BY_LEADERS,
            Rule(
                name="asked",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {LEADERS} AND {by_asker('asked_by_id')}",
            ),
        ),
        worker=Worker(reads=("id", "agency_id", "a_text", "b_text", "cases", "asked_at")),
    ),
    answers("learn_comparisonanswer", "learn_comparison", "comparison_id", "document", "trouble"),
    Table(
        name="learn_resultsrequest",
        client=None,
        rules=(
            READ_BY_LEADERS,
            Rule(
                name="asked",
                commands=("insert",),
                rows=f"agency_id = (SELECT ctx.agency()) AND {COMPUTERS} AND {by_asker('asked_by_id')}",
            ),
        ),
        worker=Worker(reads=("id", "agency_id", "asked_at", "early", "language")),
    ),
    answers("learn_resultsanswer", "learn_resultsrequest", "request_id", "trouble", "hint"),
    Table(
        name="learn_resultssnapshot",
        client=None,
        rules=(READ_BY_LEADERS,),
        worker=Worker(
            adds=("id", "agency_id", "computed_at", "data_cut", "n_clients", "protocol_version", "document"),
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
            adds=("id", "agency_id", "released_at", "data_cut", "digest", "ledgers"),
            added="EXISTS (SELECT FROM learn_resultsrequest r WHERE r.agency_id = learn_resultsrelease.agency_id)",
        ),
    ),
)
