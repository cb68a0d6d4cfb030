"""Official wording comes in as a FHIR Questionnaire, unchanged files included; every measure goes out as one."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from leeward import catalogue, definitions
from leeward.exchange.errors import QuestionnaireError
from leeward.exchange.official_wording import Import, choose, put_on
from leeward.exchange.questionnaire import read_questionnaire
from leeward.exchange.questionnaire_export import export_conversation, export_instrument
from leeward.rules.instruments import Instrument, Wording, parse_instrument, score
from leeward.rules.yaml_source import load

SHARED = Path(__file__).parents[3] / "shared" / "data" / "fhir"
MEASURES = [catalogue.instrument(name) for name in catalogue.measure_names()]
PHQ9 = catalogue.instrument("phq-9")
Form = dict[str, object]


def shared(name: str) -> bytes:
    file = SHARED / name
    if not file.is_file():
        pytest.skip(f"NOT TESTED: the shared form {name} is absent, so importing it unchanged was not tried")
    return file.read_bytes()


def imported(content: bytes | str) -> tuple[Import, Instrument]:
    questionnaire = read_questionnaire(content)
    instrument = choose(questionnaire, MEASURES)
    made = put_on(questionnaire, instrument, load(definitions.read("instruments", instrument.name), name="shipped"))
    return made, parse_instrument(load(made.text, name="made"), definitions.schema("instrument"))


def form(change: Callable[[Form], object] = lambda _: None, instrument: Instrument = PHQ9, language: str = "en") -> str:
    """An export that says nothing about its words, as a form from elsewhere, after a change."""
    resource = export_instrument(instrument, language)
    del resource["meta"]
    change(resource)
    return json.dumps(resource)


def items(resource: Form) -> list[Form]:
    found = resource["item"]
    assert isinstance(found, list)
    return found


class TestTheSharedForms:
    @pytest.mark.parametrize(("name", "measure"), [("phq-9", "phq-9"), ("gad-7", "gad-7")])
    def test_a_form_as_the_nlm_tools_export_it_is_taken_unchanged(self, name: str, measure: str) -> None:
        content = shared(f"{name}.questionnaire.json")
        made, instrument = imported(content)
        shipped = catalogue.instrument(measure)
        texts = {
            item["code"][0]["code"]: item["text"] for item in json.loads(content)["item"] if item["type"] == "choice"
        }
        assert made.name == measure
        assert {item.loinc: item.text.en for item in instrument.items} == texts
        assert [item.text.es for item in instrument.items] == [item.text.es for item in shipped.items]
        assert instrument.wording == {"en": Wording.OFFICIAL, "es": Wording.OWN}
        assert any("taken as English" in note for note in made.notes)
        assert any("Spanish wording stays" in note for note in made.notes)
        assert "No permission required" in instrument.credit

    @pytest.mark.parametrize("name", ["phq-9", "gad-7"])
    def test_scoring_is_untouched_by_new_words(self, name: str) -> None:
        _, instrument = imported(shared(f"{name}.questionnaire.json"))
        shipped = catalogue.instrument(name)
        answers = shipped.in_order([3] * len(shipped.items))
        before, after = score(shipped, answers), score(instrument, answers)
        assert (before.total, before.alerts, before.diagnosis) == (after.total, after.alerts, after.diagnosis)
        assert instrument.version != shipped.version

    def test_the_shipped_wording_is_not_the_official_one(self) -> None:
        for name in ("phq-9", "gad-7"):
            official = {
                item["text"].casefold().strip(" ?") for item in json.loads(shared(f"{name}.questionnaire.json"))["item"]
            }
            for item in catalogue.instrument(name).items:
                assert item.text.en.casefold().strip(" ?") not in official


class TestRoundTrip:
    @pytest.mark.parametrize("instrument", MEASURES, ids=lambda one: one.name)
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_what_goes_out_comes_back_the_same(self, instrument: Instrument, language: str) -> None:
        _, back = imported(json.dumps(export_instrument(instrument, language)))
        assert back.items == instrument.items
        assert back.options == instrument.options
        assert back.wording == instrument.wording
        assert back == instrument

    def test_official_words_go_out_as_official_and_come_back_so(self) -> None:
        _, official = imported(form())
        _, again = imported(json.dumps(export_instrument(official)))
        assert again.wording == {"en": Wording.OFFICIAL, "es": Wording.OWN}
        assert again.items == official.items

    def test_our_own_words_do_not_come_back_as_official(self) -> None:
        made, back = imported(json.dumps(export_instrument(PHQ9)))
        assert set(back.wording.values()) == {Wording.OWN}
        assert "+official" not in made.text

    def test_a_spanish_form_goes_onto_the_spanish_words_only(self) -> None:
        _, back = imported(form(lambda one: items(one)[0].update(text="Texto oficial"), language="es"))
        assert (back.items[0].text.es, back.items[0].text.en) == ("Texto oficial", PHQ9.items[0].text.en)
        assert back.wording == {"en": Wording.OWN, "es": Wording.OFFICIAL}

    def test_an_export_carries_codes_scores_credit_and_may_be_skipped_throughout(self) -> None:
        resource = export_instrument(PHQ9)
        first = items(resource)[0]
        assert first["code"] == [{"system": "http://loinc.org", "code": "44250-9"}]
        assert first["required"] is False
        options = first["answerOption"]
        assert isinstance(options, list)
        assert [option["extension"][0]["valueDecimal"] for option in options] == [0, 1, 2, 3]
        assert "No permission required" in str(resource["copyright"])
        assert items(resource)[-1]["readOnly"] is True

    def test_the_conversation_goes_out_with_skip_as_an_answer_and_says_that_it_is_not_validated(self) -> None:
        resource = export_conversation(catalogue.conversation(), "es")
        assert "No es prueba" in str(resource["description"])
        assert '"declined"' in json.dumps(items(resource)[0])


class TestVariants:
    def test_items_inside_groups_are_found(self) -> None:
        def group(resource: Form) -> None:
            nested = {"linkId": "inner", "type": "group", "item": items(resource)}
            shown = {"linkId": "words", "type": "display", "text": "Please think of the last two weeks"}
            resource["item"] = [shown, {"linkId": "outer", "type": "group", "item": [nested]}]

        _, back = imported(form(group))
        assert back.items == PHQ9.items

    def test_items_are_matched_by_code_in_any_order(self) -> None:
        _, back = imported(form(lambda one: items(one).reverse()))
        assert back.items == PHQ9.items

    def test_a_form_without_a_panel_code_is_known_by_its_items(self) -> None:
        assert imported(form(lambda one: one.pop("code")))[0].name == "phq-9"

    def test_answers_without_scores_are_known_by_their_codes(self) -> None:
        def strip(resource: Form) -> None:
            for item in items(resource)[:-1]:
                for option in item["answerOption"]:  # type: ignore[attr-defined]
                    del option["extension"]

        assert imported(form(strip))[1].options == PHQ9.options

    def test_answers_in_a_contained_value_set_are_found(self) -> None:
        def contain(resource: Form) -> None:
            options = items(resource)[0]["answerOption"]
            assert isinstance(options, list)
            concepts = [
                {"code": option["valueCoding"]["code"], "display": option["valueCoding"]["display"]}
                | {"extension": option["extension"]}
                for option in options
            ]
            include = [{"system": "http://loinc.org", "concept": concepts}]
            resource["contained"] = [{"resourceType": "ValueSet", "id": "a", "compose": {"include": include}}]
            for item in items(resource)[:-1]:
                del item["answerOption"]
                item["answerValueSet"] = "#a"

        assert imported(form(contain))[1].options == PHQ9.options

    def test_a_further_question_is_kept_without_a_score(self) -> None:
        def add(resource: Form) -> None:
            options = items(resource)[0]["answerOption"]
            code = [{"system": "http://loinc.org", "code": "69722-7"}]
            items(resource).append(
                {"linkId": "x", "type": "choice", "text": "How hard was it?", "code": code, "answerOption": options}
            )

        made, back = imported(form(add))
        assert [extra.text.en for extra in back.extras] == ["How hard was it?"]
        assert back.highest == 27
        assert any("69722-7" in note for note in made.notes)

    def test_markup_and_control_characters_stay_text(self) -> None:
        words = "<script>x</script>\u0000\u001b[31m\nnext: {en: &a *a !!python/object}"
        _, back = imported(form(lambda one: items(one)[0].update(text=words)))
        assert back.items[0].text.en == "<script>x</script> [31m next: {en: &a *a !!python/object}"


class TestBadInput:
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("", "not JSON"),
            ("hello", "not JSON"),
            ("[1]", "no FHIR resource"),
            ("null", "no FHIR resource"),
            (b"\xff\xfe\x00", "not UTF-8"),
            ('{"resourceType": "Patient"}', "not a FHIR Questionnaire but a Patient"),
            ('{"resourceType": ["Questionnaire"]}', "not a FHIR Questionnaire"),
            ('{"resourceType": "Questionnaire"}', "none of the measures"),
            ('{"resourceType": "Questionnaire", "item": "many"}', "none of the measures"),
            ('{"resourceType": "Questionnaire", "item": [null, 3, {"item": {}}]}', "none of the measures"),
            ("[" * 100_000, "nested more than"),
            ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested more than"),
            (" " * (2 * 1024 * 1024 + 1), "larger than"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_what_is_no_questionnaire_gets_one_plain_sentence(self, content: str | bytes, sentence: str) -> None:
        begun = time.perf_counter()
        with pytest.raises(QuestionnaireError, match=sentence) as caught:
            imported(content)
        assert caught.value.hint
        assert "\n" not in str(caught.value)
        assert time.perf_counter() - begun < 5

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (lambda one: items(one).pop(2), "lacks 1 of the 9 items of PHQ-9: 44259-0"),
            (lambda one: items(one).append(items(one)[0]), "is there twice"),
            (lambda one: items(one)[0].update(text="   "), "has no text"),
            (lambda one: items(one)[0].update(text="x" * 3_000), "longer than 2,000"),
            (lambda one: items(one)[0].update(answerOption=[]), "not answered with 0, 1, 2, 3"),
            (lambda one: items(one)[0]["answerOption"].pop(), "not answered with 0, 1, 2, 3"),  # type: ignore[attr-defined]
            (lambda one: items(one)[0].update(type="string"), "not answered with"),
            (lambda one: one.update(language="vi"), "in the language `vi`"),
            (lambda one: one.update(item=[{"type": "display"}] * 2_000), "more than 1,000 items"),
        ],
    )
    def test_a_form_that_does_not_fit_the_measure_is_refused(
        self, change: Callable[[Form], object], sentence: str
    ) -> None:
        with pytest.raises(QuestionnaireError, match=sentence):
            imported(form(change))

    @pytest.mark.parametrize("value", [3, 0.5, 1e400, True, "1"])
    def test_an_answer_scored_otherwise_than_the_measure_scores_it_is_refused(self, value: object) -> None:
        def rescore(resource: Form) -> None:
            items(resource)[0]["answerOption"][0]["extension"][0]["valueDecimal"] = value  # type: ignore[index]
            items(resource)[0]["answerOption"][0]["valueCoding"]["code"] = "LA6568-5"  # type: ignore[index]

        if value is True or value == "1":
            assert imported(form(rescore))[0].name == "phq-9"  # no score given: the answer's code decides
            return
        with pytest.raises(QuestionnaireError, match="scores"):
            imported(form(rescore))
