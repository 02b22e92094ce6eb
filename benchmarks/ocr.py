"""Benchmark of the recognition of scans: ``python -m benchmarks.ocr --data DIRECTORY``.

The directory holds scanned PDFs and ``truth.json``: ``{"file.pdf": {"profile": "…", "pages": ["text", …]}}``.
For every profile the table gives

- ``CER``: edit distance to the truth over its length, in percent, white space and drawn rules left out;
- ``words``: share of the truth's content words (two letters or more, no stop words, newmm) that were read;
- ``numbers``: share of its runs of two digits or more (thousands commas left out, Thai digits as Arabic);
- ``seconds``: of processor time per page, and ``ratio``: to bare Tesseract, which reads the same pictures
  upright with Debian's ``tha`` and its default layout analysis.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pypdfium2
from PIL import Image
from pythainlp.corpus.common import thai_stopwords
from pythainlp.tokenize import word_tokenize
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.table import Table

from archive.thai import arabic_digits, canonical_text
from benchmarks.corpus import argument_parser
from benchmarks.paper import bare_seconds, processor_seconds
from indexer.extraction.ocr.recognition import recognise_page_picture
from indexer.extraction.ocr.tesseract import DPI

STOP_WORDS = thai_stopwords()


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanned page: its picture at ``DPI`` and the text written on it."""

    profile: str
    image: Image.Image
    truth: str


def scans(data: Path) -> Iterator[Scan]:
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    for name, document in sorted(truth.items()):
        with pypdfium2.PdfDocument(data / name) as pdf:
            for page, text in zip(pdf, document["pages"], strict=True):
                yield Scan(document["profile"], page.render(scale=DPI / 72).to_pil(), text)


def even(text: str) -> str:
    return re.sub(r"\s+", " ", arabic_digits(canonical_text(text))).strip()


def letters(text: str) -> str:
    """Returns the letters that the character error rate compares."""
    return re.sub(r"\s|[-–—_.…]{3,}", "", even(text))


@cache
def words(text: str) -> frozenset[str]:
    apart = re.sub(r"(\d+)", r" \1 ", even(text))
    stripped = (word.strip(" .,()/\"'“”:;-|").lower() for word in word_tokenize(apart, engine="newmm"))
    return frozenset(
        word for word in stripped if len(word) > 1 and word not in STOP_WORDS and re.search("[ก-ฮa-z]", word)
    )


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d{2,}", even(text).replace(",", "")))


def score(truth: str, read: str) -> Counter[str]:
    return Counter(
        pages=1,
        letters=len(letters(truth)),
        errors=Levenshtein.distance(letters(truth), letters(read)),
        words=len(words(truth)),
        words_read=len(words(truth) & words(read)),
        numbers=len(numbers(truth)),
        numbers_read=len(numbers(truth) & numbers(read)),
    )


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of scanned PDFs with truth.json")
    parser.add_argument(
        "--misses", action="store_true", help="also list the words and numbers that were missed"
    )
    choices = parser.parse_args()
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for scan in scans(choices.data):
        start = processor_seconds()
        page = recognise_page_picture(scan.image)
        taken = [processor_seconds() - start, bare_seconds(scan.image, page.turn)]
        for key in (scan.profile, "all"):
            sums[key] += score(scan.truth, page.text)
            seconds[key] = [total + part for total, part in zip(seconds[key], taken, strict=True)]
        if choices.misses:
            missed = sorted(words(scan.truth) - words(page.text)) + sorted(
                numbers(scan.truth) - numbers(page.text)
            )
            print(scan.profile, *missed)
    show(sums, seconds)
    return 0


def show(sums: dict[str, Counter[str]], seconds: dict[str, list[float]]) -> None:
    table = Table("profile", "pages", "CER %", "words %", "numbers %", "seconds", "ratio")
    for key in sorted(sums, key=lambda key: (key == "all", key)):
        counts, (ours, plain) = sums[key], seconds[key]
        shares = (("errors", "letters"), ("words_read", "words"), ("numbers_read", "numbers"))
        rates = [f"{100 * counts[part] / max(1, counts[whole]):.1f}" for part, whole in shares]
        table.add_row(
            key, str(counts["pages"]), *rates, f"{ours / counts['pages']:.2f}", f"{ours / plain:.2f}"
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
