"""Queries, manifest lines and pages of older sites, cut up, put together and sprinkled with odd letters."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from archive.importers.site_rules import load_site
from archive.model import Status
from tests.factories.memos import memo
from tests.indexer.search.test_strange_queries import BEFORE_NUMBERS, ODD_NUMBERS, WRITTEN
from tests.web.conftest import Site, open_site
from tests.web.test_import_site import PAGE
from web.importing import ImportReport, import_manifest, import_site

SLOWEST = 20.0  # seconds of processor time for one case: far more than any may need, on any machine

_ODD = (
    *ODD_NUMBERS,
    *(
        "\0 \ud800 \udfff \u202e \u200b \ufeff \ufffe ่ ้ ์ ำ ๆ ฯ เ แ ๙ ๏ \x85 \u2028 \x1b[2J 🙂 ﬁ İ ß ㍻ "
        "\" ' - : ( ) * ~ ^ \\ / < > & % # http://[ &#x0; &nbsp; <b> </b> <!-- --> <![CDATA[ ]]> <script> "
        "<a href=//x> {{7*7}} OR 1=1-- \r\n \n\n\n"
    ).split(" "),
)
_QUERIES = (
    *WRITTEN,
    *BEFORE_NUMBERS,
    "ประกาศสอบราคาจ้างก่อสร้างถนน บธ ๑๒/๒๕๖๔",
    '"ส่งเสริมการท่องเที่ยว" -ขยะ kind:order',
    "มิ.ย. 2564 งบประมาณ",
    "l;ylfu covid แนอรก",
)
_LINE = {
    "ref": "a",
    "title": "ประกาศสอบราคา",
    "body": "เทศบาลแจ้งว่า\n1. ถนน",
    "author": "กองช่าง",
    "published_on": "9 มิถุนายน 2564",
    "views": 492,
    "kind": "order",
    "category": "ข่าว",
    "status": "published",
    "old_url": "http://old.example.go.th/news.php?id=17",
    "attachments": [{"path": "memo.pdf", "label": "บันทึก", "kind": "memo"}],
}
_VALUES = (
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    [],
    {},
    [[]],
    {"path": {}},
    "\0",
    "ก" * 70_000,
    "2021-02-30",
    "๙๙๙๙",
)
_ANNOUNCEMENT = """ประกาศรับสมัครพนักงานจ้าง
By : งานธุรการ เมื่อ : 9 เดือน มิถุนายน พ.ศ. 2564 อ่าน : 1,492
รายละเอียดดังนี้
1. ตำแหน่งคนงาน
เอกสารแนบ 1. ประกาศรับสมัคร [20211106113111.pdf]
"""


def mutated(chance: random.Random, text: str, others: tuple[str, ...]) -> str:
    """Returns the text after a few random changes."""
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at, to = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        before, piece, after = text[:at], text[at:to], text[to:]
        text = before + chance.choice(_ACCIDENTS)(chance, piece, chance.choice(others)) + after
    return text


_ACCIDENTS: tuple[Callable[[random.Random, str, str], str], ...] = (
    lambda _chance, _piece, _other: "",
    lambda _chance, piece, _other: piece * 2,
    lambda _chance, piece, _other: piece[::-1],
    lambda _chance, piece, other: other[: len(piece) + 3],
    lambda chance, piece, _other: chance.choice(_ODD) * chance.choice((1, 1, 3, 500)) + piece,
    lambda chance, piece, _other: chr(chance.randrange(0x11000)) + piece,
    lambda chance, piece, _other: (piece[:20] or chance.choice(_ODD)) * chance.choice((2, 30, 2000)),
)


def _quickly(began: float) -> None:
    assert time.process_time() - began < SLOWEST, f"{time.process_time() - began:.1f} s"


class _OnSite:
    """Base of targets that need an archive."""

    def __init__(self, folder: Path, _corpus: Path | None) -> None:
        self._folder = folder
        self._site: Site = open_site(folder / "data")
        made = self._site.announcement("ประกาศสอบราคาจ้างก่อสร้างถนน", body="ถนนสายบ้านหนองปลาดุก ๑๒/๒๕๖๔")
        self._site.attach(made.id, memo("ขออนุมัติซ่อมถนนสายบ้านหนองปลาดุก"))

    def close(self) -> None:
        self._site.services.database.close()  # type: ignore[attr-defined]  # the embedded engine's
        shutil.rmtree(self._folder)


class TypedQueries(_OnSite):
    """Fuzzes queries: any typed text has an answer on the page and in the API, and in suggestions."""

    suffix = ".txt"

    def __init__(self, folder: Path, corpus: Path | None) -> None:
        super().__init__(folder, corpus)
        self._site.work()

    def make(self, chance: random.Random) -> bytes:
        return mutated(chance, chance.choice(_QUERIES), _QUERIES).encode("utf-8", "surrogatepass")

    def judge(self, case: bytes) -> None:
        typed = case.decode("utf-8", "replace")
        client = self._site.client()
        for address in ("/search", "/api/v1/search", "/api/v1/suggest", "/feed.xml"):
            began = time.process_time()
            answer = client.get(address, query_string={"q": typed})
            assert answer.status_code in (200, 302), (address, answer.status_code)
            _quickly(began)
        answer = client.get("/announcements/1", query_string={"q": typed}, follow_redirects=True)
        assert answer.status_code == 200


class Manifests(_OnSite):
    """Fuzzes manifests: each line is imported, known, or refused with a reason in Thai; never half."""

    suffix = ".jsonl"

    def __init__(self, folder: Path, corpus: Path | None) -> None:
        super().__init__(folder, corpus)
        (folder / "memo.pdf").write_bytes(memo("ให้ซ่อมถังประปา"))

    def make(self, chance: random.Random) -> bytes:
        lines = []
        for number in range(chance.choice((1, 1, 3))):
            line: dict[str, object] = _LINE | {"ref": f"{chance.random()} {number}"}
            for _ in range(chance.choice((0, 1, 1, 3))):
                name = chance.choice([*_LINE])
                line[name] = chance.choice(_VALUES) if chance.random() < 0.6 else {name: line[name]}
            text = json.dumps(line, ensure_ascii=chance.random() < 0.5)
            lines.append(text if chance.random() < 0.3 else mutated(chance, text, (text, "[", '{"a":', "}")))
        data = "\n".join(lines).encode("utf-8", "surrogatepass")
        return data if chance.random() < 0.7 else _flipped(chance, data)

    def judge(self, case: bytes) -> None:
        path = self._folder / "manifest.jsonl"
        path.write_bytes(case)
        began = time.process_time()
        report = import_manifest(self._site.services, path, lambda _done, _total: None)
        _quickly(began)
        _told(report)
        again = import_manifest(self._site.services, path, lambda _done, _total: None)
        assert again.added == 0, "a second run added something"


class OldPages(_OnSite):
    """Fuzzes old pages: each becomes a record with a title, or is refused with a reason in Thai."""

    suffix = ".html"

    def __init__(self, folder: Path, corpus: Path | None) -> None:
        super().__init__(folder, corpus)
        self._pages = (PAGE.format(charset="windows-874"), PAGE.format(charset="utf-8"), _ANNOUNCEMENT)
        self._saved = folder / "saved"
        self._saved.mkdir()

    def make(self, chance: random.Random) -> bytes:
        text = mutated(chance, chance.choice(self._pages), self._pages)
        encoding = chance.choice(("utf-8", "cp874", "utf-16", "tis-620"))
        data = text.encode(encoding, "replace" if encoding != "utf-8" else "surrogatepass")
        return data if chance.random() < 0.6 else _flipped(chance, data)

    def judge(self, case: bytes) -> None:
        for page in self._saved.iterdir():
            page.unlink()
        # the number makes it another page each time
        (self._saved / f"{time.monotonic_ns()}{'.txt' if case[:1] != b'<' else '.html'}").write_bytes(case)
        began = time.process_time()
        report = import_site(self._site.services, self._saved, load_site(), lambda _done, _total: None)
        _quickly(began)
        assert report.total == 1
        assert report.added or report.problems, "neither taken nor refused"
        for _, why in report.problems:
            assert any("ก" <= letter <= "๛" for letter in why), why
        if report.added:
            change = self._site.services.history.last_change()
            ((id, _),) = self._site.services.history.changed_since(change - 1, limit=1)
            record = self._site.services.announcements.get(id)
            assert record.title.strip()
            answer = self._site.client().get(f"/announcements/{id}")
            if record.status is Status.PUBLISHED:
                assert answer.status_code == 200
            else:
                assert report.problems, "held back without a word why"
                assert answer.status_code == 404, "a draft is shown"


def _told(report: ImportReport) -> None:
    assert report.total == report.added + report.already_present + len(report.problems)
    for _, why in report.problems:
        assert any("ก" <= letter <= "๛" for letter in why), why


def _flipped(chance: random.Random, data: bytes) -> bytes:
    harmed = bytearray(data)
    for _ in range(chance.choice((1, 4, 40))):
        if harmed:
            harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
    return bytes(harmed)
