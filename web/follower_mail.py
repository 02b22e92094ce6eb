"""Messages to followers: asks for confirmation, then tells of new announcements at once or once a day.

A message is sent, then the follower's position is saved. A process that dies in between sends the same
message once more, under the same ``Message-ID``, by which mail programs show it once. Nothing is missed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import partial
from itertools import chain
from urllib.parse import unquote, urlsplit

from archive.errors import Unavailable
from archive.model import Announcement, Status
from archive.subscriptions import Frequency, Subscription
from archive.thai import BANGKOK, format_date, shorten
from indexer.search.query.parser import Query
from indexer.search.query.subqueries import split_into_subqueries
from web.bootstrap import Services
from web.followed_search import describe_followed_search, followed_query
from web.search_service import search
from web.serving.proxies import parsed_address

log = logging.getLogger("prakat.mail")

MOST_IN_MESSAGE = 100
"""Announcements named in one message: an import may publish thousands. With long Thai titles these are 60 kB,
which every mail server takes: RFC 5321, 4.5.3.1.7, asks for 64 kB."""

DIGEST_HOUR = 7  # o'clock in Thailand; before offices open
_LONGEST_IN_SUBJECT = 120  # letters of a title; mail programs show fewer
_TIMEOUT = 30.0  # seconds for each answer of the mail server
_RETRY_AFTER = 300.0  # seconds until a message that failed is tried again
_AT_ONCE = 100  # subscriptions read at a time
_RETRY_REFUSED_AFTER = 86400.0  # seconds until one is that was refused for what it says, such as spam
_REFUSED_FOR_GOOD = 500  # lowest SMTP code of a permanent refusal (RFC 5321, 4.2.1)


_MAILBOX_REFUSALS = (550, 551, 552, 553)
"""SMTP codes by which a server refuses a mailbox for good: unknown, elsewhere, full, not allowed (RFC 5321,
4.2.3)."""


class FollowerMailer:
    """Sends what is due to followers through the mail server of the settings."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.subscriptions
        self._deferred: dict[int, float] = {}  # subscription id → monotonic time of the next try

    def send_due_and_delete_unconfirmed(
        self, may_go_on: Callable[[], bool], now: dt.datetime | None = None
    ) -> None:
        """Send what is due at ``now`` while ``may_go_on()``; raises where the mail server fails.

        News waits while the index is behind the records. Raises ``OSError`` when the mail server cannot be
        reached, and ``smtplib.SMTPException`` when it refuses to serve; everything that was not sent stays
        due.
        """
        now = now or dt.datetime.now(dt.UTC)
        self._store.delete_unconfirmed(now)
        position = self._store.last_publication()
        due = self._due(position, now) if self._is_index_level() else iter(())
        for subscription in chain(self._not_asked(), due):
            if not may_go_on():
                return
            if time.monotonic() < self._deferred.get(subscription.id, 0.0):
                continue
            if subscription.confirmed_at is None:
                self._ask_to_confirm(subscription, now)
            else:
                self._tell_news(subscription, position, now, may_go_on)

    def _is_index_level(self) -> bool:
        try:
            return self._services.index.position() >= self._services.history.last_change()
        except Unavailable:
            return False

    def _not_asked(self) -> Iterator[Subscription]:
        after = 0
        while found := self._store.list_without_confirmation_request(after_id=after, limit=_AT_ONCE):
            yield from found
            after = found[-1].id

    def _due(self, position: int, now: dt.datetime) -> Iterator[Subscription]:
        local = now.astimezone(BANGKOK)
        digests_at = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
        if digests_at > local:
            digests_at -= dt.timedelta(days=1)
        after = 0
        while found := self._store.list_due(
            position, dailies_looked_at_before=digests_at, now=now, after_id=after, limit=_AT_ONCE
        ):
            yield from found
            after = found[-1].id

    def _ask_to_confirm(self, subscription: Subscription, now: dt.datetime) -> None:
        if self._is_delivered(subscription, partial(self._confirmation, subscription, now)):
            self._store.record_confirmation_request(subscription.id, now)

    def _tell_news(
        self, subscription: Subscription, position: int, now: dt.datetime, may_go_on: Callable[[], bool]
    ) -> None:
        """Tell a follower what was published up to ``position``, the earliest first, in one or more messages.

        The follower is moved on by each one that was delivered, and where nothing is new; one who is told
        once a day stays due until the last was. A follower whose search fails is tried again later, so that
        the others get their messages.
        """
        here = self._of(subscription)
        published = [*here.subscriptions.publications_between(subscription.position, position).items()]
        for begin in range(0, max(len(published), 1), MOST_IN_MESSAGE):
            if not may_go_on():
                return
            part = published[begin : begin + MOST_IN_MESSAGE]
            is_last = begin + MOST_IN_MESSAGE >= len(published)
            told_upto = position if is_last else part[-1][1]
            try:
                found = _matches(here, subscription, frozenset(id for id, _position in part))
            except Unavailable:
                raise
            except Exception:
                log.exception("followed search failed", extra={"subscription": subscription.id})
                self._defer(subscription)
                return
            if found and not self._is_delivered(
                subscription, partial(self._news, subscription, found, told_upto, now)
            ):
                return
            self._store.record_position(subscription.id, told_upto, looked_at=now if is_last else None)

    def _of(self, subscription: Subscription) -> Services:
        """Return the services of the organisation that is followed."""
        known = self._services.organisations.all()
        if len(known) < 2:
            return self._services
        town = next((each for each in known if each.id == subscription.organisation), None)
        return self._services.for_organisation(town, known)

    def _is_delivered(self, subscription: Subscription, write: Callable[[], EmailMessage | None]) -> bool:
        """Send a message; False where the server does not take it.

        ``write`` is called when the server has answered, which may take long; None: nothing is to be told any
        more. Where the server does not take the message, the follower is deferred, or an address that is
        refused for good is deleted. Raises what ``mail_server`` raises, and ``smtplib.SMTPSenderRefused``:
        both concern every message.
        """
        with mail_server(self._services.settings.smtp_url) as server:
            message = write()
            if message is None:
                return True
            try:
                server.send_message(message)
            except smtplib.SMTPSenderRefused:
                raise
            except (smtplib.SMTPException, OSError) as error:
                self._delete_or_defer(subscription, error)
                return False
            self._deferred.pop(subscription.id, None)
            return True

    def _delete_or_defer(self, subscription: Subscription, error: Exception) -> None:
        """Delete an address that is refused for good; else have its message tried again later.

        The log has no word of the server's answer: it repeats the address as a rule.
        """
        if _is_address_refused(error):
            log.info("an address is refused for good and was deleted")
            self._store.unsubscribe(subscription.key)
            return
        code = getattr(error, "smtp_code", 0)
        if not isinstance(error, smtplib.SMTPRecipientsRefused):
            reason = code or type(error).__name__
            log.warning("message was not taken", extra={"subscription": subscription.id, "reason": reason})
        self._defer(subscription, _RETRY_REFUSED_AFTER if code >= _REFUSED_FOR_GOOD else _RETRY_AFTER)

    def _defer(self, subscription: Subscription, seconds: float = _RETRY_AFTER) -> None:
        self._deferred[subscription.id] = time.monotonic() + seconds

    def _confirmation(self, to: Subscription, now: dt.datetime) -> EmailMessage:
        """Return the message that asks for confirmation.

        It holds nothing that somebody typed, since anybody may have it sent to anybody. The page to confirm
        on names the search.
        """
        site, root = self._site(to)
        link = f"{root}/follow/confirm/{to.key}"
        message = self._message(
            to, _said(to, f"ยืนยันการติดตามประกาศของ{site}", f"Confirm: announcements of {site}"), "confirm", now
        )
        message.set_content(
            _said(
                to,
                f"มีผู้ขอให้ส่งประกาศของ{site} มาที่อีเมลนี้\n\nดูเรื่องที่ติดตามและยืนยันที่\n{link}\n\n"
                "หากคุณไม่ได้ขอ ไม่ต้องทำอะไร ระบบจะลบที่อยู่อีเมลของคุณภายใน 2 วัน\n",
                f"Somebody asked for announcements of {site} to be sent to this address.\n\n"
                f"See what is followed, and confirm, at\n{link}\n\n"
                "If it was not you, do nothing: the address is deleted within 2 days.\n",
            )
        )
        return message

    def _news(
        self, to: Subscription, found: Sequence[Announcement], position: int, now: dt.datetime
    ) -> EmailMessage | None:
        """Return the message that names what of ``found`` is still published; None where nothing is."""
        stored = self._of(to).announcements.get_many([each.id for each in found])
        still = [stored[each.id] for each in found if each.id in stored]
        found = [each for each in still if each.status is Status.PUBLISHED]
        if not found:
            return None
        site, root = self._site(to)
        what = describe_followed_search(
            to.search, everything=_said(to, "ประกาศใหม่ทุกเรื่อง", "all new announcements")
        )
        stop = f"{root}/follow/stop/{to.key}"
        subject = (
            shorten(found[0].title, _LONGEST_IN_SUBJECT)
            if len(found) == 1
            else _said(to, f"ประกาศใหม่ {len(found)} เรื่อง", f"{len(found)} new announcements")
        )
        message = self._message(to, f"{site}: {subject}", f"news {position}", now)
        message["List-Unsubscribe"] = f"<{stop}>"  # RFC 8058: one click in the mail program
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        listed = "\n\n".join(
            f"{each.title}\n{format_date(each.published_on)} · {each.kind.thai}\n"
            f"{root}/announcements/{each.id}"
            for each in found
        )
        message.set_content(
            f"{_said(to, 'เรื่องที่ติดตาม', 'Followed')}: {what}\n\n{listed}\n\n-- \n"
            f"{_said(to, 'เลิกติดตาม', 'Stop')}: {stop}\n"
        )
        return message

    def _site(self, subscription: Subscription) -> tuple[str, str]:
        settings = self._of(subscription).settings
        return settings.site_name, settings.base_url

    def _message(self, to: Subscription, subject: str, purpose: str, now: dt.datetime) -> EmailMessage:
        """Return a message without content. The same purpose gives the same ``Message-ID`` each time.

        A sender of the settings without a name has that of the municipality.
        """
        message = EmailMessage()
        name, address = parseaddr(self._services.settings.smtp_sender)
        digest = hashlib.sha256(f"{to.key} {purpose}".encode()).hexdigest()[:32]
        message["From"] = Address(name or self._site(to)[0], addr_spec=address)
        message["To"], message["Subject"] = to.address, " ".join(subject.split())
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{digest}@{address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = to.language
        return message


def _is_address_refused(error: Exception) -> bool:
    """Return True where the server refuses an address for good, before or after the message's content.

    After the content, 554 and the enhanced codes 5.6 and 5.7 (RFC 3463) refuse what the message says or who
    sends it: one setting of a mail server must not delete all followers.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return min(code for code, _said in error.recipients.values()) >= _REFUSED_FOR_GOOD
    if not isinstance(error, smtplib.SMTPDataError):
        return False
    said = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    if re.match(rb"5\.[1-7]\.", said):
        return not said.startswith((b"5.6.", b"5.7."))
    return error.smtp_code in _MAILBOX_REFUSALS


def frequency_or_daily(typed: str) -> Frequency:
    """Return the frequency that a form states; daily where it states none or an unknown one."""
    return Frequency(typed) if typed in set(Frequency) else Frequency.DAILY


def _matches(here: Services, subscription: Subscription, ids: frozenset[int]) -> list[Announcement]:
    """Return those of the announcements that the follower would find today, newest first."""
    if not ids:
        return []
    found: dict[int, Announcement] = {}
    for query in _queries_answered_apart(here, followed_query(subscription.search, ids)):
        answer = search(here, query)
        if not answer.query.loosened:  # else it matches only in part, or spelt otherwise
            whole = (result.announcement for result in answer.results if not result.is_partial)
            found |= {each.id: each for each in whole}
    return sorted(found.values(), key=lambda each: (each.published_on, each.id), reverse=True)


def _queries_answered_apart(here: Services, followed: Query) -> tuple[Query, ...]:
    """Return the two queries that the page of results answers each by itself, or the query if it is one."""
    subqueries = split_into_subqueries(followed, here.tokenizer)
    if subqueries is None:
        return (followed,)
    filters = replace(followed.filters, among=None)
    shown = search(here, replace(followed, filters=filters, per_page=1, may_split_into_subqueries=True))
    if not shown.subquery_results:
        return (followed,)
    return tuple(replace(each, per_page=followed.per_page) for each in subqueries)


def _said(to: Subscription, thai: str, english: str) -> str:
    return english if to.language == "en" else thai


@contextmanager
def mail_server(url: str) -> Iterator[smtplib.SMTP]:
    """Open a connection to a mail server by its address; raises ``OSError`` and ``smtplib.SMTPException``.

    One to ``smtps://`` is encrypted, one to ``smtp://`` where the server can be. A password in the address is
    sent over an encrypted connection only, or within this machine. What the server took is sent, whatever it
    answers at the end.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    context = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, parts.port or 465, timeout=_TIMEOUT, context=context)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT)
    )
    try:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            if not isinstance(server.sock, ssl.SSLSocket) and not _is_this_machine(host):
                raise smtplib.SMTPNotSupportedError("the server offers no encryption for the password")
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _is_this_machine(host: str) -> bool:
    address = parsed_address(host)
    return host == "localhost" if address is None else address.is_loopback
