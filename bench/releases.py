"""The second results of a centre, three months after the first, cleared beside them: seconds, and how much hides.

Claim: everything, counting and the tables beside the results included, takes at most five times as long beside an
earlier release as alone. The audit, by plain linear programs over both releases, finds nothing exposed; of two that
were each cleared by themselves it must find something.
"""

import os
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from time import process_time

import django
from measure import arguments, begin, finish
from results import centre

from leeward.evidence.releases import Beside, Document, exposed_across
from leeward.evidence.threshold import Threshold
from leeward.learn.results import ResultsData
from leeward.learn.tables import read_folder

APART = timedelta(days=91)


def main() -> int:
    options = arguments(__doc__)
    options.add_argument("--people", type=int, default=400)
    asked = options.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leeward.platform.settings")
    django.setup()
    report = begin(__file__, "highspy", "scipy")
    data = read_folder(centre(asked.people))
    now = data.latest_moment()
    assert now
    first, alone, beside = [], [], []
    for _ in range(asked.rounds):
        earlier, seconds = released(data, now - APART, [])
        first.append(seconds)
        by_itself, seconds = released(data, now, [])
        alone.append(seconds)
        later, seconds = released(data, now, [earlier])
        beside.append(seconds)
    pair = [each.ledgers["results"] for each in (earlier, later)]
    assert exposed_across(pair, Threshold()) == {}
    unguarded = exposed_across([pair[0], by_itself.ledgers["results"]], Threshold())
    assert unguarded
    for name, document in (("first", earlier), ("second alone", by_itself), ("second beside the first", later)):
        shown = sum(len(each.shown) for each in document.ledgers.values())
        hidden = sum(len(each.hidden) for each in document.ledgers.values())
        report.note(f"{name}: {shown} shown, {hidden} hidden", hidden / (shown + hidden))
    report.note("given away by two that were cleared alone", len(unguarded))
    report.note(f"{asked.people:,} people, first, processor", middle(first), "s")
    report.note(f"{asked.people:,} people, second alone, processor", middle(alone), "s")
    report.claim("second beside the first, of alone", middle(beside) / middle(alone), "", at_most=5)
    finish(report, asked.json)
    return 0


def released(data: ResultsData, now: datetime, earlier: list[Document]) -> tuple[Document, float]:
    """The results of a moment, from what was recorded by then, beside earlier ones; and processor seconds."""
    by_then = replace(
        data,
        clients=data.clients[data.clients["first_contact_at"] <= now].reset_index(drop=True),
        events=data.events[data.events["recorded_at"] <= now].reset_index(drop=True),
        scores=data.scores[data.scores["taken_at"] <= now].reset_index(drop=True),
    )
    from leeward.learn.actions import results_of

    beside = Beside(earlier)
    began = process_time()
    results_of(by_then, now, beside=beside)
    return Document(beside.digest, beside.let_out), process_time() - began


def middle(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


if __name__ == "__main__":
    sys.exit(main())
