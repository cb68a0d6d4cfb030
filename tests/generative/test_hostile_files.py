"""Whatever is in a file, its reader says what is wrong in a sentence, in bounded time, or reads it (F-01, F-04).

Sound files of every kind are harmed: torn, spliced, filled with what an attacker would write, their values exchanged.
About 150 of each kind in a run, 10,000 in `make test-full`.
"""

import json
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from leeward import catalogue, definitions
from leeward.exchange.consent_case import read_case
from leeward.exchange.plan_definition import export
from leeward.exchange.plan_definition_import import read as read_plan_definition
from leeward.exchange.questionnaire import read_questionnaire
from leeward.exchange.questionnaire_export import export_instrument
from leeward.learn.replay import replay
from leeward.platform.proof.osv import parse as parse_advisory
from leeward.platform.proof.parts import read_scan
from leeward.platform.proof.results import by_promise
from leeward.rules.competence import parse_competence
from leeward.rules.consent import parse_law
from leeward.rules.instruments import parse_indicators, parse_instrument
from leeward.rules.protocol.parse import parse as parse_protocol
from leeward.rules.yaml_source import load

FULL = os.environ.get("LEEWARD_FULL") == "yes"
FILES = 10_000 if FULL else 150
PARQUET_FILES = 1_000 if FULL else 25
#: Seconds of this process for one file.
PATIENCE = 5.0
HOSTILE = (
    "",
    "\x00",
    "\ufeff",
    "\u202e",
    "9" * 400,
    "-1",
    "1e999",
    "NaN",
    "null",
    "true",
    "[]",
    "{}",
    "'",
    '"',
    "\\",
    "{{ 7*7 }}",
    "'; DROP TABLE people_client; --",
    "1 = 1 OR pg_sleep(9) IS NULL",
    "(" * 500,
    "[" * 500,
    "{a: " * 200,
    "!!python/object:os.system x",
    "&a [*a, *a]",
    "<<: *a",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "../../etc/passwd",
    "a" * 5_000 + "!",
    "P9999999999Y",
    "(a+)+$",
    "2026-02-30",
    "0001-01-01T00:00:00Z",
    "\ud7ff",
    "🜏" * 50,
    "x: y: z",
    "- - - -",
    "? ?",
    "%TAG ! x",
    "%s{0}",
)
Reader = Callable[[bytes], object]


def _yaml(parse: Callable[[Any, Any], object], schema: str) -> Reader:
    return lambda content: parse(load(content.decode(errors="replace"), name="hostile"), definitions.schema(schema))


def _protocol(content: bytes) -> object:
    return parse_protocol(content.decode(errors="replace"), name="hostile", schema=definitions.schema("protocol"))


def _plan_definition(content: bytes) -> object:
    return read_plan_definition(json.loads(content))


def _shipped(kind: str, name: str) -> Callable[[], bytes]:
    return lambda: definitions.read(kind, name).encode()


def _case() -> bytes:
    grant = {"id": "g", "recipient": "shelter", "classes": ["referral"], "purpose": "coordination",
             "starts_at": "2026-01-01T00:00:00Z", "last_day": "2026-12-31"}  # fmt: skip
    request = {"client": "A", "recipient": "shelter", "recipient_kind": "shelter", "data_class": "referral",
               "regimes": ["hipaa"], "purpose": "coordination", "at": "2026-05-01T12:00:00Z"}  # fmt: skip
    return json.dumps({"request": request, "grants": [grant], "law": "mississippi"}).encode()


def _advisory() -> bytes:
    return b"""\
id: PYSEC-2026-1
affected:
- package: {name: quiet-harbour, ecosystem: PyPI}
  ranges:
  - type: ECOSYSTEM
    events: [{introduced: "0"}, {fixed: "1.4"}]
  versions: ["1.1", "1.2"]
severity: [{type: CVSS_V3, score: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H}]
aliases: [CVE-2026-0001]
modified: "2026-11-25T10:00:00Z"
published: "2026-11-20T10:00:00Z"
"""


def _protocol_sound() -> Any:
    name = "human-trafficking-response"
    return parse_protocol(definitions.read("protocol", name), name=name, schema=definitions.schema("protocol"))


READERS: dict[str, tuple[Callable[[], bytes], Reader]] = {
    "protocol": (_shipped("protocol", "human-trafficking-response"), _protocol),
    "instrument": (_shipped("instruments", "phq-9"), _yaml(parse_instrument, "instrument")),
    "law": (_shipped("law", "mississippi"), _yaml(parse_law, "law")),
    "competence": (_shipped("competence", "centre"), _yaml(parse_competence, "competence")),
    "indicators": (_shipped("indicators", "indicators"), _yaml(parse_indicators, "indicators")),
    "questionnaire": (
        lambda: json.dumps(export_instrument(catalogue.instrument("phq-9"))).encode(),
        read_questionnaire,
    ),
    "plan-definition": (lambda: json.dumps(export(_protocol_sound()).resource).encode(), _plan_definition),
    "consent-case": (_case, lambda content: read_case(content.decode(errors="replace"))),
    "advisory": (_advisory, lambda content: parse_advisory("hostile.yaml", content)),
    "advisory-json": (
        lambda: json.dumps(yaml.safe_load(_advisory())).encode(),
        lambda content: parse_advisory("hostile.json", content),
    ),
    "scan": (
        lambda: b'{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "x", "fix_versions": []}]}]}',
        read_scan,
    ),
}


