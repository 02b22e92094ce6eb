"""Advice to a clerk about a file that was just read."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
from fpdf import FPDF
from PIL import Image

from archive.model import Page, ScanAdvice, TextSource
from indexer.extraction.attachment_reader import recognise_page
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.page_images import scan_size
from indexer.extraction.pdf.parser import FileOutline
from indexer.extraction.scan_advice import MESSAGES, scan_advice
from tests.factories.documents import shaped
from tests.indexer.extraction.test_recognition import page as drawn_page


def page(
    number: int,
    text: str = "ประกาศ",
    confidence: float | None = 0.98,
    turn: int = 0,
    line_height: int = 30,
) -> Page:
    source = TextSource.EMBEDDED if confidence is None else TextSource.OCR if text else TextSource.NONE
    return Page(
        attachment_id=1,
        number=number,
        text=text,
        raw=text,
        source=source,
        confidence=confidence,
        turn=turn,
        line_height=line_height,
    )


def test_pages_that_were_turned_read_badly_or_not_at_all_are_named() -> None:
    worn, empty = page(3, confidence=0.6), page(4, text="", confidence=0.0)
    plan = page(6, text="", confidence=0.08)  # its letters were found and are too small to be read
    coarse = page(7, confidence=0.6, line_height=12)
    pages = [page(1), page(2, turn=180), worn, empty, page(5, turn=90), plan, coarse]
    assert list(scan_advice(pages, FileOutline(page_count=7))) == [
        ScanAdvice("low-resolution", (7,)),
        ScanAdvice("illegible", (3,)),
        ScanAdvice("too-small", (6,)),
        ScanAdvice("no-text", (4,)),
        ScanAdvice("turned", (2, 5)),
    ]


def test_a_good_scan_and_a_text_layer_need_no_advice() -> None:
    assert list(scan_advice([page(1), page(2, confidence=None, turn=90)], FileOutline(page_count=2))) == []


def test_every_advice_has_its_sentence() -> None:
    unread = [page(3, text="", confidence=0.0), page(4, text="", confidence=0.1)]
    pages = [page(1, turn=90), page(2, confidence=0.5), page(5, line_height=12), *unread]
    outline = FileOutline(page_count=3, has_embedded_files=True, has_comments=True, is_dynamic_form=True)
    given = scan_advice(pages, outline)
    assert {each.code for each in given} == set(MESSAGES)


@pytest.mark.parametrize(
    ("dpi", "turn", "height"), [(150, 0, 33), (150, 90, 33), (60, 0, 13), (60, 270, 13), (150, 180, 33)]
)
def test_the_height_of_lines_is_measured_in_pixels_of_the_scan(
    tmp_path: Path, dpi: int, turn: int, height: int
) -> None:
    picture = drawn_page().convert("L")  # at 300 dpi; its lines are some 66 pixels high
    scan = picture.resize((round(picture.width * dpi / 300), round(picture.height * dpi / 300)))
    scan.rotate(turn, expand=True).save(tmp_path / "a.pdf", resolution=dpi)
    read = recognise_page(tmp_path / "a.pdf", 1)
    assert read.turn == turn
    assert abs(read.line_height - height) <= 2


def test_no_scan_is_measured_where_a_logo_stands_on_a_drawn_page(tmp_path: Path) -> None:
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.image(Image.new("L", (50, 50)), 20, 20, 100, 100)
    pdf.output(str(tmp_path / "a.pdf"))
    assert scan_size(tmp_path / "a.pdf", 1) == (0.0, 0.0)


@pytest.mark.parametrize("is_mask_first", [False, True])
def test_a_scan_in_layers_is_measured_by_the_finest_of_them(tmp_path: Path, is_mask_first: bool) -> None:
    ground, letters = Image.new("L", (620, 877), 250), Image.new("1", (2480, 3508), 1)
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    for layer in (letters, ground) if is_mask_first else (ground, letters):
        pdf.image(layer, 0, 0, pdf.w, pdf.h)
    pdf.image(Image.new("L", (900, 900)), 20, 20, 100, 100)  # a seal of its own
    pdf.output(str(tmp_path / "a.pdf"))
    assert scan_size(tmp_path / "a.pdf", 1) == pytest.approx((2480, 3508), abs=2)


@pytest.mark.parametrize("is_one_path", [False, True])
def test_a_picture_behind_letters_drawn_as_outlines_tells_nothing_of_them(
    tmp_path: Path, is_one_path: bool
) -> None:
    shapes = [f"{20 + 4 * place} 400 3 20 re" for place in range(120)]
    drawn = (" " if is_one_path else " f ").join(shapes) + " f"
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.image(Image.new("L", (595, 842), 250), 0, 0, pdf.w, pdf.h)
    pdf.output(str(tmp_path / "a.pdf"))
    with pikepdf.open(tmp_path / "a.pdf") as poster:
        poster.pages[0].contents_add(drawn.encode())
        poster.save(tmp_path / "b.pdf")
    assert scan_size(tmp_path / "a.pdf", 1) == pytest.approx((595, 842), abs=2)
    assert scan_size(tmp_path / "b.pdf", 1) == (0.0, 0.0)


PINNED = {"pinned file": "/FileAttachment", "note": "/Text", "stamp": "/Stamp"}


@pytest.mark.parametrize("kind", ["portfolio", "attachment", "pinned file", "note", "stamp", "form", "plain"])
def test_what_a_pdf_holds_besides_its_pages_is_noticed(tmp_path: Path, kind: str) -> None:
    path, changed = shaped(tmp_path / "a.pdf", [["ประกาศเทศบาล"]]), tmp_path / "b.pdf"
    with pikepdf.open(path) as pdf:
        if kind == "attachment":
            pdf.attachments["b.txt"] = pikepdf.AttachedFileSpec(pdf, b"text")
        elif kind == "portfolio":
            pdf.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection)
        elif kind in PINNED:
            pinned = pikepdf.Dictionary(
                Subtype=pikepdf.Name(PINNED[kind]), Rect=[70, 80, 90, 100], Contents="ส่งให้ผู้อำนวยการกองก่อน"
            )
            pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(pinned)])
        elif kind == "form":
            pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[], XFA=pdf.make_stream(b"<xdp/>"))
        pdf.save(changed)
    with EmbeddedTextDocument(changed) as document:
        outline = document.outline
    assert outline.has_embedded_files == (kind in {"portfolio", "attachment", "pinned file"})
    assert outline.has_comments == (kind in {"note", "stamp"})
    assert outline.is_dynamic_form == (kind == "form")
