"""The service as it is started: several processes, slow and hostile clients, stop and reload."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from tests.operation.archives import close, run
from tests.operation.archives import opened as opened_archive
from tests.torture.service import Service, children
from web.app import create_app
from web.commands import serving
from web.commands.serving import READER, WEB
from web.serving import http_server
from web.serving.http_server import Server, listen

PATIENCE = 20.0
"""Seconds for an answer on a busy machine; the answers that these tests check took minutes or never came."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serving")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    service = Service(folder / "data", folder / "log")
    start(service)
    yield service
    service.kill("all")
    until(lambda: service.left_behind() == [])


def start(service: Service) -> None:
    """Starts two web processes, and returns when both and the reading one are there."""
    service.start("--processes", "2")
    until(lambda: [len(children(service.pid, name)) for name in (WEB, READER)] == [2, 1])


def get(service: Service, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def opened(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def answer_of(connection: socket.socket) -> tuple[int, bytes]:
    with closing(http.client.HTTPResponse(connection)) as answer:
        answer.begin()
        return answer.status, answer.read()


def test_a_stop_finishes_what_is_in_flight_and_keeps_it(service: Service, folder: Path) -> None:
    given = {"title": "ประกาศที่กำลังส่ง", "body": "", "author": "ปลัด", "published_on": "2021-06-09"}
    record = f"/announcements/{service.api.post('/announcements', given | {'title': 'เดิม'})['id']}"
    paper = b"%PDF-1.7 in flight"
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%s\r\n--x--\r\n' % paper
    )
    requests = [
        ("POST /api/v1/announcements", "application/json", json.dumps(given).encode()),
        (f"PATCH /api/v1{record}", "application/json", json.dumps({"title": "แก้แล้ว"}).encode()),
        (f"POST /api/v1{record}/attachments", "multipart/form-data; boundary=x", form),
    ]
    with ExitStack() as open_ones:
        sending = [open_ones.enter_context(opened(service)) for _ in requests]
        for connection, (line, media_type, body) in zip(sending, requests, strict=True):
            connection.sendall(
                f"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\n"
                f"Authorization: Bearer {service.token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body[:20]
            )
        time.sleep(0.5)
        service.signal(signal.SIGTERM)
        time.sleep(1.0)
        for connection, (_, _, body) in zip(sending, requests, strict=True):
            connection.sendall(body[20:])
        statuses, answers = zip(*map(answer_of, sending), strict=True)
    assert statuses == (201, 200, 202), answers
    assert service.wait() == 0
    assert "Traceback" not in (log := (folder / "log").read_text()), log
    assert "Bad file descriptor" not in log
    start(service)
    made, _, attached = map(json.loads, answers)
    assert service.api.get(f"/announcements/{made['id']}")["title"] == "ประกาศที่กำลังส่ง"
    assert service.api.get(record)["title"] == "แก้แล้ว"
    assert service.api.file(attached["id"]) == paper
    assert service.api.ready()


def test_a_stop_answers_the_request_that_is_on_its_way_on_a_kept_connection(service: Service) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)) as connection:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        service.signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
    assert service.wait() == 0
    start(service)


@pytest.mark.parametrize("name", [WEB, READER])
def test_one_process_is_killed_and_the_others_serve(service: Service, name: str) -> None:
    before = children(service.pid, name)
    assert len(before) == (2 if name == WEB else 1)
    os.kill(before[0], signal.SIGKILL)
    until(lambda: before[0] not in children(service.pid, name))
    for _ in range(20):
        assert get(service, "/") == 200
    until(lambda: len(children(service.pid, name)) == len(before))


def test_a_reload_leaves_no_gap(service: Service) -> None:
    before = {*children(service.pid, WEB), *children(service.pid, READER)}
    service.signal(signal.SIGHUP)
    asked = 0

    def replaced() -> bool:
        nonlocal asked
        asked += 1
        assert get(service, "/") == 200
        now = {*children(service.pid, WEB), *children(service.pid, READER)}
        return len(now) == len(before) and not now & before

    until(replaced)
    assert asked > 1


def test_a_reload_with_a_wrong_setting_changes_nothing(service: Service, folder: Path) -> None:
    before = children(service.pid, WEB)
    wrong = folder / "data" / "prakat.toml"
    wrong.write_text("nonsense = 1")
    service.signal(signal.SIGHUP)
    until(lambda: "not reloaded" in (folder / "log").read_text())
    wrong.unlink()
    assert children(service.pid, WEB) == before
    assert get(service, "/") == 200


