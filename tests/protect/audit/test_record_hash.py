"""One record of the audit is one line and one hash, whatever words it holds (threat model T4)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from leeward.protect.models import AuditRecord
from leeward.protect.seal import canonical, chain, export, ledger, merkle
from leeward.protect.seal.canonical import leaf

from ...cast import Cast
from . import tampering
from .tampering import Log, note, run, superuser

NASTY = "read\n\x1b[2J\x07\u202epage\u2028\x85 \\n ok"


def test_u03_control_characters_are_stored_escaped(clean: Cast) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO protect_auditrecord (at, agency_id, action, subject, fields, rule)"
            " VALUES (clock_timestamp(), %s, %s, %s, %s, %s)",
            [clean.centre.pk, NASTY, NASTY, [NASTY, "code"], NASTY],
        )
    record = AuditRecord.objects.using("admin").get()
    said = r"read\u000a\u001b[2J\u0007\u202epage\u2028\u0085 \\n ok"
    assert (record.action, record.subject, record.rule) == (said, said, said)
    assert record.fields == [said, "code"]


def test_u03_one_record_is_one_line_whatever_it_holds(clean: Cast, tmp_path: Path) -> None:
    note(clean.centre)
    escaped = NASTY.replace("\\", "").replace("'", "")
    superuser(f"UPDATE protect_auditrecord SET action = '{escaped}'")
    out = tmp_path / "log.jsonl"
    assert ledger.export(out) == 1
    text = out.read_bytes()
    assert text.count(b"\n") == 2
    assert all(byte in b"\n" or 32 <= byte < 127 for byte in text)
    assert next(iter(export.records_in(out)))["action"] == escaped


def test_u03_a_terminal_sees_no_code_from_the_log(log: Log) -> None:
    seal = replace(log.seals[0], key="\x1b[2J\nSound.")
    tampering.put_seals([seal, *log.seals[1:]])
    said = run("verify", "--checkpoint", "/dev/null").stdout
    assert "\x1b" not in said
    assert "\nSound." not in said


TEXT = st.text(max_size=8)
RECORDS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 99),
        "at": st.datetimes().map(lambda at: at.replace(tzinfo=UTC)),
        "client_id": st.none() | st.uuids(),
        "action": TEXT,
        "subject": TEXT,
        "fields": st.lists(TEXT, max_size=3),
    }
)


@given(RECORDS, RECORDS)
def test_u01_two_records_have_one_hash_only_if_they_say_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert (leaf(one) == leaf(other)) == (one == other)


@given(RECORDS)
def test_u01_a_record_has_the_same_hash_from_a_file(record: dict[str, object]) -> None:
    line = json.dumps({name: canonical.plain(value) for name, value in record.items()})
    assert leaf(json.loads(line)) == leaf(record)


def test_u01_a_column_added_later_leaves_old_hashes_alone() -> None:
    record = {"id": 1, "at": datetime(2026, 11, 24, tzinfo=UTC), "action": "read"}
    assert leaf({**record, "why": None, "note": "", "tags": []}) == leaf(record)
    assert leaf({**record, "why": "court order"}) != leaf(record)


@given(st.lists(st.integers(1, 10**6), min_size=1, unique=True))
def test_u01_numbers_are_read_as_written(ids: list[int]) -> None:
    assert canonical.read_runs(canonical.runs(sorted(ids))) == sorted(ids)


@pytest.mark.parametrize("text", ["", "1,1", "2-1", "3,2", "1-", "-1", "1-9999999999", "a", "1 ", "1-3,3", "٣"])
def test_u01_numbers_out_of_order_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        canonical.read_runs(text)


def test_u01_the_tree_is_that_of_rfc_6962() -> None:
    """The known roots of the Certificate Transparency reference implementation."""
    from hashlib import sha256

    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [sha256(b"\x00" + bytes.fromhex(one)).digest() for one in inputs]
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle.root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_u01_a_node_never_passes_for_a_leaf() -> None:
    leaves = [bytes([n]) * 32 for n in range(4)]
    nodes = [merkle.node(*leaves[:2]), merkle.node(*leaves[2:])]
    assert leaf({"id": 1})[:16] not in merkle.node(leaf({"id": 1}), leaf({"id": 2}))
    assert merkle.root(nodes) == merkle.root(leaves), "hashes alone don't tell; the count under the signature does"
    key, at = Ed25519PrivateKey.generate(), datetime.now(UTC)
    made = [
        chain.seal(range(1, len(some) + 1), some, after=None, origin=bytes(32), at=at, key=key)
        for some in (leaves, nodes)
    ]
    assert made[0].root == made[1].root
    assert made[0].head != made[1].head
