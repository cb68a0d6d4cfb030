"""Consent decides: the strictest row wins, no row is a no, a restriction beats a grant, and time ends where it says."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward import catalogue
from leeward.rules.consent import (
    DataClass,
    Decision,
    Grant,
    Law,
    Outcome,
    Purpose,
    ReasonCode,
    RecipientKind,
    Regime,
    Request,
    Restriction,
    decide,
)

LAW = catalogue.law()
CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2026, 10, 9, 12, tzinfo=CHICAGO)
EVERY_ELEMENT = frozenset(LAW.elements)
PARTNERS = [kind for kind in RecipientKind if kind is not RecipientKind.CENTRE]

ASKED = Request(
    client="c",
    data_class=DataClass.REFERRAL,
    regimes=frozenset({Regime.HIPAA, Regime.VICTIM_SERVICES}),
    recipient="harbour",
    recipient_kind=RecipientKind.SHELTER,
    purpose=Purpose.COORDINATION,
    at=NOON,
    zone="America/Chicago",
)
GRANTED = Grant(
    id="g1",
    client="c",
    recipient="harbour",
    classes=frozenset({DataClass.REFERRAL, DataClass.CONTACT}),
    purpose=Purpose.COORDINATION,
    starts_at=NOON - timedelta(days=3),
    last_day=date(2026, 10, 31),
    elements=EVERY_ELEMENT,
)


def decided(request: Request = ASKED, grants: Iterable[Grant | Restriction] = (GRANTED,), law: Law = LAW) -> Decision:
    return decide(request, grants, law)


def without(*rows: str) -> Law:
    """The shipped law without some of its rows."""
    return replace(LAW, rows=tuple(row for row in LAW.rows if row.id not in rows))


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


class TestGrants:
    def test_c01_what_was_granted_is_permitted_under_that_grant_with_its_obligations(self) -> None:
        decision = decided()
        assert decision.permitted
        assert decision.grant == GRANTED
        assert decision.row is not None
        assert decision.row.id == "hipaa-authorisation"
        assert {"record", "expire", "no_redisclosure"} <= {one.code for one in decision.obligations}

    def test_c01_without_a_grant_the_answer_is_no_and_names_the_row(self) -> None:
        decision = decided(grants=())
        assert not decision.permitted
        assert codes(decision)[0] is ReasonCode.NO_GRANT
        assert decision.reasons[-1].about == "hipaa-authorisation"

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"client": "another"}, ReasonCode.NO_GRANT),
            ({"recipient": "another"}, ReasonCode.NO_GRANT),
            ({"classes": frozenset({DataClass.CONTACT})}, ReasonCode.NO_GRANT),
            ({"purpose": Purpose.PROTECTION}, ReasonCode.OTHER_PURPOSE),
            ({"starts_at": NOON + timedelta(seconds=1)}, ReasonCode.NOT_STARTED),
            ({"last_day": date(2026, 10, 8)}, ReasonCode.ENDED),
            ({"withdrawn": True}, ReasonCode.WITHDRAWN),
            ({"elements": EVERY_ELEMENT - {"written"}}, ReasonCode.LACKS_ELEMENTS),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.value,
    )
    def test_c01_a_grant_that_differs_in_one_thing_does_not_count_and_says_why(
        self, change: dict[str, object], code: ReasonCode
    ) -> None:
        decision = decided(grants=[replace(GRANTED, **change)])  # type: ignore[arg-type]
        assert not decision.permitted
        assert codes(decision)[0] is code

    def test_p03_without_a_grant_nobody_outside_learns_that_the_person_exists(self) -> None:
        for kind in PARTNERS:
            for purpose in Purpose:
                asked = replace(ASKED, recipient_kind=kind, purpose=purpose, data_class=DataClass.EXISTENCE)
                assert not decided(asked, ()).permitted

    def test_p03_any_grant_includes_that_the_person_exists(self) -> None:
        assert decided(replace(ASKED, data_class=DataClass.EXISTENCE)).permitted

    def test_a_missing_element_is_said_in_plain_words(self) -> None:
        decision = decided(grants=[replace(GRANTED, elements=frozenset({"explained"}))])
        assert "it is written down" in decision.reasons[0].text.en
        assert "está por escrito" in decision.reasons[0].text.es


class TestTime:
    def test_c03_a_grant_holds_through_its_last_second_and_not_at_midnight(self) -> None:
        last = datetime(2026, 10, 31, 23, 59, 59, tzinfo=CHICAGO)
        assert decided(replace(ASKED, at=last)).permitted
        assert not decided(replace(ASKED, at=last + timedelta(seconds=1))).permitted

    def test_c03_midnight_is_the_sites_not_greenwichs(self) -> None:
        assert decided(replace(ASKED, at=datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC))).permitted
        assert not decided(replace(ASKED, at=datetime(2026, 11, 1, 5, 0, 0, tzinfo=UTC))).permitted

    def test_c03_the_end_is_right_on_the_day_the_clocks_go_back(self) -> None:
        grant = replace(GRANTED, last_day=date(2026, 11, 1))  # a day of 25 hours in Chicago
        assert decided(replace(ASKED, at=datetime(2026, 11, 2, 5, 59, 59, tzinfo=UTC)), [grant]).permitted
        assert not decided(replace(ASKED, at=datetime(2026, 11, 2, 6, 0, 0, tzinfo=UTC)), [grant]).permitted

    def test_c03_a_leap_day_is_a_last_day_like_any_other(self) -> None:
        grant = replace(GRANTED, last_day=date(2028, 2, 29))
        assert grant.ends_at("America/Chicago") == datetime(2028, 3, 1, tzinfo=CHICAGO)

    def test_c03_a_grant_begins_at_its_first_moment(self) -> None:
        assert decided(replace(ASKED, at=GRANTED.starts_at)).permitted

    def test_c03_a_grant_that_ends_before_it_begins_never_counts(self) -> None:
        assert not decided(grants=[replace(GRANTED, last_day=date(2026, 1, 1))]).permitted

    def test_c03_a_time_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            replace(ASKED, at=datetime(2026, 10, 9))  # noqa: DTZ001


class TestRows:
    @pytest.mark.parametrize("kind", PARTNERS)
    @pytest.mark.parametrize("data_class", [DataClass.PSYCHOTHERAPY, DataClass.SAFETY])
    def test_a04_therapy_notes_and_safety_plans_never_reach_a_partner(
        self, kind: RecipientKind, data_class: DataClass
    ) -> None:
        for purpose in Purpose:
            for regime in Regime:
                asked = replace(
                    ASKED, recipient_kind=kind, data_class=data_class, purpose=purpose, regimes=frozenset({regime})
                )
                grant = replace(GRANTED, classes=frozenset(DataClass), purpose=purpose)
                assert not decided(asked, [grant]).permitted

    @pytest.mark.parametrize(
        "data_class", [DataClass.CLINICAL, DataClass.SUD, DataClass.PSYCHOTHERAPY, DataClass.SAFETY]
    )
    def test_p06_police_never_get_health_data_or_safety_plans(self, data_class: DataClass) -> None:
        for purpose in Purpose:
            asked = replace(ASKED, recipient_kind=RecipientKind.LAW_ENFORCEMENT, data_class=data_class, purpose=purpose)
            decision = decided(asked, [replace(GRANTED, classes=frozenset(DataClass), purpose=purpose)])
            assert decision.outcome is Outcome.NEVER
            assert decision.row is not None

    def test_the_centres_own_rule_is_stricter_than_hipaa_where_hipaa_would_permit(self) -> None:
        asked = replace(
            ASKED,
            regimes=frozenset({Regime.HIPAA}),
            recipient_kind=RecipientKind.HOSPITAL,
            purpose=Purpose.TREATMENT,
            data_class=DataClass.CLINICAL,
        )
        decision = decided(asked, ())
        assert not decision.permitted
        assert decision.row is not None
        assert decision.row.id == "centre-release"

    def test_c01_no_row_means_no(self) -> None:
        asked = replace(
            ASKED, recipient_kind=RecipientKind.CENTRE, data_class=DataClass.PSYCHOTHERAPY, purpose=Purpose.LEGAL
        )
        law = without("therapy-notes-only-to-treat")
        decision = decided(asked, [replace(GRANTED, classes=frozenset(DataClass), purpose=Purpose.LEGAL)], law)
        assert (decision.permitted, decision.row, codes(decision)) == (False, None, [ReasonCode.NO_ROW])

    def test_c08_a_law_that_is_silent_means_no_also_when_another_would_permit(self) -> None:
        asked = replace(
            ASKED, regimes=frozenset({Regime.HIPAA, Regime.VICTIM_SERVICES, Regime.PART2}), purpose=Purpose.LEGAL
        )
        law = without("part2-legal-only-to-own-lawyer")
        decision = decided(asked, [replace(GRANTED, purpose=Purpose.LEGAL)], law)
        assert codes(decision) == [ReasonCode.REGIME_SILENT]
        assert "42 CFR Part 2" in decision.reasons[0].text.en

    def test_c01_a_holder_of_no_stated_regime_gets_a_no(self) -> None:
        assert not decided(replace(ASKED, regimes=frozenset())).permitted

    def test_c08_two_laws_bind_together(self) -> None:
        asked = replace(ASKED, regimes=frozenset({Regime.HIPAA, Regime.PART2}))
        without = decided(asked, [replace(GRANTED, elements=EVERY_ELEMENT - {"part2_scope"})])
        assert codes(without)[0] is ReasonCode.LACKS_ELEMENTS
        assert "part2_notice" in {one.code for one in decided(asked).obligations}

    def test_the_centres_own_staff_need_no_grant(self) -> None:
        asked = replace(ASKED, recipient="centre", recipient_kind=RecipientKind.CENTRE, data_class=DataClass.SAFETY)
        assert decided(asked, ()).permitted

    def test_a_duty_to_report_needs_no_grant_and_a_no_cannot_stop_it(self) -> None:
        asked = replace(
            ASKED,
            recipient_kind=RecipientKind.SOCIAL_SERVICES,
            purpose=Purpose.PROTECTION,
            data_class=DataClass.CASE,
            duty="child_report",
        )
        decision = decided(asked, [Restriction(id="r", client="c", starts_at=GRANTED.starts_at)])
        assert decision.permitted
        assert decision.outcome is Outcome.REQUIRED_BY_LAW
        assert "statutory_fields_only" in {one.code for one in decision.obligations}
        assert not decided(replace(asked, duty=None), ()).permitted

    def test_a_duty_does_not_open_what_the_statute_does_not_ask_for(self) -> None:
        for data_class in (DataClass.CLINICAL, DataClass.SAFETY, DataClass.PSYCHOTHERAPY, DataClass.SUD):
            asked = replace(
                ASKED,
                recipient_kind=RecipientKind.SOCIAL_SERVICES,
                purpose=Purpose.PROTECTION,
                data_class=data_class,
                duty="child_report",
            )
            assert not decided(asked, ()).permitted


class TestRestrictions:
    @pytest.mark.parametrize(
        ("narrowed", "bars"),
        [
            ({}, True),
            ({"recipient": "harbour"}, True),
            ({"recipient": "another"}, False),
            ({"classes": frozenset({DataClass.REFERRAL})}, True),
            ({"classes": frozenset({DataClass.CLINICAL})}, False),
            ({"purpose": Purpose.COORDINATION}, True),
            ({"purpose": Purpose.LEGAL}, False),
            ({"client": "another"}, False),
            ({"lifted": True}, False),
            ({"starts_at": NOON + timedelta(days=1)}, False),
        ],
        ids=str,
    )
    def test_c08_a_restriction_beats_a_grant_for_what_it_names(self, narrowed: dict[str, object], bars: bool) -> None:
        restriction = replace(Restriction(id="r", client="c", starts_at=NOON), **narrowed)  # type: ignore[arg-type]
        assert decided(grants=[GRANTED, restriction]).permitted is not bars

    def test_c08_a_general_no_is_about_outsiders_and_a_named_no_also_binds_the_centre(self) -> None:
        asked = replace(ASKED, recipient="centre", recipient_kind=RecipientKind.CENTRE)
        general = Restriction(id="r", client="c", starts_at=NOON)
        assert decided(asked, [general]).permitted
        assert not decided(asked, [replace(general, recipient="centre")]).permitted


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
names = st.sampled_from(["harbour", "county"])
some_classes = st.frozensets(st.sampled_from(DataClass), min_size=1)
requests = st.builds(
    Request,
    client=st.sampled_from(["c", "d"]),
    data_class=st.sampled_from(DataClass),
    regimes=st.frozensets(st.sampled_from(Regime), max_size=3),
    recipient=names,
    recipient_kind=st.sampled_from(RecipientKind),
    purpose=st.sampled_from(Purpose),
    at=moments,
    zone=st.sampled_from(["America/Chicago", "UTC", "Pacific/Apia"]),
    duty=st.sampled_from([None, "child_report", "vulnerable_person_report"]),
)
grants = st.builds(
    Grant,
    id=st.sampled_from(["g1", "g2", "g3"]),
    client=st.sampled_from(["c", "d"]),
    recipient=names,
    classes=some_classes,
    purpose=st.sampled_from(Purpose),
    starts_at=moments,
    last_day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    elements=st.one_of(st.just(EVERY_ELEMENT), st.frozensets(st.sampled_from(sorted(EVERY_ELEMENT)))),
    withdrawn=st.booleans(),
)
restrictions = st.builds(
    Restriction,
    id=st.just("r"),
    client=st.sampled_from(["c", "d"]),
    recipient=st.one_of(st.none(), names),
    classes=st.one_of(st.none(), some_classes),
    purpose=st.one_of(st.none(), st.sampled_from(Purpose)),
    starts_at=moments,
    lifted=st.booleans(),
)
records = st.lists(st.one_of(grants, restrictions), max_size=5)


class TestAlways:
    @given(requests, records, restrictions)
    def test_c08_adding_a_restriction_never_permits_more(
        self, request: Request, known: list[Grant | Restriction], more: Restriction
    ) -> None:
        if not decide(request, known, LAW).permitted:
            assert not decide(request, [*known, more], LAW).permitted

    @given(requests, records)
    def test_c02_withdrawing_everything_never_permits_more_and_leaves_no_grant_deciding(
        self, request: Request, known: list[Grant | Restriction]
    ) -> None:
        taken_back = [replace(one, withdrawn=True) if isinstance(one, Grant) else one for one in known]
        after = decide(request, taken_back, LAW)
        assert after.grant is None
        if not decide(request, known, LAW).permitted:
            assert not after.permitted

    @given(requests, records)
    def test_c03_an_expired_grant_never_permits(self, request: Request, known: list[Grant | Restriction]) -> None:
        decision = decide(request, known, LAW)
        if decision.grant is not None:
            assert decision.grant.starts_at <= request.at < decision.grant.ends_at(request.zone)
            assert not decision.grant.withdrawn

    @given(requests, records)
    def test_c01_a_partner_gets_nothing_without_a_grant_or_a_duty(
        self, request: Request, known: list[Grant | Restriction]
    ) -> None:
        decision = decide(request, known, LAW)
        if decision.permitted and request.recipient_kind is not RecipientKind.CENTRE:
            assert decision.grant is not None or decision.outcome is Outcome.REQUIRED_BY_LAW

    @given(requests, records, st.sampled_from(Regime))
    def test_c08_a_further_law_never_permits_more(
        self, request: Request, known: list[Grant | Restriction], regime: Regime
    ) -> None:
        if request.regimes and not decide(request, known, LAW).permitted:
            assert not decide(replace(request, regimes=request.regimes | {regime}), known, LAW).permitted

    @given(requests, records)
    def test_every_answer_has_a_reason_in_both_languages_and_the_order_of_records_does_not_matter(
        self, request: Request, known: list[Grant | Restriction]
    ) -> None:
        decision = decide(request, known, LAW)
        assert decision.reasons
        assert all(reason.text.en and reason.text.es for reason in decision.reasons)
        assert decide(request, known[::-1], LAW).permitted is decision.permitted
