"""The whole demonstration, as a newcomer runs it: a process of its own in an empty folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

LEEWARD = [sys.executable, "-m", "leeward.platform.cli"]


def run(*words: str, folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEEWARD_")}
    return subprocess.run(
        [*LEEWARD, *words],
        env={**kept, "LEEWARD_HOME": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo", "--clients", "40", "--seed", "3", "--no-serve", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_it_prepares_everything_and_names_a_sign_in_for_each_role(folder: Path) -> None:
    accounts = json.loads((folder / "demo-accounts.json").read_text())
    roles = {account["role"] for account in accounts}
    assert roles == {
        "screener", "clinician", "therapist", "case_manager", "privacy_officer", "program_director", "evaluator",
        "partner",
    }  # fmt: skip
    assert (folder / "demo-accounts.json").stat().st_mode & 0o077 == 0


def test_the_demonstration_keeps_the_law_by_which_partners_see_anything(folder: Path) -> None:
    """It is the site's and stays when one centre takes another's place. Without it no permission opens anything."""
    found = run("doctor", "--json", folder=folder, LEEWARD_DEMO="yes")
    findings = {finding["what"]: finding["ok"] for finding in json.loads(found.stdout)}
    assert findings["The database decides by the law that the pages explain"]


def test_the_second_time_nothing_is_made_again(folder: Path) -> None:
    begun = time.monotonic()
    again = run("demo", "--clients", "40", "--seed", "3", "--no-serve", folder=folder)
    assert again.returncode == 0, again.stderr
    assert "already here" in again.stderr
    assert time.monotonic() - begun < 60


def test_an_occupied_port_gets_one_sentence_and_a_way_out(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run("demo", "--port", str(port), folder=folder)
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines() == [
        f"leeward: Port {port} is in use by another program. Choose another one: --port {port + 1}"
    ]


def test_it_serves_again_after_a_kill(folder: Path) -> None:
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEEWARD_")}
        server = subprocess.Popen(
            [*LEEWARD, "demo", "--clients", "40", "--seed", "3", "--port", str(port)],
            env={**kept, "LEEWARD_HOME": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            assert _answers(f"http://localhost:{port}/sign-in/")
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def test_a_worker_goes_round_beside_the_server_and_ends_with_it(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEEWARD_")}
    server = subprocess.Popen(
        [*LEEWARD, "demo", "--clients", "40", "--seed", "3", "--port", str(port)],
        env={**kept, "LEEWARD_HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert _answers(f"http://localhost:{port}/sign-in/")
        assert _soon(lambda: "--beside" in _words(server.pid)), "a worker runs beside it"
        assert _doctor(folder)["The job worker looks for late steps"]
        server.terminate()
        assert server.wait(timeout=40) is not None
        assert _soon(lambda: not _group(server.pid)), "nothing of it is left"
    finally:
        if _group(server.pid):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _doctor(folder: Path) -> dict[str, bool]:
    return {one["what"]: one["ok"] for one in json.loads(run("doctor", "--json", folder=folder).stdout)}


def _group(leader: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def _words(leader: int) -> str:
    """The command lines of a group's processes."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(place.name)) == leader:
                found.append((place / "cmdline").read_text())
    return " ".join(found)


def _soon(holds: Callable[[], bool]) -> bool:
    for _ in range(20):
        if holds():
            return True
        time.sleep(0.5)
    return False


def _answers(address: str) -> bool:
    for _ in range(120):
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310
                return "Or try it as" in answer.read().decode()
        except OSError:
            time.sleep(0.5)
    return False


def test_results_come_out_of_the_demonstration(folder: Path, tmp_path: Path) -> None:
    done = run("results", "--out", str(tmp_path), folder=folder)
    assert done.returncode == 0, done.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"results.html", "results.json"}


def test_a_database_that_is_gone_gets_one_sentence(tmp_path: Path) -> None:
    gone = run("migrate", folder=tmp_path, LEEWARD_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert gone.returncode == 1
    assert "The database does not answer." in gone.stderr
    assert "Traceback" not in gone.stderr


def test_doctor_says_what_to_mend(folder: Path) -> None:
    found = run("doctor", "--json", folder=folder, LEEWARD_DEMO="yes")
    findings = {finding["what"]: finding["ok"] for finding in json.loads(found.stdout)}
    assert findings["Row security is forced on every table with a client"]
    key = folder / "keys" / "keyring.json"
    key.chmod(0o644)
    worse = run("doctor", folder=folder, LEEWARD_DEMO="yes")
    key.chmod(0o600)
    assert worse.returncode == 1
    assert "chmod 600" in worse.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("protocol", "check", "{broken}"), "line"),
        (("instruments", "import", "{broken}"), "leeward:"),
        (("simulate", "--clients", "0", "--out", "{out}"), "clients"),
        (("results", "--data", "{out}"), "leeward:"),
        (("instruments", "score", "phq-9", "--answers", "1,2,9"), "leeward:"),
    ],
)
def test_bad_input_gets_a_plain_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("protocol: [unclosed\n", encoding="utf-8")
    filled = tuple(word.format(broken=broken, out=tmp_path) for word in words)
    refused = run(*filled, folder=tmp_path / "home")
    assert refused.returncode in {1, 2}
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_every_command_explains_itself() -> None:
    listed = run("--help", folder=Path("/nonexistent"))
    assert listed.returncode == 0
    for command in (
        "demo",
        "serve",
        "work",
        "migrate",
        "doctor",
        "simulate",
        "results",
        "protocol",
        "instruments",
        "consent",
    ):
        assert command in listed.stdout
        assert run(command, "--help", folder=Path("/nonexistent")).returncode == 0
