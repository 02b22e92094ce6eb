"""A small archive with read documents, served as `prakat serve` serves it, for browsers to visit."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.request import urlopen

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from archive.model import (
    Announcement,
    Attachment,
    Collection,
    CollectionLine,
    DocumentKind,
    Draft,
    ReadingStatus,
    Role,
)
from archive.subscriptions import Frequency
from web import bootstrap
from web.accounts.passwords import hash_password
from web.bootstrap import Services
from web.sample.documents import SampleDocumentText, make_document
from web.sample.scans import ScanLook, make_scan
from web.settings import Settings

NAME, PASSWORD = "พิมพ์ชนก", "รหัสผ่านสำหรับทดสอบ"
ACTOR = "ทดสอบ"
SITE_NAME = "เทศบาลตำบลหนองปลาดุก"
FOLLOWER_KEY = "follower-of-the-centre"  # of the links in the messages to somebody who follows ศูนย์

_PATIENCE = 90  # seconds until everything is read, on a busy machine


@dataclass(frozen=True, slots=True)
class RunningSite:
    """The address of a running archive, and its services for looking behind the pages."""

    url: str
    services: Services
    centre: Announcement
    attachments: tuple[Attachment, ...]
    withdrawn: Announcement
    expired: Announcement
    collection: Collection


@contextmanager
def running(data: Path) -> Iterator[RunningSite]:
    """The archive in ``data``, filled and read, with web and worker; both end with the context."""
    services = bootstrap.build_services(Settings(data=data))
    centre, withdrawn, expired = _fill(services)
    port, mail_port = _free_port(), _free_port()
    mail_server = Controller(Sink(), hostname="127.0.0.1", port=mail_port)
    mail_server.start()
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "serve", "--port", str(port)],
        env={
            **os.environ,
            "PRAKAT_DATA": str(data),
            "PRAKAT_SITE_NAME": SITE_NAME,
            "PRAKAT_BASE_URL": f"http://127.0.0.1:{port}",
            "PRAKAT_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
            "PRAKAT_SMTP_SENDER": "no-reply@archive.example",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), "the service answered")
        wait_until(lambda: _all_read(services), "everything was read")
        wait_until(
            lambda: services.index.position() >= services.history.last_change(),
            "everything was indexed",
        )
        attachments = tuple(services.attachments.by_announcement([centre.id])[centre.id])
        collection = _collect(services, centre)
        yield RunningSite(url, services, centre, attachments, withdrawn, expired, collection)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        mail_server.stop()


def wait_until(done: Callable[[], bool], what: str) -> None:
    """Wait until ``done()`` is true. Fails with ``what`` when that takes far too long."""
    end = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.1)


@cache
def order(number: str, subject: str, *paragraphs: str, kind: DocumentKind = DocumentKind.ORDER) -> bytes:
    """A document as an office makes it, with its text inside."""
    day = dt.date(2021, 6, 9)
    return make_document(
        SampleDocumentText(kind=kind, number=number, date=day, subject=subject, paragraphs=paragraphs)
    )


def scanned(pdf: bytes, seed: int) -> bytes:
    """Returns the document of ``order`` on paper, signed and scanned: no text inside."""
    return make_scan(pdf, ScanLook(), seed=seed)


def _fill(services: Services) -> tuple[Announcement, Announcement, Announcement]:
    """Returns the announcement with the documents, the withdrawn one, and the one past its end."""
    services.people.accounts.add(NAME, hash_password(PASSWORD), Role.ADMIN)
    services.subscriptions.subscribe_within_limits(
        "somchai@example.com", "q=ศูนย์", Frequency.DAILY, language="th", key=FOLLOWER_KEY
    )
    centre = _announce(
        services,
        "ประกาศจัดตั้งศูนย์ส่งเสริมการมีส่วนร่วมของประชาชน",
        "วัตถุประสงค์ของการจัดตั้งศูนย์\n\n1. เป็นจุดประสานงาน\n\n2. เป็นต้นแบบ",
        dt.date(2021, 6, 9),
        views=492,
    )
    memo = order(
        "นป 52301/412", "ขออนุมัติจัดตั้งศูนย์", "ให้ใช้อาคารอเนกประสงค์หลังเก่าข้างหอกระจายข่าว", kind=DocumentKind.MEMO
    )
    _attach(services, centre, "บันทึกข้อความจัดตั้งศูนย์", scanned(memo, 1), DocumentKind.MEMO)
    command = order("215/2564", "แต่งตั้งคณะกรรมการศูนย์", *[f"วรรคที่ {n} ให้กรรมการประชุมทุกเดือน" for n in range(60)])
    _attach(services, centre, "คำสั่งแต่งตั้งคณะกรรมการศูนย์", command, DocumentKind.ORDER)
    fees = [
        _announce(
            services,
            f"อัตราค่าธรรมเนียมเก็บขนขยะมูลฝอย ปีที่ {number + 1}",
            "บ้านอยู่อาศัย เดือนละ 30 บาท",
            dt.date(2012 + number, number + 1, 3),
            kind=DocumentKind.ANNOUNCEMENT if number % 3 else DocumentKind.NEWS,
            category="สิ่งแวดล้อม",
            expires_on=None if number else dt.date(2012, 12, 31),
        )
        for number in range(12)
    ]
    services.commands.publication.withdraw(fees[-1].id, actor=ACTOR, reason="ประกาศซ้ำ")
    centre, withdrawn, expired = (services.announcements.get(each.id) for each in (centre, fees[-1], fees[0]))
    return centre, withdrawn, expired


def _collect(services: Services, centre: Announcement) -> Collection:
    items = [CollectionLine("O1 โครงสร้าง", None), CollectionLine("O2 การมีส่วนร่วม", centre.id)]
    body = "หัวข้อตามแบบวัด OIT"
    return services.commands.collections.save(
        None, title="การเปิดเผยข้อมูลสาธารณะ", body=body, items=items, actor=ACTOR
    )


def _announce(services: Services, title: str, body: str, day: dt.date, **more: object) -> Announcement:
    fields = {"author": "จับกังไซเบอร์", "category": "การมีส่วนร่วม"} | more
    made = services.commands.announcements.create(
        Draft(title=title, body=body, published_on=day, **fields),  # type: ignore[arg-type]
        actor=ACTOR,
    )
    return services.commands.publication.publish(made.id, actor=ACTOR)


def _attach(services: Services, to: Announcement, label: str, data: bytes, kind: DocumentKind) -> None:
    services.commands.attachments.attach(
        to.id, io.BytesIO(data), filename=f"{label}.pdf", label=label, kind=kind, actor=ACTOR
    )


def _all_read(services: Services) -> bool:
    counts = services.jobs.count_by_status()
    assert not counts.get(ReadingStatus.FAILED), counts
    return not counts.get(ReadingStatus.WAITING) and not counts.get(ReadingStatus.READING)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=5) as answer:
            return answer.status == 200  # type: ignore[no-any-return]
    except OSError:  # not there yet, or too busy to answer
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
