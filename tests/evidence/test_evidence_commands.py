"""`leeward evidence …` gives each statistic with n, interval, method and warnings, or one plain line and why not."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leeward.evidence.errors import EvidenceError
from leeward.platform.commands.evidence import app
from leeward.platform.commands.evidence.reading import TableError

run = CliRunner().invoke

ACCURACY = ["accuracy", "--tp", "195", "--fp", "232", "--fn", "5", "--tn", "39"]
LISTS = "A,B,C,people\n1,0,0,300\n0,1,0,250\n0,0,1,200\n1,1,0,60\n1,0,1,45\n0,1,1,40\n1,1,1,10\n"
MONTHS = "t,month,found,seen\n" + "".join(
    f"{t},{(t - 1) % 12 + 1},{8 + t % 4 + 6 * (t > 24)},{100 + t % 7}\n" for t in range(1, 49)
)
TABLE = "county,A,B,C,total\nAdams,40,5,30,75\nBrown,60,40,20,120\nClay,0,22,33,55\ntotal,100,67,83,250\n"
STAYS = "days,left,site\n" + "".join(
    f"{5 + 7 * n},{int(n % 3 > 0)},{'north' if n % 2 else 'south'}\n" for n in range(40)
)
SCORES = "code,first,last\n" + "".join(f"P{n},{30 + n % 9},{12 + n % 23}\n" for n in range(40)) + "P40,33,\n"


def written(folder: Path, text: str) -> str:
    file = folder / "table.csv"
    file.write_text(text, encoding="utf-8")
    return str(file)


def asked(*arguments: str) -> dict[str, Any]:
    done = run(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    assert {"method", "n", "warnings"} <= document.keys()
    return document


def is_estimate(found: object) -> bool:
    return isinstance(found, dict) and found.keys() >= {"estimate", "standard_error", "interval", "level"}


def refused(*arguments: str) -> str:
    """What the refusal says: one line and a hint. Such errors leave the command with exit 1."""
    done = run(app, list(arguments))
    assert isinstance(done.exception, (EvidenceError, TableError)), done.output
    assert done.exception.hint
    assert "\n" not in str(done.exception)
    return str(done.exception)


CHANGE = ["--id", "code", "--pre", "first", "--post", "last", "--reliability", "0.87"]


def test_change_counts_six_classes(tmp_path: Path) -> None:
    found = asked("change", written(tmp_path, SCORES), *CHANGE, "--lower-is-better")
    assert list(found["classes"]) == [
        "recovered",
        "improved",
        "unchanged",
        "deteriorated",
        "harmed",
        "not_evaluable",
    ]
    assert sum(found["classes"].values()) == found["n"] == 41
    assert found["classes"]["not_evaluable"] == 1
    assert found["s_diff"] == pytest.approx(2**0.5 * found["sem"])
    assert is_estimate(found["shares"]["recovered"])
    assert isinstance(found["cutoff"], float)


def test_control_chart_names_position_and_rule(tmp_path: Path) -> None:
    chart = ["control-chart", written(tmp_path, MONTHS), "--value", "found"]
    found = asked(*chart, "--kind", "p", "--size", "seen", "--baseline", "24")
    assert len(found["lower"]) == 48
    assert {"position", "rule"} <= found["signals"][0].keys()
    assert any(signal["rule"] == "run_on_one_side" and signal["position"] == 32 for signal in found["signals"])
    assert isinstance(asked(*chart, "--kind", "c")["upper"], float)
    assert asked(*chart, "--kind", "xmr")["moving_range"]["upper"] > 0


def test_time_series_gives_level_slope_trend_and_ratio(tmp_path: Path) -> None:
    series = ["time-series", written(tmp_path, MONTHS), "--time", "t", "--outcome", "found", "--start", "25"]
    found = asked(*series, "--offset", "seen", "--harmonics", "1", "--period", "month", "--slope")
    assert all(is_estimate(found[name]) for name in ("level", "slope", "trend", "rate_ratio"))
    assert found["season"] == {"harmonics": 1, "cycle": 12}
    by_length = asked(*series, "--offset", "seen", "--harmonics", "1", "--period", "12", "--slope")
    assert by_length["level"]["estimate"] == pytest.approx(found["level"]["estimate"], rel=1e-6)
    plain = asked(*series, "--family", "ols")
    assert plain["rate_ratio"] is None
    assert plain["slope"] is None
    assert 0 < plain["durbin_watson"] < 4


def test_survival_has_groups_and_a_comparison(tmp_path: Path) -> None:
    file = written(tmp_path, STAYS)
    found = asked("survival", file, "--time", "days", "--event", "left", "--group", "site")
    assert set(found["groups"]) == {"north", "south"}
    north = found["groups"]["north"]
    assert (north["n"], north["events"]) == (20, sum(n % 3 > 0 for n in range(40) if n % 2))
    assert is_estimate(north["median"])
    assert is_estimate(north["restricted_mean"])
    assert is_estimate(north["curve"][3])
    assert {"chi_square", "df", "p_value"} <= found["log_rank"].keys()
    assert asked("survival", file, "--time", "days", "--event", "left")["log_rank"] is None


def test_a_median_that_the_data_do_not_reach_is_told_with_how_late_it_is_at_the_least(tmp_path: Path) -> None:
    # R's survfit(Surv(futime, fustat) ~ rx, ovarian): group 2 has no median, 95% 475 to NA.
    file = written(tmp_path, "days,left,arm\n" + OVARIAN + "9,0,3\n12,0,3\n")
    groups = asked("survival", file, *SURVIVAL, "--group", "arm", "--interval", "log")["groups"]
    assert groups["1"]["median"]["estimate"] == 638
    assert groups["2"]["median"] == {"estimate": None, "standard_error": None, "interval": [475, None], "level": 0.95}
    assert is_estimate(groups["3"]["median"])
    assert is_estimate(groups["3"]["restricted_mean"])
    assert groups["3"]["median"]["interval"] == [None, None]
    assert (
        "not reached (95% 475.0 to open)"
        in run(app, ["survival", file, *SURVIVAL, "--group", "arm", "--interval", "log"]).stdout
    )


def test_survival_with_competing_events_tells_each_cause(tmp_path: Path) -> None:
    file = written(tmp_path, "days,how\n" + "".join(f"{n},{n % 3}\n" for n in range(1, 61)))
    found = asked("survival", file, "--time", "days", "--event", "how")["groups"]["all"]
    assert set(found["cumulative_incidence"]) == {"1", "2"}
    last = [each[-1]["estimate"] for each in found["cumulative_incidence"].values()]
    assert sum(last) == pytest.approx(1 - found["curve"][-1]["estimate"])


def test_accuracy_is_corrected_for_those_never_interviewed() -> None:
    found = asked(*ACCURACY, "--unverified-positive", "996", "--unverified-negative", "1221")
    assert found["sensitivity"]["estimate"] == pytest.approx(0.8188629, abs=1e-7)
    assert found["specificity"]["standard_error"] == pytest.approx(0.0192876, abs=1e-7)
    assert all(is_estimate(found[name]) for name in ("ppv", "npv", "prevalence"))
    assert asked(*ACCURACY)["sensitivity"]["estimate"] == pytest.approx(0.975)


def test_suppress_hides_what_gives_a_small_cell_away(tmp_path: Path) -> None:
    file, out = written(tmp_path, TABLE), tmp_path / "public.csv"
    found = asked("suppress", file, "--threshold", "11", "--out", str(out))
    assert found["table"][0] == [40, None, None, 75]
    assert found["audit"]["protected"] is True
    assert found["n"] == 250
    assert "5" not in out.read_text(encoding="utf-8").splitlines()[1].split(",")
    moved = TABLE.splitlines()
    assert asked("suppress", written(tmp_path, "\n".join([moved[0], moved[4], *moved[1:4]])))["table"] == found["table"]


def test_x02_a_label_that_a_spreadsheet_would_evaluate_is_text(tmp_path: Path) -> None:
    out = tmp_path / "public.csv"
    asked("suppress", written(tmp_path, "county,A,total\n\u200b=1+1,40,40\ntotal,40,40\n"), "--out", str(out))
    assert out.read_text(encoding="utf-8").splitlines()[1] == "'\u200b=1+1,40,40"


def test_suppress_guards_the_difference_to_an_earlier_table(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.csv"
    earlier.write_text("county,A,total\nAdams,40,40\nBrown,60,60\ntotal,100,100\n", encoding="utf-8")
    later = written(tmp_path, "county,A,total\nAdams,43,43\nBrown,90,90\ntotal,133,133\n")
    assert asked("suppress", later)["n_hidden"] == 0
    assert asked("suppress", later, "--earlier", str(earlier))["table"][0] == [None, None]


def test_n_02_suppress_guards_the_difference_to_every_earlier_table(tmp_path: Path) -> None:
    """The second release hides what changed by 3. The third may not show the same 43: less the first one's 40."""
    tables = {name: tmp_path / f"{name}.csv" for name in ("first", "second", "third")}
    for file, (adams, brown) in zip(tables.values(), ((40, 60), (43, 90), (43, 140)), strict=True):
        total = adams + brown
        file.write_text(f"county,A,total\nAdams,{adams},{adams}\nBrown,{brown},{brown}\ntotal,{total},{total}\n")
    first, second, third = map(str, tables.values())
    assert asked("suppress", second, "--earlier", first)["table"][0] == [None, None]
    found = asked("suppress", third, "--earlier", first, "--earlier", second)
    assert found["table"][0] == [None, None]
    assert found["audit"]["against"] == "first.csv, second.csv"
    assert "smaller than in the earlier table" in refused("suppress", third, "--earlier", second, "--earlier", first)


