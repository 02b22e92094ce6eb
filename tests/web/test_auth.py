"""Signing in, and what guards a session."""

from __future__ import annotations

import datetime as dt
import logging
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from archive.errors import Invalid
from archive.model import Role
from tests.web.conftest import BROWSER, PASSWORD, Site
from web.accounts.passwords import LONGEST, check_strength, hash_password, verify_password
from web.accounts.sign_in import CLOCK_SLACK, IDLE, LONGEST_SESSION
from web.accounts.sign_in_limits import (
    FREE_FAILURES,
    FREE_FAILURES_OF_ADDRESS,
    LONGEST_PAUSE,
    LONGEST_PAUSE_OF_ADDRESS,
)
from web.app import create_app

DOCS = Path(__file__).parents[2] / "docs"


def sign_in(client: FlaskClient, name: str, password: str, next: str = "") -> tuple[int, str]:
    answer = client.post(
        "/sign-in", query_string={"next": next}, data={"name": name, "password": password}, headers=BROWSER
    )
    return answer.status_code, answer.headers.get("Location", "") or answer.get_data(as_text=True)


@pytest.fixture(autouse=True)
def somsri(site: Site) -> None:
    site.services.people.accounts.add("somsri", hash_password(PASSWORD), Role.STAFF)


def test_a_right_password_opens_the_staff_pages(client: FlaskClient) -> None:
    assert client.get("/staff").status_code == 302
    assert sign_in(client, "somsri", PASSWORD) == (302, "/staff")
    assert client.get("/staff").status_code == 200
    client.post("/sign-out")
    assert client.get("/staff").status_code == 302


def test_nobody_learns_which_names_exist(client: FlaskClient) -> None:
    status, wrong = sign_in(client, "somsri", "ไม่ใช่รหัสผ่านนี้")
    assert status == 200
    _, unknown = sign_in(client, "nobody", "ไม่ใช่รหัสผ่านนี้")
    assert wrong.replace("somsri", "nobody") == unknown


@pytest.mark.parametrize(
    "next",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "//[", "/\t/evil.example"],
)
def test_the_way_back_stays_on_this_site(client: FlaskClient, next: str) -> None:
    assert sign_in(client, "somsri", PASSWORD, next) == (302, "/staff")


def test_the_way_back_is_kept(client: FlaskClient) -> None:
    assert sign_in(client, "somsri", PASSWORD, "/staff/review") == (302, "/staff/review")


@pytest.mark.parametrize(
    "next",
    ["//evil.example", "https://evil.example/x", "/ok?q=ถนน", "//[", "/\\evil.example", "/\n/evil.example"],
)
def test_the_language_switch_stays_on_this_site(client: FlaskClient, next: str) -> None:
    target = client.get("/language/en", query_string={"next": next}).headers["Location"]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\", "/%5C"))


def test_a_session_key_from_before_is_worth_nothing(client: FlaskClient, site: Site) -> None:
    sign_in(client, "somsri", PASSWORD)
    first = client.get_cookie("session")
    sign_in(client, "somsri", PASSWORD)
    second = client.get_cookie("session")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    client.set_cookie("session", first.value)
    assert client.get("/staff").status_code == 302
    client.set_cookie("session", second.value)
    assert client.get("/staff").status_code == 200


def test_a_disabled_person_is_out_at_once(client: FlaskClient, site: Site) -> None:
    sign_in(client, "somsri", PASSWORD)
    site.services.people.accounts.disable_and_sign_out("somsri")
    assert client.get("/staff").status_code == 302


def test_a_new_password_ends_the_other_sessions(client: FlaskClient, site: Site) -> None:
    elsewhere = site.client()
    sign_in(client, "somsri", PASSWORD)
    sign_in(elsewhere, "somsri", PASSWORD)
    changed = client.post("/staff/account", data={"current": PASSWORD, "new": "รหัสใหม่ที่ยาวกว่าเดิม"})
    assert changed.status_code == 302
    assert client.get("/staff").status_code == 200
    assert elsewhere.get("/staff").status_code == 302
    assert sign_in(elsewhere, "somsri", "รหัสใหม่ที่ยาวกว่าเดิม")[0] == 302


