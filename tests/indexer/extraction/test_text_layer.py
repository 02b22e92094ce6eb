"""The searchable copy, read back by the two engines that most readers use."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from archive.model import Line, Page, TextSource
from indexer.extraction.text_layer import write_searchable_copy

TEXT = "ที่ นม ๕๒๓๐๑/ว ๔๒๘\nเรื่อง ขอน้ำประปาที่ต่ำกว่าเกณฑ์\nE-mail : saraban@example.go.th"


def scan(path: Path, size: tuple[int, int] = (620, 877), rotate: int = 0) -> Path:
    Image.new("L", size, 245).save(path, "PDF", resolution=75)
    if rotate:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            pdf.pages[0].rotate(rotate, relative=False)
            pdf.save(path)
    return path


def recognised(turn: int = 0) -> Page:
    """Three lines, a letter every 150/10,000 of the width, marks without width of their own."""
    lines, start = [], 0
    for number, text in enumerate(TEXT.split("\n")):
        edges = [1000]
        for char in text:
            edges.append(edges[-1] + (0 if char in "่้๊๋ิีึืุู์ั็" else 150))
        lines.append(Line(start, 1000 + 500 * number, 1250 + 500 * number, tuple(edges)))
        start += len(text) + 1
    return Page(
        attachment_id=1,
        number=1,
        text=TEXT,
        raw=TEXT,
        source=TextSource.OCR,
        confidence=0.9,
        turn=turn,
        lines=tuple(lines),
    )


@pytest.mark.parametrize(("rotate", "turn"), [(0, 0), (0, 90), (0, 180), (90, 270), (270, 0), (180, 90)])
def test_thai_reads_back_upright(tmp_path: Path, rotate: int, turn: int) -> None:
    sideways = (rotate + turn) % 180 == 90
    original = scan(tmp_path / "scan.pdf", (877, 620) if sideways else (620, 877), rotate)
    before = original.read_bytes()
    write_searchable_copy(original, [recognised(turn)], tmp_path / "copy.pdf")
    assert original.read_bytes() == before
    with pypdfium2.PdfDocument(tmp_path / "copy.pdf") as pdf:
        page = pdf[0]
        width, height = page.get_size()
        assert height > width  # upright
        text = page.get_textpage()
        assert text.get_text_range().split("\r\n") == TEXT.split("\n")


def test_places_fit_within_a_letter(tmp_path: Path) -> None:
    write_searchable_copy(scan(tmp_path / "scan.pdf"), [recognised()], tmp_path / "copy.pdf")
    page = recognised()
    at = page.text.index("ประปา")
    line = page.lines[1]
    with pypdfium2.PdfDocument(tmp_path / "copy.pdf") as pdf:
        width, height = pdf[0].get_size()
        text = pdf[0].get_textpage()
        index, _ = text.search("ประปา").get_next()
        left, bottom, _, top = text.get_charbox(index, loose=True)
        assert left == pytest.approx(line.edges[at - line.start] * width / 10_000, abs=2)
        assert height - bottom == pytest.approx(line.bottom * height / 10_000, abs=2)
        assert height - top == pytest.approx(line.top * height / 10_000, abs=2)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler's pdftotext is not installed")
def test_poppler_reads_the_same(tmp_path: Path) -> None:
    write_searchable_copy(scan(tmp_path / "scan.pdf"), [recognised()], tmp_path / "copy.pdf")
    read = subprocess.run(
        ["pdftotext", "-raw", tmp_path / "copy.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    assert read.strip("\n\f ").split("\n") == TEXT.split("\n")


def test_pages_with_text_of_their_own_are_copied_as_they_are(tmp_path: Path) -> None:
    page = Page(attachment_id=1, number=1, text="ก", raw="ก", source=TextSource.EMBEDDED, confidence=None)
    write_searchable_copy(scan(tmp_path / "scan.pdf"), [page], tmp_path / "copy.pdf")
    with pypdfium2.PdfDocument(tmp_path / "copy.pdf") as pdf:
        assert pdf[0].get_textpage().get_text_bounded() == ""


def test_the_picture_looks_the_same(tmp_path: Path) -> None:
    original = scan(tmp_path / "scan.pdf")
    write_searchable_copy(original, [recognised()], tmp_path / "copy.pdf")
    pictures = []
    for path in (original, tmp_path / "copy.pdf"):
        with pypdfium2.PdfDocument(path) as pdf:
            pictures.append(pdf[0].render(scale=0.5).to_pil().tobytes())
    assert pictures[0] == pictures[1]
