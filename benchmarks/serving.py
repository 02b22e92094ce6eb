"""Requests a second, memory and the longest wait of a bystander, on the running service.

    python -m benchmarks.serving DOCS.jsonl QUERIES.jsonl --seconds 5 [--processors 1]

Imports the documents into a new archive, then measures with ``serve --processes 1`` and ``2``: searches of
the API with one and with eight clients; an answer of the API, the first page, results, an announcement and a
document's page fresh, kept and unchanged (304), directly and through nginx; memory (PSS) of all processes;
and how long ``/healthz`` and the first page take for a bystander while the service is attacked. Compare
figures of one run only. ``--processors`` pins the service and its clients to so many processors.
"""

from __future__ import annotations

import datetime as dt
import http.client
import io
import itertools
import json
import multiprocessing
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import numpy as np

from archive.model import DocumentKind, Status
from benchmarks.corpus import argument_parser, records
from benchmarks.import_corpus import filled
from indexer.processors import count_processors
from indexer.reindex import rebuild
from tests.operation.nginx import nginx
from tests.torture.service import Service
from web.sample.documents import SampleDocumentText, make_document

BROWSER = {"User-Agent": "Mozilla/5.0 benchmark"}


def ask(port: int, paths: list[str], headers: dict[str, str], until: float) -> list[float]:
    """Request the paths in turn on one connection until a time (Unix).

    Returns the seconds that each answer took.
    """
    times, connection = [], http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in itertools.cycle(paths):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)  # on a new connection where the last was closed
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            raise RuntimeError(f"{path}: {answer.status}")
        times.append(time.perf_counter() - began)
        if time.time() > until:
            break
    connection.close()
    return times


def rate(port: int, paths: list[str], clients: int, seconds: float, **headers: str) -> float:
    """Returns the answers a second to the given number of clients."""
    return len(times_of_answers(port, paths, clients, seconds, **headers)) / seconds


def times_of_answers(
    port: int, paths: list[str], clients: int, seconds: float, **headers: str
) -> list[float]:
    """Returns the seconds that each answer to the clients took, which are processes of their own."""
    with multiprocessing.get_context("fork").Pool(clients) as pool:
        until = time.time() + seconds
        shares = [paths[number::clients] or paths for number in range(clients)]
        asked = [(port, share, BROWSER | headers, until) for share in shares]
        return [*itertools.chain.from_iterable(pool.starmap(ask, asked))]


def memory(service: Service) -> float:
    """Returns the megabytes that all processes of the service hold, shared ones counted once (PSS)."""
    total = 0
    for pid in service.left_behind():
        with suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(rollup.split("\nPss:")[1].split()[0])
    return total / 1024


@contextmanager
def running(folder: Path, processes: int) -> Iterator[Service]:
    service = Service(folder / "data", folder / "log")
    service.start("--processes", str(processes))
    try:
        yield service
    finally:
        service.stop()


def published(service: Service) -> list[int]:
    """Returns the ids of the newest fifty announcements."""
    return [each["id"] for each in service.api.get("/announcements", per_page=50)["results"]]


def measure_rates(
    service: Service, queries: list[str], document: str, seconds: float, proxied: int | None
) -> None:
    fresh = [
        f"/api/v1/search?q={quote(query)}&per_page={10 + turn}" for turn in range(8) for query in queries
    ]
    times = [times_of_answers(service.port, fresh[clients::2], clients, seconds) for clients in (1, 8)]
    one, eight = (len(each) / seconds for each in times)
    print(f"  API, fresh searches: {one:.0f}/s with 1 client, {eight:.0f}/s with 8: {eight / one:.2f} x")
    middle, longest = np.percentile(np.array(times[1]) * 1000, [50, 99])
    print(f"  p50 / p99 with 8: {middle:.0f} / {longest:.0f} ms ({longest / middle:.1f} x)")
    words = [f"/search?q={quote(query)}&per_page={20 + turn}" for turn in range(20) for query in queries]
    found = published(service)
    # ``width`` is read by no such page but kept in its address, so each of these pages is made
    for name, fresh_paths, path in (
        ("API", [f"/api/v1{each}" for each in words], fresh[0]),
        ("home", [f"/?width={number}" for number in range(100_000)], "/"),
        ("results", words, f"/search?q={quote(queries[0])}"),
        (
            "announcement",
            [f"/announcements/{found[n % 50]}?width={n}" for n in range(99_999)],
            f"/announcements/{found[0]}",
        ),
        ("document page", [f"{document}?width={n}" for n in range(99_999)], document),
    ):
        made = rate(service.port, fresh_paths, 2, seconds)
        kept = rate(service.port, [path], 2, seconds)
        connection = http.client.HTTPConnection("127.0.0.1", service.port)
        connection.request("GET", path, headers=BROWSER)
        tag = connection.getresponse().headers["ETag"]
        connection.close()
        unchanged = rate(service.port, [path], 2, seconds, **{"If-None-Match": tag})
        line = f"  {name}: {made:.0f}/s fresh, {kept:.0f}/s kept ({kept / made:.1f} x), {unchanged:.0f}/s 304"
        print(line + (f", {rate(proxied, [path], 4, seconds):.0f}/s through nginx" if proxied else ""))