def test_forms_need_their_token(site: Site) -> None:
    site.app.config["WTF_CSRF_ENABLED"] = True
    client = site.client()
    data = {"name": "somsri", "password": PASSWORD}
    assert client.post("/sign-in", data=data, headers=BROWSER).status_code in (200, 400)
    assert client.get("/staff").status_code == 302
    form = client.get("/sign-in", headers=BROWSER).get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token
    answer = client.post("/sign-in", data=data | {"csrf_token": token[1]}, headers=BROWSER)
    assert answer.status_code == 302
    typed = {"title": "x", "csrf_token": token[1]}
    place = {"Referer": "http://localhost/staff/announcements/new"}
    refused = client.post("/staff/announcements/new", data=typed, headers=place)
    assert refused.status_code == 400
    assert 'href="/staff/announcements/new"' in refused.get_data(as_text=True).split("<main")[1]
    page = client.get("/staff/announcements/new").text
    typed["csrf_token"] = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]  # type: ignore[index]
    client.post("/sign-out", data=typed)  # in another tab
    for form in (typed, {}):
        answer = client.post("/staff/announcements/new", data=form, headers=place)
        assert answer.location == "/sign-in?next=/staff/announcements/new"
    assert "หมดเวลา" in client.get(answer.location).text


def test_every_answer_carries_its_guards(client: FlaskClient) -> None:
    for address in ("/", "/search?q=ถนน", "/api/v1/search", "/nothing-here", "/sign-in"):
        headers = client.get(address).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Request-Id"]
    cookie = client.post("/sign-in", data={"name": "somsri", "password": PASSWORD}, headers=BROWSER)
    assert "HttpOnly" in cookie.headers["Set-Cookie"]
    assert "SameSite=Lax" in cookie.headers["Set-Cookie"]


def begun(site: Site, *, started: dt.timedelta, seen: dt.timedelta = dt.timedelta()) -> None:
    """Change the sessions as if they had been begun, and last seen, the given time ago."""
    now = dt.datetime.now(dt.UTC)
    with site.services.database.write():  # type: ignore[attr-defined]  # the embedded engine's
        site.services.database.run(  # type: ignore[attr-defined]
            "UPDATE session SET started_at = :started, seen_at = :seen",
            started=(now - started).isoformat(timespec="microseconds"),
            seen=(now - seen).isoformat(timespec="microseconds"),
        )


HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("started", "seen", "lasts"),
    [
        (HOUR, IDLE * 0.9, True),
        (HOUR, IDLE * 1.1, False),
        (LONGEST_SESSION * 0.9, dt.timedelta(), True),
        (LONGEST_SESSION * 1.1, dt.timedelta(), False),
        (-CLOCK_SLACK * 0.5, dt.timedelta(), True),  # the clock was corrected a little
        (-HOUR, -HOUR, False),  # the clock was set back: nobody knows how old it is
    ],
)
def test_a_session_ends_when_it_is_idle_or_old(
    client: FlaskClient, site: Site, started: dt.timedelta, seen: dt.timedelta, lasts: bool
) -> None:
    sign_in(client, "somsri", PASSWORD)
    begun(site, started=started, seen=seen)
    assert client.get("/staff").status_code == (200 if lasts else 302)


def test_a_clock_set_back_makes_no_session_idle_for_longer(client: FlaskClient, site: Site) -> None:
    sign_in(client, "somsri", PASSWORD)
    begun(site, started=2 * HOUR, seen=-HOUR)
    assert client.get("/staff/awake").status_code == 200
    (session,) = site.services.people.sign_ins.list_sessions(site.services.people.accounts.everyone()[0].id)
    assert session.seen_at <= dt.datetime.now(dt.UTC)


def test_typing_keeps_a_session_awake(client: FlaskClient, site: Site) -> None:
    sign_in(client, "somsri", PASSWORD)
    for _ in range(3):
        begun(site, started=HOUR, seen=IDLE * 0.9)
        assert client.get("/staff/awake").status_code == 200
    (session,) = site.services.people.sign_ins.list_sessions(site.services.people.accounts.everyone()[0].id)
    assert dt.datetime.now(dt.UTC) - session.seen_at < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "letmein123456",
        "123456789012",
        "ประชาสัมพันธ์",
        "xit=kly,ryoTN",  # the same, typed with the other keyboard
        "somsrisomsri",
        "หนองปลาดุกหนองปลาดุก",
        "สั้นไป",
        "ก" * (LONGEST + 1),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_strength(password, guessable_words=("somsri", "หนองปลาดุก"))


