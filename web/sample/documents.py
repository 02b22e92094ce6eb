"""Official documents laid out as the regulation on correspondence has them, as PDF.

Layouts after the Prime Minister's Office regulation on correspondence, B.E. 2526, appendix.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archive import thai
from archive.model import DocumentKind
from archive.thai import thai_digits
from web.sample.sheet import Sheet

OFFICE = "เทศบาลตำบลหนองปลาดุก"
ADDRESS = ("๑๙๙ หมู่ ๔ ตำบลหนองปลาดุก", "อำเภอเวียงสมมติ จังหวัดตัวอย่าง ๙๙๙๙๐")
DIVISION, PHONE = "สำนักปลัดเทศบาล", "๐ ๕๓๙๕ ๐๐๐๑"
MAYOR = "นายสมมติ ตัวอย่างดี"
CLERK = "นางสาวพิมพ์ชนก ใจเย็น"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDocumentText:
    """Text of a sample document: kind, number, date, subject, paragraphs, who sends and signs."""

    kind: DocumentKind
    number: str
    date: dt.date
    subject: str
    paragraphs: Sequence[str]
    to: str = "นายกเทศมนตรีตำบลหนองปลาดุก"


def make_document(text: SampleDocumentText) -> bytes:
    """Returns the PDF of the document, laid out according to its kind."""
    sheet = Sheet()
    _LAYOUTS.get(text.kind, _notice)(sheet, text)
    sheet.number_pages()
    return sheet.bytes()


def _memo(sheet: Sheet, text: SampleDocumentText) -> None:
    _emblem(sheet, x=0, size=42)
    sheet.line("บันทึกข้อความ", size=24, is_bold=True, align="C")
    sheet.beside(("ส่วนราชการ", 0, True), (f"{DIVISION} {OFFICE} โทร. {PHONE}", 76, False))
    sheet.beside(
        ("ที่", 0, True),
        (thai_digits(text.number), 20, False),
        ("วันที่", 225, True),
        (_date(text.date), 262, False),
    )
    sheet.beside(("เรื่อง", 0, True), (text.subject, 36, False))
    sheet.space(4)
    sheet.beside(("เรียน", 0, False), (text.to, 36, False))
    sheet.space(4)
    _body(sheet, text)
    sheet.paragraph("จึงเรียนมาเพื่อโปรดพิจารณา")
    _signature(sheet, CLERK, "หัวหน้าสำนักปลัดเทศบาล")


def _letter(sheet: Sheet, text: SampleDocumentText) -> None:
    _emblem(sheet, x=204, size=52)
    sheet.beside((f"ที่ {thai_digits(text.number)}", 0, False), (OFFICE, 290, False))
    for line in ADDRESS:
        sheet.line(line, x=290)
    sheet.line(_date(text.date), align="C")
    sheet.space(4)
    sheet.beside(("เรื่อง", 0, False), (text.subject, 36, False))
    sheet.beside(("เรียน", 0, False), (text.to, 36, False))
    sheet.space(4)
    _body(sheet, text)
    sheet.paragraph("จึงเรียนมาเพื่อทราบและพิจารณาดำเนินการต่อไป")
    sheet.line("ขอแสดงความนับถือ", x=250)
    _signature(sheet, MAYOR, "นายกเทศมนตรีตำบลหนองปลาดุก")
    sheet.line(DIVISION)
    sheet.line(f"โทร. {PHONE}")


def _order(sheet: Sheet, text: SampleDocumentText) -> None:
    _head(sheet, f"คำสั่ง{OFFICE}", text)
    _body(sheet, text)
    sheet.paragraph(f"ทั้งนี้ ตั้งแต่วันที่ {_date(text.date)} เป็นต้นไป")
    sheet.paragraph(f"สั่ง ณ วันที่ {_date(text.date, era=True)}")
    _signature(sheet, MAYOR, "นายกเทศมนตรีตำบลหนองปลาดุก")


def _notice(sheet: Sheet, text: SampleDocumentText) -> None:
    _head(sheet, f"ประกาศ{OFFICE}", text)
    _body(sheet, text)
    sheet.paragraph("จึงประกาศให้ทราบโดยทั่วกัน")
    sheet.paragraph(f"ประกาศ ณ วันที่ {_date(text.date, era=True)}")
    _signature(sheet, MAYOR, "นายกเทศมนตรีตำบลหนองปลาดุก")


def _minutes(sheet: Sheet, text: SampleDocumentText) -> None:
    sheet.line(f"รายงานการประชุมสภา{OFFICE}", size=18, is_bold=True, align="C")
    sheet.line(f"ครั้งที่ {thai_digits(text.number)}", align="C")
    sheet.line(f"เมื่อวันที่ {_date(text.date)}", align="C")
    sheet.line(f"เรื่อง {text.subject}", is_bold=True, align="C")
    _body(sheet, text)
    sheet.line("เลิกประชุมเวลา ๑๕.๓๐ น.", x=71)
    _signature(sheet, CLERK, "เลขานุการสภาเทศบาล")


_LAYOUTS: dict[DocumentKind, Callable[[Sheet, SampleDocumentText], None]] = {
    DocumentKind.MEMO: _memo,
    DocumentKind.LETTER: _letter,
    DocumentKind.ORDER: _order,
    DocumentKind.MINUTES: _minutes,
}


def _head(sheet: Sheet, title: str, text: SampleDocumentText) -> None:
    _emblem(sheet, x=204, size=52)
    sheet.line(title, size=18, is_bold=True, align="C")
    if text.number:
        sheet.line(f"ที่ {thai_digits(text.number)}", align="C")
    sheet.line(f"เรื่อง {text.subject}", is_bold=True, align="C")
    sheet.line("-" * 30, align="C")


def _body(sheet: Sheet, text: SampleDocumentText) -> None:
    for paragraph in text.paragraphs:
        sheet.paragraph(thai_digits(paragraph))


def _signature(sheet: Sheet, name: str, post: str) -> None:
    sheet.space(34)
    sheet.line(f"({name})", x=250)
    sheet.line(post, x=236)


def _emblem(sheet: Sheet, *, x: float, size: float) -> None:
    """Draw a made-up seal: rings and a fish."""
    pdf = sheet.pdf
    left, top = pdf.l_margin + x, sheet.next_line_y
    pdf.set_line_width(1.4)
    pdf.ellipse(left, top, size, size)
    pdf.set_line_width(0.6)
    pdf.ellipse(left + 4, top + 4, size - 8, size - 8)
    middle = top + size / 2
    pdf.ellipse(left + size * 0.24, middle - size * 0.12, size * 0.4, size * 0.24)
    pdf.polygon(
        [
            (left + size * 0.62, middle),
            (left + size * 0.78, middle - size * 0.12),
            (left + size * 0.78, middle + size * 0.12),
        ]
    )
    sheet.space(size + 4 if x else 0)


def _date(date: dt.date, *, era: bool = False) -> str:
    """Returns ``๙ มิถุนายน ๒๕๖๔``, or with พ.ศ. before the year."""
    shown = thai_digits(thai.format_date(date))
    day, month, year = shown.split()
    return f"{day} {month} {'พ.ศ. ' if era else ''}{year}"
