"""Writes what the law table decides for whom into its manual: `uv run python -m tests.spec.render_law_table`."""

from itertools import groupby
from pathlib import Path

from leeward import catalogue
from leeward.rules.consent import DataClass, Law, Outcome, Purpose, RecipientKind, Regime, Row, rule

MANUAL = Path(__file__).parents[2] / "docs" / "reference" / "consent.md"
BEGIN, END = "<!-- law: begin -->\n", "<!-- law: end -->\n"
REGIMES = {
    Regime.HIPAA: "HIPAA",
    Regime.PART2: "42 CFR Part 2",
    Regime.VICTIM_SERVICES: "VAWA, VOCA and FVPSA",
    Regime.FERPA: "FERPA",
    Regime.NONE: "no federal privacy law",
}
OUTCOMES = {
    Outcome.PERMITTED: "permitted",
    Outcome.NEEDS_AUTHORISATION: "needs a permission",
    Outcome.REQUIRED_BY_LAW: "required by law",
    Outcome.NEVER: "never",
}


def rendered(law: Law) -> str:
    """A table for the holders of each regime, those that are answered alike together; then the rows."""
    answers: dict[tuple[str, ...], list[Regime]] = {}
    for regime in Regime:
        answers.setdefault(_answers(law, regime), []).append(regime)
    tables = [line for table, regimes in answers.items() for line in _table(table, regimes)]
    return "\n".join([*tables, *_rows(law)]) + "\n"


def _table(answers: tuple[str, ...], regimes: list[Regime]) -> list[str]:
    return [
        f"### A holder under {', '.join(REGIMES[regime] for regime in regimes)}",
        "",
        "| to | for | " + " | ".join(DataClass) + " |",
        "|---|---|" + "---|" * len(DataClass),
        *answers,
        "",
    ]


def _answers(law: Law, regime: Regime) -> tuple[str, ...]:
    lines: list[str] = []
    for kind in RecipientKind:
        found = [(tuple(_cell(law, regime, kind, purpose, one) for one in DataClass), purpose) for purpose in Purpose]
        for cells, alike in groupby(sorted(found), key=lambda answer: answer[0]):
            purposes = [str(purpose) for _, purpose in alike]
            named = "any purpose" if len(purposes) == len(Purpose) else ", ".join(purposes)
            lines.append(f"| {_words(kind)} | {named} | " + " | ".join(cells) + " |")
    return tuple(lines)


def _cell(law: Law, regime: Regime, kind: RecipientKind, purpose: Purpose, data_class: DataClass) -> str:
    ruling = rule(law, data_class, frozenset({regime}), kind, purpose)
    if ruling.authorisation is not None:
        return f"{ruling.authorisation.default_days} / {ruling.authorisation.longest_days}"
    return "yes" if ruling.standing.permitted else "no"


def _rows(law: Law) -> list[str]:
    lines = [
        "### The rows",
        "",
        "| row | for | says | needs | then | source | status, checked |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in law.rows:
        duty = f", when the request names `{row.duty}`" if row.duty else ""
        cells = (
            f"`{row.id}`",
            _scope(row),
            f"**{OUTCOMES[row.outcome]}**{duty}. {row.text.en}.",
            ", ".join(_words(element) for element in sorted(row.authorisation.elements)) if row.authorisation else "",
            ", ".join(_words(code) for code in row.obligations),
            row.citation,
            f"{row.status}, {row.checked}",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def _scope(row: Row) -> str:
    regimes = "any regime" if row.regimes is None else ", ".join(one for one in Regime if one in row.regimes)
    parts = (
        regimes,
        "any class"
        if len(row.classes) == len(DataClass)
        else ", ".join(one for one in DataClass if one in row.classes),
        "to " + ", ".join(_words(one) for one in RecipientKind if one in row.recipients),
        "for any purpose" if len(row.purposes) == len(Purpose) else "for " + ", ".join(sorted(row.purposes)),
    )
    return "; ".join(parts)


def _words(name: str) -> str:
    return name.replace("_", " ")


def manual_with_law(manual: str) -> str:
    """The manual with what stands between the two marks replaced."""
    before, rest = manual.split(BEGIN)
    return before + BEGIN + "\n" + rendered(catalogue.law()) + END + rest.split(END)[1]


if __name__ == "__main__":
    MANUAL.write_text(manual_with_law(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")