def idle(port: int) -> Iterator[None]:
    """Open 105 connections that send a byte every few seconds."""
    with ExitStack() as held:
        crowd = [held.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(105)]
        while True:
            for one in crowd:
                with suppress(OSError):
                    one.sendall(b"G")
            yield


def large_posts(port: int) -> Iterator[None]:
    """Send six anonymous bodies of 60 MB as fast as the service takes them."""
    body = bytes(1 << 20)
    while True:
        with suppress(OSError), ExitStack() as held:
            for _ in range(6):
                one = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2))
                one.sendall(b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n" + body)
        yield


def pictures(port: int, path: str) -> Iterator[None]:
    """Send 24 requests at once for a page's picture, each with another word."""
    numbers = itertools.count()

    def one() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", f"{path}?q={quote('ถนน')}+{next(numbers)}&width=1600")
            connection.getresponse().read()
        connection.close()

    while True:
        with ThreadPoolExecutor(24) as pool:
            for _ in range(24):
                pool.submit(one)
        yield


def dumps(port: int) -> Iterator[None]:
    """Open eight clients that ask for the open data and read nothing."""
    with ExitStack() as held:
        for _ in range(8):
            one = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            one.sendall(b"GET /open-data/announcements.jsonl HTTP/1.1\r\nHost: x\r\n\r\n")
        while True:
            yield


def longest_wait(port: int, attack: Iterator[None], seconds: float) -> str:
    """Returns the longest wait of a bystander for an answer during the attack, by path."""
    end = time.monotonic() + seconds
    attacking = threading.Thread(target=_go_on, args=(attack, end))
    attacking.start()
    longest = {"/healthz": 0.0, "/": 0.0}
    while time.monotonic() < end:
        for path in longest:
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            connection.request("GET", path)
            if connection.getresponse().status != HTTPStatus.OK:
                raise RuntimeError(path)
            connection.close()
            longest[path] = max(longest[path], time.monotonic() - began)
            time.sleep(0.1)
    attacking.join()
    return ", ".join(f"{path} {wait:.2f} s" for path, wait in longest.items())


def _go_on(attack: Iterator[None], end: float) -> None:
    while time.monotonic() < end:
        next(attack)
        time.sleep(0.2)


def attacked(service: Service, proxied: int | None, picture: str, seconds: float) -> None:
    attacks: dict[str, Callable[[int], Iterator[None]]] = {
        "105 idle connections": idle,
        "six large posts": large_posts,
        "24 pictures": lambda port: pictures(port, picture),
        "eight dumps unread": dumps,
    }
    for name, attack in attacks.items():
        for way, port in (("direct", service.port), ("nginx", proxied)):
            if port:
                waits = longest_wait(port, attack(port), seconds)
                print(f"  {name}, {way}: longest wait {waits}; {memory(service):.0f} MB")


def fill(folder: Path, docs: Path) -> tuple[str, str]:
    """An archive of the documents and a memo with a page; the addresses of its document and its picture."""
    services = filled(folder / "data", docs)
    memo = make_document(_memo())
    [first], _ = services.announcements.list_page(statuses=[Status.PUBLISHED], page=1, per_page=1)
    attached, _ = services.commands.attachments.attach(
        first.id, io.BytesIO(memo), filename="memo.pdf", actor="benchmark"
    )
    rebuild(services.records, services.index)
    services.database.close()
    document = f"/announcements/{first.id}/attachments/{attached.id}"
    return document, f"/api/v1/attachments/{attached.id}/pages/1.webp"


def _memo() -> SampleDocumentText:
    return SampleDocumentText(
        kind=DocumentKind.MEMO,
        number="นป 52301/412",
        date=dt.date(2021, 6, 9),
        subject="ขออนุมัติซ่อมถนน",
        paragraphs=("ขออนุมัติซ่อมถนนสายบ้านหนองปลาดุก",),
    )


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("docs", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--processors", type=int, default=count_processors())
    given = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.processors])
    queries = [json.loads(line)["query"] for line in given.queries.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document, picture = fill(folder, given.docs)
        print(f"{sum(1 for _ in records(given.docs))} announcements, {given.processors} processors")
        held: dict[int, float] = {}
        for processes in (1, 2):
            with running(folder, processes) as service, ExitStack() as front:
                proxied = None
                if shutil.which("nginx"):
                    (folder / f"nginx-{processes}").mkdir()
                    proxied = front.enter_context(
                        nginx(folder / f"nginx-{processes}", service.port, limits=False)
                    )
                print(f"{processes} processes:")
                measure_rates(service, queries, document, given.seconds, proxied)
                held[processes] = memory(service)
                print(f"  memory of all: {held[processes]:.0f} MB")
                if processes == 2:
                    attacked(service, proxied, picture, 3 * given.seconds)
        print(f"memory of two processes / one: {held[2] / held[1]:.2f}")


if __name__ == "__main__":
    main()
