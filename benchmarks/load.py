"""Residents at the running service, alone and while staff upload and the index is rebuilt.

    python -m benchmarks.load DOCS.jsonl QUERIES.jsonl --clients 1 8 --seconds 20
    python -m benchmarks.load DOCS.jsonl QUERIES.jsonl --clients 50 --seconds 300 --busy DIRECTORY
    python -m benchmarks.load DOCS.jsonl QUERIES.jsonl --clients 8 --seconds 20 --rebuilds 8

With ``--busy`` every run is made twice: in peace, and with the PDFs of the directory uploaded again and
again (each time as new bytes) while ``prakat reindex`` runs without pause. Each client asks, reads the
answer, opens what it found, and asks again. With ``--rebuilds`` the index is rebuilt so many times while
they go on, and the memory of the web processes is told after each: what is lost, goes on growing.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import multiprocessing
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.corpus import argument_parser, records
from benchmarks.import_corpus import filled
from benchmarks.upload import announce
from indexer.reindex import rebuild
from tests.torture.api import Refused
from tests.torture.service import Service, children
from web.commands.serving import WEB


@dataclass
class Seen:
    """Observations of one client: seconds by kind of address, and the number of failed answers."""

    times: dict[str, list[float]] = field(default_factory=lambda: {"api": [], "results": [], "record": []})
    inside: list[float] = field(default_factory=list)  # seconds that the API says it took
    errors: int = 0


def resident(port: int, queries: list[str], seed: int, until: float) -> Seen:
    chance, seen = random.Random(seed), Seen()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.time() < until:
        asked = quote(chance.choice(queries))
        answer = _get(connection, seen, "api", f"/api/v1/search?q={asked}")
        _get(connection, seen, "results", f"/search?q={asked}")
        if answer:
            found = json.loads(answer)
            seen.inside.append(found["took_ms"] / 1000)
            for result in found["results"][:1]:
                _get(connection, seen, "record", result["url"])
    connection.close()
    return seen


def _get(connection: http.client.HTTPConnection, seen: Seen, kind: str, path: str) -> bytes:
    began = time.perf_counter()
    try:
        connection.request("GET", path, headers={"User-Agent": "Mozilla/5.0 benchmark"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        seen.errors += 1
        return b""
    seen.errors += answer.status != 200
    seen.times[kind].append(time.perf_counter() - began)
    return body if answer.status == 200 else b""


def run(port: int, queries: list[str], clients: int, seconds: float) -> Seen:
    """Run all clients at once, in processes of their own."""
    with multiprocessing.get_context("spawn").Pool(min(clients, 10)) as pool:
        shares = [len(range(start, clients, 10)) for start in range(min(clients, 10))]
        found = pool.starmap(
            _residents, [(port, queries, share, seed, seconds) for seed, share in enumerate(shares)]
        )
    total = Seen()
    for seen in itertools.chain.from_iterable(found):
        for kind, times in seen.times.items():
            total.times[kind] += times
        total.inside += seen.inside
        total.errors += seen.errors
    return total


def _residents(port: int, queries: list[str], share: int, seed: int, seconds: float) -> list[Seen]:
    """Several clients of one process, from when it has started."""
    until = time.time() + seconds
    with ThreadPoolExecutor(share) as pool:
        return [*pool.map(lambda n: resident(port, queries, 1000 * seed + n, until), range(share))]


def show(title: str, seen: Seen, seconds: float) -> float:
    """Print a line for each kind of address. Returns requests a second."""
    count = sum(map(len, seen.times.values()))
    print(f"{title}: {count / seconds:.0f} requests a second, {seen.errors} errors")
    for kind, times in seen.times.items():
        if times:
            points = np.percentile(np.array(times) * 1000, [50, 95, 99])
            print(f"  {kind:8} p50/p95/p99 " + "/".join(f"{point:.0f}" for point in points) + " ms")
    if seen.inside:
        print(f"  outside the search: {1 - sum(seen.inside) / sum(seen.times['api']):.0%} of the API's time")
    return count / seconds


def reindex(service: Service) -> None:
    """Rebuild the index beside the service."""
    assert service.run("reindex", "--jobs", "1").returncode == 0


def while_rebuilt(service: Service, queries: list[str], clients: int, seconds: float) -> str:
    """Returns the number of requests answered while the index was rebuilt once, and the memory afterwards."""
    with ThreadPoolExecutor(1) as pool:
        rebuilt = pool.submit(reindex, service)
        seen = run(service.port, queries, clients, seconds)
        rebuilt.result()
    run(service.port, queries, clients, 3)  # of the new index
    count = sum(map(len, seen.times.values()))
    whole, own = (memory_mb(web_processes(service), kind) for kind in ("Pss", "Pss_Anon"))
    return f"{count} requests, {seen.errors} errors, memory {whole:.0f} MB, {own:.0f} MB its own"


@contextmanager
def busy(service: Service, folder: Path) -> Iterator[list[int]]:
    """Upload and rebuild until the end of the context; gives the count of uploads that were taken."""
    files = [path.read_bytes() for path in sorted(folder.glob("*.pdf"))]
    sent, stop = [0], threading.Event()

    def upload() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            data = files[number % len(files)] + f"\n%{number}".encode()  # new bytes each time
            with suppress(Refused):
                service.api.upload(announce(service, f"เรื่องที่ {number}"), data, f"{number}.pdf")
                sent[0] += 1
            stop.wait(1.0)

    def rebuild_again() -> None:
        while not stop.is_set():
            reindex(service)

    with ThreadPoolExecutor(2) as pool:
        begun = [pool.submit(upload), pool.submit(rebuild_again)]
        try:
            yield sent
        finally:
            stop.set()
            for each in begun:
                each.result()


def web_processes(service: Service) -> list[int]:
    """Returns the processes that answer requests, without the master, which only watches them."""
    return children(service.pid, WEB)


def memory_mb(processes: Iterable[int], kind: str = "Pss") -> float:
    """Megabytes that the processes hold, shared ones counted once; ``Pss_Anon``: without mapped files."""
    kilobytes = 0
    for pid in processes:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        kilobytes += next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
    return kilobytes / 1024


def processor_seconds(processes: Iterable[int]) -> float:
    """Returns the processor seconds that the processes have used, system time included."""
    ticks = 0
    for pid in processes:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(service: Service, queries: list[str], given: argparse.Namespace) -> None:
    processes = web_processes(service)
    for clients in given.clients:
        run(service.port, queries, clients, 3)  # warm
        before, used = memory_mb(processes), processor_seconds(processes)
        peace = show(f"{clients} clients", run(service.port, queries, clients, given.seconds), given.seconds)
        used = (processor_seconds(processes) - used) / max(peace * given.seconds, 1)
        after = memory_mb(processes)
        print(f"  memory {before:.0f} → {after:.0f} MB; {used * 1000:.1f} ms of processor a request")
        for number in range(1, given.rebuilds + 1):
            told = while_rebuilt(service, queries, clients, given.seconds)
            print(f"  rebuild {number}: {told}", flush=True)
        if given.busy:
            before = memory_mb(processes)
            with busy(service, given.busy) as sent:
                seen = run(service.port, queries, clients, given.seconds)
            rate = show(f"{clients} clients, uploads and rebuilds", seen, given.seconds)
            after = memory_mb(processes)
            print(f"  memory {before:.0f} → {after:.0f} MB; {sent[0]} uploads; {rate / peace:.2f} × the rate")


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("docs", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--busy", type=Path)
    parser.add_argument("--rebuilds", type=int, default=0)
    given = parser.parse_args()
    queries = [record["query"] for record in records(given.queries)]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        services = filled(data, given.docs)
        rebuild(services.records, services.index, jobs=os.cpu_count() or 1)
        service = Service(data, Path(folder) / "log", ocr_jobs=0)
        service.start()
        try:
            measure(service, queries, given)
        finally:
            service.stop()


if __name__ == "__main__":
    main()
