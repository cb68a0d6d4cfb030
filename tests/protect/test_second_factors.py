"""What proves beside the password that it is them, and what ends it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from django.utils import timezone
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData

from leeward.people import rotation
from leeward.people.keyring import keyring
from leeward.people.models import Agency, Role, Staff
from leeward.protect import factors
from leeward.protect.factors import TooManyCodes, code_at, code_fits, step_of
from leeward.protect.middleware import be
from leeward.protect.models import Account, CodeApp, OneTimeCode, Passkey, Session
from leeward.protect.sessions import token_digest

from ..cast import APP_SECRET, PASSWORD, Cast, code_now, enter
from ..people.vaults import own_vault

RECOVERY = OneTimeCode.Kind.RECOVERY


@pytest.fixture
def evaluator(cast: Cast) -> Iterator[Account]:
    account = Account.objects.get(email="evaluator@example.org")
    CodeApp.objects.filter(account=account).update(last_step=0, wrong=0)
    yield account
    OneTimeCode.objects.all().delete()


def browser(**given: str) -> Browser:
    return Browser(SERVER_NAME="localhost", **given)  # type: ignore[arg-type]


def test_the_codes_are_those_of_rfc_6238() -> None:
    """Appendix B of RFC 6238 (2011), SHA-1, the last six of its eight digits."""
    secret = b"12345678901234567890"
    for at, digits in ((59, "94287082"), (1111111109, "07081804"), (2000000000, "69279037"), (20000000000, "65353130")):
        assert code_at(secret, at // 30) == digits[-6:]


def test_k01_a_code_works_once_and_not_long_after(evaluator: Account) -> None:
    now = timezone.now()
    step = step_of(now)
    assert not code_fits(evaluator, code_at(APP_SECRET, step - 2), now=now), "too old"
    assert code_fits(evaluator, f" {code_at(APP_SECRET, step)[:3]} {code_at(APP_SECRET, step)[3:]}", now=now)
    assert not code_fits(evaluator, code_at(APP_SECRET, step), now=now), "used"
    assert not code_fits(evaluator, code_at(APP_SECRET, step - 1), now=now), "older than a used one"
    assert code_fits(evaluator, code_at(APP_SECRET, step + 1), now=now)


def test_k01_guessing_codes_waits(evaluator: Account) -> None:
    now = timezone.now()
    right = code_at(APP_SECRET, step_of(now))
    for _n in range(factors.MOST_WRONG):
        assert not code_fits(evaluator, "000000" if right != "000000" else "000001", now=now)
    with pytest.raises(TooManyCodes):
        code_fits(evaluator, right, now=now)
    later = now + factors.WAIT + timedelta(seconds=1)
    assert code_fits(evaluator, code_at(APP_SECRET, step_of(later)), now=later)


def test_k01_the_database_holds_no_secret_and_no_code_that_can_be_read(evaluator: Account) -> None:
    codes = factors.new_recovery_codes(evaluator, now=timezone.now())
    app = CodeApp.objects.get(account=evaluator)
    assert APP_SECRET not in bytes(app.sealed)
    held = b"".join(bytes(row.digest) for row in OneTimeCode.objects.filter(account=evaluator))
    assert not any(code.encode() in held or code.replace("-", "").encode() in held for code in codes)
    with connection.cursor() as cursor:
        for table in ("protect_codeapp", "protect_onetimecode", "protect_passkey"):
            for role in ("leeward_web", "leeward_reporter", "leeward_worker", "leeward_auditor"):
                cursor.execute("SELECT has_any_column_privilege(%s, %s, 'SELECT')", [role, table])
                assert cursor.fetchone() == (False,), (table, role)
        for table, column in (("codeapp", "sealed"), ("onetimecode", "digest"), ("account", "password")):
            cursor.execute(
                "SELECT has_column_privilege('leeward_gate', %s, %s, 'SELECT')", [f"protect_{table}", column]
            )
            assert cursor.fetchone() == (False,), "not even the functions that end a sign-in read what it holds"


def test_k01_a_secret_moved_to_another_account_opens_nothing(evaluator: Account) -> None:
    other = Account.objects.get(email="clinician@example.org")
    taken = CodeApp.objects.get(account=evaluator)
    CodeApp.objects.filter(account=other).update(sealed=bytes(taken.sealed), last_step=0)
    now = timezone.now()
    try:
        assert not code_fits(other, code_at(APP_SECRET, step_of(now)), now=now)
    finally:
        mend(other)


def mend(account: Account) -> None:
    version = keyring().current
    sealed = keyring().wrap(version, APP_SECRET, f"code-app|{account.pk}".encode())
    CodeApp.objects.filter(account=account).update(sealed=sealed, site_key_version=version, wrong=0)


def test_the_secrets_of_apps_turn_with_the_site_key(evaluator: Account, tmp_path: Path) -> None:
    now = timezone.now()
    with own_vault(tmp_path) as ring:
        assert factors.add_app(evaluator, APP_SECRET, code_at(APP_SECRET, step_of(now)), now=now)
        rotation.rotate()
        assert CodeApp.objects.get(account=evaluator).site_key_version == ring.current == 2
        rotation.forget(1, now=now + timedelta(days=36))
        assert code_fits(evaluator, code_at(APP_SECRET, step_of(now) + 1), now=now)


def test_a_recovery_code_lets_in_once(evaluator: Account) -> None:
    now = timezone.now()
    first, *_others = factors.new_recovery_codes(evaluator, now=now)
    assert not factors.use(Account.objects.get(email="therapist@example.org"), RECOVERY, first, now=now)
    assert factors.use(evaluator, RECOVERY, first.upper().replace("-", " ").replace("0", "O"), now=now)
    assert not factors.use(evaluator, RECOVERY, first, now=now)
    again = factors.new_recovery_codes(evaluator, now=now)
    assert not factors.use(evaluator, RECOVERY, _others[0], now=now), "new codes end the old ones"
    assert factors.use(evaluator, RECOVERY, again[0], now=now)


def test_an_invitation_takes_two_codes_within_three_days(evaluator: Account) -> None:
    now = timezone.now()
    one, other = (factors.invite(evaluator, given_by=uuid4(), now=now) for _n in range(2))
    assert factors.begin((one, other), now=now + timedelta(hours=73)) is None
    assert factors.begin((one, one), now=now) is None
    assert not factors.use(evaluator, RECOVERY, one, now=now), "it is not a recovery code"
    assert factors.begin((one, other), now=now + timedelta(hours=71)) == evaluator
    assert factors.begin((one, other), now=now) is None, "it works once"


def test_k01_without_a_second_factor_nobody_is_in(cast: Cast, evaluator: Account) -> None:
    me = browser()
    me.post("/sign-in/", {"username": evaluator.email, "password": PASSWORD})
    for place in ("/", "/results/", "/your-sign-in/", "/prove/"):
        assert me.get(place)["Location"].startswith("/sign-in/"), place
    assert me.get("/sign-in/set-up/")["Location"] == "/sign-in/second/", "the password alone adds no other factor"
    assert me.post("/sign-in/set-up/kept/")["Location"] == "/sign-in/?again"
    wrong = [me.post("/sign-in/second/", {"code": "1"}) for _n in range(5)]
    assert [answer.status_code for answer in wrong] == [422, 422, 422, 422, 302]
    assert me.post("/sign-in/second/", {"code": code_now(evaluator.email)})["Location"] == "/sign-in/?again"


def test_k02_whoever_is_half_way_in_begins_anew_when_the_password_is_another(cast: Cast, evaluator: Account) -> None:
    """A leaked password is why two leaders let somebody begin anew. Who typed it before must not come in by it then."""
    held = evaluator.password
    thief = browser()
    thief.post("/sign-in/", {"username": evaluator.email, "password": PASSWORD})
    assert thief.get("/sign-in/second/").status_code == 200
    CodeApp.objects.filter(account=evaluator).delete()
    try:
        Account.objects.filter(pk=evaluator.pk).update(password="!anew")
        for place in ("/sign-in/second/", "/sign-in/set-up/"):
            assert thief.get(place)["Location"] == "/sign-in/?again", place
        assert thief.post("/sign-in/set-up/kept/")["Location"] == "/sign-in/?again"
    finally:
        Account.objects.filter(pk=evaluator.pk).update(password=held)
        CodeApp.objects.create(account=evaluator, sealed=b"", site_key_version=1, created_at=timezone.now())
        mend(evaluator)


def test_a_recovery_code_signs_in_and_says_how_many_are_left(cast: Cast, evaluator: Account) -> None:
    codes = factors.new_recovery_codes(evaluator, now=timezone.now())
    me = browser()
    me.post("/sign-in/", {"username": evaluator.email, "password": PASSWORD})
    answer = me.post("/sign-in/second/", {"code": codes[3]})
    assert answer["Location"] == "/your-sign-in/"
    assert "7 codes are left" in me.get("/your-sign-in/").content.decode()


@override_settings(DEMO=True)
def test_the_demonstration_may_skip_it_and_says_so(cast: Cast, evaluator: Account) -> None:
    CodeApp.objects.filter(account=evaluator).delete()
    try:
        me = browser()
        assert me.post("/sign-in/", {"username": evaluator.email, "password": PASSWORD})["Location"] == "/"
        page = me.get("/prove/?next=/results/").content.decode()
        assert "Only in this demonstration" in page
        assert me.post("/prove/", {"password": "wrong", "next": "/results/"}).status_code == 422
        assert me.post("/prove/", {"password": PASSWORD, "next": "/results/"})["Location"] == "/results/"
    finally:
        CodeApp.objects.create(account=evaluator, sealed=b"", site_key_version=1, created_at=timezone.now())
        mend(evaluator)


def test_k01_outside_the_demonstration_no_password_and_no_code_proves(cast: Cast, evaluator: Account) -> None:
    me = browser()
    enter(me, evaluator.email)
    page = me.get("/prove/?next=/results/").content.decode()
    assert "This step needs a passkey" in page
    me.post("/prove/", {"password": PASSWORD, "next": "/results/"})
    me.post("/prove/?code", {"code": code_now(evaluator.email)})
    assert not proved(me)


def test_k01_a_phished_code_changes_no_sign_in_that_has_a_passkey(cast: Cast, evaluator: Account) -> None:
    now = timezone.now()
    key = Passkey.objects.create(
        account=evaluator, name="k", credential_id=b"k", credential=credential(), created_at=now, counts_from=now
    )
    try:
        me = browser()
        enter(me, evaluator.email)
        for place in ("passkey/", "app/", "codes/", "password/", f"remove/?which={key.pk}"):
            answer = me.get(f"/your-sign-in/{place}")
            assert answer["Location"].startswith("/prove/?code&next=/your-sign-in/"), place
        assert me.post("/prove/?code", {"code": code_now(evaluator.email)}).status_code == 422
        assert me.get("/your-sign-in/codes/").status_code == 303
    finally:
        key.delete()
    other = browser()
    enter(other, evaluator.email)
    assert other.get("/your-sign-in/codes/").status_code == 200, "whoever has none may make new codes"


def credential() -> bytes:
    """The public half of some passkey."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    return bytes(AttestedCredentialData.create(bytes(16), b"k", key))


