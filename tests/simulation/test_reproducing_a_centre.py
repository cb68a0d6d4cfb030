"""The same seed gives the same centre, byte for byte, anywhere."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from leeward.people.codes import read_code
from leeward.simulation import Parameters, chunks, simulate, write_centre
from leeward.simulation.ids import case_code

CLIENTS = 60


def _digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_centre(Parameters(), clients=CLIENTS, seed=7, out=tmp_path / name)
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two")


def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    write_centre(Parameters(), clients=CLIENTS, seed=7, out=tmp_path / "here")
    program = (
        "import sys; from pathlib import Path; from leeward.simulation import Parameters, write_centre; "
        f"write_centre(Parameters(), clients={CLIENTS}, seed=7, out=Path(sys.argv[1]))"
    )
    for hash_seed in ("1", "4242"):
        folder = tmp_path / hash_seed
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo"}
        subprocess.run([sys.executable, "-c", program, str(folder)], check=True, env=environment)
        assert _digests(folder) == _digests(tmp_path / "here")


def test_another_seed_makes_another_centre(tmp_path: Path) -> None:
    for seed in (7, 8):
        write_centre(Parameters(), clients=CLIENTS, seed=seed, out=tmp_path / str(seed))
    seven, eight = _digests(tmp_path / "7"), _digests(tmp_path / "8")
    fixed = {"agencies.parquet", "staff.parquet"}
    assert {name for name in seven if seven[name] == eight[name]} == fixed


def test_how_the_work_is_cut_up_changes_nothing() -> None:
    whole = simulate(Parameters(), clients=CLIENTS, seed=7)
    pieces = list(chunks(Parameters(), clients=CLIENTS, seed=7, size=7))
    assert [event for piece in pieces for event in piece.events] == list(whole.events)
    assert [score for piece in pieces for score in piece.scores] == list(whole.scores)
    assert sum((piece.tally for piece in pieces), Counter()) == whole.tally


def test_case_codes_are_valid_and_never_repeat() -> None:
    codes = [case_code(7, number) for number in range(50_000)]
    assert len(set(codes)) == len(codes)
    assert all(read_code(code) == code for code in codes[:200])


def test_a_run_that_fails_leaves_no_half_file(tmp_path: Path) -> None:
    def fail(people: int) -> None:
        raise KeyboardInterrupt

    try:
        write_centre(Parameters(), clients=CLIENTS, seed=7, out=tmp_path, progress=fail)
    except KeyboardInterrupt:
        assert list(tmp_path.iterdir()) == []
