"""Before a yes is recorded: what it needs, in plain words, and what may not be asked of anybody."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from leeward import catalogue, definitions
from leeward.rules.consent import (
    AgeOf,
    DataClass,
    Method,
    Outcome,
    Proposal,
    Purpose,
    ReasonCode,
    RecipientKind,
    Regime,
    Representation,
    elements_of,
    may_grant,
    parse_law,
    required_consent,
)
from leeward.rules.errors import DefinitionError
from leeward.rules.yaml_source import load

LAW = catalogue.law()
REGIMES = frozenset({Regime.HIPAA, Regime.VICTIM_SERVICES})
FIRST = date(2026, 10, 9)
PROPOSED = Proposal(
    classes=frozenset({DataClass.REFERRAL, DataClass.CONTACT}),
    regimes=REGIMES,
    recipient_kind=RecipientKind.SHELTER,
    purpose=Purpose.COORDINATION,
    first_day=FIRST,
    last_day=FIRST + timedelta(days=30),
    elements=elements_of(LAW, "release-2", Method.TABLET, "en"),
)


def refused(proposal: Proposal) -> list[ReasonCode]:
    return [reason.code for reason in may_grant(LAW, proposal).reasons]


def test_the_shipped_form_marked_on_the_tablet_is_enough_for_a_shelter() -> None:
    assert may_grant(LAW, PROPOSED).permitted


def test_each_class_says_what_it_needs_for_how_long_by_default() -> None:
    found = {
        one.data_class: one
        for one in required_consent(
            LAW, [DataClass.REFERRAL, DataClass.LOCATION], REGIMES, RecipientKind.SHELTER, Purpose.COORDINATION
        )
    }
    referral, location = found[DataClass.REFERRAL].authorisation, found[DataClass.LOCATION].authorisation
    assert referral is not None
    assert location is not None
    assert (referral.default_days, location.default_days, location.longest_days) == (30, 7, 30)
    assert {"written", "signed", "explained"} <= referral.elements
    assert {"hipaa_authorisation", "victim_service_release"} <= set(referral.kinds)


def test_a_spoken_yes_is_not_written_down() -> None:
    spoken = replace(PROPOSED, elements=elements_of(LAW, "release-2", Method.SPOKEN, "en"))
    assert refused(spoken) == [ReasonCode.LACKS_ELEMENTS]


@pytest.mark.parametrize(("form", "language"), [("found-on-the-internet", "en"), ("release-2", "vi")])
def test_c04_an_unknown_form_or_one_not_approved_in_the_language_carries_nothing(form: str, language: str) -> None:
    assert elements_of(LAW, form, Method.SIGNED, language) == frozenset()
    read = replace(PROPOSED, elements=elements_of(LAW, form, Method.SIGNED, language))
    assert refused(read) == [ReasonCode.LACKS_ELEMENTS]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"classes": frozenset()}, ReasonCode.NOTHING_NAMED),
        ({"classes": frozenset({DataClass.SAFETY})}, ReasonCode.NEVER),
        ({"classes": frozenset({DataClass.REFERRAL, DataClass.PSYCHOTHERAPY})}, ReasonCode.NEVER),
        (
            {"recipient_kind": RecipientKind.LAW_ENFORCEMENT, "classes": frozenset({DataClass.CLINICAL})},
            ReasonCode.NEVER,
        ),
        ({"regimes": frozenset()}, ReasonCode.NO_ROW),
        ({"last_day": FIRST - timedelta(days=1)}, ReasonCode.ENDS_BEFORE_START),
        ({"last_day": FIRST + timedelta(days=91)}, ReasonCode.NEEDS_REASON),
        ({"last_day": FIRST + timedelta(days=366), "reason": "a long stay"}, ReasonCode.TOO_LONG),
        ({"classes": frozenset({DataClass.LOCATION}), "last_day": FIRST + timedelta(days=31)}, ReasonCode.TOO_LONG),
        ({"signer_may_control": True}, ReasonCode.SIGNER_MAY_CONTROL),
    ],
    ids=lambda value: value.value if isinstance(value, ReasonCode) else "",
)
def test_c05_a_yes_that_may_not_be_recorded_is_refused_with_the_reason(
    change: dict[str, object], code: ReasonCode
) -> None:
    assert code in refused(replace(PROPOSED, **change))  # type: ignore[arg-type]


def test_c05_ninety_days_need_no_reason_and_more_are_permitted_with_one() -> None:
    assert may_grant(LAW, replace(PROPOSED, last_day=FIRST + timedelta(days=90))).permitted
    assert may_grant(LAW, replace(PROPOSED, last_day=FIRST + timedelta(days=120), reason="a long stay")).permitted


AT = datetime(2026, 10, 9, 15, tzinfo=UTC)
AUNT = Representation(
    id="aunt", classes=frozenset({DataClass.REFERRAL, DataClass.CONTACT}), starts_at=AT - timedelta(days=1),
    last_day=FIRST + timedelta(days=60),
)  # fmt: skip
MINOR = replace(PROPOSED, age=16, at=AT)


class TestMinors:
    def test_g01_a_minor_alone_gives_no_permission_by_default(self) -> None:
        assert refused(MINOR) == [ReasonCode.NEEDS_REPRESENTATIVE]

    def test_g03_a_minor_with_somebody_found_fit_does(self) -> None:
        assert refused(replace(MINOR, representation=AUNT)) == []

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"ended": True}, ReasonCode.REPRESENTATION_ENDED),
            ({"last_day": FIRST - timedelta(days=1)}, ReasonCode.REPRESENTATION_ENDED),
            ({"starts_at": AT + timedelta(seconds=1)}, ReasonCode.REPRESENTATION_ENDED),
            ({"classes": frozenset({DataClass.REFERRAL})}, ReasonCode.OUTSIDE_REPRESENTATION),
        ],
    )
    def test_g01_g02_only_while_it_stands_and_about_what_it_covers(
        self, change: dict[str, object], code: ReasonCode
    ) -> None:
        assert refused(replace(MINOR, representation=replace(AUNT, **change))) == [code]  # type: ignore[arg-type]

    @pytest.mark.parametrize(("age", "lacks"), [(15, []), (14, [ReasonCode.NEEDS_REPRESENTATIVE])])
    def test_g03_a_minor_who_may_get_the_service_alone_releases_alone(self, age: int, lacks: list[ReasonCode]) -> None:
        asked = replace(
            MINOR, age=age, regimes=frozenset({Regime.HIPAA}), recipient_kind=RecipientKind.HOSPITAL,
            purpose=Purpose.TREATMENT,
        )  # fmt: skip
        assert refused(asked) == lacks

    def test_g03_where_one_regime_of_the_holder_asks_for_more_the_minor_alone_is_not_enough(self) -> None:
        asked = replace(MINOR, recipient_kind=RecipientKind.HOSPITAL, purpose=Purpose.TREATMENT)
        assert refused(asked) == [ReasonCode.NEEDS_REPRESENTATIVE]

    def test_the_three_ages_are_kept_apart(self) -> None:
        assert {age.value: LAW.ages[age].years for age in AgeOf} == {
            "releases": 18, "child_protection": 18, "majority": 21,
        }  # fmt: skip
        assert LAW.release_age == 18


class TestTheTable:
    def test_every_row_cites_its_source_and_when_it_was_checked(self) -> None:
        for row in (*LAW.rows, *LAW.alone, *LAW.ages.values()):
            assert row.citation
            assert row.checked <= date(2026, 12, 31)
        assert LAW.unchecked_since(date(2026, 10, 10)) == LAW.rows
        assert LAW.unchecked_since(date(2026, 11, 27)) == (*LAW.rows, *LAW.alone)
        assert LAW.unchecked_since(date(2026, 10, 9)) == ()

    def test_every_question_about_a_partner_has_an_answer_that_is_never_a_plain_yes(self) -> None:
        for kind in RecipientKind:
            for purpose in Purpose:
                for one in required_consent(LAW, DataClass, REGIMES, kind, purpose):
                    if kind is not RecipientKind.CENTRE:
                        assert one.outcome is not Outcome.PERMITTED

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("id: hipaa-treatment", "id: hipaa-own-care", "given twice"),
            (
                "elements: [written, signed, names_recipient, names_data, names_purpose]",
                "elements: [stamped]",
                "stamped",
            ),
            ("duty: child_report", "duty: child", "not a duty of this law"),
            ("    regimes: [none]\n", "    regimes: any\n", "row that permits"),
            ("default_days: 7", "default_days: 70", "longer than"),
            ("    duty: child_report\n", "", "don't fit together"),
            ("outcome: never", "outcome: perhaps", "`outcome` is `perhaps`"),
        ],
    )
    def test_f04_a_table_that_contradicts_itself_is_refused(self, old: str, new: str, problem: str) -> None:
        text = definitions.read("law", "mississippi")
        assert old in text
        with pytest.raises(DefinitionError, match=problem):
            parse_law(load(text.replace(old, new, 1), name="mississippi.yaml"), definitions.schema("law"))
