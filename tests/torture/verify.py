"""Verifies that every promise was kept: records, files, reading and search, as a client sees them."""

from __future__ import annotations

import hashlib
import json
import random
import time
from typing import Any

from tests.torture.api import Api, Refused
from tests.torture.clerk import PUBLISHED, Ledger, Promise, State
from tests.torture.service import Service

_PER_PAGE = 50
SETTLED_WITHIN = 180.0
"""Seconds after the last write within which all must be read and found: leases last half a minute."""


def records(api: Api, ledger: Ledger) -> None:
    """Verify that no acknowledged record is lost, and none is there twice or unasked."""
    found: dict[str, dict[str, Any]] = {}
    for status in ("draft", PUBLISHED, "withdrawn", "trashed"):
        for record in _all(api, "/announcements", status=status):
            if record["title"] in found:
                ledger.trouble(
                    f"{record['title']} is there twice: {found[record['title']]['id']}, {record['id']}"
                )
            found[record["title"]] = record
    for title in found.keys() - ledger.promises.keys():
        ledger.trouble(f"{title} was never asked for")
    for promise in ledger.promises.values():
        _compare(promise, found.get(promise.title), ledger)


def _compare(promise: Promise, record: dict[str, Any] | None, ledger: Ledger) -> None:
    now = None if record is None else _state(record)
    if now not in (promise.kept, promise.maybe) or (now is None and promise.kept is not None):
        ledger.trouble(f"{promise.title}: promised {promise.kept} or {promise.maybe}, found {now}")
    promise.kept, promise.maybe = now, None  # what is seen once must stay
    promise.id = record["id"] if record else None


def _state(record: dict[str, Any]) -> State:
    files = tuple(attachment["sha256"] for attachment in record["attachments"])
    return State(record["body"], record["status"], files)


def files(api: Api, ledger: Ledger, chance: random.Random, most: int) -> None:
    """Verify that stored bytes are the bytes that were sent."""
    having = [
        promise for promise in ledger.promises.values() if promise.id and promise.kept and promise.kept.files
    ]
    for promise in chance.sample(having, min(most, len(having))):
        for attachment in api.get(f"/announcements/{promise.id}")["attachments"]:
            try:
                content = api.file(attachment["id"])
            except Refused as error:
                ledger.trouble(f"attachment {attachment['id']} of {promise.title}: {error}")
                continue
            if hashlib.sha256(content).hexdigest() != attachment["sha256"]:
                ledger.trouble(f"attachment {attachment['id']} of {promise.title} has other bytes")


def settle(service: Service, ledger: Ledger) -> dict[str, int]:
    """Wait until all is read and the index is level; numbers of attachments by state."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while True:
        held = json.loads(service.run("stats", "--json").stdout)
        attachments: dict[str, int] = held["attachments"]
        if not (attachments["waiting"] or attachments["reading"] or held["index"]["behind"]):
            return attachments
        if time.monotonic() > deadline:
            ledger.trouble(f"not settled within {SETTLED_WITHIN:.0f} s: {attachments}, {held['index']}")
            return attachments
        time.sleep(1.0)


def search(api: Api, ledger: Ledger, chance: random.Random, most: int) -> None:
    """Verify that the index holds each published record once, as it stands, and no other record."""
    published = {
        promise.id: promise
        for promise in ledger.promises.values()
        if promise.kept and promise.kept.status == PUBLISHED
    }
    listed = [result["id"] for result in _all(api, "/search")]
    if sorted(listed) != sorted(id for id in published if id is not None):
        extra, lacking = set(listed) - published.keys(), published.keys() - set(listed)
        ledger.trouble(f"search lists {len(listed)}: beyond the published {extra}, without {lacking}")
    for promise in chance.sample(list(published.values()), min(most, len(published))):
        assert promise.kept is not None
        for sha256 in promise.kept.files:
            found = api.get("/search", q=ledger.words[sha256])["results"]
            if [result["id"] for result in found if result["pages"]] != [promise.id]:
                ledger.trouble(f"{promise.title}: a word of its file {sha256[:8]} finds {found}")
        word = promise.kept.body.split()[-1]
        found = api.get("/search", q=f'"{word}"')["results"]
        if promise.id not in [result["id"] for result in found]:
            ledger.trouble(f"{promise.title}: {word} in its body does not find it")


def check(service: Service, ledger: Ledger) -> None:
    """Verify that ``prakat check`` finds nothing wrong."""
    ended = service.run("check", "--json")
    if ended.returncode:
        ledger.trouble(f"check ended with {ended.returncode}: {ended.stdout[:3000]} {ended.stderr[-500:]}")


def _all(api: Api, path: str, **query: object) -> list[dict[str, Any]]:
    page, found = 1, []
    while True:
        answer = api.get(path, page=page, per_page=_PER_PAGE, **query)
        found += answer["results"]
        if len(answer["results"]) < _PER_PAGE:
            return found
        page += 1