def test_a_reload_of_a_program_that_cannot_start_changes_nothing(service: Service, folder: Path) -> None:
    before = children(service.pid, WEB)
    said = (folder / "log").read_text().count("not reloaded")
    key, away = folder / "data" / "secret-key", folder / "data" / "secret-key.away"
    key.rename(away)
    key.mkdir()
    try:
        service.signal(signal.SIGHUP)
        until(lambda: (folder / "log").read_text().count("not reloaded") > said)
    finally:
        key.rmdir()
        away.rename(key)
    assert children(service.pid, WEB) == before
    assert get(service, "/") == 200
    service.signal(signal.SIGHUP)
    until(lambda: not {*children(service.pid, WEB)} & {*before})
    assert get(service, "/") == 200


def test_idle_connections_stop_nobody(service: Service) -> None:
    with ExitStack() as idle:
        for _ in range(250):
            idle.enter_context(opened(service)).sendall(b"G")
        assert get(service, "/healthz") == 200
        assert get(service, "/") == 200


@pytest.mark.parametrize(
    "length", ["Content-Length: 60000000", "Transfer-Encoding: chunked"], ids=["announced", "in pieces"]
)
@pytest.mark.parametrize("path", ["/nothing-here", "/sign-in", "/api/v1/announcements/1/attachments"])
def test_a_large_body_of_a_stranger_is_not_received(service: Service, path: str, length: str) -> None:
    with opened(service) as posting:
        posting.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\n{length}\r\n\r\n".encode()
        )
        if "chunked" in length:
            piece = b"%x\r\n%s\r\n" % (1 << 16, bytes(1 << 16))
            for _ in range(17):
                posting.sendall(piece)
        status, answer = answer_of(posting)
    assert status == 413
    assert "chunked" in length or "ใหญ่เกิน" in answer.decode()


def test_a_connection_lives_on_after_an_unchanged_page(service: Service) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)) as connection:
        for path in ("/", "/browse"):
            connection.request("GET", path)
            first = connection.getresponse()
            first.read()
            socket_before = connection.sock
            connection.request("GET", path, headers={"If-None-Match": first.headers["ETag"]})
            assert connection.getresponse().read() == b""
            assert connection.sock is socket_before


def test_a_stranger_who_goes_on_sending_sees_the_refusal(service: Service) -> None:
    with opened(service) as posting:
        posting.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n")
        posting.sendall(bytes(4_000_000))
        status, answer = answer_of(posting)
    assert status == 413
    assert "ใหญ่เกิน" in answer.decode()


def test_a_file_of_a_program_with_a_token_is_received(service: Service) -> None:
    given = {"title": "มีเอกสารใหญ่", "body": "", "author": "ปลัด", "published_on": "2021-06-09"}
    made = service.api.post("/announcements", given)
    file = b"%PDF-1.7\n" + os.urandom(3_000_000)
    attached = service.api.upload(made["id"], file, "ใหญ่.pdf")
    assert service.api.file(attached["id"]) == file
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)) as connection:
        headers = {"Authorization": f"Bearer {service.token}", "Range": "bytes=1000000-1000999"}
        connection.request("GET", f"/api/v1/attachments/{attached['id']}/file", headers=headers)
        part = connection.getresponse()
        assert (part.status, part.read()) == (206, file[1_000_000:1_001_000])


