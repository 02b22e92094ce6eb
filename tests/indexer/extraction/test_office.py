"""Office files: their text page by page, hostile ones refused, pictures where LibreOffice is installed."""

from __future__ import annotations

import http.server
import io
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archive import filetype
from archive.errors import Invalid
from indexer.extraction import sandbox
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.ocr_policy import PageTextDecision
from indexer.extraction.office import libreoffice, text
from indexer.extraction.office.text_pages import MAX_CHARACTERS
from indexer.extraction.office.word97 import read_doc
from indexer.extraction.page_images import rasterize_page
from indexer.extraction.parsers import parser_of
from indexer.extraction.reading_errors import MESSAGES, UnreadableFile
from tests.factories.office_files import (
    compound,
    docx,
    docx_part,
    ods,
    opendocument,
    package,
    paragraph,
    word_document,
    xlsx,
)

needs_libreoffice = pytest.mark.skipif(
    libreoffice.find_libreoffice() is None, reason="LibreOffice is not installed"
)
PAGE_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
MEMO = paragraph("บันทึกข้อความ") + PAGE_BREAK + paragraph("หน้าที่สอง") + "<w:p><w:r><w:tab/></w:r></w:p>"
ROWS = [["รายการ", "จำนวนเงิน"], ["ค่าวัสดุ", "๑,๒๕๐"]]


@pytest.fixture
def without_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreoffice, "SEARCH_PATH", "/nowhere")


def pages(content: bytes, folder: Path) -> list[str]:
    path = folder / "file"
    path.write_bytes(content)
    with EmbeddedTextDocument(path) as document:
        read = [document.read_page(number) for number in range(1, document.outline.page_count + 1)]
    assert {page.page_text_decision for page in read} == {PageTextDecision.EMBEDDED}
    return [page.text for page in read]


def failure(content: bytes, folder: Path) -> str:
    path = folder / "file"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refused:
        EmbeddedTextDocument(path)
    assert refused.value.code in MESSAGES
    return refused.value.code


@pytest.mark.usefixtures("without_libreoffice")
def test_text_is_read_page_by_page_without_libreoffice(tmp_path: Path) -> None:
    comment = docx_part("comments", "ความเห็นของหัวหน้า")
    deleted = "<w:p><w:del><w:r><w:delText>ร่างเดิม</w:delText></w:r></w:del></w:p>"
    assert pages(docx(MEMO + deleted), tmp_path) == ["บันทึกข้อความ", "หน้าที่สอง", "ร่างเดิม"]
    with_comment = docx(MEMO, **{"word__comments.xml": comment})
    assert pages(with_comment, tmp_path) == ["บันทึกข้อความ", "หน้าที่สอง", "ความเห็นของหัวหน้า"]
    text_with_spaces = "<text:p>ประกาศ<text:s/>เทศบาล</text:p><text:p><text:soft-page-break/>หน้าสอง</text:p>"
    assert pages(opendocument("text", text_with_spaces), tmp_path) == ["ประกาศ เทศบาล", "หน้าสอง"]
    assert pages(ods(ROWS), tmp_path) == ["งบประมาณ\nรายการ\tจำนวนเงิน\nค่าวัสดุ\t๑,๒๕๐"]
    book = xlsx({"ลับ": [["ซ่อนอยู่"]], "Sheet1": ROWS, "ว่าง": []}, hidden=("ลับ",))
    assert pages(book, tmp_path) == ["รายการ\tจำนวนเงิน\nค่าวัสดุ\t๑,๒๕๐", "ลับ\nซ่อนอยู่"]


@pytest.mark.usefixtures("without_libreoffice")
def test_text_of_word_97_is_read_without_libreoffice(tmp_path: Path) -> None:
    written_by_libreoffice = (Path(__file__).parents[2] / "factories" / "memo.doc").read_bytes()
    (memo,) = pages(written_by_libreoffice, tmp_path)
    assert memo.splitlines()[:5] == [
        "บันทึกข้อความ",
        "ที่ มท 0808.2/ว 1234 ลงวันที่ 5 มกราคม 2546",
        "เว็บไซต์เทศบาล",
        "รายการ\tจำนวนเงิน",
        "ค่าวัสดุสำนักงาน\t๑,๒๕๐ บาท",
    ]
    assert "with a dash – and “quotes”" in memo
    assert "secret.example" not in memo  # the address of a link, as in DOCX
    link = '\x13 HYPERLINK "\x13 PAGE \x148\x15" \x14เว็บไซต์\x15'
    pieces = ("ประกาศเทศบาล\r", b"No. 7\x96A\r", f"{link}\x0cหน้าที่สอง\rก\x07ข\x07\x07ค\x1eง\x01\r")
    assert pages(word_document(*pieces, comments="ความเห็น\r"), tmp_path) == [
        "ประกาศเทศบาล\nNo. 7–A\nเว็บไซต์",
        "หน้าที่สอง\nก\tข\nค-ง",
        "ความเห็น",
    ]


