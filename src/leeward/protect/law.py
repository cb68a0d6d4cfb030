"""The law in force, laid out in the database: row security decides by the same table as `rules.consent.decide`."""

from django.db.backends.utils import CursorWrapper

from leeward.rules import consent as rules

#: Read by the gate alone.
LAW_TABLES = ("protect_lawcell", "protect_lawform", "protect_lawalone")


def lay_out(cursor: CursorWrapper, law: rules.Law) -> None:
    """Replace what the database holds of the law. Run as the owner of the tables, in one transaction."""
    cursor.execute("DELETE FROM protect_lawcell")
    cursor.execute("DELETE FROM protect_lawform")
    cursor.execute("DELETE FROM protect_lawalone")
    cursor.executemany(
        "INSERT INTO protect_lawcell (data_class, regime, recipient_kind, purpose, outcome, law_row, elements)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (
                cell.data_class.value,
                cell.regime.value,
                cell.recipient_kind.value,
                cell.purpose.value,
                cell.outcome.name.lower(),
                cell.law_row,
                sorted(cell.elements),
            )
            for cell in rules.outcomes_by_regime(law)
        ],
    )
    cursor.executemany(
        "INSERT INTO protect_lawform (form, method, language, elements) VALUES (%s, %s, %s, %s)",
        [
            (form, method.value, language, sorted(rules.elements_of(law, form, method, language)))
            for form, languages in law.languages.items()
            for language in sorted(languages)
            for method in rules.Method
        ],
    )
    cursor.executemany(
        "INSERT INTO protect_lawalone (regime, recipient_kind, purpose, from_age) VALUES (%s, %s, %s, %s)",
        [
            (cell.regime.value, cell.recipient_kind.value, cell.purpose.value, cell.from_age)
            for cell in rules.alone_by_regime(law)
        ],
    )
