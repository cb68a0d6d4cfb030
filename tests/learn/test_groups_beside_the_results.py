"""The way by groups stands beside the results: what one hides, the other must not give away."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from leeward.evidence.releases import Beside, merged
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import audit_many
from leeward.learn.actions import results_of
from leeward.learn.tables import read_folder
from leeward.simulation import Parameters, write_centre


def test_n_01_results_and_groups_together_give_no_small_count_away(tmp_path: Path) -> None:
    """The reasons why a stage was not reached are in the results alone; their sum is a loss that the groups share."""
    write_centre(Parameters(), clients=400, seed=7, out=tmp_path / "centre")
    data = read_folder(tmp_path / "centre")
    last = data.latest_moment()
    assert last
    cut = last - timedelta(days=182)
    by_then = replace(
        data,
        clients=data.clients[data.clients["first_contact_at"] <= cut].reset_index(drop=True),
        events=data.events[data.events["recorded_at"] <= cut].reset_index(drop=True),
        scores=data.scores[data.scores["taken_at"] <= cut].reset_index(drop=True),
    )
    beside = Beside()
    results_of(by_then, cut, beside=beside)
    both = merged([beside.let_out["results"], beside.let_out["slices"]])
    unprinted = both.values.keys() - both.printed
    found = audit_many(both.values, both.hidden, both.sums, Threshold(), unprinted=unprinted)
    assert [name for name in found.exposed if Threshold().is_small(both.values[name])] == []
