"""Benchmark of the fields read from documents: ``python -m benchmarks.fields [--count N] [--scans N]``.

Makes memos, letters, stamped letters, orders and announcements of invented offices in many layouts, both
numerals and several typefaces, reads each as the archive does, once as a word processor writes it and
some again as signed paper from a scanner, and compares what ``extract_fields`` says with what was set.

A field is right when it says the same, white space and numerals aside; on scans names and subjects may
differ in one letter of twenty. ``precision``: share of what was said that is right; ``recall``: share of
what was to be said that was said rightly.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from fontpkg_sarabun import __file__ as sarabun
from fpdf import FPDF
from pythainlp.tokenize import word_tokenize
from rapidfuzz import fuzz
from rich.console import Console
from rich.table import Table

from archive.model import Page, TextSource
from archive.thai import MONTHS, SHORT_MONTHS, arabic_digits, thai_digits
from benchmarks.corpus import argument_parser
from indexer.extraction.attachment_reader import recognise_page
from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.metadata import extract_fields
from indexer.extraction.ocr_policy import PageTextDecision
from web.sample.scans import ScanLook, make_scan

FIELDS = ("kind", "number", "date", "subject", "from", "to", "urgency")
SIMILAR = 95  # of 100: names and subjects on scans
SARABUN = Path(sarabun).parent / "files"
TLWG = Path("/usr/share/fonts/truetype/tlwg")  # Debian's fonts-thai-tlwg
TYPEFACES = {
    "Sarabun": (SARABUN / "Sarabun-Regular.ttf", SARABUN / "Sarabun-Bold.ttf", 1.0),
    **{
        name: (TLWG / f"{name}.ttf", TLWG / f"{name}-Bold.ttf", size)
        for name, size in (("Laksaman", 1.15), ("Norasi", 0.95), ("Garuda", 0.85), ("Loma", 0.9))
    },
}

OFFICES = (
    "เทศบาลตำบลบึงกระจับ", "เทศบาลเมืองเขาเขียว", "เทศบาลนครศรีอาคาร", "องค์การบริหารส่วนตำบลดงมะไฟ",
    "องค์การบริหารส่วนจังหวัดสมมติ", "จังหวัดสมมติ", "อำเภอท่าฉนวน", "สำนักงานส่งเสริมการปกครองท้องถิ่นจังหวัดสมมติ",
    "กรมส่งเสริมการปกครองท้องถิ่น", "โรงเรียนบ้านโคกม่วง",
)  # fmt: skip
DIVISIONS = (
    "กองช่าง", "กองคลัง", "สำนักปลัด", "สำนักปลัดเทศบาล", "กองการศึกษา ศาสนาและวัฒนธรรม", "กองสวัสดิการสังคม",
    "งานป้องกันและบรรเทาสาธารณภัย สำนักปลัดเทศบาล", "กองสาธารณสุขและสิ่งแวดล้อม (งานธุรการ)", "หน่วยตรวจสอบภายใน",
)  # fmt: skip
CODES = "มท ชม นม สข อบ กค ศธ พร ลย สธ ปข".split()
PEOPLE = (
    "นายกเทศมนตรี", "ผู้ว่าราชการจังหวัดสมมติ", "นายอำเภอท่าฉนวน", "ปลัดเทศบาล", "ผู้อำนวยการโรงเรียนบ้านโคกม่วง",
    "กำนัน ผู้ใหญ่บ้าน ทุกหมู่บ้าน", "ท้องถิ่นจังหวัดสมมติ", "หัวหน้าส่วนราชการทุกกอง", "นายสมบัติ ดีพร้อม",
    "คณะกรรมการจัดซื้อจัดจ้างโดยวิธีคัดเลือก", "ผู้อำนวยการกองช่าง (ผ่านหัวหน้าฝ่ายการโยธา)",
)  # fmt: skip
SUBJECTS = (
    "แต่งตั้งคณะกรรมการ", "ขออนุมัติเดินทางไปราชการ", "รายงานผลการใช้จ่ายงบประมาณ",
    "กำหนดวันหยุดราชการเพิ่มเป็นกรณีพิเศษ", "ขอเชิญประชุมสภาเทศบาล สมัยสามัญ สมัยที่ 3",
    "การโอนเงินงบประมาณรายจ่ายประจำปีงบประมาณ พ.ศ. 2567", "ผู้ชนะการเสนอราคา ซื้อวัสดุคอมพิวเตอร์ โดยวิธีเฉพาะเจาะจง",
    "ขอความอนุเคราะห์รถบรรทุกน้ำเพื่อช่วยเหลือราษฎรที่ประสบภัยแล้ง",
    "รับสมัครบุคคลเพื่อการสรรหาและเลือกสรรเป็นพนักงานจ้างตามภารกิจ ครั้งที่ 2 ประจำปี พ.ศ. 2566",
    "ประกวดราคาจ้างก่อสร้างถนนคอนกรีตเสริมเหล็ก หมู่ที่ 4 สายบ้านนายผลถึงศาลากลางหมู่บ้าน ด้วยวิธีประกวดราคาอิเล็กทรอนิกส์",
    "มอบหมายให้ข้าราชการปฏิบัติหน้าที่แทนในกรณีที่ผู้ดำรงตำแหน่งไม่อยู่หรือไม่อาจปฏิบัติราชการได้ และกำหนดผู้รับผิดชอบการใช้รถยนต์ส่วนกลาง",
    "หลักเกณฑ์และวิธีการจัดเก็บค่าธรรมเนียมการเก็บขนมูลฝอย",
)  # fmt: skip
BODIES = (
    "ตามหนังสือที่อ้างถึง แจ้งให้ดำเนินการตามหนังสือสั่งการ ที่ มท 0810.6/ว 1774 ลงวันที่ 3 มีนาคม 2563 นั้น",
    "ด้วยสำนักงานได้รับจัดสรรงบประมาณจำนวน 1,250,000 บาท เพื่อปรับปรุงระบบประปาหมู่บ้านให้มีน้ำสะอาดเพียงพอ",
    "อาศัยอำนาจตามความในมาตรา 48 แห่งพระราชบัญญัติเทศบาล พ.ศ. 2496 และที่แก้ไขเพิ่มเติม จึงดำเนินการดังต่อไปนี้",
    "เพื่อให้การปฏิบัติงานเป็นไปด้วยความเรียบร้อย ขอให้ผู้เกี่ยวข้องถือปฏิบัติโดยเคร่งครัด และรายงานผลภายในวันที่ 15 ของทุกเดือน",
    "ข้อ 1 ผู้สมัครต้องมีคุณสมบัติทั่วไปครบถ้วนและยื่นใบสมัครด้วยตนเองได้ตั้งแต่วันที่ 1 ตุลาคม 2566 ถึงวันที่ 10 ตุลาคม 2566",
    "1. นายกิตติ พูนสุข ปลัดเทศบาล ประธานกรรมการ 2. นางสาวรัตนา ใจงาม หัวหน้าฝ่ายบริหารงานทั่วไป กรรมการ",
)  # fmt: skip
NAMES = ("นายวิชัย สุขสบาย", "นางสาวอรุณี แสงทอง", "ว่าที่ร้อยตรี ธีระ มั่นคง", "นางพรทิพย์ ศรีจันทร์")


@dataclass(frozen=True, slots=True)
class Made:
    pdf: bytes
    truth: dict[str, str]


class FilledSheet:
    """A4 paper that is filled from the top; every length in points."""

    left, right, top, bottom = 85.0, 57.0, 60.0, 70.0

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        known = [faces for faces in TYPEFACES.values() if faces[0].exists() and faces[1].exists()]
        regular, bold, scale = chance.choices(known, [3, *[1] * (len(known) - 1)])[0]
        self.size = chance.choice((14.0, 15.0, 16.0)) * scale
        self.thai = chance.random() < 0.7
        self.pdf = FPDF(unit="pt", format="A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.add_font("face", "", regular)
        self.pdf.add_font("face", "B", bold)
        self.pdf.set_text_shaping(True)
        self.pdf.add_page()
        self.y = self.top
        self.width = self.pdf.w - self.left - self.right

    def _font(self, size: float, bold: bool) -> None:
        self.pdf.set_font("face", "B" if bold else "", size)

    def _shown(self, text: str) -> str:
        """Returns the text in the sheet's numerals, with ำ as its two glyphs.

        Shaping then puts both glyphs in their places.
        """
        return re.sub("([่-๋]?)ำ", "ํ\\1า", thai_digits(text) if self.thai else text)

    def wide(self, text: str, size: float = 0, bold: bool = False) -> float:
        self._font(size or self.size, bold)
        return float(self.pdf.get_string_width(self._shown(text)))

    def put(self, text: str, x: float, size: float = 0, bold: bool = False) -> None:
        self._font(size or self.size, bold)
        self.pdf.set_xy(x - self.pdf.c_margin, self.y)
        self.pdf.cell(self.wide(text, size, bold) + 20, self.size * 1.5, self._shown(text))

    def down(self, lines: float = 1.0) -> None:
        self.y += lines * self.size * 1.55
        if self.y > self.pdf.h - self.bottom:
            self.pdf.add_page()
            self.y = self.top

    def centre(self, text: str, size: float = 0, bold: bool = False) -> None:
        for line in self.fold(text, self.width * 0.8, size, bold):
            self.put(line, self.left + (self.width - self.wide(line, size, bold)) / 2, size, bold)
            self.down(max(1.0, (size or self.size) / self.size))

    def labelled(self, label: str, text: str, *, bold: bool = False) -> None:
        """A label and what it names; further lines stand under the first word."""
        self.put(label, self.left, bold=bold)
        indent = self.left + self.wide(label + "   ", bold=bold)
        for line in self.fold(text, self.width + self.left - indent):
            self.put(line, indent)
            self.down()

    def paragraph(self, text: str, indent: float = 71.0) -> None:
        for number, line in enumerate(self.fold(" " * 18 + text, self.width)):
            self.put(line.strip() if number == 0 else line, self.left + (0 if number else indent))
            self.down()

    def fold(self, text: str, width: float, size: float = 0, bold: bool = False) -> list[str]:
        lines = [""]
        for word in words(text):
            if lines[-1].strip() and self.wide(lines[-1] + word, size, bold) > width:
                lines[-1] = lines[-1].rstrip()
                lines.append("")
                word = word.lstrip()
            lines[-1] += word
        return lines

    def dots(self, start: float, end: float) -> None:
        """A dotted line to write on, as forms have it."""
        self._font(self.size, bold=False)
        count = int((end - start) / max(1.0, self.wide(".")))
        if count > 3:
            self.pdf.text(start, self.y + self.size * 1.2, "." * count)


@cache
def words(text: str) -> tuple[str, ...]:
    return tuple(word_tokenize(text, engine="newmm"))


@dataclass
class DocumentWriter:
    """Composes one document and lays it out; ``truth`` collects its fields."""

    chance: random.Random
    truth: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sheet = FilledSheet(self.chance)
        self.office = self.chance.choice(OFFICES)
        self.date = dt.date(
            self.chance.randint(2010, 2026), self.chance.randint(1, 12), self.chance.randint(1, 28)
        )
        self.subject = self.chance.choice(SUBJECTS)
        self.truth |= {"date": self.date.isoformat(), "subject": self.subject}

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def reference(self) -> str:
        """A letter's number as written; what it means goes into the truth."""
        code, office = (
            self.chance.choice(CODES),
            str(self.chance.randint(201, 99999)).zfill(5 - self.chance.randint(0, 1)),
        )
        office += self.chance.choice(
            (
                "",
                "",
                f".{self.chance.randint(1, 9)}",
                f".{self.chance.randint(1, 9)}.{self.chance.randint(1, 4)}",
            )
        )
        circular, number = self.likely(0.4), str(self.chance.randint(1, 4999))
        self.truth["number"] = f"{code} {office}/{'ว ' if circular else ''}{number}"
        gap, slash = self.chance.choice((" ", " ", "")), self.chance.choice(("/", "/", " / "))
        mark = self.chance.choice(("ว ", "ว", "ว. ")) if circular else ""
        return f"{code}{gap}{office}{slash}{mark}{number}"

    def urgency(self) -> str:
        if self.likely(0.7):
            return ""
        self.truth["urgency"] = self.chance.choice(("ด่วน", "ด่วนมาก", "ด่วนที่สุด"))
        return self.truth["urgency"]

    def day(self, *, formal: bool = False) -> str:
        day, month, year = self.date.day, MONTHS[self.date.month - 1], self.date.year + 543
        forms = [
            f"{day} {month} {year}",
            f"{day} {month} {year}",
            f"{day} {month} พ.ศ. {year}",
            f"{day} เดือน {month} พ.ศ. {year}",
        ]
        if not formal:
            forms.append(f"{day} {SHORT_MONTHS[self.date.month - 1]} {year}")
        return self.chance.choice(forms)

    def body(self) -> None:
        for text in self.chance.sample(BODIES, self.chance.randint(2, 5)) * self.chance.choice((1, 1, 1, 3)):
            self.sheet.paragraph(text)

    def signed(self) -> None:
        for text in (
            f"({self.chance.choice(NAMES)})",
            self.chance.choice(("นายกเทศมนตรี", "ปลัดเทศบาล", "ผู้ว่าราชการจังหวัดสมมติ")),
        ):
            self.sheet.down(2 if text.startswith("(") else 0)
            self.sheet.put(text, self.sheet.left + 230 + self.chance.uniform(-20, 20))
            self.sheet.down()

    def emblem(self, x: float) -> None:
        self.sheet.pdf.ellipse(x, self.sheet.y, 44, 44)
        self.sheet.pdf.ellipse(x + 9, self.sheet.y + 9, 26, 26)


