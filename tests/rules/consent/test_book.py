"""A decision costs the same however many grants are in force, and nobody outside can make the law's memory grow."""

from collections.abc import Iterator
from dataclasses import replace

from leeward.rules.consent import DataClass, Grant, GrantBook, Regime, Restriction, decide

from .test_bad_input import ASKED, GRANTED, LAW, NO


class Unread(GrantBook):
    """A book that nobody may leaf through."""

    def __iter__(self) -> Iterator[Grant | Restriction]:
        raise AssertionError("every record was looked at")


def test_a_decision_looks_at_nothing_but_what_bears_on_it() -> None:
    others = [replace(GRANTED, id=f"g{number}", client=f"c{number}") for number in range(100)]
    assert decide(ASKED, Unread([*others, GRANTED]), LAW).grant == GRANTED
    assert not decide(ASKED, Unread(others), LAW).permitted


def test_a_book_gives_back_what_it_holds() -> None:
    other = replace(GRANTED, id="g2", recipient="county")
    assert set(map(id_of, GrantBook([GRANTED, NO, other]))) == {"g1", "g2", "r1"}


def test_f04_a_duty_that_the_law_does_not_know_is_no_duty_and_leaves_no_trace() -> None:
    law = replace(LAW)
    decide(ASKED, [GRANTED], law)
    for number in range(100):
        assert decide(replace(ASKED, duty=f"duty-{number}"), [GRANTED], law).permitted
    assert len(law.rulings) == 1


def test_what_one_law_found_is_not_taken_for_another() -> None:
    asked = replace(ASKED, data_class=DataClass.SAFETY, regimes=frozenset({Regime.HIPAA}))
    assert decide(asked, [], LAW).row is not None
    assert decide(asked, [], replace(LAW, rows=())).row is None


def id_of(record: Grant | Restriction) -> str:
    return record.id
