"""What a superuser does to the sealed audit record, found and located; and what sealing costs whoever writes.

The attacks are those of `tests/protect/audit/tampering.py`, one kind after another, each on the whole log, which is
put back afterwards. Both the database and an export of it, read as on another machine, must name the first bad record.
Writing is measured as pages do it, eight at a time, one record and one commit each, with and without a sealer.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from time import perf_counter

import psycopg
from measure import Side, arguments, begin, finish, interleaved, say
from world import clinician, fresh_database

sys.path.insert(0, str(Path(__file__).parents[1]))

from django.conf import settings

from leeward.people.models import Staff
from leeward.protect.seal import export, keys, ledger
from leeward.protect.seal.verify import verify
from tests.protect.audit import tampering

WRITERS, WRITES = 8, 250
_WRITE = (
    "INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)"
    " VALUES (clock_timestamp(), %s, %s, gen_random_uuid(), 'read web.person', '', '{code,language}', 'row-1')"
)
_SEALER = """
import sys, time
import django
django.setup()
from leeward.protect.seal import ledger
ledger.seal_all()
print("ready", flush=True)
while True:
    ledger.seal_all()
    time.sleep(float(sys.argv[1]))
"""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--attacks", type=int, default=1_000, help="how many in all")
    parser.add_argument("--records", type=int, default=60, help="length of the log that is attacked")
    options = parser.parse_args()
    report = begin(__file__, "cryptography", "psycopg")
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        settings.LEEWARD_CHECKPOINTS = [f"{folder}/one", f"{folder}/two"]
        staff, _token = clinician()
        unseen, misplaced, seconds = attack(staff, Path(folder), attacks=options.attacks, records=options.records)
        report.note("attacks, of 12 kinds", options.attacks)
        report.note("seconds a check, from the database and from a file", seconds / options.attacks)
        alone = Side("written, nothing beside", WRITERS * WRITES, lambda: write(url, staff, nullcontext()))
        each_second = Side("written, sealed every second", WRITERS * WRITES, lambda: write(url, staff, sealing(1)))
        no_rest = Side("written, sealed without pause", WRITERS * WRITES, lambda: write(url, staff, sealing(0)))
        timings = interleaved([alone, each_second, no_rest], rounds=options.rounds)
        report.note("records sealed at once", sealed_at_once(), "records/s")
        report.note("records checked", checked(), "records/s")
    for timing in timings.values():
        report.timing(timing, "records")
    report.claim("attacks that were not found", unseen, "attacks", at_most=0)
    report.claim("attacks whose first bad record was not named", misplaced, "attacks", at_most=0)
    took = {name: timing.median for name, timing in timings.items()}
    report.note("time of writing beside a sealer without pause", took[no_rest.name] / took[alone.name], "times")
    report.claim(
        "time of writing beside a sealer, sixty times as often as the job worker",
        took[each_second.name] / took[alone.name],
        "times",
        at_most=1.1,
    )
    finish(report, options.json)


def attack(staff: Staff, folder: Path, *, attacks: int, records: int) -> tuple[int, int, float]:
    """Attacks that were not found, that were not located, and the seconds of all checks."""
    tampering.write_log(staff, records=records)
    ledger.seal_all(batch=10)
    tampering.note(staff.agency, 3)
    log = tampering.capture(tampering.checkpoint_lines(folder / "one"))
    own, out = keys.signing_key().public_key(), folder / "log.jsonl"
    unseen = misplaced = 0
    seconds, kinds = 0.0, Counter[str]()
    for number in range(attacks):
        name, deed = list(tampering.ATTACKS.items())[number % len(tampering.ATTACKS)]
        expected = deed(log, random.Random(number))
        sources, key = expected.sources or log.sources, expected.key or own
        ledger.export(out)
        began = perf_counter()
        verdicts = (
            ledger.verify(sources, key=key),
            verify(export.records_in(out), export.seals_in(out), sources, key=key),
        )
        seconds += perf_counter() - began
        if any(verdict.is_sound for verdict in verdicts):
            unseen += 1
            say(f"  not found: {name}, attack {number}")
        elif any(verdict.first is None or verdict.first.record != expected.record for verdict in verdicts):
            misplaced += 1
            say(f"  not located: {name}, attack {number}")
        kinds[name] += 1
        tampering.restore(log)
    if not ledger.verify().is_sound:
        raise AssertionError("The log that was put back is not sound.")
    for name, count in kinds.items():
        say(f"  {name:<40}{count:>6}")
    return unseen, misplaced, seconds


def write(url: str, staff: Staff, beside: AbstractContextManager[None]) -> float:
    """Seconds in which eight connections write their records, one commit each."""

    def one(_: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for _number in range(WRITES):
                connection.execute(_WRITE, [staff.pk, staff.agency_id])

    with beside, ThreadPoolExecutor(WRITERS) as pool:
        began = perf_counter()
        list(pool.map(one, range(WRITERS)))
        return perf_counter() - began


@contextmanager
def sealing(pause: float) -> Iterator[None]:
    """A sealer in a process of its own, as the job worker is one, that goes round again after so many seconds."""
    places = ",".join(str(place) for place in ledger.places())
    sealer = subprocess.Popen(
        [sys.executable, "-c", _SEALER, str(pause)], env={**os.environ, "LEEWARD_CHECKPOINTS": places},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    if sealer.stdout is None or sealer.stdout.readline() != b"ready\n":
        raise AssertionError("The sealer did not start.")
    try:
        yield
    finally:
        sealer.terminate()
        sealer.wait()


def sealed_at_once() -> float:
    """Records a second, of all that were written, sealed from the start."""
    tampering.superuser("TRUNCATE protect_auditseal")
    began = perf_counter()
    done = ledger.seal_all()
    return done.records / (perf_counter() - began)


def checked() -> float:
    """Records a second, checked in the database against the checkpoints just written."""
    own = ledger.origin() or ""
    lines = [line for line in tampering.checkpoint_lines(ledger.places()[0]) if own in line]
    began = perf_counter()
    verdict = ledger.verify([tampering.Source("kept", lines)])
    if not verdict.is_sound:
        raise AssertionError(verdict.faults)
    return verdict.records / (perf_counter() - began)


if __name__ == "__main__":
    main()
