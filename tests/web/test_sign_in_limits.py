"""Guessing is slowed down, and nobody is locked out by it."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import pytest
from flask import g
from flask.testing import FlaskClient

from archive.errors import SettingsError
from archive.model import AttemptLimit, Role
from tests.web.conftest import BROWSER, PASSWORD, ReaderClient, Site, open_site
from web.accounts.passwords import hash_password
from web.accounts.sign_in_limits import (
    FREE_FAILURES,
    FREE_FAILURES_OF_ADDRESS,
    own_password_limits,
    sign_in_limits,
)
from web.anonymous_visitors import hashed_visitor_address
from web.app import create_app
from web.settings import load_settings

CLERK, STRANGER = "198.51.100.7", "203.0.113.9"


@pytest.fixture(autouse=True)
def somsri(site: Site) -> None:
    site.services.people.accounts.add("somsri", hash_password(PASSWORD), Role.STAFF)


def attempt(
    client: FlaskClient, password: str, *, name: str = "somsri", address: str = CLERK, **headers: str
) -> tuple[int, int]:
    """Returns the status of a try to sign in, and the seconds after which to try again."""
    answer = client.post(
        "/sign-in",
        data={"name": name, "password": password},
        headers=BROWSER | headers,
        environ_overrides={"REMOTE_ADDR": address},
    )
    return answer.status_code, int(answer.headers.get("Retry-After", 0))


def fail(site: Site, times: int, *, name: str = "somsri", address: str = STRANGER) -> None:
    """Count so many wrong passwords from this address until now, each as soon as it was allowed."""
    known = site.services.people.accounts.by_name(name)
    with site.app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        g.services = site.services  # as the WSGI layer around the application gives them
        count(site, times, sign_in_limits(name, known[0] if known else None))


def count(site: Site, times: int, limits: list[AttemptLimit]) -> None:
    pauses = [max(limit.pause_after(failures) for limit in limits) for failures in range(1, times)]
    at = dt.datetime.now(dt.UTC) - sum(pauses, dt.timedelta())
    for pause in [*pauses, dt.timedelta()]:
        assert not site.services.people.sign_ins.count_failure_unless_paused(limits, now=at)
        at += pause


def test_eight_wrong_tries_from_elsewhere_delay_the_right_password_by_seconds(site: Site) -> None:
    fail(site, 8)
    status, wait = attempt(site.client(), PASSWORD)
    assert status == 429
    assert 0 < wait <= 4
    time.sleep(wait)
    assert attempt(site.client(), PASSWORD)[0] == 302
    assert attempt(site.client(), PASSWORD)[0] == 302  # and the failures are forgotten


def test_a_million_wrong_tries_delay_it_by_half_a_minute(site: Site) -> None:
    fail(site, 40)
    assert 20 < attempt(site.client(), PASSWORD)[1] <= 30


def test_wrong_tries_are_counted(site: Site) -> None:
    answered = [attempt(site.client(), f"เดา {at}", address=STRANGER)[0] for at in range(FREE_FAILURES + 8)]
    assert answered[: FREE_FAILURES + 1] == [200] * (FREE_FAILURES + 1)
    assert 429 in answered


def test_a_device_that_signed_in_before_waits_for_nobody(site: Site) -> None:
    device = site.client()
    assert attempt(device, PASSWORD)[0] == 302
    device.post("/sign-out")
    fail(site, 20)
    assert attempt(device, PASSWORD)[0] == 302
    assert attempt(site.client(), PASSWORD)[0] == 429


def test_the_cookie_of_a_device_cannot_be_made_up_and_guesses_no_faster(site: Site) -> None:
    device, stranger = site.client(), site.client()
    attempt(device, PASSWORD)
    cookie = device.get_cookie("device")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.max_age is not None
    assert cookie.max_age > 180 * 24 * 3600
    fail(site, 20)
    stranger.set_cookie("device", cookie.value[:-1] + "!")
    assert attempt(stranger, PASSWORD)[0] == 429
    stranger.set_cookie("device", cookie.value)  # stolen
    answered = [attempt(stranger, f"เดา {at}", address=STRANGER)[0] for at in range(FREE_FAILURES + 8)]
    assert 429 in answered


def test_the_people_of_a_shared_device_are_each_known_on_it(site: Site) -> None:
    site.services.people.accounts.add("kanda", hash_password(PASSWORD), Role.STAFF)
    device = site.client()
    for name in ("somsri", "kanda"):
        assert attempt(device, PASSWORD, name=name)[0] == 302
        device.post("/sign-out")
    fail(site, 20)
    assert attempt(device, PASSWORD)[0] == 302


def test_one_address_guesses_slowly_whatever_the_name(site: Site) -> None:
    fail(site, FREE_FAILURES_OF_ADDRESS + 10, name="nobody")
    assert attempt(site.client(), "เดา", name="nobody else", address=STRANGER)[0] == 429
    assert attempt(site.client(), PASSWORD, address=CLERK)[0] == 302


def test_a_household_s_ipv6_network_guesses_as_slowly_as_one_address(site: Site) -> None:
    for number in range(FREE_FAILURES_OF_ADDRESS + 1):
        fail(site, 1, name=f"name {number}", address=f"2001:db8:1:2::{number:x}")
    assert attempt(site.client(), PASSWORD, address="2001:db8:1:2:ffff::1")[0] == 429
    assert attempt(site.client(), PASSWORD, address="2001:db8:1:3::1")[0] == 302


def test_an_office_behind_one_address_signs_in_all_morning(site: Site) -> None:
    assert {attempt(site.client(), PASSWORD)[0] for _ in range(FREE_FAILURES_OF_ADDRESS * 2)} == {302}


def test_web_processes_count_together(site: Site) -> None:
    other = open_site(site.services.settings.data)
    fail(other, 20)
    assert attempt(site.client(), PASSWORD)[0] == 429


def behind(site: Site, trusted: tuple[str, ...]) -> FlaskClient:
    settings = replace(site.services.settings, trusted_proxies=trusted)
    app = create_app(replace(site.services, settings=settings))
    app.config["WTF_CSRF_ENABLED"] = False
    return ReaderClient(app, app.response_class, use_cookies=False)


def counted_addresses(site: Site, *expected: str) -> set[str]:
    """Returns which of the expected addresses are counted, and ``another`` for each one more."""
    named = {}
    for address in expected:
        with site.app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            g.services = site.services
            named[f"address:{hashed_visitor_address()}"] = address
    kept = site.services.database.rows("SELECT key FROM sign_in_attempt")  # type: ignore[attr-defined]
    keys = [row["key"] for row in kept if row["key"].startswith("address:")]
    return {named.get(key, "another") for key in keys}


def test_only_a_trusted_proxy_says_whom_it_speaks_for(site: Site) -> None:
    forwarded = {"X-Forwarded-For": CLERK}
    attempt(behind(site, ("10.2.0.0/24",)), "เดา", address="10.1.0.4", **forwarded)
    assert counted_addresses(site, "10.1.0.4") == {"10.1.0.4"}
    attempt(behind(site, ("10.1.0.0/24",)), "เดา", address="10.1.0.3", **forwarded)
    assert counted_addresses(site, "10.1.0.4", CLERK) == {"10.1.0.4", CLERK}


@pytest.mark.parametrize(
    ("forwarded_for", "seen"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),  # what the visitor itself wrote is not believed
        ("6.6.6.6, 198.51.100.7, 10.1.0.9", "198.51.100.7"),  # two trusted proxies, one behind the other
        ("rubbish", "10.1.0.3"),
        ("", "10.1.0.3"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_visitor_is_the_nearest_that_is_no_trusted_proxy(
    site: Site, caplog: pytest.LogCaptureFixture, forwarded_for: str, seen: str
) -> None:
    with caplog.at_level("INFO", "prakat.security"):
        forwarded = {"X-Forwarded-For": forwarded_for}
        attempt(behind(site, ("10.1.0.0/24",)), "เดา", address="10.1.0.3", **forwarded)
    assert [line.__dict__["address"] for line in caplog.records if line.name == "prakat.security"] == [seen]


def test_trusted_proxies_are_a_setting() -> None:
    assert load_settings({}).trusted_proxies == ("127.0.0.1", "::1")
    assert load_settings({"PRAKAT_TRUSTED_PROXIES": "10.1.0.0/24, 192.0.2.1"}).trusted_proxies == (
        "10.1.0.0/24",
        "192.0.2.1",
    )
    assert load_settings({"PRAKAT_TRUSTED_PROXIES": ""}).trusted_proxies == ()
    with pytest.raises(SettingsError, match="nginx"):
        load_settings({"PRAKAT_TRUSTED_PROXIES": "nginx"})


def test_one_s_own_password_is_not_guessed_at_a_desk_left_alone(site: Site) -> None:
    client = site.signed_in(Role.STAFF)
    sent = {"current": "เดา", "new": "รหัสใหม่ที่ยาวกว่าเดิม"}
    for _ in range(FREE_FAILURES + 8):
        client.post("/staff/account", data=sent)
    person = next(each for each in site.services.people.accounts.everyone() if each.name == "staff")
    wait = site.services.people.sign_ins.count_failure_unless_paused(
        own_password_limits(person), now=dt.datetime.now(dt.UTC)
    )
    assert wait > dt.timedelta(0)
