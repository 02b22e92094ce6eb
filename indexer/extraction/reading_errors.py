"""Why a file could not be read: stable codes, and what a clerk should do about each."""

from __future__ import annotations

from archive.errors import gettext_noop
from archive.model import Failure

MESSAGES = {
    "password": gettext_noop("ไฟล์นี้ตั้งรหัสผ่านไว้ กรุณาบันทึกใหม่โดยไม่ใส่รหัสผ่าน แล้วแนบอีกครั้ง"),
    "damaged": gettext_noop("ไฟล์นี้เสียหายจนเปิดไม่ได้ กรุณาบันทึกหรือสแกนใหม่ แล้วแนบอีกครั้ง"),
    "truncated": gettext_noop("ไฟล์นี้มาไม่ครบ ท้ายไฟล์ขาดหายไป กรุณาคัดลอกหรือดาวน์โหลดใหม่ แล้วแนบอีกครั้ง"),
    "not-a-pdf": gettext_noop("ไฟล์นี้ไม่ใช่ PDF ภาพสแกน หรือไฟล์ Office ที่รองรับ กรุณาแปลงเป็น PDF แล้วแนบอีกครั้ง"),
    "too-big": gettext_noop("หน้าหรือภาพในไฟล์นี้ใหญ่เกินกว่าจะอ่านได้ กรุณาสแกนใหม่ที่ 300 dpi หรือย่อภาพ แล้วแนบอีกครั้ง"),
    "too-many-pages": gettext_noop("ไฟล์นี้มีจำนวนหน้ามากเกินไป กรุณาแบ่งเป็นหลายไฟล์ แล้วแนบทีละไฟล์"),
    "timeout": gettext_noop(
        "อ่านไฟล์นี้ไม่เสร็จในเวลาที่กำหนด กรุณาพิมพ์เป็น PDF ใหม่ (Print to PDF) หรือแบ่งไฟล์ แล้วแนบอีกครั้ง"
    ),
    "memory": gettext_noop(
        "ไฟล์นี้ต้องใช้หน่วยความจำมากเกินไป กรุณาพิมพ์เป็น PDF ใหม่ (Print to PDF) หรือลดขนาดภาพ แล้วแนบอีกครั้ง"
    ),
    "crashed": gettext_noop("ไฟล์นี้ทำให้โปรแกรมอ่านหยุดทำงาน กรุณาพิมพ์เป็น PDF ใหม่ (Print to PDF) แล้วแนบอีกครั้ง"),
    "no-sandbox": gettext_noop("เครื่องอ่านเอกสารไม่ได้ ไฟล์ไม่ได้เสีย กรุณาแจ้งผู้ดูแลเครื่อง แก้แล้วกด “แปลงใหม่”"),
    "no-ocr-model": gettext_noop(
        "ยังอ่านภาพสแกนไม่ได้ เพราะเครื่องยังไม่มีชุดอ่านภาษาไทย "
        "กรุณาแจ้งผู้ดูแลเครื่องให้ติดตั้ง tesseract-ocr-tha แล้วกด “แปลงใหม่”"
    ),
    "macros": gettext_noop("ไฟล์ Office นี้มีมาโคร กรุณาบันทึกเป็นไฟล์ที่ไม่มีมาโคร หรือ PDF แล้วแนบอีกครั้ง"),
    "office-too-big": gettext_noop("เอกสาร Office นี้มีเนื้อหามากเกินกว่าจะอ่านได้ กรุณาแบ่งเป็นหลายไฟล์ แล้วแนบอีกครั้ง"),
    "no-office": gettext_noop(
        "ดาวน์โหลดไฟล์นี้ได้ แต่ยังค้นข้อความข้างในไม่ได้ เพราะเครื่องนี้ไม่มี LibreOffice กรุณาบันทึกเป็น DOCX หรือ PDF แล้วแนบอีกครั้ง"
    ),
    "empty": gettext_noop("ไฟล์นี้ว่างเปล่า (0 ไบต์ หรือไม่มีหน้าเลย) กรุณาตรวจสอบไฟล์ต้นฉบับ แล้วแนบอีกครั้ง"),
}


class UnreadableFile(Exception):
    """A file, or a page of it, that cannot be read. ``failure`` tells the clerk why."""

    code = "damaged"

    def __init__(self, code: str | None = None) -> None:
        if code is not None:
            self.code = code
        super().__init__(self.code)

    @property
    def failure(self) -> Failure:
        """Failure that the attachment is stored with."""
        return Failure(self.code, MESSAGES[self.code])
