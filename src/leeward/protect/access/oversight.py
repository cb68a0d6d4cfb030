"""Looking back: the audit record and its seals, odd reading, holds."""

from .declaration import ADD, PRIVACY, READ, Rule, Table, by_asker, privacy, signed

#: Not a record of legal work on a client who may not hear of it for now.
NOT_WITHHELD = "NOT (ctx.of_legal_work(action, subject) AND ctx.is_withheld_work(id))"

#: The record says when by the database's clock, and it says the truth.
NOW = "at BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp()"

TABLES: tuple[Table, ...] = (
    Table(
        name="protect_auditrecord",
        audited=False,
        # Never the number: whoever chose one could use up those of others, or put a record among the sealed ones.
        adds=("at", "staff_id", "agency_id", "client_id", "action", "subject", "fields", "rule"),
        gate_adds=True,
        rules=(
            Rule(
                name="adds",
                commands=("insert",),
                rows=f"{by_asker('staff_id')} AND agency_id = (SELECT ctx.agency()) AND {NOW}",
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
        gate=True,
        changes=("review_on", "reviewed_at", "reviewed_by_id", "lifted_at", "lifted_by_id"),
        rules=(
            privacy(*READ),
            Rule(
                name="begins",
                commands=("insert",),
                rows=f"({PRIVACY}) AND {signed('began_by_id', 'began_at')} AND lifted_at IS NULL",
            ),
            # Reviewed or lifted by whoever says so. What was lifted stays lifted.
            Rule(
                name="goes_on",
                commands=("update",),
                rows=f"({PRIVACY}) AND lifted_at IS NULL",
                check=f"({PRIVACY}) AND (lifted_at IS NULL AND lifted_by_id IS NULL"
                f" AND {signed('reviewed_by_id', 'reviewed_at')}"
                f" OR lifted_at IS NOT NULL AND {signed('lifted_by_id', 'lifted_at')})",
            ),
        ),
    ),
    # Written by whoever erases, as the administrator.
    Table(name="protect_pendingerasure", rules=(privacy(*READ),)),
)