def memo(write: DocumentWriter) -> None:
    sheet, bold = write.sheet, write.likely(0.6)
    write.emblem(sheet.left)
    urgency = write.urgency()
    if urgency and write.likely(0.5):
        sheet.put(urgency, sheet.left + 52, sheet.size * 1.4, bold=True)
        sheet.down(1.4)
        urgency = ""
    if urgency:
        sheet.put(urgency, sheet.left + 52, sheet.size * 1.3, bold=True)
    sheet.centre("บันทึกข้อความ", sheet.size * write.chance.choice((1.4, 1.8)), bold=True)
    sheet.down(0.5)
    division = write.chance.choice(DIVISIONS)
    sender = f"{division} {write.office}"
    write.truth |= {"kind": "memo", "from": sender, "to": write.chance.choice(PEOPLE)}
    phone = write.chance.choice(("", " โทร. 0 4429 7861", " โทร 0-5395-0001 ต่อ 12", " โทรศัพท์ 0 2241 9000"))
    dotted = write.likely(0.4)
    sheet.put("ส่วนราชการ", sheet.left, bold=bold)
    start = sheet.left + sheet.wide("ส่วนราชการ  ", bold=bold)
    if start + sheet.wide(sender + phone) > sheet.left + sheet.width:
        phone = ""
    sheet.put(sender + phone, start)
    if dotted:
        sheet.dots(start, sheet.left + sheet.width)
    sheet.down()
    sheet.put("ที่", sheet.left, bold=bold)
    sheet.put(write.reference(), sheet.left + 26)
    sheet.put("วันที่", sheet.left + sheet.width / 2, bold=bold)
    sheet.put(write.day(), sheet.left + sheet.width / 2 + sheet.wide("วันที่  ", bold=bold))
    if dotted:
        sheet.dots(sheet.left + 22, sheet.left + sheet.width / 2 - 4)
        sheet.dots(sheet.left + sheet.width / 2 + 32, sheet.left + sheet.width)
    sheet.down()
    sheet.labelled("เรื่อง", write.subject, bold=bold)
    if write.likely(0.4):
        y = sheet.y + 4
        sheet.pdf.line(sheet.left, y, sheet.left + sheet.width, y)
        sheet.down(0.4)
    sheet.labelled("เรียน", write.truth["to"])
    write.body()
    sheet.paragraph("จึงเรียนมาเพื่อโปรดพิจารณา")
    write.signed()


