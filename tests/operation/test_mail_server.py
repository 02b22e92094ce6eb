"""Following by e-mail with the real service and Exim: from the form to the resident's box, and to its end."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest

from tests.operation.mail_server import EXIM, NAME, MailServer, parse, sender
from tests.torture.service import Service
from tests.web.conftest import until

pytestmark = pytest.mark.skipif(
    shutil.which(EXIM) is None, reason="Exim is not installed (apt-get install exim4-daemon-light)"
)

SITE = "เทศบาลตำบลหนองปลาดุก"
SOON = 60.0  # seconds: of the worker's turns, while other work shares the machine


class MailingService(Service):
    """A service that sends to its followers through a mail server."""

    def __init__(self, folder: Path, server: MailServer) -> None:
        self._server_settings = server.settings
        self._log_file = folder / "log"
        super().__init__(folder / "data", self._log_file)

    @property
    def root(self) -> str:
        return f"http://localhost:{self.port}"

    def log(self) -> str:
        return self._log_file.read_text()

    def _environment(self) -> dict[str, str]:
        mail = {"PRAKAT_SMTP_SENDER": NAME, "PRAKAT_SITE_NAME": SITE}
        if hasattr(self, "_port"):
            mail |= {"PRAKAT_BASE_URL": self.root} | self._server_settings
        return super()._environment() | mail


@dataclass
class Post:
    """The service, its mail server, and what a resident and a clerk do with them again and again."""

    service: MailingService
    server: MailServer

    def follow(self, name: str, typed: str) -> str:
        """Ask for news at once at the address of this box. Returns the address."""
        address = self.server.add_box(name)
        self.ask(address, typed)
        return address

    def ask(self, address: str, typed: str) -> None:
        form = {"address": address, "frequency": "at-once"}
        assert self.send(f"/follow?q={quote(typed)}", form) == 200

    def confirm(self, name: str) -> None:
        """Open the link of the message in the box, and press its button."""
        self.wait_for_mail(name, 1)
        link = re.findall(rf"{self.service.root}(/follow/confirm/\S+)", self.read(name)[0].get_content())[0]
        assert "ยืนยัน" in self.page(link)
        assert self.send(link, {}) == 200

    def send(self, path: str, form: dict[str, str]) -> int:
        asked = Request(
            self.service.root + path, urlencode(form).encode(), headers={"Origin": self.service.root}
        )
        with urlopen(asked, timeout=30) as answer:
            status: int = answer.status
            return status

    def page(self, path: str) -> str:
        with urlopen(self.service.root + path, timeout=30) as answer:
            text: str = answer.read().decode()
            return text

    def publish(self, title: str) -> int:
        given = {"title": title, "body": "", "author": "ปลัด", "published_on": "2026-06-09"}
        id: int = self.service.api.post("/announcements", given)["id"]
        self.service.api.post(f"/announcements/{id}/publish", {"reason": "ทดสอบ"})
        return id

    def read(self, name: str) -> list[EmailMessage]:
        return [parse(stored) for stored in self.server.mail(name)]

    def wait_for_mail(self, name: str, count: int) -> float:
        """Wait until so many messages are in the box; the seconds that took."""
        began = time.monotonic()
        until(lambda: len(self.server.mail(name)) >= count, seconds=SOON)
        return time.monotonic() - began

    def titles(self, name: str) -> list[str]:
        """Return what the subjects in the box say after the municipality's name, without the confirmation."""
        return [message["Subject"].removeprefix(f"{SITE}: ") for message in self.read(name)[1:]]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with tempfile.TemporaryDirectory(prefix="exim-") as folder:
        Path(folder).chmod(0o755)  # the server's own user enters it
        server = MailServer(Path(folder))
        server.start()
        service = MailingService(tmp_path, server)
        service.start()
        try:
            yield Post(service, server)
        finally:
            service.kill("all")
            server.stop()


