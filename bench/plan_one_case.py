"""The plan of one case of 50 events, and how fast the state of a case is derived, against SpiffWorkflow in memory.

Claims: `plan()` of a case of 50 events takes less than 2 ms; state is derived at 30 times SpiffWorkflow's rate.

One event is folded into the state of its case when `plan()` has read it: the rate of the claim is the events of whole
cases divided by the time of their plans, which also judge every step (due, late, who hears of it). SpiffWorkflow's rate
is user tasks completed a second, in a process that has one for each event of the same case, kept in memory, without
deadlines. Two rates stand beside it as notes, because they are fair questions too: a plan derived anew after *every*
event of a case that grows to 50 (each event is then read up to 50 times), and SpiffWorkflow with deadlines as timers.
"""

from cases import long_cases, now, protocol
from measure import Side, arguments, begin, finish, interleaved
from spiff import follow, process_of

from leeward.rules.protocol import plan

CASES, EVENTS = 20, 50
#: Plans are made so many times over in a round, so that a round lasts about as long on both sides.
TIMES = 30


def main() -> None:
    options = arguments(__doc__).parse_args()
    report = begin(__file__, "spiffworkflow")
    definition, moment = protocol(), now()
    cases = long_cases(cases=CASES, events=EVENTS)
    plain = [process_of(case, deadlines=False) for case in cases]
    timed = [process_of(case, deadlines=True) for case in cases]

    def whole() -> None:
        for case in cases * TIMES:
            plan(definition, case, moment)

    def growing() -> None:
        for case in cases:
            for length in range(1, EVENTS + 1):
                plan(definition, case[:length], moment)

    def followed() -> None:
        for process, case in zip(plain, cases, strict=True):
            follow(process, case)

    def followed_with_deadlines() -> None:
        for process, case in zip(timed, cases, strict=True):
            follow(process, case)

    events = CASES * EVENTS
    ours = Side("plan() of whole cases of 50 events", TIMES * events, whole)
    after_each = Side("plan() after every event, for cases growing to 50", events, growing)
    theirs = Side("SpiffWorkflow, 50 user tasks in a row", events, followed)
    theirs_timed = Side("SpiffWorkflow, the same with a deadline on each task", events, followed_with_deadlines)
    timings = interleaved([ours, theirs, after_each, theirs_timed], rounds=options.rounds)
    for timing in timings.values():
        report.timing(timing, "events")
    milliseconds = timings[ours.name].median / (TIMES * CASES) * 1_000
    rate = {name: timing.rate for name, timing in timings.items()}
    report.note("plan() after every event, against SpiffWorkflow", rate[after_each.name] / rate[theirs.name], "times")
    report.note("plan() of whole cases, against it with deadlines", rate[ours.name] / rate[theirs_timed.name], "times")
    report.claim("plan() of one case of 50 events", milliseconds, "ms", at_most=2)
    report.claim(
        "state derived, against SpiffWorkflow in memory", rate[ours.name] / rate[theirs.name], "times", at_least=30
    )
    finish(report, options.json)


if __name__ == "__main__":
    main()
