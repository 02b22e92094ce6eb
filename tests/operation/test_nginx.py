"""The shipped nginx configuration before the real service: what is kept, for whom, and what is refused."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest

from archive.model import Role
from tests.operation.nginx import nginx
from tests.torture.service import Service
from web.accounts.passwords import hash_password
from web.bootstrap import build_services
from web.serving import http_caching
from web.settings import Settings

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")

PASSWORD = "รหัสผ่านยาวพอสมควร"
STAFF_LINK = "/staff"
"""Text on pages as people who are signed in see them."""


@dataclass
class Proxied:
    service: Service
    port: int
    folder: Path

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def published(self, title: str) -> int:
        given = {"title": title, "body": "", "author": "ปลัด", "published_on": "2021-06-09"}
        id: int = self.service.api.post("/announcements", given)["id"]
        self.service.api.post(f"/announcements/{id}/publish", {"reason": "ทดสอบ"})
        return id


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    service = Service(folder / "data", folder / "log")
    services = build_services(Settings(data=folder / "data"))
    services.people.accounts.add("somsri", hash_password(PASSWORD), Role.STAFF)
    services.database.close()
    service.start("--processes", "1")
    try:
        with nginx(folder, service.port) as port:
            yield Proxied(service, port, folder)
    finally:
        service.kill("all")


def test_a_public_page_is_asked_for_once(proxied: Proxied) -> None:
    id = proxied.published("ประกาศน้ำท่วม")
    first = proxied.ask(f"/announcements/{id}")
    again = proxied.ask(f"/announcements/{id}")
    assert first[0] == again[0] == 200
    assert again[1]["X-Cache"] in ("HIT", "STALE", "UPDATING")
    assert again[2] == first[2]
    assert again[1]["X-Request-Id"] == first[1]["X-Request-Id"]
    unchanged = proxied.ask(f"/announcements/{id}", If_None_Match=first[1]["ETag"])
    assert unchanged[0] == 304


def test_a_shared_link_is_answered_with_the_kept_page(proxied: Proxied) -> None:
    id = proxied.published("ประกาศน้ำท่วม")
    for path, marked in (
        (f"/announcements/{id}", "?fbclid=IwAR0&utm_source=line"),
        (f"/announcements/{id}?q=flood&page=1", "&fbclid=IwAR1"),
        ("/search?q=flood", "&utm_medium=social&utm_source=line"),
        ("/search?utm_source=line&q=nothing", ""),
    ):
        first = proxied.ask(path)
        again = proxied.ask(path + marked)
        assert (first[1]["X-Cache"], first[1]["X-Request-Id"]) == ("MISS", again[1]["X-Request-Id"]), path
    unmarked = proxied.ask("/search?q=nothing")
    assert unmarked[1]["X-Request-Id"] == again[1]["X-Request-Id"]


def test_a_shared_link_never_gets_the_page_of_another_address(proxied: Proxied) -> None:
    paths = (
        "/search?q=flood",
        "/search?q=flood%26fbclid=1",
        "/search?q=road&fbclid=1",
        "/search?q=flood&page=2&fbclid=1",
        "/search?xfbclid=1&q=storm",
        "/search?q=fbclid=1",
        "/search?fbclid=1&q=flood&page=3",
    )
    names = [proxied.ask(path)[1]["X-Request-Id"] for path in paths]
    assert len({*names}) == len(paths)
    cookie = sign_in(proxied)
    status, headers, page = proxied.ask("/search?q=flood&fbclid=2", Cookie=cookie)
    assert (status, headers["X-Cache"]) == (200, "BYPASS")
    assert STAFF_LINK in page
    assert STAFF_LINK not in proxied.ask("/search?q=flood&fbclid=2")[2]
    english = proxied.ask("/search?q=flood&fbclid=3", Cookie="language=en")
    assert english[2] != proxied.ask("/search?q=flood&fbclid=3")[2]


def test_a_harvester_never_gets_the_error_of_a_marked_address(proxied: Proxied) -> None:
    proxied.published("ประกาศน้ำท่วม")
    for asked, marked in (
        (
            "/oai?verb=ListRecords&metadataPrefix=oai_dc",
            "/oai?verb=ListRecords&metadataPrefix=oai_dc&utm_a=1",
        ),
        ("/oai?verb=Identify", "/oai?utm_a=1&verb=Identify"),
    ):
        assert "badArgument" in proxied.ask(marked)[2]
        answer = proxied.ask(asked)[2]
        assert "<error" not in answer, answer


def test_what_is_withdrawn_is_gone_within_seconds(proxied: Proxied) -> None:
    id = proxied.published("ประกาศที่จะถอน")
    assert "ประกาศที่จะถอน" in proxied.ask(f"/api/v1/announcements/{id}")[2]
    proxied.service.api.post(f"/announcements/{id}/withdraw", {"reason": "ลงผิดเรื่อง"})
    time.sleep(http_caching.SHARED_SECONDS + http_caching.STALE_SECONDS + 1)
    for path in (f"/api/v1/announcements/{id}", f"/announcements/{id}"):
        assert proxied.ask(path)[0] == 410


def test_each_language_and_theme_is_kept_apart(proxied: Proxied) -> None:
    pages = {
        cookie: proxied.ask("/", Cookie=cookie)[2] for cookie in ("language=th", "language=en", "theme=dark")
    }
    assert len(set(pages.values())) == 3
    for cookie, page in pages.items():
        assert proxied.ask("/", Cookie=f"_ga=GA1.2; {cookie}")[2] == page


def test_what_staff_see_is_kept_for_nobody(proxied: Proxied) -> None:
    cookie = sign_in(proxied)
    for _ in range(2):
        status, headers, page = proxied.ask("/", Cookie=cookie)
        assert (status, headers["X-Cache"]) == (200, "BYPASS")
        assert STAFF_LINK in page
        assert "no-store" in headers["Cache-Control"]
    assert STAFF_LINK not in proxied.ask("/")[2]
    draft = proxied.service.api.post(
        "/announcements", {"title": "ร่างลับ", "body": "", "author": "ปลัด", "published_on": "2021-06-09"}
    )["id"]
    bearer = f"Bearer {proxied.service.token}"
    status, headers, _ = proxied.ask(f"/api/v1/announcements/{draft}", Authorization=bearer)
    assert (status, headers["X-Cache"]) == (200, "BYPASS")
    assert proxied.ask(f"/api/v1/announcements/{draft}")[0] == 404


def sign_in(proxied: Proxied) -> str:
    """The cookie of a clerk's session."""
    _, headers, page = proxied.ask("/sign-in")
    cookie = headers["Set-Cookie"].partition(";")[0]
    [token] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    form = urlencode({"csrf_token": token, "name": "somsri", "password": PASSWORD}).encode()
    status, headers, _ = proxied.ask(
        "/sign-in", "POST", form, Cookie=cookie, Content_Type="application/x-www-form-urlencoded"
    )
    assert status == 302
    return "; ".join(set.partition(";")[0] for set in headers.get_all("Set-Cookie") or ())