class Told:
    """A stop request for a server that runs in a thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._calls: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        return self._event.is_set()

    def call_when_set(self, call: Callable[[], None]) -> None:
        self._calls.append(call)

    def report_alive(self) -> None: ...

    def set(self) -> None:
        self._event.set()
        for call in self._calls:
            call()


@pytest.fixture
def most_connections() -> int:
    return 1_000


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, most_connections: int) -> Iterator[int]:
    """A server of its own whose patience is short."""
    for name in ("IDLE_SECONDS", "HEADER_SECONDS", "BODY_SECONDS", "STALLED_SECONDS"):
        monkeypatch.setattr(http_server, name, 2.0 if name == "STALLED_SECONDS" else 0.5)
    monkeypatch.setattr(http_server, "MAX_CONNECTIONS", most_connections)
    released = threading.Event()

    def application(environ: WSGIEnvironment, start: Callable[..., object]) -> list[bytes]:
        if environ["PATH_INFO"].endswith(".webp") and "HTTP_PRAKAT_HURRY" not in environ:
            released.wait()
        start("200 OK", [("Content-Type", "text/plain")])
        return [bytes(1 << 20)] * (64 if environ["PATH_INFO"] == "/" else 1)

    with served(application) as listening:
        yield listening
        released.set()


@contextmanager
def served(application: WSGIApplication) -> Iterator[int]:
    """Serve an application in a thread; yields the port."""
    sockets = listen("127.0.0.1", 0)
    server = Server(
        application,
        max_body=1 << 21,
        may_send_large_body=lambda _environ: True,
        is_trusted_proxy=lambda _address: False,
    )
    stop = Told()
    thread = threading.Thread(target=server.serve_until_stopped, args=(stop, sockets))
    thread.start()
    try:
        yield sockets[0].getsockname()[1]
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n12"],
    ids=["nothing", "half a header", "half a body"],
)
def test_who_is_too_slow_is_let_go(port: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as slow:
        slow.sendall(begun)
        assert slow.recv(1) == b""


def test_who_drips_a_header_is_let_go(port: int) -> None:
    def drip(slow: socket.socket) -> None:
        for _ in range(200):
            slow.sendall(b"G")
            time.sleep(0.1)

    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as slow,
        pytest.raises(ConnectionError),
    ):
        drip(slow)


def test_who_does_not_read_gives_the_thread_back(port: int) -> None:
    with ExitStack() as deaf:
        for _ in range(4):
            client = deaf.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        asking = deaf.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)))
        asking.request("GET", "/")
        with closing(asking.getresponse()) as answer:
            assert len(answer.read()) == 64 << 20


def test_slow_pictures_hold_up_no_page(port: int) -> None:
    with ExitStack() as open_ones:
        for number in range(60):
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            client.sendall(b"GET /pages/1.webp?q=%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
        for path in (b"/healthz", b"/browse"):
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            client.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            assert client.recv(15) == b"HTTP/1.1 200 OK"


@pytest.fixture
def busy_port(tmp_path: Path) -> Iterator[int]:
    """The pages of an archive, each of which occupies its thread for half a second before."""
    services = opened_archive(tmp_path / "data")
    pages = create_app(services)

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        time.sleep(0.5)
        return pages(environ, start)

    with served(application) as port:
        yield port
    close(services)


def test_the_log_says_how_long_a_request_waited_for_a_thread(
    busy_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "prakat.request")

    def ask(number: int) -> tuple[str, float]:
        began = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", busy_port, timeout=PATIENCE)) as connection:
            connection.request("GET", path := f"/announcements/{number}")
            connection.getresponse().read()
            return path, (time.monotonic() - began) * 1000

    crowd = 3 * http_server.THREADS
    with ThreadPoolExecutor(crowd) as clients:
        seen = dict(clients.map(ask, range(crowd)))
    noted = [each.__dict__ for each in caplog.records if each.name == "prakat.request"]
    lines = {line["path"]: line for line in noted}
    waits = sorted(line["wait_ms"] for line in lines.values())
    assert len(waits) == crowd
    assert waits[0] < 250  # three rounds of half a second each, longer on a busy machine
    assert waits[http_server.THREADS] > 400
    assert waits[-1] > 800
    for path, took in seen.items():
        assert lines[path]["wait_ms"] + 500 + lines[path]["ms"] <= took + 5


def test_the_log_says_how_long_a_body_took_to_arrive(
    busy_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "prakat.request")
    with socket.create_connection(("127.0.0.1", busy_port), timeout=PATIENCE) as slow:
        slow.sendall(b"POST /nothing-here HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n" + bytes(10))
        time.sleep(0.3)
        slow.sendall(bytes(10))
        answer_of(slow)
    (line,) = (each.__dict__ for each in caplog.records if each.name == "prakat.request")
    assert line["receive_ms"] > 250
    assert line["wait_ms"] < 250


@pytest.mark.parametrize("most_connections", [5])
def test_the_longest_idle_makes_room(port: int) -> None:
    with ExitStack() as idle:
        crowd = []
        for _ in range(12):
            client = idle.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
            crowd.append(client)
        crowd[-1].sendall(b"\r\n")
        assert crowd[-1].recv(15) == b"HTTP/1.1 200 OK"


def test_a_port_that_is_taken_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "configure_logging", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run(tmp_path / "data", "serve", "--port", str(taken.getsockname()[1]))
    assert ran.exit_code == 1
    assert "--port" in ran.stderr