@pytest.mark.usefixtures("without_libreoffice")
def test_thai_that_passes_as_latin_in_word_97_is_read_as_thai(tmp_path: Path) -> None:
    sentence = "ประกาศเทศบาลตำบล เรื่อง รับสมัครบุคคลเพื่อเลือกสรรเป็นพนักงานจ้าง"
    assert pages(word_document(sentence.encode("cp874")), tmp_path) == [sentence]
    assert pages(word_document(sentence.encode("cp874").decode("latin-1")), tmp_path) == [sentence]
    french = "Année scolaire à l’école, où les élèves étudient déjà; représenté, été, né, clé, dé".encode(
        "cp1252"
    )
    assert pages(word_document(french), tmp_path) == [french.decode("cp1252")]
    assert pages(word_document(sentence, b" 25 \xb0C \xbd"), tmp_path) == [f"{sentence} 25 °C ½"]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (docx(MEMO), "DOCX"),
        (xlsx({"ก": ROWS}), "XLSX"),
        (opendocument("text", ""), "ODT"),
        (ods(ROWS), "ODS"),
        (compound("WordDocument", "1Table"), "DOC"),
        (compound("Workbook"), "XLS"),
    ],
)
def test_the_type_is_told_by_the_content(content: bytes, media_type: str) -> None:
    assert filetype.detect_file_type(io.BytesIO(content)).name == media_type


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (docx(MEMO, **{"word__vbaProject.bin": b"\0"}), "macros"),
        (xlsx({"ก": ROWS}, **{"xl/vbaProject.bin": ""}), "macros"),
        (opendocument("text", "", **{"Basic__Standard__Module1.xml": ""}), "macros"),
        (compound("Macros", "WordDocument"), "macros"),
        (compound("_VBA_PROJECT_CUR", "Workbook"), "macros"),
        (compound("EncryptedPackage", "EncryptionInfo"), "password"),
        (compound("PowerPoint Document"), "not-a-document"),
        (compound("WordDocument")[:700], "not-a-document"),
        (package({"ppt/presentation.xml": ""}), "not-a-document"),
        (opendocument("text-web", ""), "not-a-document"),
        (opendocument("presentation", ""), "not-a-document"),
    ],
)
def test_dangerous_and_other_office_files_are_refused_at_upload(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        filetype.detect_file_type(io.BytesIO(content))
    assert refused.value.code == code


BOMB = b" " * (50 << 20)
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


MANY_ENTITIES = f'<!DOCTYPE w [<!ENTITY e0 "ก">{ENTITIES}]><w xmlns="x"><t>&e9;</t></w>'
FOREIGN_ENTITY = '<!DOCTYPE w [<!ENTITY f SYSTEM "file:///etc/passwd">]><w><t>&f;</t></w>'


@pytest.mark.usefixtures("without_libreoffice")
@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda: docx("", **{f"word__media__{n}": BOMB for n in range(6)}), {"office-too-big"}),
        (lambda: docx("", **{f"word__media__{n}": b"" for n in range(text.MAX_PARTS)}), {"office-too-big"}),
        (lambda: docx(paragraph("ก" * (MAX_CHARACTERS + 1))), {"office-too-big", "damaged"}),
        (lambda: package({"word/document.xml": MANY_ENTITIES}), {"damaged"}),
        (lambda: package({"word/document.xml": FOREIGN_ENTITY}), {"damaged"}),
        (lambda: package({"word/document.xml": "<w>" * 100_000}), {"damaged"}),
        (lambda: docx(MEMO)[:-500], {"not-a-pdf", "damaged"}),
        (lambda: docx(""), {"empty"}),
        (lambda: opendocument("text", "<text:p>ก</text:p>", manifest="<m:encryption-data/>"), {"password"}),
        (lambda: xlsx({"ก": ROWS}).replace(b"PK\x03\x04", b"PK\x03\x05", 3), {"not-a-pdf", "damaged"}),
        (lambda: compound("Workbook"), {"empty"}),
        (lambda: compound("WordDocument"), {"damaged"}),
        (lambda: word_document("ก\r", flags=0x0300), {"password"}),
        (lambda: word_document("ก\r", version=0x68), {"no-office"}),  # Word 95
        (lambda: word_document("\r"), {"empty"}),
        (lambda: word_document("ก\r", flags=0), {"damaged"}),  # its table is not there
        (lambda: word_document("ก\r", place=1 << 29), {"damaged"}),
        (lambda: word_document("ก\r", place=4095 << 1 | 1 << 30), {"damaged"}),
        (lambda: word_document("ก\r", cut=0xFFFF_FFFF), {"damaged"}),
        (lambda: word_document("ก\r", cut=2), {"damaged"}),
        (lambda: word_document("\x13" * 9_000 + "\x0c" * 9_000), {"empty"}),
        (lambda: word_document("ก\r")[:1600], {"damaged"}),
        (lambda: _with_endless_stream(word_document("ก\r"), 0x7FFF_FFFF), {"damaged"}),
        (lambda: _with_many_characters(word_document("ก\r")), {"office-too-big"}),
    ],
)
def test_hostile_office_files_end_with_their_reason(
    make: Callable[[], bytes], codes: set[str], tmp_path: Path
) -> None:
    assert failure(make(), tmp_path) in codes


