"""Labels of documents: the number that a label states, and what follows a corrected title."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.model import Attachment, DocumentKind, ExtractedField, ReadingResults, ReadingStatus
from archive.suggested_fields import document_number, label_after_title_correction, suggested_label

TITLE = "แผนพัฒนาท้องถิ่น"
LONGER = "แผนพัฒนาท้องถิ่น (พ.ศ. 2566-2570)"


def attachment(label: str, **read: str) -> Attachment:
    fields = {name: ExtractedField(value=value, confidence=0.9) for name, value in read.items()}
    return Attachment(
        id=1,
        announcement_id=1,
        position=1,
        label=label,
        filename="scan_0012.pdf",
        kind=DocumentKind.OTHER,
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
        page_count=1,
        status=ReadingStatus.READY,
        error=None,
        signed=False,
        details=ReadingResults(fields=fields),
        rules=1,
        created_at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
    )


@pytest.mark.parametrize(
    "number", ["12/2564", "พิเศษ 5/2563", "นป 52301/412", "มท 0808.2/ว 123", "มท 0808.2/123", "0808.2/ว 123"]
)
@pytest.mark.parametrize("kind", [DocumentKind.ORDER, DocumentKind.BYLAW, None])
def test_a_corrected_number_is_that_of_the_label(number: str, kind: DocumentKind | None) -> None:
    read = {"kind": kind.value} if kind else {}
    label = suggested_label(attachment("", number=number, subject="แต่งตั้งคณะกรรมการ", **read))
    assert document_number(attachment(label, number="99/2560")) == number


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("คำสั่งเทศบาลตำบลโคกสลุง ที่ 13/2565 เรื่อง แต่งตั้งคณะกรรมการ", "13/2565"),
        ("คำสั่งองค์การบริหารส่วนตำบลโคกสลุง ที่ ๑๓/๒๕๖๕ เรื่อง แต่งตั้งคณะกรรมการ", "13/2565"),
        ("ประกาศสภาเทศบาล ที่ 3/2566 เรื่อง สมัยประชุม", "3/2566"),
        ("คำสั่ง อบต.โคกสลุง ที่ 3/2566 เรื่อง แต่งตั้งคณะกรรมการ", "3/2566"),
        ("คำสั่ง อบต. ที่ 3/2566 เรื่อง แต่งตั้งคณะกรรมการ", "3/2566"),
        ("ประกาศคณะกรรมการกองทุน ที่ 3/2566 เรื่อง การรับเงิน", "3/2566"),
        ("ประกาศโรงเรียนเทศบาล 1 ที่ 3/2566 เรื่อง การรับนักเรียน", "3/2566"),
        ("หนังสือ ที่ มท 0808.2/ว 999 เรื่อง ซักซ้อมแนวทาง", "มท 0808.2/ว 999"),
        ("เทศบัญญัติ ที่ 1/2565 เรื่อง ตลาด", "1/2565"),
        ("ข้อบัญญัติ ที่ 1/2565 เรื่อง ตลาด", "1/2565"),
    ],
)
def test_a_label_as_clerks_type_it_gives_the_number(label: str, number: str) -> None:
    assert document_number(attachment(label, number="12/2565")) == number


@pytest.mark.parametrize(
    "label",
    [
        "ประกาศยกเลิกคำสั่งเทศบาล ที่ 5/2563 เรื่อง แต่งตั้งคณะกรรมการ",
        "คำสั่งเทศบาลยกเลิกคำสั่ง ที่ 5/2563 เรื่อง แต่งตั้งคณะกรรมการ",
        "ประกาศเทศบาลตำบลโคกสลุงยกเลิกเทศบัญญัติ ที่ 5/2563 เรื่อง ตลาด",
        "ประกาศเทศบาลเปลี่ยนหน่วยเลือกตั้งที่ 5 เรื่อง การเลือกตั้ง",
        "แนบท้ายคำสั่ง ที่ 5/2563 เรื่อง แต่งตั้งคณะกรรมการ",
        "คำสั่ง เรื่อง ยกเลิกคำสั่ง ที่ 5/2563 เรื่อง แต่งตั้งคณะกรรมการ",
        "สำเนา",
    ],
)
def test_the_number_of_another_paper_in_a_label_is_not_the_document_s(label: str) -> None:
    assert document_number(attachment(label, number="12/2564")) == "12/2564"
    assert document_number(attachment(label)) == ""


@pytest.mark.parametrize(
    ("label", "before", "after", "corrected"),
    [
        (TITLE, TITLE, LONGER, LONGER),
        (f"คำสั่ง ที่ 412/2566 เรื่อง {TITLE}", TITLE, LONGER, f"คำสั่ง ที่ 412/2566 เรื่อง {LONGER}"),
        (f"ประกาศ เรื่อง {TITLE}", TITLE, LONGER, f"ประกาศ เรื่อง {LONGER}"),
        (f"ประกาศ เรื่อง {TITLE}", f"ประกาศ เรื่อง {TITLE}", LONGER, LONGER),
        (f"ประกาศเทศบาลตำบล เรื่อง {TITLE}", TITLE, LONGER, f"ประกาศเทศบาลตำบล เรื่อง {LONGER}"),
        (LONGER, TITLE, LONGER, LONGER),  # it is right already
        ("ประกาศประกวดราคา ที่ 12/2565 เรื่อง ประกวดราคา", "ประกาศ", "ประกาศประกวดราคา", None),
        ("แบบแนบท้ายประกาศ 1", "ประกาศ", "ประกาศสอบราคาจ้างซ่อมถนน", None),
        ("แผนพัฒนา พ.ศ. 2566-2570", "ปี 2566", "ปี 2567", None),
        (f"ประกาศยกเลิกประกาศ เรื่อง {TITLE}", TITLE, LONGER, None),
        (f"ประกาศเทศบาลยกเลิกประกาศ เรื่อง {TITLE}", TITLE, LONGER, None),
        ("แบบคำขอ", "", LONGER, None),
    ],
)
def test_only_a_label_that_is_the_title_follows_it(
    label: str, before: str, after: str, corrected: str | None
) -> None:
    assert label_after_title_correction(label, before, after) == (corrected or label)