def test_multiple_systems_says_everything_beside_the_number(tmp_path: Path) -> None:
    found = asked(
        "multiple-systems", written(tmp_path, LISTS), "--count", "people", "--bootstrap", "100", "--seed", "3"
    )
    assert found["n_observed"] == 905
    assert found["interval"][0] < found["estimate"] < found["interval"][1]
    assert found["estimate"] > 905
    assert is_estimate(found["bootstrap"])
    assert is_estimate(found["chao"])
    assert all(":" in term for term in found["terms"])
    assert found["models"][0]["name"] == "main"
    assert any("unsuitable" in warning for warning in found["warnings"])
    main = asked("multiple-systems", written(tmp_path, LISTS), "--count", "people", "--select", "main")
    assert main["terms"] == []


def test_lists_too_thin_for_an_estimate_give_the_bound_alone(tmp_path: Path) -> None:
    thin = "A,B,C,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n"
    found = asked("multiple-systems", written(tmp_path, thin), "--count", "count")
    assert found["estimate"] is None
    assert found["gate"]["open"] is False
    assert found["chao"]["estimate"] > 96


SURVIVAL = ["--time", "days", "--event", "left"]
SERIES = ["--time", "t", "--outcome", "y", "--start", "21"]
OVARIAN = (
    "59,1,1\n115,1,1\n156,1,1\n268,1,1\n329,1,1\n431,1,1\n448,0,1\n477,0,1\n638,1,1\n803,0,1\n855,0,1\n1040,0,1\n"
    "1106,0,1\n353,1,2\n365,1,2\n377,0,2\n421,0,2\n464,1,2\n475,1,2\n563,1,2\n744,0,2\n769,0,2\n770,0,2\n1129,0,2\n"
    "1206,0,2\n1227,0,2\n"
)
P_CHART = ["--kind", "p", "--value", "x", "--size", "n"]
FAR = "t,y\n" + "".join(f"{t},{5 + t % 3}\n" for t in range(30)) + "1e6,5\n1000001,5\n1000002,6\n"
LINE = "t,y\n" + "".join(f"{t},{2 * t}\n" for t in range(1, 41))