@pytest.mark.usefixtures("without_libreoffice")
def test_a_stream_that_leads_back_to_its_start_is_read_to_its_size(tmp_path: Path) -> None:
    assert len(pages(_with_endless_stream(word_document("ก\r"), 4096), tmp_path)) == 1


def test_a_word_document_in_many_pieces_costs_no_more_than_its_text(tmp_path: Path) -> None:
    """A piece is cut out of the document: what follows it is not copied each time."""

    def seconds(pieces: int) -> float:
        path = tmp_path / f"{pieces}.doc"
        path.write_bytes(word_document(*[b"a"] * pieces, b"a" * 4_000_000))
        began = time.process_time()
        read_doc(path)
        return time.process_time() - began

    assert seconds(50_000) < 2 * seconds(1) + 1.0


def _with_endless_stream(document: bytes, size: int) -> bytes:
    """Returns a compound file whose first stream has its first sector as the next one, for ever."""
    changed = bytearray(document)
    struct.pack_into("<I", changed, 512 + 4 * 2, 2)
    struct.pack_into("<Q", changed, 1024 + 128 + 120, size)
    return bytes(changed)


def _with_many_characters(document: bytes) -> bytes:
    one_piece = struct.pack("<3I", 16, 0, len("ก\r"))
    assert document.count(one_piece) == 1
    return document.replace(one_piece, struct.pack("<3I", 16, 0, MAX_CHARACTERS + 1))


@pytest.mark.parametrize("read", [text.read_docx, text.read_spreadsheet])
def test_a_refused_office_file_is_closed(read: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(opendocument("text", "<text:p>ก</text:p>", manifest="<m:encryption-data/>"))
    with pytest.raises(UnreadableFile, match="password") as refused:
        read(path)
    opened = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    assert path not in opened, refused  # while the error still refers to all that it passed through


def test_a_cell_at_the_far_corner_ends_within_the_limits(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>ก</t></is></c></row>'
    book = xlsx({"ก": ROWS}, **{"xl/worksheets/sheet1.xml": _sheet_with(far)})
    assert failure(book, tmp_path) in {"crashed", "memory", "timeout", "office-too-big"}


def _sheet_with(rows: str) -> str:
    first = '<row r="1"><c r="A1" t="inlineStr"><is><t>ก</t></is></c></row>'
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{first}{rows}</sheetData></worksheet>"
    )


@needs_libreoffice
def test_libreoffice_gives_pages_with_positions_and_pictures(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(xlsx({"Sheet1": ROWS, "ลับ": [["ซ่อนอยู่"]]}, hidden=("ลับ",)))
    with EmbeddedTextDocument(path) as document:
        assert document.outline.page_count == 2
        assert "ค่าวัสดุ" in document.read_page(1).text
        assert document.read_page(1).lines
        assert "ซ่อนอยู่" in document.read_page(2).text
        assert rasterize_page(document.path, 1, 72).width > 10


@needs_libreoffice
def test_libreoffice_fetches_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/picture.png"
    frame = (
        '<text:p>ประกาศ<draw:frame xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
        'svg:width="5cm" svg:height="5cm">'
        f'<draw:image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{address}" xlink:type="simple" '
        'xlink:show="embed" xlink:actuate="onLoad"/></draw:frame></text:p>'
    )
    path = tmp_path / "file"
    path.write_bytes(opendocument("text", frame))
    parser = parser_of(path)
    assert parser.convert is not None
    sandbox.run_in_sandbox(
        parser.convert, path, tmp_path / "a.pdf", seconds=parser.seconds, memory_mb=parser.memory_mb
    )
    server.shutdown()
    server.server_close()
    assert (tmp_path / "a.pdf").exists()
    assert asked == []
