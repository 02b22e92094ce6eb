"""Limits how often passwords and codes may be tried; strangers' failures do not slow down known devices.

Failures never lock a password: they are followed by pauses, after which the right password works. Failures
are counted for the name, wherever they come from, and for the address that they come from. A device that
signed in before carries a signed cookie; for the people who did so the device has a count of its own, so that
nobody outside can make them wait (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from __future__ import annotations

import datetime as dt
import secrets

from flask import request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from archive.errors import gettext_noop
from archive.model import AttemptLimit, Person
from web.anonymous_visitors import count_or_refuse, hashed_visitor_address
from web.bootstrap import services

FREE_FAILURES = 5
"""Failures of a name, a device or a code before pauses begin: people mistype, and try all their passwords."""

FREE_FAILURES_OF_ADDRESS = 20
"""Failures of an address before pauses begin: a whole office may have one address."""

LONGEST_PAUSE = dt.timedelta(seconds=30)
"""2,880 guesses a day at most for a name: a year for the million that the weakest password withstands
(web/accounts/passwords.py)."""

LONGEST_PAUSE_OF_ADDRESS = dt.timedelta(minutes=2)
"""Longer than the pause of a name, so that a guesser at one address leaves others there their turn."""

LONGEST_PAUSE_OF_CODES = dt.timedelta(minutes=5)
"""A code has six digits and three of them are right: 288 guesses a day find one in three years."""

DEVICE_KNOWN_FOR = dt.timedelta(days=365)
_MOST_PEOPLE = 12  # people who share a device and are remembered on it


def sign_in_limits(name: str, person: Person | None) -> list[AttemptLimit]:
    """Returns the limits for a try at a password: of the known device, else of name and address.

    ``person``: the person who has this name, if anybody.
    """
    if person is not None and (device := _known_device(person)):
        return [_limit(f"device:{device}")]
    here = services().organisation
    whose = person.organisation if person else here.id if here else ""
    return [
        _limit(f"name:{whose}:{name}"),
        AttemptLimit(
            key=f"address:{hashed_visitor_address()}",
            free=FREE_FAILURES_OF_ADDRESS,
            longest_pause=LONGEST_PAUSE_OF_ADDRESS,
            is_shared=True,
        ),
    ]


def code_limits(person: Person) -> list[AttemptLimit]:
    """Returns the limit for a person's second factor: of the known device, else of the person."""
    device = _known_device(person)
    key = f"code of device:{device}" if device else f"code:{person.id}"
    return [AttemptLimit(key=key, free=FREE_FAILURES, longest_pause=LONGEST_PAUSE_OF_CODES)]


def own_password_limits(person: Person) -> list[AttemptLimit]:
    """Returns the limits for tries at the password of a person who is signed in, wherever it is asked for.

    The person may have left the desk, and somebody else may be typing.
    """
    return [_limit(f"own password:{person.id}")]


def count_failure_or_refuse(limits: list[AttemptLimit]) -> None:
    """Count a failure, which ``clear_failures`` takes back; ``TooMany`` with the wait in a pause."""
    said = gettext_noop("ใส่รหัสผิดหลายครั้ง กรุณารอ %(seconds)s วินาทีแล้วลองใหม่ รหัสที่ถูกต้องยังใช้ได้ตามเดิม")
    count_or_refuse(limits, said)


def clear_failures(limits: list[AttemptLimit]) -> None:
    """Take back the failure that ``count_failure_or_refuse`` counted, and the person's own before it."""
    services().people.sign_ins.clear_failures_of_attempt(limits, now=dt.datetime.now(dt.UTC))


def set_device_cookie(answer: AnyResponse, person: Person) -> None:
    """Set the cookie by which the device is known as one on which the person signed in."""
    known = _people_of_device()
    device = known.pop(str(person.id), None) or secrets.token_urlsafe(18)
    kept = dict([*known.items(), (str(person.id), device)][-_MOST_PEOPLE:])
    answer.set_cookie(
        _cookie_name(),
        _serializer().dumps(kept),
        max_age=DEVICE_KNOWN_FOR,
        secure=_is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _limit(key: str) -> AttemptLimit:
    return AttemptLimit(key=key, free=FREE_FAILURES, longest_pause=LONGEST_PAUSE)


def _known_device(person: Person) -> str | None:
    """Returns the identifier of a device on which this person signed in before; None on any other."""
    return _people_of_device().get(str(person.id))


def _people_of_device() -> dict[str, str]:
    """Returns the device's identifier for each person known on the device, by the person's id."""
    try:
        known = _serializer().loads(
            request.cookies.get(_cookie_name(), ""), max_age=int(DEVICE_KNOWN_FOR.total_seconds())
        )
    except BadData:
        return {}
    return dict(known)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services().secret_key, salt="device that signed in before")


def _cookie_name() -> str:
    return "__Host-device" if _is_secure() else "device"


def _is_secure() -> bool:
    return services().settings.base_url.startswith("https://")