def proved(me: Browser) -> bool:
    """What the database itself says of this session."""
    from django.db import transaction

    with transaction.atomic(), connection.cursor() as cursor:
        be(me.cookies["session"].value)
        cursor.execute("SELECT ctx.proved()")
        return cursor.fetchone() == (True,)


def test_k02_the_proof_lasts_five_minutes_and_is_the_sessions_own(cast: Cast, evaluator: Account) -> None:
    me, other = browser(), browser()
    enter(me, evaluator.email)
    enter(other, evaluator.email)
    row = Session.objects.filter(token_digest=token_digest(me.cookies["session"].value))
    row.update(proved_until=timezone.now() + timedelta(minutes=5))
    assert proved(me)
    assert not proved(other)
    row.update(proved_until=timezone.now())
    assert not proved(me)


# Sessions


def test_k02_sessions_end_by_the_clock_of_their_role(cast: Cast) -> None:
    for who, hours in (("evaluator", 12), ("hospital", 8)):
        me = browser()
        enter(me, who)
        row = Session.objects.get(token_digest=token_digest(me.cookies["session"].value))
        assert row.ends_at - row.created_at == timedelta(hours=hours), who
        assert abs(row.idle_until - timezone.now() - timedelta(minutes=10)) < timedelta(seconds=20)
        row.delete()


