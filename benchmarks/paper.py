"""Measures reading on real paper: ``python -m benchmarks.paper --data DIRECTORY [DIRECTORY …]``.

Each directory holds PDFs or pictures and ``truth.json``: a list of ``{"file", "page", "needs_ocr",
"phrases"}``, optionally with ``meta``, what the document says of itself (``kind``, ``number``, ``date``,
``subject``, ``frm``, ``to``; ``number_hw`` and ``date_is_hw`` where a person wrote them by hand). The source
of a file is its name up to the first ``_``.

The first table gives by source, for pages that need recognition and for pages with a text layer:

- ``phrases``: share of the phrases found on their page, white space ignored, Thai digits folded;
- ``digits``: the same of the phrases that hold a digit;
- ``near``: share found with at most one letter in ten wrong;
- ``letters wrong``: edit distance of all phrases to their nearest place on the page, over their length;
- ``seconds`` of processor time a page of a scan, from file to text, and ``ratio`` to bare Tesseract
  (Debian's ``tha``, default layout analysis), which reads the same pictures set upright; ``worst``: the
  largest ratio of a page. The time is that of this process and of processes that it started and that ended.
  Ours holds opening the file, its text layer, drawing, recognition and correction; not the start of the
  child that reads in the service, nor storing and indexing. Tesseract's holds no drawing. Models and words
  are loaded before the first page, as the service does: 0.8 s of ours, once for all pages.

``--fields`` compares the fields offered for each page with ``meta``: precision over what was offered (a
handwritten number or date that is offered must be right), recall over what is printed.
``--search`` indexes every page as an announcement of its own and asks for each phrase in quotation marks:
share whose page is among the first three. ``--turns N`` turns N pages at random and counts those
that are not set upright.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tesserocr
from PIL import Image
from rapidfuzz import fuzz
from rich.console import Console
from rich.table import Table

from archive.model import (
    Page,
    TextSource,
)
from archive.thai import arabic_digits, canonical_text
from benchmarks.corpus import argument_parser, attachment, entry
from indexer.analysis.dictionary import Dictionary
from indexer.analysis.index_document import SourceAnnouncement
from indexer.analysis.other_readings import other_readings
from indexer.engines.whoosh import WhooshIndex
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.metadata import extract_fields
from indexer.extraction.ocr.recognition import load_before_fork, recognise_page_picture
from indexer.extraction.ocr.tesseract import DPI, SYSTEM_MODELS
from indexer.extraction.ocr_policy import PageTextDecision, better_text
from indexer.extraction.page_images import rasterize_page
from indexer.extraction.pdf.parser import load_before_fork as load_parser
from indexer.search.query.parser import parse_query

NEAR = 0.10  # share of a phrase's letters that may be wrong in a near reading
SIMILAR = 95  # of 100: how alike a name or a subject must be to count as right
FIRST = 3  # results among which a phrase's page must be
FIELDS = {"kind": "kind", "number": "number", "date": "date", "subject": "subject", "frm": "from", "to": "to"}
"""Name of a field in the truth → its name in the archive."""


@dataclass(frozen=True, slots=True)
class PaperCase:
    """A page whose phrases a person has read."""

    path: Path
    number: int
    scanned: bool
    phrases: tuple[str, ...]
    meta: dict[str, Any] | None

    @property
    def source(self) -> str:
        return self.path.name.split("_")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A page as it was read. ``bare``: processor seconds of bare Tesseract, 0 for a text layer."""

    page: Page
    seconds: float
    bare: float


def cases(folders: Iterable[Path]) -> list[PaperCase]:
    return [
        PaperCase(
            folder / entry["file"],
            entry["page"],
            entry["needs_ocr"],
            tuple(entry["phrases"]),
            entry.get("meta"),
        )
        for folder in folders
        for entry in json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    ]


def read(case: PaperCase) -> Outcome:
    """Read a page in this process as the archive does."""
    start = processor_seconds()
    with EmbeddedTextDocument(case.path) as document:
        embedded = document.read_page(case.number)
        if embedded.page_text_decision not in (PageTextDecision.OCR, PageTextDecision.BOTH):
            page = _page(case, embedded.text, embedded.raw, TextSource.EMBEDDED, lines=embedded.lines)
            return Outcome(page, processor_seconds() - start, 0.0)
        image = rasterize_page(document.path, case.number, DPI)
        seen = recognise_page_picture(image)
        seconds = processor_seconds() - start
        bare = bare_seconds(image, seen.turn)
    if (
        embedded.page_text_decision is PageTextDecision.BOTH
        and better_text(embedded.text, seen.text) == embedded.text
    ):
        page = _page(case, embedded.text, embedded.raw, TextSource.EMBEDDED, lines=embedded.lines)
    else:
        page = _page(
            case,
            seen.text,
            seen.raw,
            TextSource.OCR,
            lines=seen.lines,
            confidence=seen.confidence,
            turn=seen.turn,
            doubts=seen.doubts,
        )
    return Outcome(page, seconds, bare)