def letter(write: DocumentWriter, *, stamped: bool = False) -> None:
    sheet = write.sheet
    write.emblem(sheet.left + sheet.width / 2 - 22)
    urgency = write.urgency()
    if urgency and write.likely(0.6):
        sheet.put(urgency, sheet.left, sheet.size * 1.3, bold=True)
        urgency = ""
    sheet.down(2.2)
    if urgency:
        sheet.put(urgency, sheet.left, sheet.size * 1.3, bold=True)
        sheet.down(1.3)
    office = f"สำนักงาน{write.office}" if write.office.startswith("เทศบาล") else write.office
    office = (
        f"ศาลากลาง{office}"
        if office.startswith("จังหวัด")
        else f"ที่ว่าการ{office}"
        if office.startswith("อำเภอ")
        else office
    )
    column = sheet.left + sheet.width - max(sheet.wide(office), 190)
    sheet.put(f"ที่ {write.reference()}", sheet.left)
    if stamped:
        _stamped_body(write)
        return
    write.truth |= {"kind": "letter", "from": office, "to": write.chance.choice(PEOPLE)}
    for line in (office, "99 หมู่ที่ 3 ถนนมิตรภาพ", "อำเภอท่าฉนวน สม 30140")[: write.chance.choice((2, 3))]:
        sheet.put(line, column)
        sheet.down()
    sheet.down(0.3)
    if write.likely(0.8):
        sheet.put(write.day(formal=True), sheet.left + sheet.width / 2)
        sheet.down()
    else:
        sheet.centre(write.day(formal=True))
    sheet.down(0.3)
    sheet.labelled("เรื่อง", write.subject)
    sheet.labelled(write.chance.choice(("เรียน", "เรียน", "เรียน", "กราบเรียน")), write.truth["to"])
    if write.likely(0.6):
        sheet.labelled("อ้างถึง", "หนังสือจังหวัดสมมติ ด่วนที่สุด ที่ สม 0023.3/ว 8078 ลงวันที่ 25 สิงหาคม 2564")
    if write.likely(0.6):
        sheet.labelled("สิ่งที่ส่งมาด้วย", "1. แบบตอบรับ จำนวน 1 ฉบับ")
    write.body()
    sheet.paragraph("จึงเรียนมาเพื่อโปรดทราบและพิจารณา")
    sheet.put("ขอแสดงความนับถือ", sheet.left + 235)
    sheet.down()
    write.signed()
    for text in (write.chance.choice(DIVISIONS), "โทร. 0 4429 7861 โทรสาร 0 4429 7862"):
        sheet.put(text, sheet.left)
        sheet.down()