@pytest.mark.parametrize("password", [PASSWORD, "correct horse battery", "ปลาทู-รองเท้า-ฝน", "๙ช้าง๓ม้า๗วัวควาย"])
def test_any_letters_make_a_password(password: str) -> None:
    check_strength(password, guessable_words=("somsri",))
    assert verify_password(hash_password(password), password)


def test_a_stored_hash_is_slow_to_guess() -> None:
    """In a process of its own: the tests' own hashes are quick (tests/conftest.py)."""
    command = "from web.accounts.passwords import hash_password; print(hash_password('ปลาทู'))"
    made = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, section 4, for little memory


def test_no_part_of_a_password_is_left_out() -> None:
    longest = "ก้" * (LONGEST // 2)
    assert verify_password(hash_password(longest), longest)
    assert not verify_password(hash_password(longest), longest + "x")


def test_over_tls_cookies_are_bound_to_this_host(site: Site) -> None:
    settings = replace(site.services.settings, base_url="https://archive.example.go.th")
    app = create_app(replace(site.services, settings=settings))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answer = client.post(
        "/sign-in",
        data={"name": "somsri", "password": PASSWORD},
        base_url="https://localhost",
        headers=BROWSER,
    )
    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-session", "__Host-device"}
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert client.get("/staff", base_url="https://localhost").status_code == 200


def test_what_staff_see_stays_in_no_cache(client: FlaskClient, site: Site) -> None:
    made = site.announcement("ประกาศ")
    assert client.get(f"/announcements/{made.id}").headers.get("Cache-Control") != "no-store"
    sign_in(client, "somsri", PASSWORD)
    for address in (
        "/staff",
        "/staff/account",
        "/staff",
        f"/announcements/{made.id}",
        "/nowhere",
    ):
        assert "no-store" in client.get(address).headers["Cache-Control"], address


@pytest.mark.parametrize("name", [" \n", "ก" * 101])
def test_a_name_that_could_not_sign_in_is_refused(client: FlaskClient, site: Site, name: str) -> None:
    site.services.people.accounts.add("admin", hash_password(PASSWORD), Role.ADMIN)
    sign_in(client, "admin", PASSWORD)
    before = len(site.services.people.accounts.everyone())
    refused = client.post("/staff/people", data={"name": name, "password": PASSWORD, "role": "staff"})
    assert "notice bad" in refused.text
    assert len(site.services.people.accounts.everyone()) == before


def test_sign_ins_and_refusals_are_logged_without_what_was_typed(
    site: Site, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "prakat.security"):
        sign_in(client, "somsri", "ไม่ใช่รหัสผ่านนี้\n{}")
        sign_in(client, "รหัสของฉันพิมพ์ผิดช่อง", PASSWORD)
        sign_in(client, "somsri", PASSWORD)
        client.get("/staff/people")
        client.post("/staff/account", data={"current": PASSWORD, "new": "รหัสใหม่ที่ยาวกว่าเดิม"})
        client.post("/sign-out")
        client.post("/api/v1/announcements", json={}, headers={"Authorization": "Bearer prakat_guessed"})
    lines = [each for each in caplog.records if each.name == "prakat.security"]
    assert [(each.message, each.__dict__.get("person")) for each in lines] == [
        ("sign-in failed", "somsri"),
        ("sign-in failed", "(unknown)"),
        ("signed in", "somsri"),
        ("refused", None),
        ("password changed", "somsri"),
        ("signed out", "somsri"),
        ("refused", None),
    ]
    assert all(each.__dict__["address"] == "127.0.0.1" for each in lines)
    told = " ".join(str(each.__dict__) for each in lines)
    for secret in (PASSWORD, "รหัสใหม่", "พิมพ์ผิดช่อง", "ไม่ใช่รหัส", "prakat_guessed"):
        assert secret not in told


@pytest.mark.parametrize("paper", ["threat-model.md", "asvs.md"])
def test_the_papers_on_security_give_the_limits_of_signing_in(paper: str) -> None:
    """Each pause is named after the failures that begin it, of a name and of an address."""
    words, seconds = {5: "five", 20: "twenty", 2: "two"}, int(LONGEST_PAUSE.total_seconds())
    said = (
        rf"{words[FREE_FAILURES]} failures for a name .*{words[FREE_FAILURES_OF_ADDRESS]} from an address"
        rf".* up to {seconds} seconds and {words[LONGEST_PAUSE_OF_ADDRESS.seconds // 60]} minutes"
    )
    assert re.search(said, (DOCS / paper).read_text(encoding="utf-8"))
