"""Nobody copies the site key or changes the key of the audit record alone, and one half of a copy opens nothing."""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connections
from django.test import override_settings
from typer.testing import CliRunner

from leeward.home import home
from leeward.people.errors import KeyringUnusable
from leeward.people.keyring import FileKeyring, keyring
from leeward.platform import cli
from leeward.protect import age, factors, key_halves, two_leaders
from leeward.protect.accounts import NotBySamePerson
from leeward.protect.errors import NotAllowedHere
from leeward.protect.key_halves import HalvesDoNotFit, Holder
from leeward.protect.models import Account, AuditRecord
from leeward.protect.seal import chain, changing, checkpoint, export, keychange, keys, ledger
from leeward.protect.seal.canonical import leaf
from leeward.protect.seal.verdict import Kind, Verdict
from leeward.protect.seal.verify import verify
from leeward.protect.seal.vouchers import Source

from ..cast import PASSWORD, Cast
from .audit.tampering import note, put_seals, superuser

NOW = datetime.now(UTC)
LEADERS = ("privacy_officer", "program_director")


@pytest.fixture
def codes(cast: Cast) -> Iterator[dict[str, list[str]]]:
    """Recovery codes of everybody who is asked for one here."""
    accounts = {who: Account.objects.get(email=f"{who}@example.org") for who in (*LEADERS, "case_manager")}
    yield {who: factors.new_recovery_codes(account, now=NOW) for who, account in accounts.items()}
    for account in accounts.values():
        account.one_time_codes.all().delete()


def given(who: str, code: str, password: str = PASSWORD) -> two_leaders.Given:
    return f"{who}@example.org", password, code


def run(*words: str, typed: str = "") -> Result:
    cli._load_commands()
    return CliRunner().invoke(cli.app, list(words), input=typed)


def typed_by(*codes: str) -> str:
    return "".join(f"{PASSWORD}\n{code}\n" for code in codes)


# --- the two ---------------------------------------------------------------------------------------------------------


def test_i06_each_of_the_two_shows_their_own_password_and_code(cast: Cast, codes: dict[str, list[str]]) -> None:
    officer, director = codes["privacy_officer"], codes["program_director"]
    for wrong in (
        given("privacy_officer", officer[0], "another password"),
        given("privacy_officer", "0000-0000-0000-0000"),
        given("privacy_officer", director[0]),
        given("case_manager", codes["case_manager"][0]),
        given("nobody", officer[0]),
    ):
        with pytest.raises(NotAllowedHere):
            two_leaders.both(wrong, given("program_director", director[1]), now=NOW)
        with pytest.raises(NotAllowedHere):
            two_leaders.both(given("program_director", director.pop()), wrong, now=NOW)
    found = two_leaders.both(given("privacy_officer", officer[0]), given("program_director", director[0]), now=NOW)
    assert [one.pk for one in found] == [cast.staff[who].pk for who in LEADERS]
    with pytest.raises(NotAllowedHere):  # a code works once
        two_leaders.both(given("privacy_officer", officer[0]), given("program_director", director[2]), now=NOW)


def test_i06_the_same_person_twice_is_refused_whatever_they_type(
    cast: Cast, codes: dict[str, list[str]], tmp_path: Path
) -> None:
    officer = codes["privacy_officer"]
    with pytest.raises(NotBySamePerson):
        two_leaders.both(given("privacy_officer", officer[0]), given("Privacy_Officer", officer[1]), now=NOW)
    me, other = cast.staff["privacy_officer"], cast.staff["program_director"]
    one, two = (pyrage.x25519.Identity.generate().to_public() for _ in range(2))
    for holders in (
        (Holder(me, str(one), one), Holder(me, str(two), two)),
        (Holder(me, str(one), one), Holder(other, f" {one}", one)),
    ):
        with pytest.raises(NotBySamePerson):
            key_halves.export(*holders, now=NOW)
    with pytest.raises(NotBySamePerson):
        changing.change(by=me, confirmed_by=me, now=NOW)
    for words in (
        ("vault", "export-key", "--to", str(one), "--confirmed-to", str(two), "--out", str(tmp_path)),
        ("audit", "change-key"),
        ("vault", "erase", "7QK2-9MXBA-4"),
    ):
        answer = run(*words, "--by", "privacy_officer@example.org", "--confirmed-by", " PRIVACY_officer@example.org")
        assert isinstance(answer.exception, NotBySamePerson), answer.output
        assert "Password" not in answer.output
    assert not list(tmp_path.iterdir())