def test_news_reach_the_box_and_one_click_ends_them(post: Post) -> None:
    address = post.follow("somchai", "น้ำประปา")
    post.confirm("somchai")
    title = "ประกาศหยุดจ่ายน้ำประปาชั่วคราว หมู่ที่ ๓ และหมู่ที่ ๔ เพื่อซ่อมท่อเมนหน้าตลาดสดเทศบาล"
    id = post.publish(title)
    assert post.wait_for_mail("somchai", 2) < 30
    stored = post.server.mail("somchai")[1]
    assert max(len(line) for line in stored.splitlines()) <= 998  # RFC 5322, 2.1.1
    assert stored.isascii()
    news = parse(stored)
    assert not news.defects
    assert [news["Subject"], news["To"], sender(stored)] == [
        f"{SITE}: {title}",
        address,
        f"{SITE} <{NAME}>",
    ]
    assert abs(parsedate_to_datetime(news["Date"]).timestamp() - time.time()) < 120
    assert re.fullmatch(r"<[0-9a-f]{32}@office\.example>", news["Message-ID"])
    assert f"{title}\n" in news.get_content()
    assert f"{post.service.root}/announcements/{id}" in news.get_content()
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = re.fullmatch(rf"<{post.service.root}(/follow/stop/\S+)>", news["List-Unsubscribe"].strip())
    assert stop is not None
    other = post.follow("malee", "")
    post.confirm("malee")
    assert post.send(stop[1], {"List-Unsubscribe": "One-Click"}) == 200
    post.publish("ประกาศน้ำประปาไหลตามปกติ")
    post.wait_for_mail("malee", 2)  # later than it would have come to who stopped
    assert post.read("malee")[1]["To"] == other
    assert len(post.server.mail("somchai")) == 2


def test_an_address_that_the_server_refuses_is_deleted(post: Post) -> None:
    for name in ("somchai", "malee"):
        post.follow(name, "")
    for name in ("somchai", "malee"):
        post.confirm(name)
    post.ask("nobody@people.example", "")  # never had a box
    until(lambda: "rejected RCPT <nobody@people.example>" in post.server.log(), seconds=SOON)
    post.publish("ประกาศเรื่องแรก")
    post.wait_for_mail("somchai", 2)
    stop = post.read("somchai")[1]["List-Unsubscribe"].strip()[1:-1].removeprefix(post.service.root)
    post.page(stop)
    post.server.remove_box("somchai")
    post.publish("ประกาศเรื่องที่สอง")
    until(lambda: "rejected RCPT <somchai@people.example>" in post.server.log(), seconds=SOON)
    until(lambda: post.service.log().count("refused for good") == 2, seconds=SOON)
    post.publish("ประกาศเรื่องที่สาม")
    post.wait_for_mail("malee", 4)
    assert post.titles("malee") == ["ประกาศเรื่องแรก", "ประกาศเรื่องที่สอง", "ประกาศเรื่องที่สาม"]
    assert post.server.log().count("rejected RCPT <somchai@people.example>") == 2  # main log, reject log


def test_a_server_that_was_down_loses_nothing_and_sends_nothing_twice(post: Post) -> None:
    for name in ("somchai", "malee"):
        post.follow(name, "")
        post.confirm(name)
    post.publish("ประกาศเรื่องแรก")
    for name in ("somchai", "malee"):
        post.wait_for_mail(name, 2)
    post.server.stop()
    post.publish("ประกาศขณะปิด")
    until(lambda: "ConnectionRefusedError" in post.service.log(), seconds=SOON)
    post.server.start()
    for name in ("somchai", "malee"):
        post.wait_for_mail(name, 3)
    post.publish("ประกาศหลังเปิด")
    for name in ("somchai", "malee"):
        post.wait_for_mail(name, 4)
        assert post.titles(name) == ["ประกาศเรื่องแรก", "ประกาศขณะปิด", "ประกาศหลังเปิด"]
