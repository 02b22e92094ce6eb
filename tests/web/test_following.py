"""Following by e-mail, through a real mail server: confirmed addresses get what is new, and can stop."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlencode

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from archive.errors import SettingsError
from archive.model import Status
from archive.subscriptions import Frequency
from indexer.search.query.parser import Query
from tests.web.conftest import Site, open_site, until, working
from web import follower_mail
from web.app import create_app
from web.bootstrap import Services
from web.follower_mail import FollowerMailer, mail_server
from web.search_service import SearchResults, search
from web.settings import load_settings

OWN = {"Origin": "http://localhost"}
ROOT = "http://archive.example"


class Mailbox:
    """Handler of a mail server that keeps messages.

    ``refuse`` gives what it answers to every address instead, ``refuse_content`` what it answers to the
    content of a message to an address. ``when_greeted`` is called before it answers who connects.
    ``farewell`` is its last answer.
    """

    port = 0

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuse = ""
        self.refuse_content: dict[str, str] = {}
        self.when_greeted: Callable[[], None] = lambda: None
        self.farewell = "221 Bye"

    async def handle_EHLO(  # noqa: N802  # the server calls it so
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        session.host_name = name
        self.when_greeted()
        return answers

    async def handle_RCPT(  # noqa: N802  # the server calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        for address in envelope.rcpt_tos:
            if address in self.refuse_content:
                return self.refuse_content[address]
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    async def handle_QUIT(  # noqa: N802
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        return self.farewell

    def text(self) -> str:
        """Returns the text of the last message."""
        return self.messages[-1].get_content()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        mailbox.port = free.getsockname()[1]
    server = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    server.start()
    yield mailbox
    server.stop()


class Posting(Site):
    """A site that followers are told of by ``deliver`` alone, never by the worker beside it."""

    def work(self) -> None:
        settings = replace(self.services.settings, smtp_url="")
        Site(replace(self.services, settings=settings), self.app).work()


@pytest.fixture
def posting(tmp_path: Path, mailbox: Mailbox) -> Site:
    plain = open_site(tmp_path / "data")
    settings = replace(
        plain.services.settings,
        smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
        smtp_sender="ประกาศ <no-reply@archive.example>",
        base_url=ROOT,
    )
    services = replace(plain.services, settings=settings)
    app = create_app(services)
    app.config["WTF_CSRF_ENABLED"] = False
    return Posting(services, app)


def deliver(site: Site, now: dt.datetime | None = None) -> None:
    FollowerMailer(site.services).send_due_and_delete_unconfirmed(lambda: True, now)


def follow(
    site: Site, mailbox: Mailbox, search: str = "", frequency: str = "at-once", address: str = "a@Example.com"
) -> str:
    """Follow a search and confirm it. Returns the path at which it can be stopped."""
    form = {"address": address, "frequency": frequency}
    assert site.client().post(f"/follow?{search}", data=form, headers=OWN).status_code == 200
    deliver(site)
    path = re.findall(rf"{ROOT}(/follow/confirm/\S+)", mailbox.text())[0]
    assert site.client().get(path).status_code == 200
    assert site.client().post(path).status_code == 200
    return path.replace("confirm", "stop")


def test_a_stranger_cannot_put_words_into_the_message_to_an_address(posting: Site, mailbox: Mailbox) -> None:
    typed = "ท่านได้รับเงินคืนภาษี\r\nกดที่ https://bank.example/refund"
    search_page = "/follow?" + urlencode({"q": typed, "author": "ธนาคาร http://bank.example"})
    form = {"address": "a@example.com", "frequency": "at-once"}
    assert posting.client().post(search_page, data=form, headers=OWN).status_code == 200
    deliver(posting)
    asked = mailbox.text()
    assert "เทศบาลตำบลหนองปลาดุก" in asked
    assert "bank.example" not in asked
    assert "เงินคืนภาษี" not in asked
    confirm = re.findall(rf"{ROOT}(/follow/confirm/\S+)", asked)[0]
    page = posting.client().get(confirm).get_data(as_text=True)
    assert "ท่านได้รับเงินคืนภาษี กดที่ https://bank.example/refund · ธนาคาร" in page


def test_a_search_with_a_year_is_followed_without_it(posting: Site, mailbox: Mailbox) -> None:
    page = posting.client().get("/follow?" + urlencode({"q": "น้ำประปา ปี 2564", "open": "true"})).text
    assert "ไม่ใช้ปี" in re.sub("<wbr>|</?span[^>]*>", "", page)
    feed = re.findall(r'data-copy="([^"]*feed\.xml[^"]*)"', page)[0]
    assert "any_time=true" in feed
    assert "open=" not in feed
    follow(posting, mailbox, urlencode({"q": "น้ำประปา ปี 2564"}))
    posting.announcement("ประกาศหยุดจ่ายน้ำประปา", published_on=dt.date(2026, 6, 9))
    posting.work()
    deliver(posting)
    assert "หยุดจ่ายน้ำประปา" in mailbox.text()


def test_a_number_that_the_results_read_as_a_year_is_followed_without_it(
    posting: Site, mailbox: Mailbox
) -> None:
    posting.announcement("กองทุนหมู่บ้าน", published_on=dt.date(2026, 3, 9))
    posting.work()
    page = posting.client().get("/search?" + urlencode({"q": "กองทุน 69"})).text
    (followed,) = re.findall(r'href="/follow\?([^"]*)"', page)
    assert "ไม่ใช้ปี" in re.sub("<wbr>|</?span[^>]*>", "", posting.client().get(f"/follow?{followed}").text)
    follow(posting, mailbox, followed)
    posting.announcement("ประชุมกองทุนหมู่บ้าน", published_on=dt.date(2026, 6, 9))
    posting.work()
    deliver(posting)
    assert "ประชุมกองทุน" in mailbox.text()


def test_each_step_names_what_is_followed_and_where_messages_go(posting: Site, mailbox: Mailbox) -> None:
    stop = follow(posting, mailbox, urlencode({"q": "น้ำประปา"}))
    for step, said in (("confirm", "ระบบจะส่งทันทีที่มีประกาศใหม่"), ("stop", "เลิกติดตาม")):
        page = posting.client().get(stop.replace("stop", step))
        if step == "confirm":
            page = posting.client().post(stop.replace("stop", step))
        assert "ตรงกับ “น้ำประปา”" in page.text
        assert "a@example.com" in page.text
        assert said in page.text
    assert "a@example.com" not in posting.client().post(stop).text


def test_news_name_a_search_of_several_lines_on_one_line(posting: Site, mailbox: Mailbox) -> None:
    follow(posting, mailbox, urlencode({"q": "น้ำประปา\r\nหยุดจ่าย"}))
    posting.announcement("ประกาศหยุดจ่ายน้ำประปา")
    posting.work()
    deliver(posting)
    assert "เรื่องที่ติดตาม: น้ำประปา หยุดจ่าย\n" in mailbox.text().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "typed",
    [
        "ประกาศหยุดจ่ายน้ำ",
        "ประกาศ หยุดจ่ายน้ำ",
        "น้ำไม่ไหล ม.3",
        "เรื่องน้ำ หมู่ 3",
        "หยุดจ่ายน้ำ หมู่ 3",
        "ค่าขยะ และ หยุดจ่ายน้ำ",
    ],
)
def test_a_follower_is_told_of_what_the_results_list_as_a_full_answer(
    posting: Site, mailbox: Mailbox, typed: str
) -> None:
    posting.announcement("อัตราค่าขยะ", body="บ้านเรือนเดือนละ 20 บาท")
    posting.announcement("หยุดจ่ายน้ำประปาเพื่อล้างถัง", body="หมู่ 6 และหมู่ 7")
    posting.work()
    follow(posting, mailbox, urlencode({"q": typed}))
    new = [
        posting.announcement("หยุดจ่ายน้ำประปาชั่วคราว", body="หมู่ 1 ถึงหมู่ 5"),
        posting.announcement("หยุดจ่ายน้ำประปา หมู่ 2-4"),
    ]
    posting.announcement("สอบราคาซ่อมถนน หมู่ 3")
    posting.work()
    page = posting.client().get("/search?" + urlencode({"q": typed, "per_page": 50})).text
    deliver(posting)
    assert {int(id) for id in re.findall(r"/announcements/(\d+)", mailbox.text())} == {
        each.id for each in new
    }
    assert all(f"/announcements/{each.id}" in page for each in new)
    assert "บางคำด้วย" not in page


def test_new_announcements_reach_a_confirmed_address_once(posting: Site, mailbox: Mailbox) -> None:
    posting.announcement("ประกาศเก่า เรื่อง น้ำประปา")
    posting.work()
    stop = follow(posting, mailbox, "q=น้ำประปา")
    deliver(posting)
    assert len(mailbox.messages) == 1  # nothing of what was there before
    new = posting.announcement("ประกาศหยุดจ่ายน้ำประปา")
    posting.announcement("ประกาศสอบราคาซ่อมถนน")
    posting.announcement("น้ำประปา ฉบับร่าง", status=Status.DRAFT)
    posting.announcement("น้ำประปา ที่ถอนแล้ว", status=Status.WITHDRAWN)
    posting.work()
    deliver(posting)
    message = mailbox.messages[-1]
    assert len(mailbox.messages) == 2
    assert re.findall(r"/announcements/(\d+)", mailbox.text()) == [str(new.id)]
    assert "ฉบับร่าง" not in mailbox.text()
    assert "ที่ถอนแล้ว" not in mailbox.text()
    assert message["To"] == "a@example.com"
    assert message["Subject"] == "เทศบาลตำบลหนองปลาดุก: ประกาศหยุดจ่ายน้ำประปา"
    assert message["List-Unsubscribe"].strip() == f"<{ROOT}{stop}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    deliver(posting)
    assert len(mailbox.messages) == 2
    # as a mail program does it: no form of this site, no cookie
    assert posting.client().post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    again = posting.client().get(stop)
    assert again.status_code == 200
    assert "เลิกติดตามแล้ว" in again.text
    posting.announcement("ประกาศน้ำประปาอีกครั้ง")
    posting.work()
    deliver(posting)
    assert len(mailbox.messages) == 2
    assert posting.services.subscriptions.by_key(stop.rpartition("/")[2]) is None


@pytest.mark.parametrize("search", ["category=สิ่งแวดล้อม", "village=7", "kind=order"])
def test_news_of_a_category_a_village_and_a_kind_are_delivered(
    posting: Site, mailbox: Mailbox, search: str
) -> None:
    follow(posting, mailbox, search)
    new = posting.announcement("หยุดจ่ายน้ำ", body="ราษฎรหมู่ 7 โปรดทราบ", category="สิ่งแวดล้อม", kind="order")
    posting.announcement("ประชุมสภา", body="ราษฎรหมู่ 3 โปรดทราบ", category="กิจการสภา", kind="news")
    posting.work()
    deliver(posting)
    assert re.findall(r"/announcements/(\d+)", mailbox.text()) == [str(new.id)]


def test_a_search_that_fails_holds_up_no_other_follower(
    posting: Site, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    follow(posting, mailbox, "q=น้ำประปา", address="first@example.com")
    follow(posting, mailbox, address="second@example.com")
    new = posting.announcement("ประกาศหยุดจ่ายน้ำประปา")
    posting.work()
    with monkeypatch.context() as failing:
        failing.setattr(follower_mail, "search", search_that_fails_for("น้ำประปา"))
        deliver(posting)
    assert mailbox.messages[-1]["To"] == "second@example.com"
    assert "followed search failed" in caplog.text
    deliver(posting)  # it stays due
    assert mailbox.messages[-1]["To"] == "first@example.com"
    assert f"/announcements/{new.id}" in mailbox.text()


def search_that_fails_for(typed: str) -> Callable[[Services, Query], SearchResults]:
    def search_or_fail(services: Services, query: Query) -> SearchResults:
        if query.typed == typed:
            raise ValueError
        return search(services, query)

    return search_or_fail


def test_following_again_changes_when_messages_come_and_sends_nothing_twice(
    posting: Site, mailbox: Mailbox
) -> None:
    stop = follow(posting, mailbox, "q=น้ำประปา", "daily")
    again = follow(posting, mailbox, "q=น้ำประปา", "at-once")
    link = posting.client().get(again.replace("stop", "confirm"))
    assert link.status_code == 404
    assert "อาจยืนยัน" in link.text
    posting.announcement("ประกาศหยุดจ่ายน้ำประปา")
    posting.work()
    mailbox.messages.clear()
    deliver(posting)
    (news,) = mailbox.messages
    assert f"{ROOT}{stop}" in news.get_content()
    assert posting.client().post(stop).status_code == 200
    assert posting.services.subscriptions.count_confirmed() == 0


def test_a_digest_comes_once_a_day(posting: Site, mailbox: Mailbox) -> None:
    follow(posting, mailbox, frequency="daily")
    posting.announcement("เรื่องที่หนึ่ง")
    posting.announcement("เรื่องที่สอง")
    posting.work()
    now = dt.datetime.now(dt.UTC)
    deliver(posting, now)
    assert len(mailbox.messages) == 1
    deliver(posting, now + dt.timedelta(days=1))
    assert len(mailbox.messages) == 2
    assert mailbox.text().count("/announcements/") == 2


def test_the_rest_of_a_digest_that_was_not_taken_comes_the_same_day(
    posting: Site, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_mail, "MOST_IN_MESSAGE", 2)
    follow(posting, mailbox, frequency="daily")
    for title in ("เรื่องที่หนึ่ง", "เรื่องที่สอง", "เรื่องที่สาม"):
        posting.announcement(title)
    posting.work()
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    goes_on = iter((True, True, False))
    FollowerMailer(posting.services).send_due_and_delete_unconfirmed(lambda: next(goes_on), tomorrow)
    told = len(mailbox.messages)
    deliver(posting, tomorrow)
    deliver(posting, tomorrow)
    news = [message.get_content() for message in mailbox.messages[1:]]
    assert (told, len(news)) == (2, 2)
    assert "เรื่องที่สาม" in news[1]
    assert "เรื่องที่หนึ่ง" not in news[1]


def test_a_crash_after_sending_repeats_the_same_message(
    posting: Site, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(posting, mailbox)
    posting.announcement("เรื่องใหม่")
    posting.work()
    with monkeypatch.context() as crash:
        crash.setattr(posting.services.subscriptions, "record_position", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deliver(posting)
    deliver(posting)
    deliver(posting)
    first, again = mailbox.messages[1:]
    assert first["Message-ID"] == again["Message-ID"]


def test_what_is_withdrawn_while_the_mail_server_is_slow_is_not_told(posting: Site, mailbox: Mailbox) -> None:
    follow(posting, mailbox)
    kept = posting.announcement("เรื่องที่ยังอยู่")
    gone = posting.announcement("เรื่องที่ถอน")
    posting.work()

    def withdraw_first() -> None:
        mailbox.when_greeted = lambda: None
        posting.services.commands.publication.withdraw(gone.id, actor="test", reason="ลงผิดเรื่อง")

    mailbox.when_greeted = withdraw_first
    deliver(posting)
    assert re.findall(r"/announcements/(\d+)", mailbox.text()) == [str(kept.id)]
    assert mailbox.messages[-1]["Subject"].endswith("เรื่องที่ยังอยู่")
    only = posting.announcement("อีกเรื่องที่ถอน")
    posting.work()
    sent = len(mailbox.messages)
    mailbox.when_greeted = lambda: posting.services.commands.publication.withdraw(
        only.id, actor="test", reason="ลงผิดเรื่อง"
    )
    deliver(posting)
    assert len(mailbox.messages) == sent


@pytest.mark.parametrize("farewell", ["250 OK", "421 restarting"])
def test_how_a_server_takes_leave_sends_nothing_twice(posting: Site, mailbox: Mailbox, farewell: str) -> None:
    mailbox.farewell = farewell
    follow(posting, mailbox)
    follow(posting, mailbox, address="b@example.com")
    posting.announcement("เรื่องใหม่")
    posting.work()
    for _ in range(2):
        deliver(posting)
    sent = [message["To"] for message in mailbox.messages]
    assert sent == ["a@example.com", "b@example.com"] * 2


def test_a_refused_address_is_deleted_a_deferred_one_stays(posting: Site, mailbox: Mailbox) -> None:
    stop = follow(posting, mailbox)
    posting.announcement("เรื่องใหม่")
    posting.work()
    key = stop.rpartition("/")[2]
    mailbox.refuse = "451 try later"
    deliver(posting)
    assert posting.services.subscriptions.by_key(key) is not None
    mailbox.refuse = "550 no such user"
    deliver(posting)
    assert posting.services.subscriptions.by_key(key) is None


def test_every_one_of_many_new_announcements_is_told_once(posting: Site, mailbox: Mailbox) -> None:
    """More than one page of results holds, and more than one message names."""
    follow(posting, mailbox, "q=น้ำประปา")
    new = [posting.announcement(f"ประกาศหยุดจ่ายน้ำประปา ครั้งที่ {n}").id for n in range(120)]
    again = new[3]  # published twice in the meantime
    posting.services.commands.publication.withdraw(again, actor="test", reason="ลงผิดเรื่อง")
    posting.services.commands.publication.restore_as_draft(again, actor="test")
    posting.services.commands.publication.publish(again, actor="test")
    posting.work()
    deliver(posting)
    deliver(posting)
    news = mailbox.messages[1:]
    told = [re.findall(r"/announcements/(\d+)", message.get_content()) for message in news]
    assert sorted(int(id) for ids in told for id in ids) == new
    assert [message["Subject"].split(": ")[1] for message in news] == [
        f"ประกาศใหม่ {len(ids)} เรื่อง" for ids in told
    ]
    assert len({message["Message-ID"] for message in news}) == len(news) == 2


@pytest.mark.parametrize("answer", ["554 looks like spam", "421 closing", "452 mailbox full"])
def test_one_refused_message_stops_no_other(posting: Site, mailbox: Mailbox, answer: str) -> None:
    follow(posting, mailbox)
    follow(posting, mailbox, address="b@example.com")
    posting.announcement("เรื่องใหม่")
    posting.work()
    mailbox.refuse_content = {"a@example.com": answer}
    deliver(posting)
    assert [message["To"] for message in mailbox.messages[2:]] == ["b@example.com"]
    mailbox.refuse_content = {}
    deliver(posting)
    assert [message["To"] for message in mailbox.messages[3:]] == ["a@example.com"]


@pytest.mark.parametrize(
    ("answer", "is_deleted"),
    [
        ("550 5.1.1 <a@example.com> no such user", True),
        ("552 mailbox of a@example.com is full", True),
        ("550 5.7.1 a@example.com takes no mail from this sender", False),
        ("554 message to a@example.com looks like spam", False),
        ("451 4.7.1 a@example.com try later", False),
    ],
)
def test_a_refusal_after_the_content_deletes_the_address_and_logs_no_address(
    posting: Site, mailbox: Mailbox, caplog: pytest.LogCaptureFixture, answer: str, is_deleted: bool
) -> None:
    key = follow(posting, mailbox).rpartition("/")[2]
    posting.announcement("เรื่องใหม่")
    posting.work()
    mailbox.refuse_content = {"a@example.com": answer}
    caplog.clear()
    with caplog.at_level("INFO", logger="prakat.mail"):
        deliver(posting)
    assert (posting.services.subscriptions.by_key(key) is None) == is_deleted
    written = [str(vars(record)) for record in caplog.records if record.name == "prakat.mail"]
    assert written
    assert not any("@example.com" in line for line in written)


def test_many_deferred_addresses_keep_no_new_one_waiting(posting: Site, mailbox: Mailbox) -> None:
    mailer = FollowerMailer(posting.services)

    def ask(number: int) -> None:
        posting.services.subscriptions.subscribe_within_limits(
            f"a{number}@example.com", "", Frequency.DAILY, language="th", key=f"key-{number}"
        )

    for number in range(101):
        ask(number)
    mailbox.refuse = "451 try later"
    mailer.send_due_and_delete_unconfirmed(lambda: True)
    mailbox.refuse = ""
    ask(101)
    mailer.send_due_and_delete_unconfirmed(lambda: True)
    assert [message["To"] for message in mailbox.messages] == ["a101@example.com"]


def test_the_worker_sends_by_itself(posting: Site, mailbox: Mailbox) -> None:
    posting.client().post("/follow", data={"address": "a@example.com"}, headers=OWN)
    with working(posting.services):
        until(lambda: bool(mailbox.messages), seconds=60)
    assert [message["To"] for message in mailbox.messages] == ["a@example.com"]


def test_forms_of_others_and_wrong_addresses_are_refused(posting: Site, mailbox: Mailbox, site: Site) -> None:
    client = posting.client()
    assert client.post("/follow", data={"address": "a@example.com"}).status_code == 400
    for wrong in ("a", "a@b", "a@example.com\nBcc: b@example.com", "a@example.com, b@example.com"):
        assert client.post("/follow", data={"address": wrong}, headers=OWN).status_code == 422
    codes = {
        client.post("/follow", data={"address": f"a{n}@example.com"}, headers=OWN).status_code
        for n in range(8)
    }
    assert codes == {200, 429}
    assert 'type="email"' in client.get("/follow").text
    without = site.client()
    everything, one_search = without.get("/follow").text, without.get("/follow?q=น้ำประปา").text
    assert 'type="email"' not in everything
    assert "http://localhost/search?sort=newest" in everything
    for page, is_back_offered in ((everything, False), (one_search, True)):
        assert ("กลับไปที่ผลการค้นหา" in page, "ฟีด" in page) == (is_back_offered, False)
        assert "Atom" not in page.partition("<main")[2]
    assert without.post("/follow", data={"address": "a@example.com"}, headers=OWN).status_code == 404
    unknown = client.get("/follow/confirm/guessed")
    assert unknown.status_code == 404
    assert '<a class="button first" href="/follow">' in unknown.text


def test_mail_needs_a_sender_and_a_public_address(tmp_path: Path) -> None:
    mail = {"PRAKAT_SMTP_URL": "smtp://mail.example", "PRAKAT_DATA": str(tmp_path)}
    with pytest.raises(SettingsError, match="PRAKAT_SMTP_SENDER"):
        load_settings(mail, directory=tmp_path)
    whole = mail | {"PRAKAT_SMTP_SENDER": "a@example.com", "PRAKAT_BASE_URL": ROOT}
    assert load_settings(whole, directory=tmp_path).smtp_url == "smtp://mail.example"
    for wrong, said in (
        ("http://mail.example", "smtp://host:port"),
        ("smtp://mail.example:port", "smtp://host:port"),
        ("smtp://[mail.example", "smtp://host:port"),
        ("smtp://a:%E0%B8%81@b", "ASCII"),
    ):
        with pytest.raises(SettingsError, match=said):
            load_settings(whole | {"PRAKAT_SMTP_URL": wrong}, directory=tmp_path)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_goes_over_an_encrypted_connection_to_a_known_server(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``smtp://`` upgrades by STARTTLS before it signs in; ``smtps://`` is encrypted from the start."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    mailbox, said = Mailbox(), []

    def sign_in(
        _server: SMTP, session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        said.append((session.ssl is not None or scheme == "smtps", given.login, given.password))
        return AuthResult(success=given.password == b"p@ss/1", handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    starttls = {"tls_context": context, "require_starttls": True} if scheme == "smtp" else {}
    server = Controller(
        mailbox,
        hostname="localhost",
        port=port,
        ssl_context=None if starttls else context,
        authenticator=sign_in,
        auth_require_tls=bool(starttls),
        **starttls,
    )
    address = f"{scheme}://archive%40example.go.th:p%40ss%2F1@localhost:{port}"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "ประกาศใหม่"
    message.set_content("มีประกาศใหม่")
    server.start()
    try:
        with pytest.raises(ssl.SSLCertVerificationError), mail_server(address):
            pass
        assert said == []  # an unknown server is told nothing
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        with mail_server(address) as connection:
            connection.send_message(message)
        wrong = address.replace("p%40ss", "wrong")
        with pytest.raises(smtplib.SMTPAuthenticationError), mail_server(wrong):
            pass
    finally:
        server.stop()
    assert mailbox.messages[-1]["Subject"] == "ประกาศใหม่"
    assert {(is_encrypted, login) for is_encrypted, login, _password in said} == {
        (True, b"archive@example.go.th")
    }


def test_what_an_absent_mail_server_did_not_take_stays_due(posting: Site) -> None:
    settings = replace(posting.services.settings, smtp_url="smtp://127.0.0.1:1")
    posting.client().post("/follow", data={"address": "a@example.com"}, headers=OWN)
    with pytest.raises(OSError, match="refused"):
        FollowerMailer(replace(posting.services, settings=settings)).send_due_and_delete_unconfirmed(
            lambda: True
        )
    assert posting.services.subscriptions.list_without_confirmation_request(after_id=0, limit=1)


def test_the_address_typed_is_shown_and_kept_nowhere_else(posting: Site) -> None:
    answer = posting.client().post("/follow?q=น้ำประปา", data={"address": "somchia@example.com"}, headers=OWN)
    assert "somchia@example.com" in answer.text
    assert "ขอได้วันละ 3 ครั้ง" in re.sub("<[^>]+>", "", answer.text)
    assert 'href="/follow?q=' in answer.text  # to type it again
    assert answer.headers["Cache-Control"] == "no-store"
