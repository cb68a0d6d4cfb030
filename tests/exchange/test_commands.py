"""`leeward instruments` and `leeward consent`: results for people and for programs, refusals in one line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leeward.exchange.consent_case import CaseError
from leeward.exchange.errors import QuestionnaireError
from leeward.platform.commands import consent, instruments
from leeward.rules.instruments import AnswerError

run = CliRunner().invoke
CASE = {
    "request": {
        "client": "c",
        "data_class": "referral",
        "regimes": ["hipaa", "victim_services"],
        "recipient": "harbour",
        "recipient_kind": "shelter",
        "purpose": "coordination",
        "at": "2026-10-09T14:30:00-05:00",
    },
    "grants": [
        {
            "id": "g1",
            "recipient": "harbour",
            "classes": ["referral"],
            "purpose": "coordination",
            "starts_at": "2026-10-01T00:00:00-05:00",
            "last_day": "2026-10-30",
            "elements": [
                "written",
                "signed",
                "explained",
                "right_to_withdraw",
                "redisclosure_warning",
                "not_a_condition",
            ],
        }
    ],
}


def case(tmp_path: Path, **changes: object) -> str:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE | changes))
    return str(file)


def test_every_questionnaire_is_listed_with_whose_words_it_uses() -> None:
    listed = json.loads(run(instruments.app, ["list", "--json"]).stdout)
    assert {one["name"] for one in listed} >= {"phq-9", "gad-7", "pcl-5", "safety-conversation"}
    assert "own wording" in run(instruments.app, ["list"]).stdout


def test_a_score_comes_as_json() -> None:
    found = json.loads(
        run(instruments.app, ["score", "phq-9", "--answers", "1,1,1,1,1,1,1,declined,1", "--json"]).stdout
    )
    assert (found["total"], found["band"], found["prorated"]) == (9, "mild", True)
    assert found["declined"] == ["q8"]
    assert found["alerts"][0]["id"] == "suicide_risk"


def test_a_score_comes_in_words_with_the_alert() -> None:
    said = run(instruments.app, ["score", "phq-9", "--answers", "2,2,2,2,2,2,2,2,1", "--language", "es"]).stdout
    assert "17 de 27" in said or "17 of 27" in said
    assert "ALERT" in said


def test_a_wrong_answer_is_refused() -> None:
    assert isinstance(run(instruments.app, ["score", "phq-9", "--answers", "9"]).exception, AnswerError)


def test_an_export_imports_into_the_sites_folder_and_is_used_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "form.json"
    assert run(instruments.app, ["export", "gad-7", "--out", str(out)]).exit_code == 0
    resource = json.loads(out.read_text())
    del resource["meta"]
    resource["item"][0]["text"] = "Official words"
    out.write_text(json.dumps(resource))
    told = run(instruments.app, ["import", str(out), "--to", str(tmp_path)])
    assert "LEEWARD_SITE_DEFINITIONS" in told.stdout
    monkeypatch.setenv("LEEWARD_SITE_DEFINITIONS", str(tmp_path))
    again = json.loads(run(instruments.app, ["export", "gad-7"]).stdout)
    assert again["item"][0]["text"] == "Official words"
    listed = json.loads(run(instruments.app, ["list", "--json"]).stdout)
    assert {one["name"]: one["wording"] for one in listed if one["name"] == "gad-7"} == {
        "gad-7": {"en": "official", "es": "own"}
    }


@pytest.mark.parametrize("content", ["", "{}", '{"resourceType":"Bundle"}'])
def test_a_bad_form_changes_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    result = run(instruments.app, ["import", str(tmp_path / "bad.json"), "--to", str(tmp_path / "site")])
    assert isinstance(result.exception, QuestionnaireError)
    assert not (tmp_path / "site").exists()


def test_a_form_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    result = run(instruments.app, ["import", str(tmp_path / "none.json")])
    assert isinstance(result.exception, QuestionnaireError)


def test_a_decision_comes_with_row_grant_reasons_and_obligations(tmp_path: Path) -> None:
    result = run(consent.app, ["decide", case(tmp_path), "--json"])
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["permitted"], found["grant"], found["row"]["id"]) == (True, "g1", "hipaa-authorisation")
    assert [bool(one["notice"]) for one in found["obligations"] if one["code"] == "no_redisclosure"] == [True]


def test_a_refusal_exits_1_and_names_the_row(tmp_path: Path) -> None:
    result = run(consent.app, ["decide", case(tmp_path, grants=[])])
    assert result.exit_code == 1
    assert "hipaa-authorisation" in result.stdout


def test_a_restriction_in_the_file_beats_the_grant(tmp_path: Path) -> None:
    no = {"id": "r1", "recipient": "harbour", "starts_at": "2026-10-02T00:00:00-05:00"}
    assert run(consent.app, ["decide", case(tmp_path, restrictions=[no])]).exit_code == 1


def test_several_classes_are_each_decided(tmp_path: Path) -> None:
    request = {key: value for key, value in CASE["request"].items() if key != "data_class"}  # type: ignore[attr-defined]
    found = json.loads(
        run(
            consent.app, ["decide", case(tmp_path, request=request | {"classes": ["referral", "safety"]}), "--json"]
        ).stdout
    )
    assert [one["permitted"] for one in found["decisions"]] == [True, False]
    assert found["permitted"] is False


@pytest.mark.parametrize(
    "changes",
    [
        {"request": None},
        {"request": {}},
        {"grants": "all"},
        {"grants": [{"id": "g"}]},
        {"grant": []},
        {"request": CASE["request"] | {"purpose": "care"}},  # type: ignore[operator]
        {"request": CASE["request"] | {"at": "today"}},  # type: ignore[operator]
        {"request": CASE["request"] | {"at": "0001-01-01T00:00:00+14:00"}},  # type: ignore[operator]
        {"request": CASE["request"] | {"zone": "../../etc/passwd"}},  # type: ignore[operator]
        {"request": CASE["request"] | {"regimes": "hipaa"}},  # type: ignore[operator]
    ],
    ids=str,
)
def test_a_case_that_can_not_be_read_is_one_sentence_with_a_way_out(tmp_path: Path, changes: dict[str, object]) -> None:
    result = run(consent.app, ["decide", case(tmp_path, **changes)])
    assert isinstance(result.exception, CaseError)
    assert result.exception.hint


SIGNER = {"id": "s", "classes": ["referral"], "starts_at": "2026-10-01T00:00:00-05:00", "last_day": "2026-10-20"}


@pytest.mark.parametrize(
    ("signed", "code"),
    [
        ({}, "covered"),
        ({"age": 16}, "needs_representative"),
        ({"age": 16, "representation": SIGNER}, "covered"),
        ({"age": 16, "representation": {**SIGNER, "ended": True}}, "representation_ended"),
        ({"age": 16, "representation": {**SIGNER, "last_day": "2026-10-08"}}, "representation_ended"),
        ({"age": 16, "representation": {**SIGNER, "classes": ["contact"]}}, "outside_representation"),
    ],
)
def test_g01_a_case_says_who_signed_with_a_minor(tmp_path: Path, signed: dict[str, object], code: str) -> None:
    given = {**CASE["grants"][0], **signed}  # type: ignore[dict-item]
    answer = run(consent.app, ["decide", case(tmp_path, grants=[given]), "--json"])
    assert answer.exit_code == (0 if code == "covered" else 1)
    assert code in answer.stdout


def test_a_minors_age_is_a_number_of_years(tmp_path: Path) -> None:
    given = {**CASE["grants"][0], "age": "16"}  # type: ignore[dict-item]
    answer = run(consent.app, ["decide", case(tmp_path, grants=[given])])
    assert answer.exit_code != 0
    assert "number of years" in f"{answer.output}{answer.exception}"


def test_c08_a_case_that_says_two_things_of_one_permission_is_refused(tmp_path: Path) -> None:
    """The last of two would have won: taken back, and not."""
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE).replace('"id": "g1"', '"withdrawn": true, "withdrawn": false, "id": "g1"'))
    result = run(consent.app, ["decide", str(file)])
    assert isinstance(result.exception, CaseError)
    assert "`withdrawn` stands twice" in str(result.exception)