@pytest.mark.parametrize(
    ("command", "text", "options", "says"),
    [
        ("change", "code,first,last\nP1,30,20\n", CHANGE, "no standard deviation"),
        ("change", "code,first,last\nP1,30,20\nP1,31,20\n", CHANGE, "several lines for P1"),
        ("change", "code,first,last\nP1,30,20\nP2,30,10\n", CHANGE, "are the same"),
        ("change", "code,first,last\nP1,30,\nP2,31,NA\n", CHANGE, "both a first and a last"),
        ("change", "code,first,last\nP1,thirty,20\n", CHANGE, "line 2, first: `thirty` is not a number"),
        ("change", "code,first,last\n", CHANGE, "no rows"),
        ("change", "", CHANGE, "is empty"),
        ("change", SCORES.replace(",", ";"), CHANGE, "has semicolons between its cells"),
        ("change", SCORES.replace(",", "\t"), CHANGE, "has tabs between its cells"),
        ("change", SCORES + ",33,20\n", CHANGE, "line 43: code is empty"),
        ("change", SCORES + "P50,1_000,20\n", CHANGE, "line 43, first: `1_000` is not a number"),
        ("change", SCORES.replace("P9,", "\n\nP9,") + "P50,bad,20\n", CHANGE, "line 45, first: `bad`"),
        ("change", SCORES + f"P50,{'9' * 400},20\n", CHANGE, "`999999999999999999999999999999…` is too large"),
        ("change", SCORES + "P50,1e200,20\n", CHANGE, "too large to reckon with"),
        (
            "change",
            SCORES,
            [*CHANGE, "--normal-mean", "9", "--normal-sd", "2", "--clinical-mean", "9", "--clinical-sd", "3"],
            "are the same",
        ),
        ("control-chart", "x,n\n" + "5,50\n" * 20, [*P_CHART, "--laney"], "limits have no width"),
        ("control-chart", "x,n\n5,50.5\n6,40\n3,30\n", P_CHART, "is not whole"),
        ("time-series", LINE, [*SERIES, "--family", "ols"], "lies on the model exactly"),
        ("time-series", "t,y\n" + "".join(f"{t},5\n" for t in range(1, 41)), SERIES, "lies on the model exactly"),
        ("time-series", FAR, ["--time", "t", "--outcome", "y", "--start", "1e6"], "beyond all measure"),
        ("survival", STAYS, [*SURVIVAL, "--until", "0"], "the longest time is 278"),
        ("survival", STAYS, [*SURVIVAL, "--until", "inf"], "the longest time is 278"),
        ("survival", STAYS + "5,1e300,north\n", SURVIVAL, "too large"),
        ("survival", "days,left\n0,1\n0,0\n", SURVIVAL, "nobody was watched"),
        ("control-chart", "x,n\n" + "5,1e-300\n6,1e-300\n" * 9, ["--kind", "u", *P_CHART[2:]], "too small"),
        ("suppress", f"c,A,total\nX,{2**53 + 1},{2**53 + 1}\ntotal,{2**53 + 1},{2**53 + 1}\n", [], "too large"),
        ("multiple-systems", LISTS.replace("300", "9" * 30), ["--count", "people"], "too large"),
        ("control-chart", "x\n5\n5\n5\n", ["--kind", "xmr", "--value", "x"], "no width"),
        ("control-chart", "x\n5\n", ["--kind", "xmr", "--value", "x"], "1 point shows"),
        ("control-chart", "x\n5\n\n6\n7\n\n", ["--kind", "xmr", "--value", "x"], "line 3: x is missing"),
        ("control-chart", 'x\n5\n""\n6\n7\n', ["--kind", "xmr", "--value", "x"], "line 3: x is missing"),
        (
            "time-series",
            "t,y\n1,3\n2,4\n3,5\n",
            ["--time", "t", "--outcome", "y", "--start", "2"],
            "There is 1 point before",
        ),
        ("time-series", MONTHS, ["--time", "t", "--outcome", "found", "--start", "99"], "48 points before the start"),
        ("survival", "days,left\n3,0\n5,0\n", SURVIVAL, "all are censored"),
        ("survival", "days,left\n3,1\n5,2\n", SURVIVAL, "and no 0"),
        ("survival", "days,left\n-3,1\n5,0\n", SURVIVAL, "negative"),
        ("survival", "days,left\n3,perhaps\n", SURVIVAL, "line 2"),
        ("suppress", TABLE.replace("250", "251"), [], "Row 4: the cells make 250, its total says 251"),
        ("suppress", TABLE, ["--threshold", "5"], "never published"),
        ("suppress", TABLE, ["--threshold", "100000"], "could still work out a small count, so nothing is shown"),
        ("suppress", TABLE.replace("40", "-40"), [], "is no count"),
        ("multiple-systems", "A,B,C,n\n1,0,0,90\n0,1,0,80\n0,0,1,70\n", ["--count", "n"], "more than one list"),
        ("multiple-systems", "A,B,n\n1,3,90\n", ["--count", "n"], "other than 0 and 1"),
        ("multiple-systems", "A,B,n\n0,0,90\n", ["--count", "n"], "people on no list"),
        ("multiple-systems", "A,B,n\n1,0,2.5\n", ["--count", "n"], "no count"),
        ("change", "code,first,last\nP1,30,20\nP2,30,10\n", [*CHANGE, "--sd", "5"], "Cut-off a can't be computed"),
        (
            "time-series",
            MONTHS,
            ["--time", "t", "--outcome", "found", "--start", "25", "--harmonics", "1", "--period", "100"],
            "cover 48 of a cycle of 100",
        ),
        ("survival", "days,left\n3,2\n5,0\n", SURVIVAL, "holds 0, 2 and no 1"),
        ("suppress", TABLE.replace("40", f"{4 * 10**12}", 1), [], "more than any count of people"),
        ("multiple-systems", LISTS.replace("300", f"{4 * 10**11}"), ["--count", "people"], "more than any lists hold"),
        ("multiple-systems", "A,B,C,n\n1,1,1,400\n", ["--count", "n"], "too many combinations of lists hold nobody"),
    ],
)
def test_bad_input_is_refused_with_what_would_be_needed(
    tmp_path: Path, command: str, text: str, options: Sequence[str], says: str
) -> None:
    assert says in refused(command, written(tmp_path, text), *options)


