"""A measure that contradicts itself is refused with the line; the shipped ones are sound and carry their codes."""

import pytest

from leeward import catalogue, definitions
from leeward.rules.errors import DefinitionError
from leeward.rules.instruments import Wording, parse_instrument
from leeward.rules.yaml_source import load

TEXT = definitions.read("instruments", "gad-7")


def parse(text: str) -> None:
    parse_instrument(load(text, name="gad-7.yaml"), definitions.schema("instrument"))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{id: q2,", "{id: q1,", "`q1` is given twice"),
        ("from: 5, to: 9", "from: 6, to: 9", "gap or an overlap"),
        ("to: 21", "to: 20", "highest total"),
        ("highest: 21", "highest: 22", "does not follow from the items"),
        ("alerts: []", "alerts: [{id: a, item: q8, at_least: 1, text: {en: x, es: x}}]", "`q8`, which is not an item"),
        ("prorate_from: 0.8", "prorate_from: 80", "`prorate_from`"),
        ("wording: {en: own, es: own}", "wording: {en: official}", "lacks `es`"),
        ("loinc: 69725-0", "loinc: none", "wrong form"),
        ("  points: 6\n", "", "lack `lower`, though no `points` are given"),
        ("    no_reliable_change:", "    same:", "lack `no_reliable_change`, though `points` are given"),
        ("bands_source: Spitzer", "# Spitzer", "have no `bands_source`"),
        ("kind: measure", "kind: measures", "`kind` is `measures`"),
    ],
)
def test_a_contradiction_is_refused_with_its_line(old: str, new: str, problem: str) -> None:
    assert old in TEXT
    with pytest.raises(DefinitionError, match=problem) as caught:
        parse(TEXT.replace(old, new, 1))
    assert caught.value.line > 0
    assert any(old in line or new in line for line in TEXT.splitlines())


def test_braces_in_a_wording_are_text_not_instructions() -> None:
    parse(TEXT.replace("by {size} points", "by {size.__class__} {0} {", 1).replace('"Better', "'Better", 0))


def test_measures_are_found_however_their_name_is_written() -> None:
    assert catalogue.instrument("PHQ9").name == catalogue.instrument("phq-9").name == "phq-9"


@pytest.mark.parametrize("name", ["safety-conversation", "phq", "../law/mississippi", ""])
def test_what_is_no_measure_is_not_found(name: str) -> None:
    with pytest.raises(definitions.UnknownDefinition):
        catalogue.instrument(name)


def test_codes_are_the_published_ones() -> None:
    phq9, gad7, pcl5 = (catalogue.instrument(name) for name in ("phq-9", "gad-7", "pcl-5"))
    assert [item.loinc for item in phq9.items] == (
        ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"]
    )
    assert [item.loinc for item in gad7.items] == (
        ["69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"]
    )
    assert (phq9.panel_loinc, phq9.score_loinc) == ("44249-1", "44261-6")
    assert (gad7.panel_loinc, gad7.score_loinc) == ("69737-5", "70274-6")
    assert (pcl5.panel_loinc, pcl5.score_loinc) == ("101697-1", "101698-9")
    assert [option.loinc for option in phq9.options] == ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]
    assert not any(item.loinc for item in pcl5.items)


def test_the_measure_of_ties_claims_nothing_that_nobody_has_measured() -> None:
    ties = catalogue.instrument("ties-8")
    assert (ties.bands, ties.cut_offs, ties.diagnosis, ties.alerts, ties.change.points) == ((), (), None, (), None)
    assert (ties.lowest, ties.highest, len(ties.items)) == (0, 24, 8)
    assert "not tested" in ties.about.en
    assert "sin estudios" in ties.about.es
    assert "traffick" not in (ties.title.en + ties.intro.en + "".join(item.text.en for item in ties.items)).lower()


def test_shipped_wording_is_marked_as_our_own() -> None:
    for name in catalogue.measure_names():
        assert set(catalogue.instrument(name).wording.values()) == {Wording.OWN}
