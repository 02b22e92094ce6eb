"""The second factor: setting up, signing in with it, losing it, and being made to have it."""

from __future__ import annotations

import datetime as dt
import html
import logging
import re
import time
from dataclasses import replace

import pyotp
import pytest
from flask.testing import FlaskClient

from archive.model import Role
from tests.web.conftest import BROWSER, PASSWORD, ReaderClient, Site
from web.accounts.passwords import hash_password
from web.app import create_app

PAGE = "/staff/account/second-factor"
STEP = 30  # seconds


@pytest.fixture(autouse=True)
def somsri(site: Site) -> None:
    site.services.people.accounts.add("somsri", hash_password(PASSWORD), Role.STAFF)


def sign_in(client: FlaskClient, *, name: str = "somsri", next: str = "") -> str:
    """Sign in with the right password. Returns the address of the redirect."""
    answer = client.post(
        "/sign-in", query_string={"next": next}, data={"name": name, "password": PASSWORD}, headers=BROWSER
    )
    return answer.headers["Location"]


def code(secret: str, *, steps: int = 0) -> str:
    """The code that the telephone shows, or showed so many steps of its clock from now."""
    return pyotp.TOTP(secret).at(int(time.time()) + steps * STEP)


def enter(client: FlaskClient, typed: str) -> int:
    return client.post("/sign-in/code", data={"code": typed}, headers=BROWSER).status_code


def enrol(client: FlaskClient) -> tuple[str, list[str]]:
    """The secret and the recovery codes of one who is signed in. The code of the step before is used up."""
    client.post(f"{PAGE}/begin", data={"password": PASSWORD})
    page = client.get(PAGE).text
    assert re.search(
        r'<svg viewBox="0 0 (\d+) \1" class', page
    )  # drawn whole at whatever size it has on the page
    address = re.search(r'href="(otpauth:[^"]+)"', page)
    assert address
    totp = pyotp.parse_uri(html.unescape(address[1]))
    assert isinstance(totp, pyotp.TOTP)
    answer = client.post(f"{PAGE}/confirm", data={"code": code(totp.secret, steps=-1)})
    assert answer.headers["Cache-Control"] == "no-store"
    return totp.secret, re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)


@pytest.fixture
def enrolled(site: Site) -> tuple[str, list[str]]:
    client = site.client()
    sign_in(client)
    return enrol(client)


def test_the_password_alone_opens_nothing(site: Site, enrolled: tuple[str, list[str]]) -> None:
    secret, _codes = enrolled
    draft = site.announcement("ฉบับร่าง")
    client = site.client()
    assert sign_in(client, next="/staff/review") == "/sign-in/code"
    assert client.get("/staff").status_code == 302
    assert client.get(f"/staff/announcements/{draft.id}").status_code == 302
    assert enter(client, "000000") == 200
    answer = client.post("/sign-in/code", data={"code": code(secret)}, headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/review")
    assert client.get("/staff").status_code == 200


def test_a_sign_in_begun_with_the_old_password_ends_with_it(
    site: Site, enrolled: tuple[str, list[str]]
) -> None:
    secret, _codes = enrolled
    client, accounts = site.client(), site.services.people.accounts
    assert sign_in(client) == "/sign-in/code"
    known = accounts.by_name("somsri")
    assert known
    accounts.set_password_and_sign_out(known[0].id, hash_password("another password"))
    answer = client.post("/sign-in/code", data={"code": code(secret)}, headers=BROWSER)
    assert answer.headers["Location"] == "/sign-in"
    assert client.get("/staff").status_code == 302
    with client.session_transaction() as begun:  # by an earlier version
        begun["second factor"] = {
            "person": known[0].id,
            "at": dt.datetime.now(dt.UTC).isoformat(),
            "next": "",
        }
    assert client.get("/sign-in/code").headers["Location"] == "/sign-in"


def test_without_the_password_no_code_is_asked_for(site: Site, enrolled: tuple[str, list[str]]) -> None:
    secret, _codes = enrolled
    client = site.client()
    assert client.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert enter(client, code(secret)) == 302
    assert client.get("/staff").status_code == 302


def test_a_code_is_taken_once(site: Site, enrolled: tuple[str, list[str]]) -> None:
    secret, _codes = enrolled
    typed = code(secret)
    first, second = site.client(), site.client()
    for client in (first, second):
        sign_in(client)
    assert enter(first, typed) == 302
    assert enter(second, typed) == 200  # seen over the shoulder, or on the wire
    assert second.get("/staff").status_code == 302


def test_the_code_that_switched_it_on_is_used(site: Site) -> None:
    client = site.client()
    sign_in(client)
    client.post(f"{PAGE}/begin", data={"password": PASSWORD})
    found = re.search(r"secret=([A-Z2-7]+)", client.get(PAGE).text)
    assert found
    typed = code(found[1])
    client.post(f"{PAGE}/confirm", data={"code": typed})
    sign_in(client)
    assert enter(client, typed) == 200


def test_old_and_early_codes_are_wrong(site: Site, enrolled: tuple[str, list[str]]) -> None:
    secret, _codes = enrolled
    client = site.client()
    sign_in(client)
    assert [enter(client, code(secret, steps=steps)) for steps in (-4, 4)] == [200, 200]


def test_a_recovery_code_serves_once(site: Site, enrolled: tuple[str, list[str]]) -> None:
    _secret, codes = enrolled
    assert len(set(codes)) == 10
    for typed, status in ((codes[0], 302), (codes[0], 200), (codes[1].upper().replace("-", " "), 302)):
        client = site.client()
        sign_in(client)
        assert enter(client, typed) == status
    kept = site.services.database.rows("SELECT * FROM recovery_code")  # type: ignore[attr-defined]
    assert not any(code in str(dict(row)) for row in kept for code in codes)
    assert "8 รหัส" in client.get(PAGE).text


def test_codes_are_guessed_slowly(site: Site, enrolled: tuple[str, list[str]]) -> None:
    secret, _codes = enrolled
    client = site.client()
    sign_in(client)
    answered = [enter(client, f"{at:06}") for at in range(12)]
    assert answered[:6] == [200] * 6
    assert set(answered[6:]) == {429}
    assert enter(client, code(secret)) == 429


def test_switching_it_off_and_new_codes_need_the_password(
    site: Site, enrolled: tuple[str, list[str]]
) -> None:
    secret, codes = enrolled
    client = site.client()
    sign_in(client)
    enter(client, code(secret))
    for deed in ("disable", "recovery-codes"):
        client.post(f"{PAGE}/{deed}", data={"password": "ไม่ใช่รหัสผ่าน"})
    assert "10 รหัส" in client.get(PAGE).text
    fresh = client.post(f"{PAGE}/recovery-codes", data={"password": PASSWORD}).text
    assert not any(code in fresh for code in codes)
    client.post(f"{PAGE}/disable", data={"password": PASSWORD})
    assert sign_in(site.client()) == "/staff"


def test_setting_it_up_needs_the_password(site: Site) -> None:
    client = site.client()
    sign_in(client)
    for typed in ({}, {"password": "ไม่ใช่รหัสผ่าน"}):
        client.post(f"{PAGE}/begin", data=typed)
        assert "otpauth:" not in client.get(PAGE).text


def test_a_secret_is_shown_only_where_it_was_begun(site: Site) -> None:
    begun, other = site.client(), site.client()
    for client in (begun, other):
        sign_in(client)
    begun.post(f"{PAGE}/begin", data={"password": PASSWORD})
    found = re.search(r"secret=([A-Z2-7]+)", begun.get(PAGE).text)
    assert found
    assert "otpauth:" not in other.get(PAGE).text
    assert 'name="password"' in other.get(PAGE).text
    other.post(f"{PAGE}/confirm", data={"code": code(found[1])})
    with begun.session_transaction() as kept:
        kept["second factor begun"] = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=11)).isoformat()
    assert "otpauth:" not in begun.get(PAGE).text
    begun.post(f"{PAGE}/confirm", data={"code": code(found[1])})
    assert sign_in(site.client()) == "/staff"