# --- the site key, in two halves -------------------------------------------------------------------------------------


def test_i06_a_copy_of_the_site_key_opens_for_two_people_together_and_for_neither_alone(
    cast: Cast, codes: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, signing = [pyrage.x25519.Identity.generate() for _ in LEADERS], keys.signing_key()
    files = [tmp_path / f"{who}.key" for who in LEADERS]
    for identity, file in zip(people, files, strict=True):
        file.write_text(f"# created: today\n{identity}\n")
    made = run(
        "vault", "export-key", "--by", "privacy_officer@example.org", "--to", str(people[0].to_public()),
        "--confirmed-by", "program_director@example.org", "--confirmed-to", str(people[1].to_public()),
        "--out", str(tmp_path / "safe"), typed=typed_by(codes["privacy_officer"][0], codes["program_director"][0]),
    )  # fmt: skip
    assert made.exit_code == 0, (made.output, made.exception)
    halves = [tmp_path / "safe" / f"half-{number}.age" for number in (1, 2)]
    wrapped = keyring().wrap(keyring().current, b"a data key", b"bound")
    ring = (Path(keyring()._path)).read_text()  # type: ignore[attr-defined]
    for half, own, others in zip(halves, people, reversed(people), strict=True):
        sealed = half.read_bytes()
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(sealed, [others])
        plain = pyrage.decrypt(sealed, [own]).decode()
        content = bytes.fromhex(json.loads(plain)["content"])
        for key in json.loads(ring)["keys"].values():
            assert key["key"] not in plain
            assert key["key"].encode() not in content

    noted = AuditRecord.objects.using("admin").filter(action__startswith="site-key").order_by("-id")[:2]
    assert {(one.action, one.staff_id) for one in noted} == {
        ("site-key", cast.staff["privacy_officer"].pk), ("site-key.confirm", cast.staff["program_director"].pk),
    }  # fmt: skip

    monkeypatch.setenv("LEEWARD_HOME", str(tmp_path / "new"))
    alone = run("vault", "join-key", *map(str, halves), "--identity", str(files[0]))
    assert isinstance(alone.exception, HalvesDoNotFit)
    assert not (tmp_path / "new" / "keys" / "keyring.json").exists()
    words = ("vault", "join-key", str(halves[1]), str(halves[0]), "--identity", str(files[0]), "--identity",
             str(files[1]))  # fmt: skip
    back = run(*words)
    assert back.exit_code == 0, (back.output, back.exception)
    found = tmp_path / "new" / "keys" / "keyring.json"
    assert found.stat().st_mode & 0o777 == 0o600
    assert FileKeyring(found).unwrap(FileKeyring(found).current, wrapped, b"bound") == b"a data key"
    assert keys.signing_key().public_key() == signing.public_key(), "the audit record is sealed on with the same key"
    assert isinstance(run(*words).exception, KeyringUnusable), "a copy replaces no keys that are there"


def test_i06_halves_of_two_copies_or_altered_ones_make_no_key() -> None:
    files = {"keyring.json": secrets.token_hex(40), "erasure-ledger": secrets.token_hex(32)}
    one, two = key_halves.split(files, now=NOW)
    assert key_halves.join(two, one) == files
    other, _second = key_halves.split(files, now=NOW)
    changed = json.loads(two)
    changed["content"] = f"{int(changed['content'][:2], 16) ^ 1:02x}" + changed["content"][2:]
    for pair in ((one, one), (other, two), (one, json.dumps(changed).encode()), (one, b"{}"), (b"\xff", two)):
        with pytest.raises(HalvesDoNotFit):
            key_halves.join(*pair)


def test_i06_two_copies_have_no_half_in_common() -> None:
    """A half of an older copy is of no use with one of a newer: each pair is drawn anew."""
    drawn = [json.loads(key_halves.split({"keyring.json": "x" * 64}, now=NOW)[0])["content"] for _ in range(20)]
    assert len(set(drawn)) == 20


def test_i06_keys_in_a_service_are_not_copied_by_us(cast: Cast) -> None:
    holders = [
        Holder(cast.staff[who], str(key), age.recipient(str(key)))
        for who, key in ((who, pyrage.x25519.Identity.generate().to_public()) for who in LEADERS)
    ]
    with override_settings(LEEWARD_KEYRING="centre.kms:keyring"), pytest.raises(KeyringUnusable, match="service"):
        key_halves.export(*holders, now=NOW)


# --- the key of the audit record -------------------------------------------------------------------------------------


@pytest.fixture
def log(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """A log under three seals, its key, checkpoints and changes this test's own."""
    monkeypatch.setattr(settings, "LEEWARD_CHECKPOINTS", [str(tmp_path / "one"), str(tmp_path / "two")])
    monkeypatch.setattr(keys, "NAME", f"audit-seal-{secrets.token_hex(4)}")
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    note(cast.centre, 9)
    ledger.seal_all(batch=3)
    yield cast
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    connections["auditor"].close()


def change(cast: Cast) -> keychange.KeyChange:
    made, troubles = changing.change(
        by=cast.staff["privacy_officer"], confirmed_by=cast.staff["program_director"], now=datetime.now(UTC)
    )
    assert troubles == []
    return made


def by_a_stranger(tmp_path: Path, key: Ed25519PrivateKey | None, lines: list[str]) -> Verdict:
    """Judged elsewhere: an export, checkpoints that were kept, and a public key that was handed over."""
    out = tmp_path / "log.jsonl"
    ledger.export(out)
    return verify(
        export.records_in(out), export.seals_in(out), [Source("kept", lines)] if lines else [],
        key=key.public_key() if key else None, changes=export.changes_in(out),
    )  # fmt: skip


def test_i06_u01_the_chain_is_verified_before_across_and_after_a_change_of_key(log: Cast, tmp_path: Path) -> None:
    old = keys.signing_key()
    place = checkpoint.files_in(tmp_path / "one")[0]
    before = checkpoint.lines_of(place)
    assert ledger.verify().is_sound
    made = change(log)
    assert keys.signing_key().public_key().public_bytes_raw() == made.new
    assert ledger.verify().is_sound, "nothing is sealed with the new key yet"
    note(log.centre, 4)
    ledger.seal_all(batch=2)
    change(log)
    note(log.centre, 2)
    ledger.seal_all()
    newest, across = keys.signing_key(), checkpoint.lines_of(place)
    assert len({seal.key for seal in ledger.seals()}) == 3
    whole = ledger.verify()
    assert whole.is_sound, whole.faults
    assert sum("two people changed it" in said for said in whole.notes) == 2
    for key in (old, newest, None):
        for lines in (before, across, across[-1:]):
            verdict = by_a_stranger(tmp_path, key, lines)
            assert verdict.is_sound, (key, lines, verdict.faults)
        verdict = by_a_stranger(tmp_path, key or old, [])
        assert verdict.is_sound, verdict.faults
    assert run("audit", "verify").exit_code == 0


def test_i06_both_people_stand_in_the_log_under_the_old_key(log: Cast, codes: dict[str, list[str]]) -> None:
    old = chain.key_id(keys.signing_key().public_key())
    answer = run(
        "audit", "change-key", "--by", "privacy_officer@example.org", "--confirmed-by", "program_director@example.org",
        typed=typed_by(codes["privacy_officer"][0], codes["program_director"][0]),
    )  # fmt: skip
    assert answer.exit_code == 0, (answer.output, answer.exception)
    noted = {one.action: one for one in AuditRecord.objects.using("admin").filter(action__startswith="audit-key")}
    assert {action: one.staff_id for action, one in noted.items()} == {
        "audit-key": log.staff["privacy_officer"].pk, "audit-key.confirm": log.staff["program_director"].pk,
    }  # fmt: skip
    sealing = next(seal for seal in ledger.seals() if seal.first_id <= noted["audit-key"].pk <= seal.last_id)
    assert sealing.key == old
    assert chain.key_id(keys.signing_key().public_key()) in answer.stdout
    assert run("audit", "verify").exit_code == 0


def test_i06_u01_the_old_key_signs_nothing_after_the_change(log: Cast, tmp_path: Path) -> None:
    """Somebody kept the old key, or stole it before: what they seal is named from its first record on."""
    old = keys.signing_key()
    change(log)
    note(log.centre, 2)
    ledger.seal_all()
    *kept, last = ledger.seals()
    rows = [one for one in ledger.records() if int(str(one["id"])) > kept[-1].last_id]
    forged = chain.seal(
        [int(str(one["id"])) for one in rows], [leaf(one) for one in rows], after=kept[-1], origin=b"",
        at=last.sealed_at, key=old,
    )  # fmt: skip
    put_seals([*kept, forged])
    for key in (old, keys.signing_key()):
        verdict = by_a_stranger(tmp_path, key, [])
        assert verdict.first is not None
        assert (verdict.first.kind, verdict.first.record) == (Kind.KEY, forged.first_id)


def test_i06_a_change_that_names_one_person_or_was_altered_counts_for_nothing(log: Cast) -> None:
    old, new = keys.signing_key(), Ed25519PrivateKey.generate()
    last, name = ledger.last_seal(), ledger.origin()
    assert last is not None
    assert name is not None
    fair = keychange.of(last, log=name, old=old, new=new, people=("ana", "li"), at=NOW)
    assert keychange.trusted(old.public_key(), [fair], log=name).changes == (fair,)
    alone = keychange.of(last, log=name, old=old, new=new, people=("ana", "ana"), at=NOW)
    another = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for bad in (alone, replace(fair, after=1), replace(fair, new=another), replace(fair, people=("li", "ana")),
                replace(fair, by_new=fair.by_old)):  # fmt: skip
        assert keychange.trusted(old.public_key(), [bad], log=name).changes == ()
    assert keychange.trusted(old.public_key(), [fair], log="ab" * 32).changes == (), "of another log"
    assert keychange.read_line(fair.line()) == fair


def test_i06_two_changes_of_one_key_are_told_and_neither_is_followed(log: Cast, tmp_path: Path) -> None:
    old = keys.signing_key()
    made = change(log)
    last = next(seal for seal in ledger.seals() if seal.number == made.after)
    thief = Ed25519PrivateKey.generate()
    rival = keychange.of(last, log=made.log, old=old, new=thief, people=("ana", "li"), at=NOW)
    verdict = by_a_stranger(tmp_path, old, [rival.line()])
    assert any(fault.kind is Kind.KEY and "somebody else had the key" in fault.said for fault in verdict.faults)


@pytest.mark.parametrize("step", ["before it is signed", "before it is in the places", "before the old key is gone"])
def test_i06_whoever_is_killed_in_the_middle_of_a_change_goes_on(
    log: Cast, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = keys.signing_key()

    append_to, is_own = checkpoint.append_to, step == "before it is signed"

    def append_or_die(file: Path, lines: Sequence[checkpoint.Line]) -> None:
        if isinstance(lines[0], keychange.KeyChange) and file.name.endswith("-changes.jsonl") is is_own:
            raise KeyboardInterrupt
        append_to(file, lines)

    def die(*_words: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as now:
        if step == "before the old key is gone":
            now.setattr(keys.os, "replace", die)  # type: ignore[attr-defined]
        else:
            now.setattr(checkpoint, "append_to", append_or_die)
        with pytest.raises(KeyboardInterrupt):
            change(log)
    assert (home() / "keys" / f"{keys.NAME}.next").exists()
    assert ledger.verify().is_sound
    note(log.centre, 3)
    assert ledger.seal_all().troubles == []
    assert not (home() / "keys" / f"{keys.NAME}.next").exists()
    changed = keys.signing_key().public_key() != old.public_key()
    assert changed is (step != "before it is signed")
    assert ledger.verify().is_sound, ledger.verify().faults
    change(log)
    note(log.centre)
    ledger.seal_all()
    assert ledger.verify().is_sound


def test_i06_a_place_that_is_away_is_told_and_holds_nothing_up(log: Cast, tmp_path: Path) -> None:
    settings.LEEWARD_CHECKPOINTS.append("/proc/none")
    _made, troubles = changing.change(
        by=log.staff["privacy_officer"], confirmed_by=log.staff["program_director"], now=datetime.now(UTC)
    )
    assert ["/proc/none" in said for said in troubles] == [True]
    settings.LEEWARD_CHECKPOINTS.pop()
    note(log.centre)
    ledger.seal_all()
    assert ledger.verify().is_sound