def test_a_table_of_nothing_but_small_cells_shows_no_number(tmp_path: Path) -> None:
    found = asked("suppress", written(tmp_path, "county,A,B,total\nX,3,4,7\nY,2,5,7\ntotal,5,9,14\n"))
    assert all(cell is None for row in found["table"][:2] for cell in row)
    assert any("merge" in warning for warning in found["warnings"])


def test_a_list_of_nobody_changes_neither_the_estimate_nor_the_bound(tmp_path: Path) -> None:
    rows = [row.rsplit(",", 1) for row in LISTS.splitlines()]
    with_empty = "\n".join(f"{lists},{0 if place else 'D'},{people}" for place, (lists, people) in enumerate(rows))
    plain = asked("multiple-systems", written(tmp_path, LISTS), "--count", "people")
    found = asked("multiple-systems", written(tmp_path, with_empty), "--count", "people")
    assert found["estimate"] == pytest.approx(plain["estimate"])
    assert found["chao"]["estimate"] == pytest.approx(plain["chao"]["estimate"])
    assert any("Nobody is on D" in warning for warning in found["warnings"])


def test_first_scores_beyond_the_healthy_mean_raise_the_question_which_way_is_better(tmp_path: Path) -> None:
    found = asked(
        "change", written(tmp_path, SCORES), *CHANGE, "--normal-mean", "5", "--normal-sd", "2", "--higher-is-better"
    )
    assert any("way is better" in warning for warning in found["warnings"])


