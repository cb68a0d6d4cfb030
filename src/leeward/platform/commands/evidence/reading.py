"""Tables as people have them: CSV with a heading, and a plain word about what is wrong with one."""

import csv
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import NoReturn

import typer

_MISSING = frozenset({"", "na", "nan", "null", "none", ".", "n/a"})
_YES, _NO = frozenset({"1", "true", "yes", "y"}), frozenset({"0", "false", "no", "n"})
#: What spreadsheets put between cells where the comma stands in numbers.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}
#: Above this a float no longer holds every whole number, and squares come near its end; below, ratios do.
_LARGEST, _SMALLEST = 1e15, 1e-15


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
    """The rows of a CSV file by column. `lines` says on which line of the file each row stands."""

    def __init__(self, name: str, heading: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        self.name = name
        self.heading = tuple(heading)
        self.rows = rows
        self.lines = lines

    def __len__(self) -> int:
        return len(self.rows)

    def texts(self, column: str, option: str) -> list[str]:
        """A column as it stands. Leaves with exit 2 if there is none of that name."""
        if column not in self.heading:
            wrong(f"{self.name} has no column `{column}`. {option} is one of: {', '.join(self.heading)}.")
        place = self.heading.index(column)
        return [row[place].strip() for row in self.rows]

    def names(self, column: str, option: str) -> list[str]:
        """A column that names each row, differently."""
        found = self.texts(column, option)
        seen = set[str]()
        for line, name in zip(self.lines, found, strict=True):
            if not name:
                raise TableError(f"{self.name}, line {line}: {column} is empty.", hint="Every line needs a name.")
            if name in seen:
                raise TableError(
                    f"{self.name} has several lines for {_short(name)}.",
                    hint="One line a person: decide which scores count.",
                )
            seen.add(name)
        return found

    def numbers(self, column: str, option: str) -> list[float | None]:
        """A column of numbers, None where one is missing."""
        return [self._number(text, column, row) for row, text in self._numbered(column, option)]

    def complete(self, column: str, option: str) -> list[float]:
        """A column of numbers in which none may be missing."""
        found = []
        for row, number in zip(self.lines, self.numbers(column, option), strict=True):
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
        for row, number in zip(self.lines, found, strict=True):
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
                        f"{self.name}, line {row}: {column} is `{_short(text)}`.",
                        hint="Write 1 where it happened, 0 where it had not yet, 2 and more for other causes.",
                    )
                found.append(int(number))
        return found

    def _numbered(self, column: str, option: str) -> Iterator[tuple[int, str]]:
        return zip(self.lines, self.texts(column, option), strict=True)

    def _number(self, text: str, column: str, row: int) -> float | None:
        return number(text, f"{self.name}, line {row}, {column}")


def number(text: str, where: str) -> float | None:
    """A number, or None for what people write when there is none. Raises TableError for anything else."""
    if text.strip().lower() in _MISSING:
        return None
    try:
        if "_" in text:  # Python would read 1_000 as 1000
            raise ValueError
        found = float(text)
    except ValueError as error:
        raise TableError(
            f"{where}: `{_short(text)}` is not a number.", hint="Write 12.5, or nothing if it is missing."
        ) from error
    if abs(found) > _LARGEST:
        raise TableError(
            f"{where}: `{_short(text)}` is too large to reckon with.", hint="Check it, or count in larger units."
        )
    if 0 < abs(found) < _SMALLEST:
        raise TableError(
            f"{where}: `{_short(text)}` is too small to reckon with.", hint="Check it, or count in smaller units."
        )
    if not isfinite(found):
        raise TableError(f"{where}: `{_short(text)}` is not finite.", hint="Leave it empty if it is missing.")
    return found


def is_sound(given: float) -> bool:
    """Whether an option is a number that can be reckoned with."""
    return isfinite(given) and (given == 0 or _SMALLEST <= abs(given) <= _LARGEST)


def _short(text: str) -> str:
    """What somebody wrote, in a line."""
    plain = "".join(each if each.isprintable() else "�" for each in text)
    return plain if len(plain) <= 40 else f"{plain[:30]}…"


def read(file: Path) -> Table:
    """Read a CSV file. Raises TableError, with the line, for what is no table."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            every = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise TableError(f"{file} can't be read: {error.strerror}.", hint="Check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{file} is no CSV in UTF-8.", hint="Save it as CSV (UTF-8) and try again.") from error
    filled = [(line, row) for line, row in every if any(cell.strip() for cell in row)]
    if not filled:
        raise TableError(f"{file.name} is empty.", hint="It needs a heading and a line for each row.")
    heading = [cell.strip() for cell in filled[0][1]]
    if len(heading) == 1 and (other := next((each for each in _OTHER_SEPARATORS if each in heading[0]), None)):
        raise TableError(
            f"{file.name} has {_OTHER_SEPARATORS[other]} between its cells.",
            hint="Save it as CSV with commas, and with points in numbers: 12.5.",
        )
    if len(heading) == 1:  # an empty line between others is a missing value there
        filled = [(line, row or [""]) for line, row in every if filled[0][0] <= line <= filled[-1][0]]
    if len(set(heading)) < len(heading):
        raise TableError(f"{file.name} has two columns of one name.", hint="Give each column a name of its own.")
    for place, row in filled[1:]:
        if len(row) != len(heading):
            raise TableError(
                f"{file.name}, line {place} has {len(row)} cells, the heading {len(heading)}.",
                hint="Give every line the same columns.",
            )
    if len(filled) == 1:
        raise TableError(f"{file.name} has a heading and no rows.", hint="It needs a line for each row.")
    return Table(file.name, heading, [row for _, row in filled[1:]], [line for line, _ in filled[1:]])
