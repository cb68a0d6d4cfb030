"""Killed at any moment, what was acknowledged is there, what was not is wholly there or not at all (O-03, T9).

The database, a web server and a job worker are killed in turns while people post forms to the real servers: four kills
in a run, 200 in `make test-full`. `bench/crash.py` does it, in an installation of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
FULL = os.environ.get("LEEWARD_FULL") == "yes"
KILLS = 200 if FULL else 4


@pytest.mark.full
def test_o03_t9_what_was_acknowledged_survives_and_nothing_is_half_done(tmp_path: Path) -> None:
    if os.environ.get("LEEWARD_TEST_DATABASE_URL"):
        pytest.skip("SKIPPED: the database's processes are not on this machine")
    found = tmp_path / "crash.json"
    own = {name: value for name, value in os.environ.items() if not name.startswith(("LEEWARD_", "PYTEST_"))}
    subprocess.run(
        [sys.executable, "bench/crash.py", "--kills", str(KILLS), "--desks", "2", "--json", str(found)],
        cwd=CHECKOUT,
        env=own,
        check=True,
    )
    told = json.loads(found.read_text())
    assert {claim["promise"]: claim["value"] for claim in told["claims"] if not claim["kept"]} == {}
    assert len(told["claims"]) == 3
    figures = told["figures"]
    assert sum(count for name, count in figures.items() if name.startswith("kills of the")) == KILLS
    assert figures["writes that were answered"] > KILLS
