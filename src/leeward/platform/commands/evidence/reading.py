"""Tables as people have them: CSV with a heading, and a plain word about what is wrong with one."""

import csv
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import NoReturn

import typer

_MISSING = frozenset({"", "na", "nan", "null", "none", ".", "n/a"})
_YES, _NO = frozenset({"1", "true", "yes", "y"}), frozenset({"0", "false", "no", "n"})


class TableError(Exception):
    """A table that can't be read as what it should be; `hint` says how to mend it."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def wrong(message: str) -> NoReturn:
    """Leave with exit 2: the command was called wrongly."""
    typer.echo(f"leeward: {message}", err=True)
    raise typer.Exit(2)


class Table:
    """The rows of a CSV file by column."""

    def __init__(self, name: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.name = name
        self.heading = tuple(heading)
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def texts(self, column: str, option: str) -> list[str]:
        """A column as it stands. Leaves with exit 2 if there is none of that name."""
        if column not in self.heading:
            wrong(f"{self.name} has no column `{column}`. {option} is one of: {', '.join(self.heading)}.")
        place = self.heading.index(column)
        return [row[place].strip() for row in self.rows]

    def numbers(self, column: str, option: str) -> list[float | None]:
        """A column of numbers, None where one is missing."""
        return [self._number(text, column, row) for row, text in self._numbered(column, option)]

    def complete(self, column: str, option: str) -> list[float]:
        """A column of numbers in which none may be missing."""
        found = []
        for row, number in enumerate(self.numbers(column, option), start=2):
            if number is None:
                raise TableError(
                    f"{self.name}, line {row}: {column} is missing.",
                    hint="Fill it in, or leave the line out and say so.",
                )
            found.append(number)
        return found

    def whole(self, column: str, option: str) -> list[int]:
        """A column of counts."""
        found = self.complete(column, option)
        for row, number in enumerate(found, start=2):
            if number < 0 or number != int(number):
                raise TableError(
                    f"{self.name}, line {row}: {column} is {number:g}, which is no count.", hint="Counts are 0, 1, 2, …"
                )
        return [int(number) for number in found]

    def codes(self, column: str, option: str) -> list[int | None]:
        """A column of yes and no, or of whole codes from 0 on, None where one is missing."""
        found: list[int | None] = []
        for row, text in self._numbered(column, option):
            word = text.lower()
            if word in _MISSING:
                found.append(None)
            elif word in _YES | _NO:
                found.append(int(word in _YES))
            else:
                number = self._number(text, column, row)
                if number is None or number < 0 or number != int(number):
                    raise TableError(
                        f"{self.name}, line {row}: {column} is `{text}`.",
                        hint="Write 1 where it happened, 0 where it had not yet, 2 and more for other causes.",
                    )
                found.append(int(number))
        return found

    def _numbered(self, column: str, option: str) -> Iterator[tuple[int, str]]:
        return enumerate(self.texts(column, option), start=2)

    def _number(self, text: str, column: str, row: int) -> float | None:
        return number(text, f"{self.name}, line {row}, {column}")


def number(text: str, where: str) -> float | None:
    """A number, or None for what people write when there is none. Raises TableError for anything else."""
    if text.strip().lower() in _MISSING:
        return None
    try:
        found = float(text)
    except ValueError as error:
        raise TableError(
            f"{where}: `{text}` is not a number.", hint="Write 12.5, or nothing if it is missing."
        ) from error
    if not isfinite(found):
        raise TableError(f"{where}: `{text}` is not finite.", hint="Leave it empty if it is missing.")
    return found


def read(file: Path) -> Table:
    """Read a CSV file. Raises TableError, with the line, for what is no table."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = [row for row in csv.reader(stream) if any(cell.strip() for cell in row)]
    except OSError as error:
        raise TableError(f"{file} can't be read: {error.strerror}.", hint="Check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{file} is no CSV in UTF-8.", hint="Save it as CSV (UTF-8) and try again.") from error
    if not lines:
        raise TableError(f"{file.name} is empty.", hint="It needs a heading and a line for each row.")
    heading = [cell.strip() for cell in lines[0]]
    if len(set(heading)) < len(heading):
        raise TableError(f"{file.name} has two columns of one name.", hint="Give each column a name of its own.")
    for place, row in enumerate(lines[1:], start=2):
        if len(row) != len(heading):
            raise TableError(
                f"{file.name}, line {place} has {len(row)} cells, the heading {len(heading)}.",
                hint="Give every line the same columns.",
            )
    if len(lines) == 1:
        raise TableError(f"{file.name} has a heading and no rows.", hint="It needs a line for each row.")
    return Table(file.name, heading, lines[1:])
