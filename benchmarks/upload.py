"""Documents through the running service: uploaded over HTTP, read, searched for; and killed in between.

    python -m benchmarks.upload DIRECTORY…             # PDFs beside a truth.json
    python -m benchmarks.upload DIRECTORY… --kill      # kill -9 while twenty uploads are in flight

A truth is a list of ``{"file", "page", "phrases"}`` or a mapping of file to ``{"pages": [text]}``.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.corpus import argument_parser
from tests.torture.api import Interrupted, Refused
from tests.torture.service import Service

IN_FLIGHT = 20
_LEAST = 12  # letters of a line that is searched for


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


def announce(service: Service, title: str) -> int:
    """Publish an announcement. Returns its id."""
    values: dict[str, object] = {"title": title, "published_on": "2021-06-09", "status": "published"}
    return int(service.api.post("/announcements", values)["id"])


def settle(service: Service, ids: list[int]) -> dict[int, Any]:
    """Returns every attachment once it is read, or has failed."""
    done: dict[int, Any] = {}
    while len(done) < len(ids):
        for id in ids:
            if id not in done:
                attachment = service.api.get(f"/attachments/{id}")
                if attachment["status"] in ("ready", "failed"):
                    done[id] = attachment
        time.sleep(0.5)
    return done


def read_all(service: Service, directory: Path) -> None:
    known = list(truths(directory))
    began = time.perf_counter()
    sent = {}
    for truth in known:
        announcement_id = announce(service, truth.file.stem)
        attachment = service.api.upload(announcement_id, truth.file.read_bytes(), truth.file.name)
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
    answer = service.api.get("/search", q=phrase, per_page=50)
    pages = [
        (found["attachment_id"], found["page"]) for result in answer["results"] for found in result["pages"]
    ]
    return (attachment_id, page) in pages


def kill_in_flight(service: Service, data: Path, directories: list[Path]) -> None:
    """Twenty uploads at once, the service killed meanwhile; what was answered must become ready, once."""
    files = [truth.file for directory in directories for truth in truths(directory)]
    jobs = [(announce(service, f"เรื่องที่ {n}"), files[n % len(files)]) for n in range(IN_FLIGHT)]
    answered: list[tuple[int, int, str]] = []

    def send(job: tuple[int, Path]) -> None:
        announcement_id, file = job
        data = file.read_bytes()
        with suppress(Interrupted, Refused):
            attachment = service.api.upload(announcement_id, data, file.name)
            answered.append((announcement_id, attachment["id"], hashlib.sha256(data).hexdigest()))

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        sending = [pool.submit(send, job) for job in jobs]
        enough = random.randint(3, IN_FLIGHT - 3)
        while len(answered) < enough:
            time.sleep(0.001)
        service.kill("all")
        for each in sending:
            each.result()
    print(f"killed with {len(answered)} of {IN_FLIGHT} uploads answered; up again in {service.start():.1f} s")
    done = settle(service, [id for _, id, _ in answered])
    assert all(done[id]["sha256"] == sha256 for _, id, sha256 in answered)
    failed = [each for each in done.values() if each["status"] != "ready"]
    stored = [path for path in (data / "files").rglob("*") if path.is_file()]
    torn = [path for path in stored if path.name != hashlib.sha256(path.read_bytes()).hexdigest()]
    for announcement_id, _, _ in answered:
        assert len(service.api.get(f"/announcements/{announcement_id}")["attachments"]) == 1
    print(f"ready {len(done) - len(failed)}, failed {len(failed)}, stored {len(stored)}, torn {len(torn)}")
    for each in failed:
        print(f"  {each['filename']}: {each['error']['message']}")


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("directories", type=Path, nargs="+")
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        service = Service(data, Path(folder) / "log", ocr_jobs=0)
        print(f"an empty archive is ready after {service.start():.1f} s")
        try:
            if given.kill:
                kill_in_flight(service, data, given.directories)
            else:
                for directory in given.directories:
                    read_all(service, directory)
        finally:
            service.stop()


if __name__ == "__main__":
    main()
