"""A whole archive on real engines: records, files, index, reader, pages."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive.model import ALL_SCOPES, Announcement, Attachment, Draft, Role, Scope, Status
from storage.backup import manifest
from tests.empty_database import place_empty_database
from web.accounts.passwords import hash_password
from web.accounts.tokens import new_token, token_hash
from web.app import create_app
from web.background_worker import build_worker
from web.bootstrap import Services, build_services
from web.settings import Settings

PASSWORD = "รหัสผ่านยาวพอสมควร"
BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Firefox/140.0"}


class ReaderClient(FlaskClient):
    """A client whose HTML is as people read it: without the elements that only say where lines may break."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **{"buffered": True, **kwargs})  # files are read to their end and closed
        if answer.mimetype == "text/html" and "Content-Encoding" not in answer.headers:
            answer.set_data(answer.get_data().replace(b'<wbr aria-hidden="true">', b""))
        return answer


@dataclass
class Site:
    """An archive, its application, and what a test does with them again and again."""

    services: Services
    app: Flask

    def client(self) -> FlaskClient:
        return ReaderClient(self.app, self.app.response_class, use_cookies=True)

    def token(self, name: str = "test", *, scopes: frozenset[Scope] = ALL_SCOPES) -> dict[str, str]:
        """Returns headers that carry a new API token."""
        token = new_token()
        self.services.people.tokens.add(name, token_hash(token), scopes=scopes)
        return {"Authorization": f"Bearer {token}"}

    def signed_in(self, role: Role, root: str = "") -> FlaskClient:
        """The browser of a person of this role. ``root``: the address of the organisation."""
        if self.services.people.accounts.by_name(role.value) is None:
            self.services.people.accounts.add(role.value, hash_password(PASSWORD), role)
        client = self.client()
        answer = client.post(
            f"{root}/sign-in", data={"name": role.value, "password": PASSWORD}, headers=BROWSER
        )
        assert answer.status_code == 302
        return client

    def announcement(
        self, title: str, *, status: Status = Status.PUBLISHED, **values: object
    ) -> Announcement:
        given: dict[str, object] = {"published_on": dt.date(2021, 6, 9), "author": "จับกังไซเบอร์"} | values
        commands = self.services.commands
        made = commands.announcements.create(Draft(title=title, **given), actor="test")  # type: ignore[arg-type]
        if status in (Status.PUBLISHED, Status.WITHDRAWN):
            commands.publication.publish(made.id, actor="test")
        if status is Status.WITHDRAWN:
            commands.publication.withdraw(made.id, actor="test", reason="ลงผิดเรื่อง")
        if status is Status.TRASHED:
            commands.publication.trash(made.id, actor="test")
        return self.services.announcements.get(made.id)

    def attach(self, announcement_id: int, data: bytes, filename: str = "เอกสาร.pdf") -> Attachment:
        attachment, _ = self.services.commands.attachments.attach(
            announcement_id, io.BytesIO(data), filename=filename, actor="test"
        )
        return attachment

    def work(self) -> None:
        """Let a worker read all waiting documents, until search is level with the records."""
        with working(self.services):
            until(self._settled, seconds=90)

    def _settled(self) -> bool:
        counts = self.services.jobs.count_by_status()
        level = self.services.index.position() == self.services.history.last_change()
        return level and not counts.get("waiting") and not counts.get("reading")


@contextmanager
def working(services: Services) -> Iterator[None]:
    """A worker works in the background until the block ends."""
    stop = threading.Event()
    worker = build_worker(services)
    thread = threading.Thread(target=worker.run_until_stopped, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def until(true: Callable[[], bool], *, seconds: float) -> None:
    """Wait until ``true()``; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.05)


def open_site(data: Path) -> Site:
    if not data.exists():
        place_empty_database(data / manifest.DATABASE)
    services = build_services(Settings(data=data, ocr_jobs=2, site_name="เทศบาลตำบลหนองปลาดุก"))
    app = create_app(services)
    app.config["WTF_CSRF_ENABLED"] = False  # one test has it on; the others speak as forms do after it
    return Site(services, app)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return open_site(tmp_path / "data")


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return site.client()


class InterruptedCall:
    """A method of a repository in whose ``number``-th call something happens before it reads."""

    def __init__(
        self, patch: pytest.MonkeyPatch, owner: type, name: str, number: int, happen: Callable[[], None]
    ) -> None:
        self._calls, self._number, self._happen = 0, number, happen
        method = getattr(owner, name)

        def called(repository: object, *args: object) -> object:
            self._calls += 1
            if self._calls == self._number:
                self._happen()
            return method(repository, *args)

        patch.setattr(owner, name, called)


def heading(page: str) -> str:
    """The heading of a page, as people read it."""
    return re.sub("<[^>]*>", "", page.split("<h1")[1].split("</h1>")[0].partition(">")[2]).strip()


def sent_form(page: str) -> dict[str, str]:
    """The texts and kinds of an announcement's form as a browser sends them."""
    form = page.split('id="main"')[1].split("</form>")[0]
    fields = dict(re.findall(r'<textarea[^>]*\sname="([\w-]+)"[^>]*>([^<]*)</textarea>', form))
    for tag in re.findall(r"<input[^>]*>", form):
        if 'type="checkbox"' not in tag and 'type="file"' not in tag and 'name="' in tag:
            fields[tag.split('name="')[1].split('"')[0]] = (re.findall(r'value="([^"]*)"', tag) or [""])[0]
    for name, options in re.findall(
        r'<select[^>]*\sname="(kind[\d-]*)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        fields[name] = re.findall(r'value="(\w+)" selected', options)[0]
    return {name: html.unescape(value) for name, value in fields.items()}