def test_a_short_series_of_measurements_says_that_its_limits_are_short_and_gives_others_beside(tmp_path: Path) -> None:
    found = asked(
        "time-series", written(tmp_path, MONTHS), "--time", "t", "--outcome", "found", "--start", "25", "--family",
        "ols", "--slope",
    )  # fmt: skip
    assert any("too short for 48 points" in warning for warning in found["warnings"])
    assert found["autoregressive"].keys() == {"level", "trend", "slope"}
    assert all(is_estimate(each) for each in found["autoregressive"].values())
    counts = asked("time-series", written(tmp_path, MONTHS), "--time", "t", "--outcome", "found", "--start", "25")
    assert counts["autoregressive"] is None


def said_of(found: dict[str, Any]) -> str:
    return "\n".join(found["warnings"])


def test_nobody_missed_among_a_few_interviewed_negatives_says_that_the_limits_are_too_short() -> None:
    few = ["--tp", "10", "--fp", "5", "--fn", "0", "--tn", "10", "--unverified-negative", "100"]
    assert "those of the prevalence too" in said_of(asked("accuracy", *few))
    assert asked("accuracy", *few, "--interval", "recovered")["warnings"] == []


def test_a_chart_says_who_is_few_and_that_laneys_factor_narrows_its_limits(tmp_path: Path) -> None:
    nearly_all = "x,n\n" + "19,20\n20,20\n18,20\n" * 5
    assert "people without the event" in said_of(asked("control-chart", written(tmp_path, nearly_all), *P_CHART))
    even = "x,n\n" + "".join(f"{500 + t},5000\n" for t in range(20))
    assert "narrower" in said_of(asked("control-chart", written(tmp_path, even), *P_CHART, "--laney"))