def _page(case: PaperCase, text: str, raw: str, source: TextSource, **others: Any) -> Page:
    values = {"confidence": None} | others
    return Page(attachment_id=1, number=case.number, text=text, raw=raw, source=source, **values)


def processor_seconds() -> float:
    """Returns the processor seconds of this process and of the processes that it started and that ended."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def bare_seconds(image: Image.Image, turn: int) -> float:
    """Returns the processor seconds that Tesseract alone takes for the picture set upright."""
    upright = image.convert("L").rotate(-turn, expand=True)
    start = processor_seconds()
    engine = bare_engine()
    engine.SetImage(upright)
    engine.GetUTF8Text()
    return processor_seconds() - start


@cache
def bare_engine() -> tesserocr.PyTessBaseAPI:
    folder = next(folder for folder in SYSTEM_MODELS if (folder / "tha.traineddata").exists())
    return tesserocr.PyTessBaseAPI(path=f"{folder}/", lang="tha")


def solid(text: str) -> str:
    """The letters of a text: no white space, Arabic digits."""
    return "".join(arabic_digits(canonical_text(text)).split())


def errors(phrase: str, text: str) -> int:
    """Returns the edit distance between a phrase and the most similar stretch of the text."""
    letters = np.array([ord(letter) for letter in text], np.int32)
    row = np.zeros(len(letters) + 1, np.int32)
    places = np.arange(len(letters) + 1, dtype=np.int32)
    for count, letter in enumerate(phrase, start=1):
        changed = np.empty_like(row)
        changed[0] = count
        changed[1:] = np.minimum(row[:-1] + (letters != ord(letter)), row[1:] + 1)
        row = np.minimum.accumulate(changed - places) + places
    return int(row.min())


def phrase_counts(case: PaperCase, text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    page = solid(text)
    for phrase in map(solid, case.phrases):
        exact = phrase in page
        wrong = 0 if exact else errors(phrase, page)
        with_digits = any(letter.isdigit() for letter in phrase)
        counts.update(
            phrases=1,
            exact=exact,
            digits=with_digits,
            exact_digits=exact and with_digits,
            near=wrong <= NEAR * len(phrase),
            letters=len(phrase),
            wrong=wrong,
        )
    return counts


def phrase_table(listed: Sequence[tuple[PaperCase, Outcome]]) -> Table:
    sums: defaultdict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    times: defaultdict[tuple[bool, str], list[Outcome]] = defaultdict(list)
    for case, outcome in listed:
        for source in (case.source, "~ all"):
            sums[case.scanned, source] += phrase_counts(case, outcome.page.text)
            times[case.scanned, source].append(outcome)
    table = Table(
        "kind",
        "source",
        "pages",
        "phrases",
        "digits",
        "near %",
        "letters wrong %",
        "seconds",
        "ratio",
        "worst",
    )
    for scanned, source in sorted(sums, key=lambda key: (not key[0], key[1])):
        counts, outcomes = sums[scanned, source], times[scanned, source]
        ours, bare = sum(each.seconds for each in outcomes), sum(each.bare for each in outcomes)
        ratios = [each.seconds / each.bare for each in outcomes if each.bare]
        table.add_row(
            "scan" if scanned else "text layer",
            source.removeprefix("~ "),
            str(len(outcomes)),
            share(counts["exact"], counts["phrases"]),
            share(counts["exact_digits"], counts["digits"]),
            f"{100 * counts['near'] / counts['phrases']:.1f}",
            f"{100 * counts['wrong'] / counts['letters']:.1f}",
            f"{ours / len(outcomes):.2f}" if bare else "",
            f"{ours / bare:.2f}" if bare else "",
            f"{max(ratios):.2f}" if ratios else "",
            end_section=source == "~ all",
        )
    return table


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} {100 * part / whole:.1f} %" if whole else "0/0"


def print_misses(listed: Sequence[tuple[PaperCase, Outcome]]) -> None:
    for case, outcome in listed:
        page = solid(outcome.page.text)
        for phrase in case.phrases:
            if solid(phrase) not in page:
                said, confidence = nearest(solid(phrase), page), outcome.page.confidence
                print(f"{case.path.name} {case.number} ({confidence}): {phrase!r} read as {said!r}")


def nearest(phrase: str, text: str) -> str:
    found = fuzz.partial_ratio_alignment(phrase, text)
    return text[found.dest_start : found.dest_end] if found else ""


def field_counts(case: PaperCase, page: Page) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Returns counts by field and outcome, and sentences about wrong fields."""
    counts: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    meta = case.meta or {}
    offered = extract_fields([page])
    by_hand = {"number": "number_hw" in meta or "number_prefix" in meta, "date": "date_is_hw" in meta}
    for name, ours in FIELDS.items():
        wanted, said = str(meta.get(name, "")), offered[ours].value if ours in offered else ""
        if name in {"kind", "subject"} and not meta:
            continue  # the truth leaves open what pages are that are no letters
        hit = bool(wanted) and is_right(name, said, wanted)
        printed = bool(wanted) and not by_hand.get(name)
        counts.update(
            {
                (name, "offered"): bool(said),
                (name, "right"): hit,
                (name, "printed"): printed,
                (name, "printed right"): hit and printed,
            }
        )
        if (said or printed) and not hit:
            wrong.append(f"{case.path.name} {name}: {said!r} for {wanted!r}")
    return counts, wrong


