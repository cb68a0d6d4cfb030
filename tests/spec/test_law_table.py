"""C-01 C-05 C-06 What the shipped law decides, for whom, for how long; the manual shows it."""

from itertools import product

from leeward import catalogue
from leeward.rules.consent import (
    DataClass,
    Outcome,
    Purpose,
    RecipientKind,
    Regime,
    Ruling,
    Status,
    rule,
)

from .render_law_table import MANUAL, manual_with_law

LAW = catalogue.law()
PARTNERS = [kind for kind in RecipientKind if kind is not RecipientKind.CENTRE]
CELLS = list(product(DataClass, Regime, RecipientKind, Purpose))


def ruled(data_class: DataClass, regime: Regime, kind: RecipientKind, purpose: Purpose) -> Ruling:
    return rule(LAW, data_class, frozenset({regime}), kind, purpose)


def test_the_manual_shows_the_law_as_it_is() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    assert manual == manual_with_law(manual), "Run: uv run python -m tests.spec.render_law_table"


def test_c01_every_class_regime_recipient_and_purpose_is_answered_on_purpose() -> None:
    assert [cell for cell in CELLS if ruled(*cell).row is None] == []


def test_c01_nothing_leaves_the_centre_without_a_permission_or_a_duty() -> None:
    assert not [cell for cell in CELLS if cell[2] in PARTNERS and ruled(*cell).standing.permitted]


def test_c05_a_permission_lasts_a_month_by_default_and_a_year_at_most() -> None:
    for cell in CELLS:
        authorisation = ruled(*cell).authorisation
        if authorisation is not None:
            assert 7 <= authorisation.default_days <= 30, cell
            assert authorisation.longest_days <= 365, cell
            assert {"names_recipient", "names_data", "names_purpose", "end_date"} <= authorisation.elements, cell


def test_c05_a_victim_service_release_is_for_15_to_30_days_by_default_and_a_reason_is_asked_above_90() -> None:
    row = LAW.row("victim-services-release")
    assert row is not None
    assert row.authorisation is not None
    assert 15 <= row.authorisation.default_days <= 30
    assert {"written", "explained", "not_a_condition"} <= row.authorisation.elements
    assert LAW.reason_above_days == 90


def test_c06_what_leaves_under_part_2_carries_the_notice_and_every_permission_forbids_passing_on() -> None:
    for data_class, regime, kind, purpose in CELLS:
        ruling = ruled(data_class, regime, kind, purpose)
        if kind not in PARTNERS or ruling.outcome is not Outcome.NEEDS_AUTHORISATION:
            continue
        notices = {one.code: one.notice for one in ruling.obligations}
        if regime is Regime.PART2:
            notice = notices["part2_notice"]
            assert notice is not None
            assert "42 CFR part 2" in notice.en
            assert "42 CFR parte 2" in notice.es
        if ruling.row is not None and LAW.row("centre-release") in ruling.rows:
            assert notices["no_redisclosure"] is not None


def test_p06_police_get_no_health_data_and_nothing_of_a_part_2_unit_whatever_the_duty() -> None:
    for data_class, regime, purpose, duty in product(DataClass, Regime, Purpose, [None, *LAW.duties]):
        ruling = rule(LAW, data_class, frozenset({regime}), RecipientKind.LAW_ENFORCEMENT, purpose, duty=duty)
        if regime is Regime.PART2 or data_class in ("clinical", "sud", "psychotherapy", "safety"):
            assert ruling.outcome is Outcome.NEVER


def test_each_duty_opens_the_statutory_classes_to_one_kind_of_recipient_for_protection_only() -> None:
    for duty, kind in (
        ("child_report", RecipientKind.SOCIAL_SERVICES),
        ("vulnerable_person_report", RecipientKind.SOCIAL_SERVICES),
        ("minor_crime_report", RecipientKind.LAW_ENFORCEMENT),
    ):
        opened = {
            (data_class, to, purpose)
            for data_class, to, purpose in product(DataClass, RecipientKind, Purpose)
            if rule(LAW, data_class, frozenset({Regime.HIPAA}), to, purpose, duty=duty).outcome
            is Outcome.REQUIRED_BY_LAW
        }
        assert {(to, purpose) for _, to, purpose in opened} == {(kind, Purpose.PROTECTION)}
        assert {str(data_class) for data_class, _, _ in opened} == {
            "identity", "contact", "location", "existence", "case",
        }  # fmt: skip


def test_every_row_cites_its_source_and_the_centres_own_rows_say_so() -> None:
    for row in LAW.rows:
        own = row.citation.startswith(("Centre policy", "No federal privacy law"))
        assert own == (row.status is Status.POLICY), row.id


def test_every_data_class_has_its_security_labels() -> None:
    assert set(LAW.labels) == set(DataClass)
    assert LAW.labels[DataClass.PSYCHOTHERAPY] == ("V", "PSYTHPN", "HIPAAPsyNotes", "NOAUTH")
    assert "42CFRPart2" in LAW.labels[DataClass.SUD]
    assert all(labels[-1] in ("NORDSCLCD", "NOAUTH") for labels in LAW.labels.values())