def test_k02_a_new_token_never_moves_the_end(cast: Cast) -> None:
    me = browser()
    enter(me, "evaluator")
    ends = timezone.now() + timedelta(minutes=20)
    token = me.cookies["session"].value
    Session.objects.filter(token_digest=token_digest(token)).update(ends_at=ends)
    me.get("/your-sign-in/password/")
    changed = {"password": PASSWORD, "new_password": "other herons on ice", "again_password": "other herons on ice"}
    try:
        assert me.post("/your-sign-in/password/", changed).status_code == 302
        assert me.cookies["session"].value != token
        row = Session.objects.get(token_digest=token_digest(me.cookies["session"].value))
        assert row.ends_at == ends
    finally:
        account = Account.objects.get(email="evaluator@example.org")
        account.set_password(PASSWORD)
        account.save()
        cast.tokens["evaluator"] = cast.sign_in("evaluator")


def test_k02_what_a_page_asks_by_itself_keeps_nobody_signed_in(cast: Cast) -> None:
    me = Browser(SERVER_NAME="localhost")
    me.cookies["session"] = token = cast.sign_in("shelter")
    row = Session.objects.filter(token_digest=token_digest(token))
    soon = timezone.now() + timedelta(minutes=1)
    row.update(idle_until=soon)
    assert me.get("/inbox/now/", headers={"X-Looking": "yes"}).status_code == 200
    assert row.get().idle_until == soon
    assert me.get("/inbox/").status_code == 200
    assert row.get().idle_until > soon