def harmed(sound: bytes, chance: random.Random) -> bytes:
    """A sound file after one to four accidents or attacks."""
    content = sound
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(content) + 1)
        to = min(len(content), at + chance.choice((0, 1, 5, 80, 2_000)))
        new = chance.choice(HOSTILE).encode(errors="surrogatepass")
        match chance.randrange(6):
            case 0:
                content = content[:at]
            case 1:
                content = content[:at] + new + content[to:]
            case 2:
                content = content[:at] + content[to:]
            case 3:
                content = content[:at] + content[at:to] * 3 + content[to:]
            case 4:
                content = _value_exchanged(content, new, chance)
            case 5:
                content = content[:at] + chance.randbytes(chance.randrange(1, 9)) + content[at:]
    return content


def _value_exchanged(content: bytes, new: bytes, chance: random.Random) -> bytes:
    """One value of a line of YAML or JSON becomes another: the shape stays whole."""
    places = [number for number in range(len(content)) if content[number : number + 2] == b": "]
    if not places:
        return content
    at = chance.choice(places) + 2
    ends = [end for mark in (b"\n", b",", b"}") if (end := content.find(mark, at)) >= 0]
    return (
        content[:at]
        + chance.choice((new, json.dumps(new.decode(errors="replace")).encode()))
        + content[min(ends, default=at) :]
    )


def unfit(error: Exception) -> str:
    """What is wrong with a refusal: no sentence, no way to mend it, or what would harm a terminal."""
    remedy = getattr(error, "hint", getattr(error, "remedy", None))
    said = str(error)
    if isinstance(remedy, str) and said.strip() and "\x1b" not in said:
        return ""
    return f"{type(error).__name__}: {said[:300]!r}"


@pytest.mark.parametrize("kind", READERS)
def test_f01_f04_a_harmed_file_is_read_or_refused_in_a_sentence(kind: str) -> None:
    make, read = READERS[kind]
    sound = make()
    read(sound)
    refused = 0
    amiss: list[str] = []
    for number in range(FILES):
        content = harmed(sound, random.Random(f"{kind} {number}"))
        if kind == "plan-definition":
            try:
                json.loads(content)
            except (ValueError, RecursionError):
                refused += 1  # the command says so before the reader is asked
                continue
        begun = time.process_time()
        try:
            read(content)
        except Exception as error:
            refused += 1
            amiss += [f"{number}: {wrong}"] if (wrong := unfit(error)) else []
        assert time.process_time() - begun < PATIENCE, f"{kind} {number}"
    assert amiss == []
    if kind != "scan":  # it never refuses: it says that nothing was scanned
        assert refused > FILES / 4


def test_f01_a_harmed_file_of_results_is_refused_in_a_sentence(tmp_path: Path) -> None:
    sound = b'<testsuite><testcase name="test_c01_x"><failure/></testcase><testcase name="test_c02_y"/></testsuite>'
    file = tmp_path / "junit.xml"
    amiss: list[str] = []
    for number in range(FILES):
        file.write_bytes(harmed(sound, random.Random(number)))
        try:
            by_promise(file)
        except Exception as error:
            amiss += [f"{number}: {wrong}"] if (wrong := unfit(error)) else []
    assert amiss == []


def _events(chance: random.Random) -> pa.Table:
    """A small table of events in which one column, or a few values, are not what they should be."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    rows: dict[str, Any] = {
        "id": [f"e{number}" for number in range(6)],
        "client": ["c1", "c1", "c1", "c2", "c2", "c2"],
        "kind": ["client.registered", "indicator.observed", "screening.completed"] * 2,
        "occurred_at": [now + timedelta(days=number) for number in range(6)],
        "recorded_at": [now + timedelta(days=number) for number in range(6)],
        "subject": [None] * 6,
        "data": ['{"danger_now": true}'] * 6,
        "supersedes": [None] * 6,
    }
    column = chance.choice(list(rows))
    match chance.randrange(5):
        case 0:
            del rows[column]
        case 1:
            rows[column] = [chance.choice(HOSTILE).replace("\ud7ff", "") for _ in range(6)]
        case 2:
            rows[column] = [chance.choice((0, -1, 2**62)) for _ in range(6)]
        case 3:
            rows[column] = [None] * 6
        case 4:
            if column not in {"occurred_at", "recorded_at"}:
                rows[column] = [
                    chance.choice((None, "[1", '{"a": 1e999}', '{"danger_now": [1]}', "e0")) for _ in range(6)
                ]
    return pa.table(rows)


@pytest.mark.parametrize("engine", ["python", "duckdb"])
def test_f01_harmed_events_are_replayed_or_refused_in_a_sentence(engine: str, tmp_path: Path) -> None:
    protocol = _protocol_sound()
    amiss: list[str] = []
    for number in range(PARQUET_FILES):
        chance = random.Random(number)
        pq.write_table(_events(chance), tmp_path / "events.parquet")
        if chance.random() < 0.2:
            file = tmp_path / "events.parquet"
            file.write_bytes(harmed(file.read_bytes(), chance))
        begun = time.process_time()
        try:
            replay(protocol, tmp_path, engine=engine)
        except Exception as error:
            amiss += [f"{number}: {wrong}"] if (wrong := unfit(error)) else []
        assert time.process_time() - begun < PATIENCE * 2, number
    assert amiss == []
