"""Residents at the running service, alone and while staff upload and the index is rebuilt.

    python -m benchmarks.load DOCS.jsonl QUERIES.jsonl --clients 1 8 --seconds 20
    python -m benchmarks.load DOCS.jsonl QUERIES.jsonl --clients 50 --seconds 300 --busy DIRECTORY
    python -m benchmarks.load DOCS.jsonl QUERIES.jsonl --clients 8 --seconds 20 --rebuilds 8

With ``--busy`` every run is made twice: in peace, and with the PDFs of the directory uploaded again and
again (each time as new bytes) while ``prakat reindex`` runs without pause. Each client asks, reads the
answer, opens what it found, and asks again. With ``--rebuilds`` the index is rebuilt so many times while
they go on, and the memory of the web process is told after each: what is lost, goes on growing.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.corpus import records
from benchmarks.import_corpus import manifest
from benchmarks.upload import PORT, Service
from indexer.reindex import rebuild
from web.bootstrap import build_services
from web.importing import import_manifest
from web.settings import Settings


@dataclass
class Seen:
    """Observations of one client: seconds by kind of address, and the number of failed answers."""

    times: dict[str, list[float]] = field(default_factory=lambda: {"api": [], "results": [], "record": []})
    inside: list[float] = field(default_factory=list)  # seconds that the API says it took
    errors: int = 0


def resident(queries: list[str], seed: int, until: float) -> Seen:
    chance, seen = random.Random(seed), Seen()
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
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


def run(queries: list[str], clients: int, seconds: float) -> Seen:
    """Run all clients at once, in processes of their own."""
    with multiprocessing.get_context("spawn").Pool(min(clients, 10)) as pool:
        shares = [len(range(start, clients, 10)) for start in range(min(clients, 10))]
        found = pool.starmap(
            _residents, [(queries, share, seed, seconds) for seed, share in enumerate(shares)]
        )
    total = Seen()
    for seen in itertools.chain.from_iterable(found):
        for kind, times in seen.times.items():
            total.times[kind] += times
        total.inside += seen.inside
        total.errors += seen.errors
    return total


def _residents(queries: list[str], share: int, seed: int, seconds: float) -> list[Seen]:
    """Several clients of one process, from when it has started."""
    until = time.time() + seconds
    found: list[Seen] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(resident(queries, 1000 * seed + n, until)))
        for n in range(share)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


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


def rebuilding(service: Service) -> subprocess.Popen[bytes]:
    """Start ``prakat reindex``."""
    command = [sys.executable, "-m", "web.cli", "reindex", "--jobs", "1"]
    environment = os.environ | {"PRAKAT_DATA": str(service.data)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def while_rebuilt(service: Service, queries: list[str], clients: int, seconds: float) -> str:
    """Returns the number of requests answered while the index was rebuilt once, and the memory afterwards."""
    assert service.process is not None
    begun = rebuilding(service)
    seen = run(queries, clients, seconds)
    assert begun.wait() == 0
    run(queries, clients, 3)  # of the new index
    count = sum(map(len, seen.times.values()))
    whole, own = (memory_mb(service.process.pid, kind) for kind in ("VmRSS", "RssAnon"))
    return f"{count} requests, {seen.errors} errors, memory {whole:.0f} MB, {own:.0f} MB its own"


@contextmanager
def busy(service: Service, folder: Path) -> Iterator[list[int]]:
    """Upload and rebuild until the end of the context; gives the count of uploads answered 202."""
    files = [path.read_bytes() for path in sorted(folder.glob("*.pdf"))]
    sent, stop = [0], threading.Event()

    def upload() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            data = files[number % len(files)] + f"\n%{number}".encode()  # new bytes each time
            status, _ = service.upload(service.announce(f"เรื่องที่ {number}"), Path(f"{number}.pdf"), data)
            sent[0] += status == 202
            stop.wait(1.0)

    def reindex() -> None:
        while not stop.is_set():
            assert rebuilding(service).wait() == 0

    threads = [threading.Thread(target=upload), threading.Thread(target=reindex)]
    for thread in threads:
        thread.start()
    try:
        yield sent
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def memory_mb(pid: int, kind: str = "VmRSS") -> float:
    """Resident size of the web process; with ``RssAnon`` without the files that it shares with the system."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(kind))
    return int(line.split()[1]) / 1024


def processor_seconds(pid: int) -> float:
    """Returns the processor seconds that the process has used, system time included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(service: Service, queries: list[str], given: argparse.Namespace) -> None:
    assert service.process is not None
    pid = service.process.pid
    for clients in given.clients:
        run(queries, clients, 3)  # warm
        before, used = memory_mb(pid), processor_seconds(pid)
        peace = show(f"{clients} clients", run(queries, clients, given.seconds), given.seconds)
        used = (processor_seconds(pid) - used) / max(peace * given.seconds, 1)
        print(f"  memory {before:.0f} → {memory_mb(pid):.0f} MB; {used * 1000:.1f} ms of processor a request")
        for number in range(1, given.rebuilds + 1):
            told = while_rebuilt(service, queries, clients, given.seconds)
            print(f"  rebuild {number}: {told}", flush=True)
        if given.busy:
            before = memory_mb(pid)
            with busy(service, given.busy) as sent:
                seen = run(queries, clients, given.seconds)
            rate = show(f"{clients} clients, uploads and rebuilds", seen, given.seconds)
            after = memory_mb(pid)
            print(f"  memory {before:.0f} → {after:.0f} MB; {sent[0]} uploads; {rate / peace:.2f} × the rate")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("docs", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--busy", type=Path)
    parser.add_argument("--rebuilds", type=int, default=0)
    given = parser.parse_args()
    queries = [record["query"] for record in records(given.queries)]
    with tempfile.TemporaryDirectory() as folder:
        services = build_services(Settings(data=Path(folder) / "data"))
        manifest(given.docs, Path(folder) / "manifest.jsonl")
        import_manifest(services, Path(folder) / "manifest.jsonl", lambda _done, _total: None)
        rebuild(services.records, services.index, jobs=os.cpu_count() or 1)
        service = Service(Path(folder) / "data")
        service.start()
        try:
            measure(service, queries, given)
        finally:
            service.kill(signal.SIGTERM)


if __name__ == "__main__":
    main()
