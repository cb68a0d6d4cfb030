"""Before a yes is recorded: what it needs, in plain words, and what may not be asked of anybody."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from leeward import catalogue, definitions
from leeward.rules.consent import (
    DataClass,
    Method,
    Outcome,
    Proposal,
    Purpose,
    ReasonCode,
    RecipientKind,
    Regime,
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
    elements=elements_of(LAW, "release-1", Method.TABLET),
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
    spoken = replace(PROPOSED, elements=elements_of(LAW, "release-1", Method.SPOKEN))
    assert refused(spoken) == [ReasonCode.LACKS_ELEMENTS]


def test_c04_an_unknown_form_carries_nothing() -> None:
    assert elements_of(LAW, "found-on-the-internet", Method.SIGNED) == {"written", "signed"}


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


class TestTheTable:
    def test_every_row_cites_its_source_and_when_it_was_checked(self) -> None:
        for row in LAW.rows:
            assert row.citation
            assert row.checked <= date(2026, 12, 31)
        assert LAW.unchecked_since(date(2026, 10, 10)) == LAW.rows
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
