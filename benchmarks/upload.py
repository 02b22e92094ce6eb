"""Documents through the running service: uploaded over HTTP, read, searched for; and killed in between.

    python -m benchmarks.upload DIRECTORY…             # PDFs beside a truth.json
    python -m benchmarks.upload DIRECTORY… --kill      # kill -9 while twenty uploads are in flight

A truth is a list of ``{"file", "page", "phrases"}`` or a mapping of file to ``{"pages": [text]}``.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

PORT = 8377
IN_FLIGHT = 20
_LEAST = 12  # letters of a line that is searched for


@dataclass
class Service:
    """``prakat serve`` in a process group of its own."""

    data: Path
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    def start(self) -> float:
        """Start the service. Returns the seconds until it answers."""
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve", "--port", str(PORT)],
            env=self._environment(),
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        while not self.answers():
            time.sleep(0.05)
        return time.perf_counter() - began

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, how)
        self.process.wait()

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def write(self, path: str, values: dict[str, Any]) -> tuple[int, Any]:
        return self.ask(
            "POST",
            path,
            json.dumps(values).encode(),
            **{"Content-Type": "application/json", "Authorization": self._bearer()},
        )

    def upload(self, announcement_id: int, file: Path, data: bytes) -> tuple[int, Any]:
        storage = FileStorage(stream=io.BytesIO(data), filename=file.name)
        boundary, body = encode_multipart({"file": storage, "label": file.stem})
        return self.ask(
            "POST",
            f"/api/v1/announcements/{announcement_id}/attachments",
            body,
            **{
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Authorization": self._bearer(),
            },
        )

    def announce(self, title: str) -> int:
        values = {"title": title, "published_on": "2021-06-09", "status": "published"}
        status, made = self.write("/api/v1/announcements", values)
        assert status == 201, made
        return int(made["id"])

    def _bearer(self) -> str:
        if not self.token:
            command = [sys.executable, "-m", "web.cli", "token", "add", "benchmark"]
            made = subprocess.run(
                command, env=self._environment(), capture_output=True, text=True, check=True
            )
            self.token = made.stdout.strip()
        return f"Bearer {self.token}"

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PRAKAT_DATA": str(self.data)}


@dataclass
class Truth:
    """Text that a person reads in a file: pairs of page and phrase."""

    file: Path
    phrases: list[tuple[int, str]] = field(default_factory=list)


def truths(directory: Path) -> Iterator[Truth]:
    listed = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
    if isinstance(listed, list):
        by_file: dict[str, Truth] = {}
        for each in listed:
            truth = by_file.setdefault(each["file"], Truth(directory / each["file"]))
            truth.phrases += [(each["page"], phrase) for phrase in each["phrases"]]
        yield from by_file.values()
        return
    for name, each in listed.items():
        lines = [
            (number, line)
            for number, page in enumerate(each["pages"], start=1)
            for line in page.split("\n")
            if len(line) >= _LEAST
        ]
        yield Truth(directory / name, lines)


def settle(service: Service, ids: list[int]) -> dict[int, Any]:
    """Returns every attachment once it is read, or has failed."""
    done: dict[int, Any] = {}
    while len(done) < len(ids):
        for id in ids:
            if id not in done:
                _, attachment = service.ask("GET", f"/api/v1/attachments/{id}")
                if attachment["status"] in ("ready", "failed"):
                    done[id] = attachment
        time.sleep(0.5)
    return done


def read_all(service: Service, directory: Path) -> None:
    known = list(truths(directory))
    began = time.perf_counter()
    sent = {}
    for truth in known:
        status, attachment = service.upload(
            service.announce(truth.file.stem), truth.file, truth.file.read_bytes()
        )
        assert status == 202, attachment
        sent[attachment["id"]] = truth
    done = settle(service, list(sent))
    pages = sum(attachment["page_count"] or 0 for attachment in done.values())
    print(f"{directory.name}: {len(done)} files, {pages} pages in {time.perf_counter() - began:.0f} s")
    time.sleep(2)
    total = right = 0
    for id, attachment in done.items():
        found = [_finds(service, id, page, phrase) for page, phrase in sent[id].phrases]
        total, right = total + len(found), right + sum(found)
        error = attachment["error"]["message"] if attachment["error"] else ""
        print(f"  {sent[id].file.name:34} {attachment['status']:7} {sum(found):3}/{len(found):3} {error}")
    print(f"  found by search on the right page: {right}/{total} = {right / max(total, 1):.1%}")


def _finds(service: Service, attachment_id: int, page: int, phrase: str) -> bool:
    """Returns True when searching for the phrase finds the page."""
    _, answer = service.ask("GET", "/api/v1/search?" + urlencode({"q": phrase, "per_page": 50}))
    pages = [
        (found["attachment_id"], found["page"]) for result in answer["results"] for found in result["pages"]
    ]
    return (attachment_id, page) in pages


def kill_in_flight(service: Service, directories: list[Path]) -> None:
    """Twenty uploads at once, the service killed meanwhile; what was answered must become ready, once."""
    files = [truth.file for directory in directories for truth in truths(directory)]
    jobs = [(service.announce(f"เรื่องที่ {n}"), files[n % len(files)]) for n in range(IN_FLIGHT)]
    answered: list[tuple[int, int, str]] = []

    def send(job: tuple[int, Path]) -> None:
        announcement_id, file = job
        data = file.read_bytes()
        try:
            status, attachment = service.upload(announcement_id, file, data)
        except (OSError, http.client.HTTPException):
            return
        if status in (200, 202):
            answered.append((announcement_id, attachment["id"], hashlib.sha256(data).hexdigest()))

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        sending = [pool.submit(send, job) for job in jobs]
        enough = random.randint(3, IN_FLIGHT - 3)
        while len(answered) < enough:
            time.sleep(0.001)
        service.kill()
        for each in sending:
            each.result()
    print(f"killed with {len(answered)} of {IN_FLIGHT} uploads answered; up again in {service.start():.1f} s")
    done = settle(service, [id for _, id, _ in answered])
    assert all(done[id]["sha256"] == sha256 for _, id, sha256 in answered)
    failed = [each for each in done.values() if each["status"] != "ready"]
    stored = [path for path in (service.data / "files").rglob("*") if path.is_file()]
    torn = [path for path in stored if path.name != hashlib.sha256(path.read_bytes()).hexdigest()]
    for announcement_id, _, _ in answered:
        _, record = service.ask("GET", f"/api/v1/announcements/{announcement_id}")
        assert len(record["attachments"]) == 1
    print(f"ready {len(done) - len(failed)}, failed {len(failed)}, stored {len(stored)}, torn {len(torn)}")
    for each in failed:
        print(f"  {each['filename']}: {each['error']['message']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directories", type=Path, nargs="+")
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder) / "data")
        print(f"first answer of an empty archive after {service.start():.1f} s")
        try:
            if given.kill:
                kill_in_flight(service, given.directories)
            else:
                for directory in given.directories:
                    read_all(service, directory)
        finally:
            service.kill(signal.SIGTERM)


if __name__ == "__main__":
    main()
