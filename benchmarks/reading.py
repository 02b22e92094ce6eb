"""Benchmark of reading PDFs, its quality and speed: ``python -m benchmarks.reading --data DIRECTORY``.

The directory holds PDFs and ``truth.json``: a list of ``{"file", "page", "phrases", "needs_ocr"}``. The
tables give

- phrases of the truth that are found on their page, white space left out: in what pdfplumber extracts, in
  what the file carries as it is assembled here, and in the page's final text, repaired or recognised;
- traces of damaged Thai in all the files' pages, before and after repair;
- processor seconds for all pages that carry text, against ``pdfplumber.extract_text()`` in the same run,
  and the largest resident size of a process that reads a file of 432 pages made here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdfplumber
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import argument_parser
from indexer.extraction.attachment_reader import recognise_page
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.ocr_policy import PageTextDecision, better_text
from indexer.extraction.pdf import parser
from indexer.extraction.pdf.parser import EmbeddedPage
from web.sample.sheet import Sheet

LONG = 432  # pages: a year's minutes of a council
ROUNDS = 3  # the fastest counts

DAMAGE = {
    "private-use glyphs": r"[\ue000-\uf8ff]",
    "undecoded glyphs": r"\(cid:\d+\)|\ufffd",
    "zero-width and control characters": r"[\u200b-\u200f\u2060\ufeff\xad\x00-\x08\x0b-\x1f]",
    "white space before a mark": r"[ก-๎]\s+[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]",
    "white space before า or ำ": r"[ก-ฮ][่-๋]? +[่-๋]?[าำ]",
    "ํ apart from า": r"ํ[่-๋]?า",
    "tone before its vowel, or after า": r"[่-๋][ัิ-ฺ]|[าำ][่-๋]",
    "เเ for แ": "เเ",
    "a mark twice": r"([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\1",
}


@dataclass(frozen=True, slots=True)
class ReadingCase:
    """A page whose phrases a person has read."""

    path: Path
    page: int
    phrases: tuple[str, ...]
    needs_ocr: bool


def cases(data: Path) -> list[ReadingCase]:
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    return [
        ReadingCase(data / entry["file"], entry["page"], tuple(entry["phrases"]), entry["needs_ocr"])
        for entry in truth
    ]


def solid(text: str) -> str:
    return "".join(text.split())


def found(phrases: tuple[str, ...], text: str) -> int:
    return sum(solid(phrase) in solid(text) for phrase in phrases)


def stock(path: Path, number: int) -> str:
    with pdfplumber.open(path) as pdf:
        return str(pdf.pages[number - 1].extract_text())


def final(document: EmbeddedTextDocument, page: EmbeddedPage) -> str:
    """The page's text as the archive keeps it."""
    if page.page_text_decision not in (PageTextDecision.OCR, PageTextDecision.BOTH):
        return page.text
    seen = recognise_page(document.path, page.number).text
    return better_text(page.text, seen) if page.page_text_decision is PageTextDecision.BOTH else seen


def phrases(listed: list[ReadingCase]) -> Table:
    table = Table(
        "file", "page", "OCR", "page_text_decision", "phrases", "extract_text", "assembled", "final", "missed"
    )
    sums: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    for case in listed:
        with EmbeddedTextDocument(case.path) as document:
            page = document.read_page(case.page)
            text = final(document, page)
        counts = {
            "phrases": len(case.phrases),
            "stock": found(case.phrases, stock(case.path, case.page)),
            "assembled": found(case.phrases, page.raw),
            "final": found(case.phrases, text),
        }
        sums[case.needs_ocr].update(counts)
        missed = ", ".join(phrase for phrase in case.phrases if not found((phrase,), text))
        needs = "yes" if case.needs_ocr else ""
        table.add_row(
            case.path.name,
            str(case.page),
            needs,
            page.page_text_decision.value,
            *map(str, counts.values()),
            missed,
        )
    for needs_ocr, name in ((False, "with a text layer"), (True, "that need OCR")):
        total = sums[needs_ocr]
        shares = (
            f"{100 * total[key] / max(1, total['phrases']):.0f} %" for key in ("stock", "assembled", "final")
        )
        table.add_row(name, "", "", "", str(total["phrases"]), *shares, "")
    return table


