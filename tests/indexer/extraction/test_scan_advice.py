"""Advice to a clerk about a file that was just read."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from archive.model import Page, ScanAdvice, TextSource
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.pdf.parser import FileOutline
from indexer.extraction.scan_advice import MESSAGES, scan_advice
from tests.indexer.extraction.documents import shaped


def page(number: int, text: str = "ประกาศ", confidence: float | None = 0.98, turn: int = 0) -> Page:
    source = TextSource.EMBEDDED if confidence is None else TextSource.OCR if text else TextSource.NONE
    return Page(
        attachment_id=1, number=number, text=text, raw=text, source=source, confidence=confidence, turn=turn
    )


def test_pages_that_were_turned_read_badly_or_not_at_all_are_named() -> None:
    worn, empty = page(3, confidence=0.6), page(4, text="", confidence=0.0)
    plan = page(6, text="", confidence=0.08)  # its letters were found and are too small to be read
    pages = [page(1), page(2, turn=180), worn, empty, page(5, turn=90), plan]
    assert list(scan_advice(pages, FileOutline(page_count=6))) == [
        ScanAdvice("illegible", (3,)),
        ScanAdvice("too-small", (6,)),
        ScanAdvice("no-text", (4,)),
        ScanAdvice("turned", (2, 5)),
    ]


def test_a_good_scan_and_a_text_layer_need_no_advice() -> None:
    assert list(scan_advice([page(1), page(2, confidence=None, turn=90)], FileOutline(page_count=2))) == []


def test_every_advice_has_its_sentence() -> None:
    unread = [page(3, text="", confidence=0.0), page(4, text="", confidence=0.1)]
    pages = [page(1, turn=90), page(2, confidence=0.5), *unread]
    outline = FileOutline(page_count=3, has_embedded_files=True, has_comments=True, is_dynamic_form=True)
    given = scan_advice(pages, outline)
    assert {each.code for each in given} == set(MESSAGES)


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
