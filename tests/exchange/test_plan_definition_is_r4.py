"""The exported protocol is valid by HL7's own R4 definitions, and the check itself can find what is not."""

import copy
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from leeward.exchange.plan_definition import export
from leeward.rules.protocol import Protocol

from ..rules.protocol.strategies import rich_protocols
from ..rules.protocol.written import shipped

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "fhir"
Resource = dict[str, Any]
#: The mistakes in each of several resources.
Check = Callable[[list[Resource]], list[list[str]]]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The mistakes that the R4 definitions find in resources; the packages are installed once into var/."""
    node = shutil.which("node")
    folder = ROOT / "var" / "fhir"
    if node is None or not is_installed(folder):
        npm = shutil.which("npm")
        if node is None or npm is None:
            pytest.skip("FHIR R4 IS NOT CHECKED HERE: there is no Node.js. On Debian: apt-get install nodejs npm")
        install(npm, folder)
    shutil.copy(SCRIPTS / "check.mjs", folder)
    files = tmp_path_factory.mktemp("fhir")

    def mistakes(resources: list[Resource]) -> list[list[str]]:
        written = [files / f"{place}.json" for place in range(len(resources))]
        for file, resource in zip(written, resources, strict=True):
            file.write_text(json.dumps(resource), encoding="utf-8")
        command = [node, "check.mjs", *map(str, written)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        found = [json.loads(line)["mistakes"] for line in done.stdout.splitlines()]
        assert len(found) == len(resources), done.stderr
        assert done.returncode == (1 if any(found) else 0), done.stderr
        return found

    return mistakes


def is_installed(folder: Path) -> bool:
    """Whether the packages are there, in the versions that are asked for."""
    wanted = json.loads((SCRIPTS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, version in wanted.items():
        package = folder / "node_modules" / name / "package.json"
        if not package.is_file() or json.loads(package.read_text(encoding="utf-8"))["version"] != version:
            return False
    return True


def install(npm: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPTS / "package.json", folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--no-package-lock"]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"FHIR R4 IS NOT CHECKED HERE: npm could not install the definitions: {str(error.stderr)[-300:]}")


def exported(protocol: Protocol) -> Resource:
    found: Resource = json.loads(json.dumps(export(protocol).resource))
    return found


def test_the_shipped_protocol_is_a_valid_r4_resource(check: Check) -> None:
    assert check([exported(shipped())]) == [[]]


def test_protocols_with_every_feature_are_too(check: Check) -> None:
    resources: list[Resource] = []

    @settings(max_examples=60, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(rich_protocols())
    def collect(protocol: Protocol) -> None:
        resources.append(exported(protocol))

    collect()
    assert len(resources) >= 60
    assert check(resources) == [[] for _ in resources]


def first_step(resource: Resource) -> Any:
    return resource["action"][1]["action"][0]


SPOILT: list[tuple[Callable[[Resource], object], str]] = [
    (lambda it: it.update(status="nonsense"), "`nonsense` is not in"),
    (lambda it: it.pop("status"), "Missing required property"),
    (lambda it: it.update(colour="green"), "colour"),
    (lambda it: first_step(it)["participant"][0].update(type="x"), "`x` is not in"),
    (lambda it: first_step(it).update(relatedAction=[{"actionId": "a", "relationship": "later"}]), "`later` is not in"),
    (lambda it: first_step(it).update(timingDuration="3 days"), "timing"),
    (lambda it: first_step(it)["timingDuration"].pop("system"), "qty-3"),
    (lambda it: first_step(it)["trigger"][0].pop("name"), "trd-3"),
    (lambda it: first_step(it)["trigger"][0].update(condition={"language": "text/x", "expression": "x"}), "trd-2"),
    (lambda it: first_step(it)["documentation"][0].update(type="law"), "`law` is not in"),
    (lambda it: first_step(it)["extension"][0].pop("valueString"), "ext-1"),
    (lambda it: first_step(it)["extension"][0].update(valueCode="x"), "more than one value"),
]


def test_what_is_not_valid_is_found(check: Check) -> None:
    spoilt = []
    for spoil, _ in SPOILT:
        resource = copy.deepcopy(exported(shipped()))
        spoil(resource)
        spoilt.append(resource)
    for found, (_, expected) in zip(check(spoilt), SPOILT, strict=True):
        assert any(expected in mistake for mistake in found), (expected, found)