def test_k02_all_sessions_are_listed_and_can_be_ended(cast: Cast) -> None:
    me, phone = browser(), browser(HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Version/18 Safari/605")
    enter(me, "hospital")
    enter(phone, "hospital")
    page = me.get("/your-sign-in/").content.decode()
    assert "Safari, iPhone" in page
    row = Session.objects.get(token_digest=token_digest(phone.cookies["session"].value))
    other = Session.objects.get(token_digest=token_digest(cast.sign_in("shelter")))
    assert me.post("/your-sign-in/end/", {"session": str(other.id)}).status_code == 404, "somebody else's"
    assert me.post("/your-sign-in/end/", {"session": "x"}).status_code == 404
    assert me.post("/your-sign-in/end/", {"session": str(row.id)}).status_code == 302
    assert phone.get("/inbox/").status_code == 302
    assert me.get("/your-sign-in/").status_code == 200
    other.delete()


def test_k02_signing_out_everywhere_else_leaves_this_one(cast: Cast) -> None:
    me, other = browser(), browser()
    enter(me, "hospital")
    enter(other, "hospital")
    assert me.post("/your-sign-in/end/", {"others": "yes"}).status_code == 302
    assert me.get("/your-sign-in/").status_code == 200
    assert other.get("/your-sign-in/").status_code == 302
    cast.tokens["hospital"] = cast.sign_in("hospital")


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"role": Role.EVALUATOR}, {"agency_id": "hospital"}],
    ids=["left", "other role", "other agency"],
)
def test_a06_k02_whoever_changes_is_signed_out_everywhere_at_once(cast: Cast, change: dict[str, object]) -> None:
    staff = Staff.objects.using("admin").create(
        agency=cast.centre, display_name="Test mover", role=Role.SCREENER, languages=["en"]
    )
    account = Account.objects.using("admin").create(email="mover@example.org", staff_id=staff.pk, password="x")
    cast.staff["mover"] = staff
    tokens = [cast.sign_in("mover"), cast.sign_in("mover")]
    assert [asker(token) for token in tokens] == [staff.pk, staff.pk]
    change = {name: cast.agencies[value].pk if name == "agency_id" else value for name, value in change.items()}  # type: ignore[index]
    begun = timezone.now()
    Staff.objects.using("admin").filter(pk=staff.pk).update(**change)
    assert [asker(token) for token in tokens] == [None, None]
    assert timezone.now() - begun < timedelta(seconds=10)
    assert not Session.objects.filter(staff_id=staff.pk).exists()
    account.delete(using="signin")
    staff.delete(using="admin")


def test_a06_a_session_can_not_be_given_another_role(cast: Cast) -> None:
    token = cast.sign_in("screener")
    row = Session.objects.filter(token_digest=token_digest(token))
    row.update(role=Role.PRIVACY_OFFICER, agency_id=cast.agencies["shelter"].pk)
    assert row.get().role == Role.SCREENER
    assert asker(token) == cast.staff["screener"].pk


def test_a06_partners_are_nobody_when_their_agreement_ends(cast: Cast) -> None:
    shelter = Agency.objects.using("admin").filter(pk=cast.agencies["shelter"].pk)
    token = cast.sign_in("shelter")
    try:
        shelter.update(agreement_ends_at=timezone.now() + timedelta(hours=1))
        assert asker(token) == cast.staff["shelter"].pk
        shelter.update(agreement_ends_at=timezone.now())
        assert asker(token) is None
        me = browser()
        assert enter(me, "shelter")["Location"] == "/sign-in/?closed"
        assert me.get("/inbox/").status_code == 302
    finally:
        shelter.update(agreement_ends_at=None)


def asker(token: str) -> object:
    from django.db import transaction

    with transaction.atomic(), connection.cursor() as cursor:
        be(token)
        cursor.execute("SELECT ctx.staff()")
        return cursor.fetchone()[0]