def test_a_strangers_large_body_is_refused(proxied: Proxied) -> None:
    for path in ("/nothing", "/api/v1/announcements/1/attachments"):
        with socket.create_connection(("127.0.0.1", proxied.port), timeout=30) as posting:
            posting.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n".encode())
            assert posting.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("picture", ["/not-there.webp", "/api/v1/attachments/9999/pages/1.webp"])
def test_a_client_that_asks_too_fast_is_told_when_to_come_again(proxied: Proxied, picture: str) -> None:
    answers = [proxied.ask(picture) for _ in range(150)]
    refused = [headers for status, headers, _ in answers if status == 429]
    assert refused
    assert {headers["Retry-After"] for headers in refused} == {"1"}
    assert {headers["Retry-After"] for status, headers, _ in answers if status != 429} == {None}
    time.sleep(2)
    assert proxied.ask(picture)[0] == 404


def test_a_programs_file_goes_through(proxied: Proxied) -> None:
    id = proxied.published("มีเอกสาร")
    border, file = "x" * 20, bytes(3_000_000)
    body = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'.encode()
    body += b"%PDF-1.7\n" + file + f"\r\n--{border}--\r\n".encode()
    status, _, answer = proxied.ask(
        f"/api/v1/announcements/{id}/attachments",
        "POST",
        body,
        Authorization=f"Bearer {proxied.service.token}",
        Content_Type=f"multipart/form-data; boundary={border}",
    )
    assert status == 202, answer