def is_right(name: str, said: str, wanted: str) -> bool:
    if name in {"subject", "frm", "to"}:
        return fuzz.ratio(solid(said), solid(wanted)) >= SIMILAR
    return solid(said) == solid(wanted)


def field_table(listed: Sequence[tuple[PaperCase, Outcome]], *, with_misses: bool) -> Table:
    sums: Counter[tuple[str, str]] = Counter()
    for case, outcome in listed:
        if case.meta or (case.scanned and case.meta is not None):
            counts, wrong = field_counts(case, outcome.page)
            sums += counts
            if with_misses:
                print(*wrong, sep="\n", end="\n" if wrong else "")
    table = Table("field", "precision of what is offered", "recall of what is printed")
    for name in FIELDS:
        table.add_row(
            name,
            share(sums[name, "right"], sums[name, "offered"]),
            share(sums[name, "printed right"], sums[name, "printed"]),
        )
    return table


def search_table(listed: Sequence[tuple[PaperCase, Outcome]]) -> Table:
    """Returns the share of quoted phrases whose page is among the first results, all pages in one index."""
    sums: defaultdict[bool, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as folder:
        index = WhooshIndex(Path(folder), Dictionary())
        with index.rebuild() as generation:
            generation.add_announcements(
                _entry(id, outcome.page) for id, (_, outcome) in enumerate(listed, start=1)
            )
        for id, (case, _) in enumerate(listed, start=1):
            for phrase in case.phrases:
                hits = index.search(parse_query(f'"{phrase}"', per_page=FIRST)).hits
                found = any(hit.announcement_id == id for hit in hits[:FIRST])
                sums[case.scanned].update(phrases=1, found=found)
    table = Table("kind", f"quoted phrases, their page among the first {FIRST}")
    for scanned, counts in sorted(sums.items(), reverse=True):
        table.add_row("scan" if scanned else "text layer", share(counts["found"], counts["phrases"]))
    return table


def _entry(id: int, page: Page) -> SourceAnnouncement:
    """A page as the only page of a published announcement without a title of its own."""
    announcement = entry(id, {"title": "", "body": "", "date": "2026-01-01"}).announcement
    return SourceAnnouncement(
        announcement,
        ((attachment(id, 1), ((page.number, page.text),)),),
        tuple(other_readings(page.text, page.doubts)),
    )


def wrong_turns(listed: Sequence[PaperCase], count: int) -> list[str]:
    """Returns the names of the pages that were not set upright, of ``count`` pages turned at random."""
    chance = random.Random(7)
    wrong = []
    for number in range(count):
        case = listed[number % len(listed)]
        turn = chance.choice((0, 90, 180, 270))
        with EmbeddedTextDocument(case.path) as document:
            image = rasterize_page(document.path, case.number, DPI)
        if (said := recognise_page_picture(image.rotate(turn, expand=True)).turn) != turn:
            wrong.append(f"{case.path.name} {case.number}: turned by {said}, not by {turn}")
    return wrong


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="directories with truth.json")
    parser.add_argument("--misses", action="store_true", help="also list what was not read")
    parser.add_argument("--fields", action="store_true", help="also compare what documents say of themselves")
    parser.add_argument("--search", action="store_true", help="also search for the phrases")
    parser.add_argument("--turns", type=int, default=0, metavar="N", help="also turn N pages at random")
    parser.add_argument("--scans-only", action="store_true", help="leave out pages with a text layer")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 140)
    chosen = [case for case in cases(options.data) if case.scanned or not options.scans_only]
    load_parser()
    load_before_fork()
    bare_engine()
    listed = [(case, read(case)) for case in chosen]
    if options.misses:
        print_misses(listed)
    console.print(phrase_table(listed))
    if options.fields:
        console.print(field_table(listed, with_misses=options.misses))
    if options.search:
        console.print(search_table(listed))
    if options.turns:
        wrong = wrong_turns(chosen, options.turns)
        console.print(f"{len(wrong)} of {options.turns} turned pages were not set upright", *wrong, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
