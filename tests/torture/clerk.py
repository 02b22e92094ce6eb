"""Clerks who write, attach and publish over the API, and a ledger of what they were promised."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fpdf import FPDF

from tests.torture.api import Api, Interrupted, Refused

PUBLISHED = "published"


@dataclass(frozen=True)
class State:
    """An announcement as the API shows it; ``files`` are SHA-256 in their order."""

    body: str
    status: str = "draft"
    files: tuple[str, ...] = ()


@dataclass
class Promise:
    """The known state of one announcement.

    ``kept`` was acknowledged. ``maybe`` was asked for when the service died: that change may have happened.
    """

    title: str
    id: int | None = None
    kept: State | None = None
    maybe: State | None = None


class Ledger:
    """Promises by title. Each clerk writes to its own announcements only."""

    def __init__(self) -> None:
        self.promises: dict[str, Promise] = {}
        self.content: dict[str, bytes] = {}  # of the files, by SHA-256
        self.words: dict[str, str] = {}  # a word that is in that file alone
        self.acknowledged = 0
        self.troubles: list[str] = []
        self._lock = threading.Lock()

    def promise(self, title: str) -> Promise:
        with self._lock:
            return self.promises.setdefault(title, Promise(title))

    def acknowledge(self, promise: Promise, answer: Any) -> None:
        with self._lock:
            promise.id = promise.id or answer["id"]
            promise.kept, promise.maybe = promise.maybe, None
            self.acknowledged += 1

    def trouble(self, what: str) -> None:
        with self._lock:
            self.troubles.append(what)

    def document(self, name: str, chance: random.Random) -> bytes:
        """A new PDF, made so that a word of it finds it."""
        word = "q" + "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=9))
        content = _pdf(f"Document {name}. The word is {word}.")
        sha256 = hashlib.sha256(content).hexdigest()
        with self._lock:
            self.content[sha256], self.words[sha256] = content, word
        return content


def _pdf(text: str) -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("helvetica", size=14)
    document.multi_cell(0, 8, text)
    return bytes(document.output())


class Clerk(threading.Thread):
    """A clerk who does one thing after another until told to stop or until the service is gone."""

    def __init__(self, name: str, api: Api, ledger: Ledger, seed: int, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._api, self._ledger, self._done = api, ledger, stop
        self._chance = random.Random(seed)
        self._count = 0

    def run(self) -> None:
        try:
            while not self._done.is_set():
                self._do_something()
                self._done.wait(self._chance.uniform(0.0, 0.15))
        except Interrupted:
            return
        except Refused as error:
            self._ledger.trouble(f"{self.name} was refused: {error}")

    def _do_something(self) -> None:
        mine = [
            promise
            for promise in list(self._ledger.promises.values())
            if promise.title.startswith(f"{self.name} ") and promise.id and promise.kept
        ]
        if len(mine) < 3 or self._chance.random() < 0.25:
            self._create()
            return
        promise = self._chance.choice(mine[-12:])
        if promise.maybe is not None:
            return  # told apart by the next verification
        self._change(promise, self._chance.choice(("edit", "edit", "attach", "step", "step")))

    def _create(self) -> None:
        self._count += 1
        title = f"{self.name} ประกาศที่ {time.time_ns()}"
        promise = self._ledger.promise(title)
        status = self._chance.choice(("draft", PUBLISHED))
        body = f"เนื้อความของ {title}"
        given = {"title": title, "body": body, "author": self.name, "published_on": "2021-06-09"}
        self._ask(
            promise,
            State(body, status),
            lambda: self._api.post("/announcements", {**given, "status": status}),
        )

    def _change(self, promise: Promise, action: str) -> None:
        state = promise.kept
        assert state is not None
        path = f"/announcements/{promise.id}"
        if action == "step" or state.status == "withdrawn":
            step, status = _STEPS[state.status]
            self._ask(promise, replace(state, status=status), lambda: self._api.post(f"{path}/{step}"))
        elif action == "edit":
            body = f"{state.body[:200]} แก้ไข {self._chance.randrange(10**9)}"
            self._ask(promise, replace(state, body=body), lambda: self._api.patch(path, {"body": body}))
        else:
            self._attach(promise, state)

    def _attach(self, promise: Promise, state: State) -> None:
        content = self._ledger.document(f"{promise.title.split()[-1]}-{len(state.files)}", self._chance)
        sha256 = hashlib.sha256(content).hexdigest()
        wanted = replace(state, files=(*state.files, sha256))
        assert promise.id is not None
        id = promise.id
        self._ask(
            promise, wanted, lambda: {"id": id} | _checked(self._api.upload(id, content, "a.pdf"), sha256)
        )

    def _ask(self, promise: Promise, wanted: State, request: Callable[[], Any]) -> None:
        promise.maybe = wanted
        answer = request()
        self._ledger.acknowledge(promise, answer)


_STEPS = {
    "draft": ("publish", PUBLISHED),
    PUBLISHED: ("withdraw", "withdrawn"),
    "withdrawn": ("restore", "draft"),
}


def _checked(answer: dict[str, Any], sha256: str) -> dict[str, Any]:
    if answer["sha256"] != sha256:
        raise AssertionError(f"{answer['sha256']} was acknowledged for {sha256}")
    return {}
