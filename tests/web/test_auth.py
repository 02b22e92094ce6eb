"""Signing in, and what guards a session."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from archive.model import Role
from tests.web.conftest import BROWSER, PASSWORD, Site
from web.passwords import hash_password


def sign_in(client: FlaskClient, name: str, password: str, next: str = "") -> tuple[int, str]:
    answer = client.post(
        "/sign-in", query_string={"next": next}, data={"name": name, "password": password}, headers=BROWSER
    )
    return answer.status_code, answer.headers.get("Location", "") or answer.get_data(as_text=True)


@pytest.fixture(autouse=True)
def somsri(site: Site) -> None:
    site.services.people.add("somsri", hash_password(PASSWORD), Role.STAFF)


def test_a_right_password_opens_the_staff_pages(client: FlaskClient) -> None:
    assert client.get("/staff/announcements").status_code == 302
    assert sign_in(client, "somsri", PASSWORD) == (302, "/staff")
    assert client.get("/staff/announcements").status_code == 200
    client.post("/sign-out")
    assert client.get("/staff/announcements").status_code == 302


def test_nobody_learns_which_names_exist(client: FlaskClient) -> None:
    status, wrong = sign_in(client, "somsri", "ไม่ใช่รหัสผ่านนี้")
    assert status == 200
    _, unknown = sign_in(client, "nobody", "ไม่ใช่รหัสผ่านนี้")
    assert wrong.replace("somsri", "nobody") == unknown


def test_guessing_is_braked_for_the_name_and_the_address(site: Site) -> None:
    for number in range(8):
        sign_in(site.client(), "somsri", f"เดารหัสครั้งที่ {number}")
    status, text = sign_in(site.client(), "somsri", PASSWORD)
    assert status == 429
    assert "15 นาที" in text
    assert sign_in(site.client(), "other", PASSWORD)[0] == 429


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"]
)
def test_the_way_back_stays_on_this_site(client: FlaskClient, next: str) -> None:
    assert sign_in(client, "somsri", PASSWORD, next) == (302, "/staff")


def test_the_way_back_is_kept(client: FlaskClient) -> None:
    assert sign_in(client, "somsri", PASSWORD, "/staff/review") == (302, "/staff/review")


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example/x", "/ok?q=ถนน"])
def test_the_language_switch_stays_on_this_site(client: FlaskClient, next: str) -> None:
    target = client.get("/language/en", query_string={"next": next}).headers["Location"]
    assert target.startswith("/")
    assert not target.startswith("//")


def test_a_session_key_from_before_is_worth_nothing(client: FlaskClient, site: Site) -> None:
    sign_in(client, "somsri", PASSWORD)
    first = client.get_cookie("session")
    sign_in(client, "somsri", PASSWORD)
    second = client.get_cookie("session")
    assert first is not None
    assert second is not None
    assert first.value != second.value


def test_a_disabled_person_is_out_at_once(client: FlaskClient, site: Site) -> None:
    sign_in(client, "somsri", PASSWORD)
    site.services.people.disable("somsri")
    assert client.get("/staff/announcements").status_code == 302


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
    assert client.post("/staff/announcements/new", data={"title": "x"}).status_code == 400


def test_every_answer_carries_its_guards(client: FlaskClient) -> None:
    for address in ("/", "/search?q=ถนน", "/api/v1/search", "/nothing-here", "/sign-in"):
        headers = client.get(address).headers
        assert "'unsafe-inline'" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Request-Id"]
    cookie = client.post("/sign-in", data={"name": "somsri", "password": PASSWORD}, headers=BROWSER)
    assert "HttpOnly" in cookie.headers["Set-Cookie"]
    assert "SameSite=Lax" in cookie.headers["Set-Cookie"]


def test_sign_ins_of_one_address_are_limited(site: Site) -> None:
    statuses = [site.client().post("/sign-in", data={}, headers=BROWSER).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
