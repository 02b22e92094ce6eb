"""Why a file could not be read: stable codes, and what a clerk should do about each."""

from __future__ import annotations

from archive.errors import words
from archive.model import Failure

MESSAGES = {
    "password": words("ไฟล์นี้ตั้งรหัสผ่านไว้ กรุณาบันทึกใหม่โดยไม่ใส่รหัสผ่าน แล้วอัปโหลดอีกครั้ง"),
    "damaged": words("ไฟล์นี้เสียหายจนเปิดไม่ได้ กรุณาบันทึกหรือสแกนใหม่ แล้วอัปโหลดอีกครั้ง"),
    "truncated": words("ไฟล์นี้มาไม่ครบ ท้ายไฟล์ขาดหายไป กรุณาคัดลอกหรือดาวน์โหลดใหม่ แล้วอัปโหลดอีกครั้ง"),
    "not-a-pdf": words("ไฟล์นี้ไม่ใช่ PDF หรือภาพ (JPEG, PNG, TIFF, HEIC) กรุณาแปลงเป็น PDF แล้วอัปโหลดอีกครั้ง"),
    "too-big": words("หน้าหรือภาพในไฟล์นี้ใหญ่เกินกว่าจะอ่านได้ กรุณาสแกนใหม่ที่ 300 dpi หรือย่อภาพ แล้วอัปโหลดอีกครั้ง"),
    "too-many-pages": words("ไฟล์นี้มีจำนวนหน้ามากเกินไป กรุณาแบ่งเป็นหลายไฟล์ แล้วอัปโหลดทีละไฟล์"),
    "timeout": words("อ่านไฟล์นี้ไม่เสร็จในเวลาที่กำหนด กรุณาพิมพ์เป็น PDF ใหม่ (Print to PDF) หรือแบ่งไฟล์ แล้วอัปโหลดอีกครั้ง"),
    "memory": words(
        "ไฟล์นี้ต้องใช้หน่วยความจำมากเกินไป กรุณาพิมพ์เป็น PDF ใหม่ (Print to PDF) หรือลดขนาดภาพ แล้วอัปโหลดอีกครั้ง"
    ),
    "crashed": words("ไฟล์นี้ทำให้โปรแกรมอ่านหยุดทำงาน กรุณาพิมพ์เป็น PDF ใหม่ (Print to PDF) แล้วอัปโหลดอีกครั้ง"),
    "no-ocr-model": words(
        "ยังอ่านภาพสแกนไม่ได้ เพราะไม่พบแบบจำลองภาษาไทย ให้ผู้ดูแลระบบติดตั้ง tesseract-ocr-tha แล้วสั่งอ่านใหม่"
    ),
    "empty": words("ไฟล์นี้ว่างเปล่า (0 ไบต์ หรือไม่มีหน้าเลย) กรุณาตรวจสอบไฟล์ต้นฉบับ แล้วอัปโหลดอีกครั้ง"),
}


class Unreadable(Exception):
    """A file, or a page of it, that cannot be read. ``failure`` tells the clerk why."""

    code = "damaged"

    def __init__(self, code: str | None = None) -> None:
        if code is not None:
            self.code = code
        super().__init__(self.code)

    @property
    def failure(self) -> Failure:
        return Failure(self.code, MESSAGES[self.code])