def _stamped_body(write: DocumentWriter) -> None:
    """Writes a stamped letter below its number."""
    sheet = write.sheet
    sheet.down(1.3)
    write.truth["to"] = write.chance.choice(PEOPLE)
    sheet.labelled("ถึง", write.truth["to"])
    del write.truth["subject"]
    sheet.paragraph("ตามที่ได้รับแจ้งให้จัดส่งแบบสำรวจข้อมูลครุภัณฑ์นั้น บัดนี้ได้ดำเนินการเสร็จเรียบร้อยแล้ว จึงส่งมาพร้อมนี้")
    write.truth |= {"kind": "stamped", "from": write.office}
    for text in (write.office, write.day()):
        sheet.put(text, sheet.left + 210)
        sheet.down(1.2)
    sheet.put("โทร. 0 4429 7861", sheet.left)


def issued(write: DocumentWriter, title: str, kind: str, dated: str) -> None:
    """An order or an announcement: centred head, dated at its end."""
    sheet = write.sheet
    write.emblem(sheet.left + sheet.width / 2 - 22)
    sheet.down(2.4)
    write.truth |= {"kind": kind, "from": write.office}
    large = sheet.size * write.chance.choice((1.0, 1.15))
    numbered = kind == "order" or write.likely(0.3)
    number, year = write.chance.randint(1, 1999), write.date.year + 543
    special = numbered and write.likely(0.1)
    written = f"ที่ {'พิเศษ ' if special else ''}{number}{write.chance.choice(('/', '/', ' / '))}{year}"
    if numbered:
        write.truth["number"] = f"{'พิเศษ ' if special else ''}{number}/{year}"
    beside = numbered and write.likely(0.15)
    sheet.centre(f"{title}{write.office}" + (f" {written}" if beside else ""), large, bold=True)
    if numbered and not beside:
        sheet.centre(written, large, bold=write.likely(0.5))
    sheet.centre(f"เรื่อง {write.subject}", large, bold=write.likely(0.7))
    rule = write.chance.choice(("-" * 30, "_" * 22, "*" * 18, "line", "………………………………", ""))
    if rule == "line":
        sheet.pdf.line(sheet.left + 160, sheet.y + 8, sheet.left + sheet.width - 160, sheet.y + 8)
        sheet.down()
    elif rule:
        sheet.centre(rule)
    write.body()
    sheet.paragraph("ทั้งนี้ ตั้งแต่วันที่ 1 มกราคม 2560 เป็นต้นไป")
    sheet.put(
        f"{dated} ณ วันที่ {write.day(formal=True)}", sheet.left + write.chance.choice((71.0, 71.0, 140.0))
    )
    sheet.down()
    write.signed()