def test_idle_connections_stop_nobody(proxied: Proxied) -> None:
    with ExitStack() as idle:
        for _ in range(90):  # no address may have more than a hundred
            connection = socket.create_connection(("127.0.0.1", proxied.port), timeout=30)
            idle.enter_context(connection).sendall(b"G")
        assert proxied.ask("/healthz")[0] == 200
        assert proxied.ask("/browse")[0] == 200


def test_a_slow_request_is_followed_from_nginx_into_the_log_of_the_service(proxied: Proxied) -> None:
    slow = proxied.folder / "slow.log"
    before = len(slow.read_text().splitlines())
    proxied.ask("/browse")
    with socket.create_connection(("127.0.0.1", proxied.port), timeout=30) as sending:
        head = "POST /api/v1/announcements HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
        sending.sendall(head.encode() + bytes(10))
        time.sleep(1.2)
        sending.sendall(bytes(10))
        with closing(http.client.HTTPResponse(sending)) as answer:
            answer.begin()
            answer.read()
            id = answer.headers["X-Request-Id"]
    (noted,) = slow.read_text().splitlines()[before:]
    assert noted.endswith(f" {id}")
    assert "127.0.0.1" not in noted
    log = (proxied.folder / "log").read_text().splitlines()
    (line,) = (json.loads(each) for each in log if id in each and '"event": "request"' in each)
    assert (line["path"], line["receive_ms"] > 1000) == ("/api/v1/announcements", True)
    assert line["ms"] < 1000


def test_no_log_has_words_searched_for_or_the_key_of_a_follower(proxied: Proxied) -> None:
    asked = ("/search?q=kidney-disease", "/follow/stop/a-follower-s-key", "/follow/confirm/a-follower-s-key")
    for path in asked:
        proxied.ask(path)
    proxied.service.stop()  # what nginx cannot pass on is an error of nginx
    try:
        for path in asked:
            assert proxied.ask(path, Cookie="session=none")[0] == 502
    finally:
        proxied.service.start("--processes", "1")
    noted = (proxied.folder / "access.log").read_text()
    assert len(noted.splitlines()) >= 2 * len(asked)
    noted += (proxied.folder / "error.log").read_text() + (proxied.folder / "slow.log").read_text()
    assert not [word for word in ("kidney", "follower-s-key") if word in noted]


class _Slow(BaseHTTPRequestHandler):
    """A service that answers after two seconds, and its health at once."""

    def do_POST(self) -> None:
        time.sleep(0 if self.path == "/healthz" else 2)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        pass


def test_a_redaction_alone_is_waited_for_longer_than_other_pages(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Slow) as slow:
        threading.Thread(target=slow.serve_forever, daemon=True).start()
        with nginx(tmp_path, slow.server_port, holds={"300s": "20s", "120s": "1s"}) as port:

            def status(path: str) -> int:
                with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                    connection.request("POST", path)
                    return connection.getresponse().status

            assert status("/staff/attachments/7/redact") == 200
            assert status("/nongpladuk/staff/attachments/7/redact") == 200
            assert status("/staff/attachments/7/redact/pages") == 200
            for path in (
                "/staff/attachments/7",
                "/staff/announcements/7/attachments",
                "/api/v1/announcements/7/attachments",
                "/search",
            ):
                assert status(path) == 504
        slow.shutdown()