def test_recovery_codes_serve_after_the_secret_key_changed(
    site: Site, enrolled: tuple[str, list[str]]
) -> None:
    secret, codes = enrolled
    app = create_app(replace(site.services, secret_key="another key"))
    app.config["WTF_CSRF_ENABLED"] = False
    client = ReaderClient(app, app.response_class, use_cookies=True)
    sign_in(client)
    refused = client.post("/sign-in/code", data={"code": code(secret)}, headers=BROWSER)
    assert refused.status_code == 503
    assert "ใช้รหัสสำรองที่จดไว้แทน" in refused.text
    assert 'name="code"' in refused.text
    answer = client.post("/sign-in/code", data={"code": codes[0]}, headers=BROWSER)
    assert answer.headers["Location"] == PAGE
    assert "กุญแจของระบบเปลี่ยนไป" in client.get(PAGE).text
    client.post(f"{PAGE}/disable", data={"password": PASSWORD})
    enrol(client)
    assert "กุญแจของระบบเปลี่ยนไป" not in client.get(PAGE).text


def test_a_secret_is_not_kept_readable(site: Site, enrolled: tuple[str, list[str]]) -> None:
    secret, _codes = enrolled
    (row,) = site.services.database.rows("SELECT * FROM second_factor")  # type: ignore[attr-defined]
    assert secret not in str(dict(row))


def test_administrators_are_made_to_have_one_where_the_settings_say_so(site: Site) -> None:
    settings = replace(site.services.settings, second_factor="admins")
    app = create_app(replace(site.services, settings=settings))
    app.config["WTF_CSRF_ENABLED"] = False
    strict = Site(site.services, app)
    draft = site.announcement("ฉบับร่างลับ")
    site.services.commands.publication.withdraw(draft.id, actor="test", reason="ทดสอบ")
    site.services.commands.publication.restore_as_draft(draft.id, actor="test")
    admin = strict.signed_in(Role.ADMIN)
    assert admin.get("/staff/people").headers["Location"] == PAGE
    assert admin.get(f"/announcements/{draft.id}").status_code == 404
    assert admin.get(PAGE).status_code == 200
    enrol(admin)
    assert admin.get("/staff/people").status_code == 200
    assert admin.get(f"/announcements/{draft.id}").status_code == 200
    staff = ReaderClient(app, app.response_class, use_cookies=True)
    assert sign_in(staff) == "/staff"
    assert staff.get("/staff").status_code == 200


def test_what_happens_to_a_second_factor_is_logged_without_codes(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.client()
    with caplog.at_level(logging.INFO, "prakat.security"):
        sign_in(client)
        secret, codes = enrol(client)
        sign_in(client)
        enter(client, "123456")
        enter(client, codes[0])
    told = " ".join(str(each.__dict__) for each in caplog.records if each.name == "prakat.security")
    assert [word in told for word in ("second factor on", "second factor failed")] == [True, True]
    assert not any(word in told for word in (secret, *codes, "123456"))
