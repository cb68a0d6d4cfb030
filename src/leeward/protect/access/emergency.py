"""Opening one record in an emergency."""

from .declaration import GLASS, PRIVACY, READ, Rule, Table, by_asker, glass, privacy, team

#: Of a break-glass, as `b` in `of_glass`: the asker's own, or somebody else's.
MINE = "b.staff_id = (SELECT ctx.staff())"
NOT_MINE = "b.staff_id <> (SELECT ctx.staff())"


def of_glass(table: str, whose: str = "true") -> str:
    """The row of `table` belongs to a break-glass of the same client; `whose` says more of it."""
    return (
        f"EXISTS (SELECT FROM protect_breakglass b WHERE b.id = {table}.glass_id"
        f" AND b.client_id = {table}.client_id AND {whose})"
    )


TABLES: tuple[Table, ...] = (
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
        gate=True,
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
        # A reason is added by `ctx.give_reason` alone: before it, nothing is open in which it could be written.
        gate=True,
        gate_adds=True,
        rules=(
            team(*READ),
            privacy(*READ),
            Rule(
                name="review",
                commands=("insert",),
                rows=f"({PRIVACY}) AND about = 'review' AND {of_glass('protect_breakglasstext', NOT_MINE)}",
            ),
        ),
    ),
)
