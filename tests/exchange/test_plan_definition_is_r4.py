"""The exported protocol is valid by HL7's own R4 definitions, and the check itself can find what is not."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leeward.exchange.plan_definition import export

from ..rules.protocol.strategies import rich_protocols
from ..rules.protocol.written import shipped

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "fhir"
Check = Callable[[dict[str, Any]], list[str]]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The mistakes that the R4 definitions find in a resource; the packages are installed once into var/."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("FHIR R4 IS NOT CHECKED HERE: there is no Node.js. On Debian: apt-get install nodejs npm")
    folder = ROOT / "var" / "fhir"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPTS / "package.json", folder)
    shutil.copy(SCRIPTS / "check.mjs", folder)
    if not (folder / "node_modules" / "@medplum" / "definitions").is_dir():
        install = [npm, "install", "--no-audit", "--no-fund", "--silent", "--no-package-lock"]
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            pytest.skip(f"FHIR R4 IS NOT CHECKED HERE: npm could not install the definitions: {done.stderr[-300:]}")
    files = tmp_path_factory.mktemp("fhir")

    def mistakes(resource: dict[str, Any]) -> list[str]:
        file = files / "resource.json"
        file.write_text(json.dumps(resource), encoding="utf-8")
        done = subprocess.run(
            [node, "check.mjs", str(file)], cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.stderr == "", done.stderr
        return done.stdout.splitlines() if done.returncode else []

    return mistakes


def exported() -> dict[str, Any]:
    return json.loads(json.dumps(export(shipped()).resource))


def test_the_shipped_protocol_is_a_valid_r4_resource(check: Check) -> None:
    assert check(exported()) == []


def test_a_protocol_with_every_feature_is_too(check: Check) -> None:
    from hypothesis import HealthCheck, given, settings

    @settings(max_examples=4, suppress_health_check=list(HealthCheck))
    @given(rich_protocols())
    def valid(protocol: Any) -> None:
        assert check(json.loads(json.dumps(export(protocol).resource))) == []

    valid()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda resource: resource.update(status="nonsense"), "nonsense"),
        (lambda resource: resource.pop("status"), "status"),
        (lambda resource: resource.update(colour="green"), "colour"),
        (lambda resource: resource["action"][1]["action"][0]["participant"][0].update(type="x"), "participant"),
        (lambda resource: resource["action"][1]["action"][0].update(timingDuration="3 days"), "timing"),
    ],
)
def test_what_is_not_valid_is_found(check: Check, spoil: Callable[[dict[str, Any]], object], says: str) -> None:
    resource = exported()
    spoil(resource)
    assert any(says in mistake for mistake in check(resource))
