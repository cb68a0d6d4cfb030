"""Grants that are late, early, overlapping or contradict each other; days of 23 and 25 hours; a law that errs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from leeward import catalogue, definitions
from leeward.rules.consent import (
    DataClass,
    Decision,
    Grant,
    GrantBook,
    Law,
    Purpose,
    ReasonCode,
    RecipientKind,
    Regime,
    Request,
    Restriction,
    decide,
    parse_law,
    rule,
)
from leeward.rules.errors import DefinitionError
from leeward.rules.yaml_source import load

LAW = catalogue.law()
CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2026, 10, 9, 12, tzinfo=CHICAGO)
ASKED = Request(
    client="c",
    data_class=DataClass.REFERRAL,
    regimes=frozenset({Regime.VICTIM_SERVICES}),
    recipient="harbour",
    recipient_kind=RecipientKind.SHELTER,
    purpose=Purpose.COORDINATION,
    at=NOON,
    zone="America/Chicago",
)
REQUIRED = rule(LAW, ASKED.data_class, ASKED.regimes, ASKED.recipient_kind, ASKED.purpose).required
GRANTED = Grant(
    id="g1",
    client="c",
    recipient="harbour",
    classes=frozenset({DataClass.REFERRAL}),
    purpose=Purpose.COORDINATION,
    starts_at=NOON - timedelta(days=3),
    last_day=date(2026, 10, 31),
    elements=REQUIRED,
)
NO = Restriction(id="r1", client="c", starts_at=NOON - timedelta(days=1))
EXPIRED = replace(GRANTED, id="g0", last_day=date(2026, 10, 8))
FUTURE = replace(GRANTED, id="g2", starts_at=NOON + timedelta(seconds=1))


def decided(*records: Grant | Restriction, at: datetime = NOON, zone: str = "America/Chicago") -> Decision:
    """The decision, the same from a list and from a book."""
    request = replace(ASKED, at=at, zone=zone)
    decision = decide(request, records, LAW)
    assert decide(request, GrantBook(records), LAW) == decision
    return decision


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


class TestSeveralGrants:
    def test_c01_exactly_the_elements_that_the_law_asks_for_are_enough_and_one_less_is_not(self) -> None:
        assert decided(GRANTED).permitted
        for element in REQUIRED:
            assert codes(decided(replace(GRANTED, elements=REQUIRED - {element})))[0] is ReasonCode.LACKS_ELEMENTS

    def test_c01_an_expired_and_a_future_grant_don_t_make_one_that_holds(self) -> None:
        decision = decided(EXPIRED, FUTURE)
        assert not decision.permitted
        assert set(codes(decision)) == {ReasonCode.ENDED, ReasonCode.NOT_STARTED, ReasonCode.NO_GRANT}
        assert {reason.about for reason in decision.reasons} >= {"g0", "g2"}

    def test_c01_parts_of_two_grants_don_t_add_up(self) -> None:
        half = sorted(REQUIRED)[: len(REQUIRED) // 2]
        one = replace(GRANTED, elements=frozenset(half))
        other = replace(GRANTED, id="g2", elements=REQUIRED - set(half))
        other_class = replace(GRANTED, id="g3", classes=frozenset({DataClass.CONTACT}))
        assert not decided(one, other, other_class).permitted

    def test_c01_of_overlapping_grants_the_one_that_lasts_longest_is_named_in_any_order(self) -> None:
        longer = replace(GRANTED, id="g9", last_day=date(2026, 11, 30))
        for order in permutations((GRANTED, longer, EXPIRED, FUTURE)):
            decision = decided(*order)
            assert (decision.permitted, decision.grant) == (True, longer)

    def test_c02_where_records_of_one_grant_contradict_each_other_the_withdrawal_holds_in_any_order(self) -> None:
        taken_back = replace(GRANTED, withdrawn=True)
        longer = replace(GRANTED, last_day=date(2026, 12, 31))
        for order in permutations((GRANTED, taken_back, longer)):
            assert ReasonCode.WITHDRAWN in codes(decided(*order))
            assert not decided(*order).permitted

    def test_c02_a_grant_that_was_withdrawn_stays_so_when_its_yes_arrives_after(self) -> None:
        book = GrantBook()
        book.withdraw(GRANTED)
        book.add(GRANTED)
        assert not decide(ASKED, book, LAW).permitted
        book.add(replace(GRANTED, id="g2"))
        assert decide(ASKED, book, LAW).permitted

    def test_c02_a_withdrawal_takes_back_every_record_of_the_grant_and_counts_once(self) -> None:
        other = replace(GRANTED, classes=frozenset({DataClass.CONTACT}))
        book = GrantBook([GRANTED, other])
        book.withdraw(GRANTED)
        book.withdraw(GRANTED)
        assert len(book.grants("c", "harbour")) == 2
        for data_class in (DataClass.REFERRAL, DataClass.CONTACT):
            decision = decide(replace(ASKED, data_class=data_class), book, LAW)
            assert codes(decision) == [ReasonCode.WITHDRAWN, ReasonCode.NO_GRANT]

    @pytest.mark.parametrize("number", [1, 50])
    def test_c08_a_restriction_beats_every_grant_until_it_is_lifted(self, number: int) -> None:
        grants = [replace(GRANTED, id=f"g{each}") for each in range(number)]
        for order in ([NO, *grants], [*grants, NO]):
            assert codes(decided(*order)) == [ReasonCode.RESTRICTED]
        book = GrantBook([*grants, NO])
        book.lift(NO)
        assert decide(ASKED, book, LAW).permitted

    def test_c08_a_second_grant_does_not_widen_the_first(self) -> None:
        other = replace(GRANTED, id="g2", recipient="county", classes=frozenset(DataClass))
        request = replace(ASKED, data_class=DataClass.CLINICAL)
        assert not decide(request, [GRANTED, other], LAW).permitted


class TestMidnight:
    @pytest.mark.parametrize(
        ("zone", "last_day", "end"),
        [
            ("America/Chicago", date(2026, 10, 31), datetime(2026, 11, 1, 5, tzinfo=UTC)),
            ("America/Chicago", date(2026, 11, 1), datetime(2026, 11, 2, 6, tzinfo=UTC)),
            ("America/Chicago", date(2027, 3, 13), datetime(2027, 3, 14, 6, tzinfo=UTC)),
            ("America/Chicago", date(2027, 3, 14), datetime(2027, 3, 15, 5, tzinfo=UTC)),
            ("America/Chicago", date(2028, 2, 28), datetime(2028, 2, 29, 6, tzinfo=UTC)),
            ("America/Chicago", date(2028, 2, 29), datetime(2028, 3, 1, 6, tzinfo=UTC)),
            ("America/Chicago", date(2026, 12, 31), datetime(2027, 1, 1, 6, tzinfo=UTC)),
            # 00:00 does not exist: clocks go from 23:59 to 01:00.
            ("America/Santiago", date(2026, 9, 5), datetime(2026, 9, 6, 4, tzinfo=UTC)),
            # 00:00 comes twice: at 01:00 clocks go back to 00:00.
            ("America/Havana", date(2026, 10, 31), datetime(2026, 11, 1, 4, tzinfo=UTC)),
            # The 30th of December 2011 does not exist.
            ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC)),
            ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ],
        ids=str,
    )
    def test_c03_a_grant_ends_at_the_first_midnight_of_the_site_after_its_last_day(
        self, zone: str, last_day: date, end: datetime
    ) -> None:
        grant = replace(GRANTED, last_day=last_day, starts_at=end - timedelta(days=5))
        assert decided(grant, at=end - timedelta(microseconds=1), zone=zone).permitted
        assert codes(decided(grant, at=end, zone=zone))[0] is ReasonCode.ENDED

    def test_c03_a_grant_that_begins_in_the_hour_that_comes_twice_does_not_hold_the_first_time(self) -> None:
        first = datetime(2026, 11, 1, 1, 45, tzinfo=CHICAGO)
        begins = datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=CHICAGO)
        grant = replace(GRANTED, starts_at=begins, last_day=date(2026, 11, 5))
        assert codes(decided(grant, at=first))[0] is ReasonCode.NOT_STARTED
        assert decided(grant, at=begins).permitted
        assert decided(grant, at=first.replace(fold=1)).permitted

    def test_c03_a_restriction_in_the_hour_that_comes_twice_holds_from_its_moment(self) -> None:
        said = datetime(2026, 11, 1, 1, 30, tzinfo=CHICAGO)
        restriction = replace(NO, starts_at=said)
        grant = replace(GRANTED, last_day=date(2026, 11, 5))
        assert not decided(grant, restriction, at=said.replace(minute=15, fold=1)).permitted
        assert decided(grant, restriction, at=said.replace(minute=15)).permitted

    def test_c03_a_grant_lasts_an_hour_more_or_less_on_the_days_that_do(self) -> None:
        for day, hours in ((date(2026, 11, 1), 25), (date(2027, 3, 14), 23), (date(2028, 2, 29), 24)):
            began = datetime(day.year, day.month, day.day, tzinfo=CHICAGO)
            assert replace(GRANTED, last_day=day).ends_at("America/Chicago") - began.astimezone(UTC) == timedelta(
                hours=hours
            )

    def test_c03_a_clock_set_back_brings_no_withdrawn_grant_to_life(self) -> None:
        assert not decided(replace(GRANTED, withdrawn=True), at=GRANTED.starts_at).permitted

    def test_c03_the_last_day_of_all_does_not_overflow(self) -> None:
        assert decided(replace(GRANTED, last_day=date.max)).permitted

    @pytest.mark.parametrize("made", [ASKED, GRANTED, NO], ids=lambda made: type(made).__name__)
    def test_c03_a_moment_without_a_time_zone_is_refused(self, made: Request | Grant | Restriction) -> None:
        name = "at" if isinstance(made, Request) else "starts_at"
        with pytest.raises(ValueError, match="needs a time zone"):
            replace(made, **{name: datetime(2026, 10, 9)})  # type: ignore[arg-type]  # noqa: DTZ001


class TestLawFiles:
    @pytest.mark.parametrize(
        ("old", "new", "word", "remedy"),
        [
            ("regimes: [hipaa]", "regimes: [hippa]", "hippa", "hipaa"),
            ("classes: [psychotherapy]", "classes: [psychoterapy]", "psychoterapy", "psychotherapy"),
            ("recipients: [hospital]", "recipients: [hospitel]", "hospitel", "hospital"),
            ("purposes: [treatment]", "purposes: [treatement]", "treatement", "treatment"),
            ("outcome: never", "outcome: nevr", "nevr", "never"),
            ("status: policy", "status: policies", "policies", "policy"),
            ("    citation: Centre policy\n", "    cites: Centre policy\n", "cites", "citation"),
            ("elements: [written, signed, expl", "elements: [writen, signed, expl", "writen", "written"),
            ("obligations: [least, care", "obligations: [leest, care", "leest", "least"),
            ("duty: child_report", "duty: childs_report", "childs_report", "child_report"),
            ("carries: [explained", "carries: [explaned", "explaned", "explained"),
            ("  part2_notice:\n", "  part2_notise:\n", "part2_notise", "part2_notice"),
            ("contact: [V, LOCIS", "contact: [V, LOCS", "LOCS", "LOCIS"),
            ("default_days: 7\n", "default_days: seven\n", "default_days", ""),
            ("checked: 2026-10-09", "checked: 2026-13-09", "checked", "2026-10-09"),
        ],
        ids=lambda value: value if value and " " not in value and "\n" not in value else "",
    )
    def test_f04_an_unknown_word_is_refused_with_file_line_and_remedy(
        self, old: str, new: str, word: str, remedy: str
    ) -> None:
        text = definitions.read("law", "mississippi")
        assert old in text
        line = text[: text.index(old)].count("\n") + 1
        with pytest.raises(DefinitionError) as refused:
            read(text.replace(old, new, 1))
        told = [error for error in refused.value.every if word in error.problem]
        assert told, refused.value.every
        assert all(error.file == "mississippi.yaml" for error in told)
        assert line in {error.line for error in told}
        assert remedy in "".join(error.remedy for error in told)

    def test_c06_a_notice_that_an_obligation_needs_may_not_be_missing(self) -> None:
        text = definitions.read("law", "mississippi")
        start = text.index("  part2_notice:\n")
        end = text.index("# HL7 security labels")
        with pytest.raises(DefinitionError, match="no text in `notices`"):
            read(text[:start] + text[end:])

    @pytest.mark.parametrize("text", ["", "a: [", "law: *x", "law: !!python/object:os.system x", "- " * 100, "\x00"])
    def test_f04_what_is_no_law_is_refused_in_words(self, text: str) -> None:
        with pytest.raises(DefinitionError) as refused:
            read(text)
        assert refused.value.hint


def read(text: str) -> Law:
    return parse_law(load(text, name="mississippi.yaml"), definitions.schema("law"))