def damage(listed: list[ReadingCase]) -> Table:
    before, after = Counter[str](), Counter[str]()
    pages = 0
    for path in sorted({case.path for case in listed}):
        with EmbeddedTextDocument(path) as document:
            for number in range(1, document.outline.page_count + 1):
                page = document.read_page(number)
                pages += 1
                for name, pattern in DAMAGE.items():
                    before[name] += len(re.findall(pattern, page.raw))
                    after[name] += len(re.findall(pattern, page.text))
    table = Table("damage", "as assembled", "repaired", title=f"{pages} pages")
    for name in DAMAGE:
        table.add_row(name, str(before[name]), str(after[name]))
    return table


def speed(listed: list[ReadingCase]) -> Table:
    """Processor seconds for all pages of the files that carry their text, opening included."""
    table = Table("file", "pages", "extract_text s", "here s", "ratio")
    parser.load_before_fork()
    totals = [0.0, 0.0]
    count = 0
    for path in sorted({case.path for case in listed if not case.needs_ocr}):
        pairs = [(timed(read_stock, path), timed(read_here, path)) for _ in range(ROUNDS)]
        pages = pairs[0][0][0]
        theirs, ours = min(pair[0][1] for pair in pairs), min(pair[1][1] for pair in pairs)
        totals = [totals[0] + theirs, totals[1] + ours]
        count += pages
        table.add_row(path.name, str(pages), f"{theirs:.2f}", f"{ours:.2f}", f"{theirs / ours:.2f}")
    table.add_row(
        "all", str(count), f"{totals[0]:.2f}", f"{totals[1]:.2f}", f"{totals[0] / totals[1]:.2f}",
        end_section=True,
    )  # fmt: skip
    table.add_row("pages/s", "", f"{count / totals[0]:.0f}", f"{count / totals[1]:.0f}", "")
    return table


def timed(read: Any, path: Path) -> tuple[int, float]:
    start = time.process_time()
    return read(path), time.process_time() - start


def read_stock(path: Path) -> int:
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            page.extract_text()
            page.close()
        return len(pdf.pages)


def read_here(path: Path) -> int:
    opened = parser.PdfReader(path)
    count = opened.outline().page_count
    for number in range(1, count + 1):
        opened.page(number)
    return count


def long_file(path: Path) -> None:
    """Minutes that go on for ``LONG`` pages, every line of its own."""
    sheet = Sheet()
    number = 0
    while sheet.pages[LONG - 1 :] == []:
        number += 1
        sheet.line(
            f"ข้อ {number} ที่ประชุมรับทราบรายงานการดำเนินงานประจำเดือนของกองช่าง จำนวน {number * 7} โครงการ", x=20
        )
    path.write_bytes(sheet.bytes())


def memory() -> str:
    """A fresh process reads the long file with what reading alone imports, and says what it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.pdf"
        long_file(path)
        command = [sys.executable, "-c", READ_ALONE, str(path)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


READ_ALONE = """
import re, sys
from pathlib import Path
from indexer.extraction.pdf import parser

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

parser.load_before_fork()
before = peak()
opened = parser.PdfReader(Path(sys.argv[1]))
count = opened.outline().page_count
letters = sum(len(opened.page(number).text) for number in range(1, count + 1))
print(f"{count} pages, {letters} letters: at most {peak()} MB, {before} MB of it before the file was opened")
"""


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of PDFs with truth.json")
    listed = cases(parser.parse_args().data)
    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in (phrases, damage, speed):
        console.print(table(listed))
    console.print(memory())
    return 0


if __name__ == "__main__":
    sys.exit(main())
