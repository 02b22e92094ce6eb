"""Following by e-mail: subscriptions to what a search finds; value object and port."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from archive.errors import Invalid

LONGEST_ADDRESS = 254  # characters of an e-mail address (RFC 5321, 4.5.3.1, as erratum 1690 counts them)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")

UNCONFIRMED_FOR = dt.timedelta(days=2)  # time after which an address that nobody confirmed is deleted

MOST_CONFIRMATIONS_A_DAY = 3
"""Most messages asking for confirmation that one address gets in a day: a stranger may have typed it."""

MOST_OF_ADDRESS = 20  # most searches that one address follows


class Frequency(StrEnum):
    """The rhythm of a follower's messages: at once or daily."""

    AT_ONCE = "at-once"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A follower of what a search finds. It holds nothing of the person but the address."""

    id: int
    organisation: int
    address: str
    key: str  # unguessable; the links to confirm and to stop contain it
    search: str  # arguments of the search, as in the address of its page: ``q=น้ำ&kind=order``
    frequency: Frequency
    language: str  # "th" | "en"
    made_at: dt.datetime
    asked_at: dt.datetime | None  # time of the message that asked for confirmation
    confirmed_at: dt.datetime | None
    position: int  # the publications up to here were looked at
    looked_at: dt.datetime | None  # time at which publications were last looked through for it


class Subscriptions(Protocol):
    """Store of subscriptions, and the order in which announcements were published."""

    def subscribe_within_limits(
        self, address: str, search: str, frequency: Frequency, *, language: str, key: str
    ) -> None:
        """Store an unconfirmed subscription, unless the address reached its limits.

        An address that follows the same search is asked again. The caller cannot tell whether the
        subscription was stored: that would tell who follows what.
        """

    def by_key(self, key: str) -> Subscription | None:
        """Return the subscription of the links in its messages; None for an unknown key."""

    def confirm(self, key: str) -> Subscription | None:
        """Confirm a subscription and return it; announcements published from now on are sent.

        Where the address has confirmed the same search before, that subscription takes over frequency and
        language and is returned, so that the links in its messages stay; the one of the key is deleted.
        None for an unknown key.
        """

    def unsubscribe(self, key: str) -> bool:
        """Delete a subscription with its address. False for an unknown key."""

    def count_confirmed(self) -> int:
        """Return the number of followers who confirmed their address."""

    def delete_unconfirmed(self, now: dt.datetime) -> int:
        """Delete subscriptions that were not confirmed in time. Returns their number."""

    def list_without_confirmation_request(self, *, after_id: int, limit: int) -> list[Subscription]:
        """Return at most ``limit`` unconfirmed subscriptions whose address was not asked yet, by id.

        Only ids above ``after_id`` are returned.
        """

    def record_confirmation_request(self, id: int, now: dt.datetime) -> None:
        """Record that the message asking for confirmation was sent."""

    def list_due(
        self,
        newest_publication: int,
        *,
        dailies_looked_at_before: dt.datetime,
        now: dt.datetime,
        after_id: int,
        limit: int,
    ) -> list[Subscription]:
        """Return due subscriptions by id: at-once ones with news, daily ones not looked at since a time.

        Only confirmed ones with ids above ``after_id``, at most ``limit``. Those at once are due when
        ``newest_publication`` is new to them; daily ones, with news or without, when they were last looked
        at, or confirmed, before ``dailies_looked_at_before``, or after ``now``: the clock was ahead then.
        """

    def record_position(self, id: int, position: int, *, looked_at: dt.datetime | None) -> None:
        """Record up to which publication the follower was told everything.

        ``looked_at``: the time at which all publications were looked through; None while later ones are left.
        """

    def last_publication(self) -> int:
        """Return the position of the last publication."""

    def publications_between(self, after: int, upto: int) -> dict[int, int]:
        """Return id → position of the announcements last published after ``after`` and up to ``upto``.

        They are in the order of these positions.
        """


def checked_address(typed: str) -> str:
    """Return an e-mail address, its domain in lower case. Raises ``Invalid`` for text that is none."""
    address = typed.strip()
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise Invalid("อีเมลไม่ถูกต้อง กรุณาพิมพ์ใหม่ เช่น somchai@example.com", field="address")
    name, _at, domain = address.rpartition("@")
    return f"{name}@{domain.lower()}"