def test_a_series_of_hardly_any_events_says_so(tmp_path: Path) -> None:
    rare = "t,y\n" + "".join(f"{t},{int(t in (3, 30))}\n" for t in range(1, 41))
    assert "Fewer than 10 events" in said_of(asked("time-series", written(tmp_path, rare), *SERIES))


def test_the_events_of_a_group_are_those_that_are_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, "days,left\n3,1\n5,2\n6,2\n9,0\n")
    assert asked("survival", file, *SURVIVAL)["groups"]["all"]["events"] == 1
    assert "4 people, 1 event, 2 of what competes" in run(app, ["survival", file, *SURVIVAL]).output


def test_a_table_that_is_suppressed_already_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    done = run(app, ["suppress", written(tmp_path, TABLE.replace("40", "…", 1))])
    assert isinstance(done.exception, TableError)
    assert "already suppressed" in done.exception.hint


def test_a_model_that_does_not_fit_and_a_list_that_shares_nobody_are_told(tmp_path: Path) -> None:
    apart = LISTS.replace("1,0,1,45\n0,1,1,40\n1,1,1,10\n", "")
    found = asked("multiple-systems", written(tmp_path, apart), "--count", "people")
    assert found["non_overlapping"] == ["A:C", "B:C"]
    assert "C shares nobody with any other list, so its people are only added." in found["warnings"]
    assert "Only two lists share people" in said_of(found)
    alone = asked("multiple-systems", written(tmp_path, apart), "--count", "people", "--select", "main")
    assert "the model takes it as independent" in said_of(alone)
    assert "The model does not fit: deviance" in said_of(alone)
    assert "does not fit" not in said_of(found)


def test_lists_of_many_people_are_fitted(tmp_path: Path) -> None:
    many = LISTS.replace(",300", ",3000000").replace(",250", ",2500000").replace(",60", ",600000")
    found = asked("multiple-systems", written(tmp_path, many), "--count", "people")
    assert found["profile"]["interval"] == pytest.approx(found["interval"], rel=0.3)


