"""The law in force, laid out in the database: row security decides by the same table as `rules.consent.decide`."""

from django.db.backends.utils import CursorWrapper

from leeward.rules import consent as rules

#: Where it lies, read by the gate alone; the site's, not a centre's.
_COLUMNS = {
    "protect_lawcell": ("data_class", "regime", "recipient_kind", "purpose", "outcome", "law_row", "elements"),
    "protect_lawform": ("form", "method", "language", "elements"),
    "protect_lawalone": ("regime", "recipient_kind", "purpose", "from_age"),
}
LAW_TABLES = tuple(_COLUMNS)


def lay_out(cursor: CursorWrapper, law: rules.Law) -> None:
    """Replace what the database holds of the law. Run as the owner of the tables, in one transaction."""
    for table, rows in _rows(law).items():
        columns = _COLUMNS[table]
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",  # noqa: S608
            rows,
        )


def is_laid_out(cursor: CursorWrapper, law: rules.Law) -> bool:
    """Whether the database decides by this very law, which the pages explain. Run as the owner of the tables."""
    for table, rows in _rows(law).items():
        cursor.execute(f"SELECT {', '.join(_COLUMNS[table])} FROM {table}")  # noqa: S608
        if sorted(cursor.fetchall(), key=repr) != sorted(rows, key=repr):
            return False
    return True


def _rows(law: rules.Law) -> dict[str, list[tuple[str | int | list[str] | None, ...]]]:
    return {
        "protect_lawcell": [
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
        "protect_lawform": [
            (form, method.value, language, sorted(rules.elements_of(law, form, method, language)))
            for form, languages in law.languages.items()
            for language in sorted(languages)
            for method in rules.Method
        ],
        "protect_lawalone": [
            (cell.regime.value, cell.recipient_kind.value, cell.purpose.value, cell.from_age)
            for cell in rules.alone_by_regime(law)
        ],
    }
