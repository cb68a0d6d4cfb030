"""What papers open, as a rule alone: each law that a datum is under must give it, and silence is no (L-01, P-06)."""

from datetime import date

import pytest

from leeward.rules.consent.model import DataClass, Regime, Status
from leeward.rules.consent.process import Giving, Process, ProcessKind, elements_asked, opening, openings
from leeward.rules.wording import Text

WORDS = Text("words", "palabras")


def giving(name: str, kind: str, regimes: set[Regime], classes: set[DataClass], *needs: str) -> Giving:
    return Giving(
        id=name, kinds=frozenset({kind}), regimes=frozenset(regimes), classes=frozenset(classes),
        needs=frozenset(needs), citation="45 CFR 164.512(e)", status=Status.VERIFIED, checked=date(2026, 1, 1),
        text=WORDS,
    )  # fmt: skip


def process(*gives: Giving) -> Process:
    kinds = {
        name: ProcessKind(name=name, title=WORDS, answer_within_hours=72, handed_to_person=False)
        for name in ("subpoena", "court_order")
    }
    return Process(
        script=WORDS, neither=WORDS, notice=WORDS, oral_days=30, tell_within_hours=72,
        regimes={DataClass.SUD: frozenset({Regime.PART2})},
        elements={"signed": WORDS, "hearing": WORDS, "notice": WORDS}, kinds=kinds, gives=gives,
    )  # fmt: skip


HIPAA = frozenset({Regime.HIPAA})
PLAIN = giving("plain", "subpoena", {Regime.HIPAA}, {DataClass.REFERRAL, DataClass.SUD}, "signed", "notice")
STRICT = giving("strict", "subpoena", {Regime.PART2}, {DataClass.SUD}, "hearing")


def test_l01_papers_open_a_class_only_with_all_that_its_row_needs() -> None:
    table = process(PLAIN)
    for papers, missing in (((), {"signed", "notice"}), (("signed",), {"notice"}), (("signed", "notice"), set())):
        answer = opening(table, "subpoena", DataClass.REFERRAL, HIPAA, frozenset(papers))
        assert (answer.missing, answer.is_open, answer.rows) == (missing, not missing, (PLAIN,))
    more = frozenset({"signed", "notice", "hearing"})
    assert opening(table, "subpoena", DataClass.REFERRAL, HIPAA, more).is_open, "more papers do no harm"


@pytest.mark.parametrize(
    ("kind", "data_class", "holder"),
    [
        ("court_order", DataClass.REFERRAL, HIPAA),
        ("subpoena", DataClass.IDENTITY, HIPAA),
        ("subpoena", DataClass.REFERRAL, frozenset({Regime.HIPAA, Regime.VICTIM_SERVICES})),
    ],
)
def test_p06_a_law_without_a_row_keeps_a_class_closed(
    kind: str, data_class: DataClass, holder: frozenset[Regime]
) -> None:
    answer = opening(process(PLAIN), kind, data_class, holder, frozenset({"signed", "notice"}))
    assert answer.silent == (holder - HIPAA or HIPAA)
    assert not answer.is_open


def test_l01_each_law_of_a_datum_must_give_it_and_what_they_need_adds_up() -> None:
    """Substance use lies under 42 CFR Part 2 whoever holds it: what suffices for the rest does not for it."""
    enough = frozenset({"signed", "notice"})
    alone = opening(process(PLAIN), "subpoena", DataClass.SUD, HIPAA, enough)
    assert (alone.silent, alone.is_open) == ({Regime.PART2}, False)
    both = opening(process(PLAIN, STRICT), "subpoena", DataClass.SUD, HIPAA, enough)
    assert (both.silent, both.missing, both.is_open) == (frozenset(), {"hearing"}, False)
    whole = opening(process(PLAIN, STRICT), "subpoena", DataClass.SUD, HIPAA, enough | {"hearing"})
    assert whole.is_open
    assert set(whole.rows) == {PLAIN, STRICT}


def test_l01_a_holder_of_no_law_gets_no() -> None:
    answer = opening(process(PLAIN), "subpoena", DataClass.REFERRAL, frozenset(), frozenset({"signed", "notice"}))
    assert (answer.rows, answer.missing, answer.silent, answer.is_open) == ((), frozenset(), frozenset(), False)


def test_l01_every_class_has_its_answer() -> None:
    answers = openings(process(PLAIN), "subpoena", HIPAA, frozenset({"signed", "notice"}))
    assert set(answers) == set(DataClass)
    assert {name for name, answer in answers.items() if answer.is_open} == {DataClass.REFERRAL}


def test_papers_are_looked_through_for_what_some_row_of_their_kind_needs() -> None:
    other = giving("other", "court_order", {Regime.HIPAA}, {DataClass.REFERRAL}, "hearing")
    assert elements_asked(process(PLAIN, other), "subpoena") == ("signed", "notice")
    assert elements_asked(process(PLAIN, STRICT, other), "subpoena") == ("signed", "hearing", "notice")
    assert elements_asked(process(PLAIN), "court_order") == ()