def test_one_is_not_many(tmp_path: Path) -> None:
    file = written(tmp_path, "code,first,last\nP1,30,20\nP2,31,\n")
    found = asked("change", file, *CHANGE, "--sd", "5", "--lower-is-better")
    assert "1 person has no last score" in said_of(found)
    assert "1 person has both scores" in said_of(found)


def broken_estimates(found: Any, place: str = "") -> list[str]:
    """Where a document has an estimate that is not whole."""
    if isinstance(found, dict):
        here = [place] if "estimate" in found and not is_estimate(found) else []
        return here + [each for name, part in found.items() for each in broken_estimates(part, f"{place}.{name}")]
    if isinstance(found, list):
        return [each for part in found for each in broken_estimates(part, place)]
    return []


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (SCORES, ["change", "FILE", *CHANGE]),
        (MONTHS, ["control-chart", "FILE", "--kind", "p", "--value", "found", "--size", "seen"]),
        (MONTHS, ["time-series", "FILE", "--time", "t", "--outcome", "found", "--start", "25", "--slope"]),
        (STAYS.replace(",0,", ",2,", 2), ["survival", "FILE", *SURVIVAL, "--group", "site"]),
        ("", [*ACCURACY, "--unverified-positive", "996", "--unverified-negative", "1221"]),
        (TABLE, ["suppress", "FILE"]),
        (
            LISTS.replace("1,1,0,60", "1,1,0,260"),
            ["multiple-systems", "FILE", "--count", "people", "--bootstrap", "100"],
        ),
    ],
)
def test_every_estimate_is_whole(tmp_path: Path, text: str, arguments: list[str]) -> None:
    file = written(tmp_path, text)
    assert broken_estimates(asked(*(file if each == "FILE" else each for each in arguments))) == []


def test_accuracy_without_an_interviewed_negative_is_refused() -> None:
    said = refused("accuracy", "--tp", "20", "--fp", "5", "--fn", "0", "--tn", "0", "--unverified-negative", "90")
    assert "missed people" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["change", "FILE", "--id", "code", "--pre", "nothing", "--post", "last", "--reliability", "0.8"],
        ["change", "FILE", *CHANGE, "--normal-mean", "8"],
        ["change", "FILE", *CHANGE, "--normal-mean", "nan", "--normal-sd", "2"],
        ["change", "FILE", *CHANGE, "--normal-mean", "1e308", "--normal-sd", "2"],
        ["change", "FILE", *CHANGE, "--sd", "nan"],
        ["change", "FILE", *CHANGE, "--sd", "1e-320"],
        ["change", "FILE", *CHANGE, "--normal-mean", "8", "--normal-sd", "inf"],
        ["change", "FILE", "--id", "code", "--pre", "first", "--post", "first", "--reliability", "0.8"],
        ["control-chart", "FILE", "--kind", "p", "--value", "first"],
        ["survival", "FILE"],
        ["time-series", "FILE", "--time", "first", "--outcome", "last", "--start", "nan"],
        ["accuracy", "--tp", "-3", "--fp", "1", "--fn", "1", "--tn", "1"],
    ],
)
def test_wrong_usage_leaves_with_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    file = written(tmp_path, SCORES)
    assert run(app, [file if each == "FILE" else each for each in arguments]).exit_code == 2


def test_the_real_command_says_one_line_on_standard_error_and_leaves_with_exit_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "leeward.platform.cli", "evidence", "suppress", written(tmp_path, "a,b\n1,2\n")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("leeward: ")


@pytest.mark.parametrize(
    "command",
    ["change", "control-chart", "time-series", "survival", "accuracy", "suppress", "multiple-systems"],
)
def test_help_has_an_example(command: str) -> None:
    assert f"Example: leeward evidence {command}" in run(app, [command, "--help"]).output


def test_without_json_a_table_for_people_is_printed(tmp_path: Path) -> None:
    for arguments in (
        ["change", written(tmp_path, SCORES), *CHANGE, "--lower-is-better"],
        ACCURACY,
    ):
        done = run(app, arguments)
        assert done.exit_code == 0, done.output
        assert "95%" in done.stdout