LAYOUTS: dict[str, Callable[[DocumentWriter], None]] = {
    "memo": memo,
    "letter": letter,
    "stamped": partial(letter, stamped=True),
    "order": partial(issued, title="คำสั่ง", kind="order", dated="สั่ง"),
    "announcement": partial(issued, title="ประกาศ", kind="announcement", dated="ประกาศ"),
}


def make(layout: str, seed: int) -> Made:
    write = DocumentWriter(random.Random(f"{layout} {seed}"))
    LAYOUTS[layout](write)
    return Made(bytes(write.sheet.pdf.output()), write.truth)


def scanned(pdf: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    look = ScanLook(
        skew=chance.uniform(-2, 2),
        turn=chance.choice((0, 0, 0, 0, 90, 180)),
        noise=chance.uniform(3, 12),
        quality=chance.randint(40, 80),
    )
    return make_scan(pdf, look, seed=seed)


def read(path: Path) -> list[Page]:
    """Returns all pages of a file, as the archive keeps them."""
    pages = []
    with EmbeddedTextDocument(path) as document:
        for number in range(1, document.outline.page_count + 1):
            page = document.read_page(number)
            common = {"attachment_id": 1, "number": number}
            if page.page_text_decision is PageTextDecision.EMBEDDED:
                pages.append(
                    Page(
                        text=page.text,
                        raw=page.raw,
                        lines=page.lines,
                        source=TextSource.EMBEDDED,
                        confidence=None,
                        **common,
                    )
                )
            else:
                seen = recognise_page(document.path, number)
                pages.append(
                    Page(
                        text=seen.text,
                        raw=seen.raw,
                        lines=seen.lines,
                        source=TextSource.OCR,
                        confidence=seen.confidence,
                        **common,
                    )
                )
    return pages


def even(text: str) -> str:
    return "".join(arabic_digits(text).split())


def right(name: str, said: str, wanted: str, *, exact: bool) -> bool:
    if exact or name not in {"subject", "from", "to"}:
        return even(said) == even(wanted)
    return fuzz.ratio(even(said), even(wanted)) >= SIMILAR


def judge(layout: str, seed: int, on_paper: bool) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Returns counts by (field, outcome) and a list of wrong fields, for one made document."""
    made = make(layout, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pdf"
        path.write_bytes(scanned(made.pdf, seed) if on_paper else made.pdf)
        said = {name: found.value for name, found in extract_fields(read(path)).items()}
    counts: Counter[tuple[str, str]] = Counter()
    wrong = []
    for name in FIELDS:
        wanted, found = made.truth.get(name, ""), said.get(name, "")
        hit = bool(wanted) and right(name, found, wanted, exact=not on_paper)
        counts.update({(name, "wanted"): bool(wanted), (name, "said"): bool(found), (name, "right"): hit})
        if not hit and (wanted or found):
            wrong.append(f"{layout} {seed} {name}: {found!r} for {wanted!r}")
    return counts, wrong


def jobs(count: int, on_paper: bool) -> Iterator[tuple[str, int, bool]]:
    for layout in LAYOUTS:
        for seed in range(count):
            yield layout, seed, on_paper


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--count", type=int, default=40, help="documents of each layout")
    parser.add_argument("--scans", type=int, default=10, help="of each layout read from paper too")
    parser.add_argument("--misses", action="store_true", help="also list what was read wrongly")
    parser.add_argument("--keep", type=Path, help="only write the documents into this directory")
    choices = parser.parse_args()
    if choices.keep:
        for layout, seed, _ in jobs(choices.count, on_paper=False):
            (choices.keep / f"{layout}-{seed}.pdf").write_bytes(make(layout, seed).pdf)
        return 0
    table = Table(
        "field",
        *(f"{way} {rate}" for way in ("born digital", "scan") for rate in ("precision", "recall", "n")),
    )
    sums: dict[bool, Counter[tuple[str, str]]] = {False: Counter(), True: Counter()}
    with ProcessPoolExecutor(1) as workers:  # one, so that the machine stays usable
        for on_paper, count in ((False, choices.count), (True, choices.scans)):
            for counts, wrong in (
                workers.map(judge, *zip(*jobs(count, on_paper), strict=True)) if count else ()
            ):
                sums[on_paper].update(counts)
                if choices.misses:
                    print(*wrong, sep="\n", end="\n" if wrong else "")
    for name in FIELDS:
        cells = []
        for total in sums.values():
            hits, said, wanted = (total[name, key] for key in ("right", "said", "wanted"))
            cells += [f"{hits / max(1, said):.3f}", f"{hits / max(1, wanted):.3f}", str(wanted)]
        table.add_row(name, *cells)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
