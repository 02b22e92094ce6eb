"""Labels on screen for codes, in the reader's language: kinds, states, actions and fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from flask_babel import get_locale, lazy_gettext

from archive.changes import IMPORTER, SAMPLE, WORKER
from archive.disclosure import DisclosureRule, DisclosureState, Period
from archive.fields import ANNOUNCEMENT_FIELDS
from archive.model import DocumentKind, ReadingStatus, Role, Status
from archive.reports import ReportKind
from indexer.search.query.query_notes import BilingualNote

_Code = TypeVar("_Code", bound=str)

_READINGS = {
    ReadingStatus.WAITING: lazy_gettext("รอแปลงข้อความ"),
    ReadingStatus.READING: lazy_gettext("กำลังแปลงข้อความ"),
    ReadingStatus.READY: lazy_gettext("แปลงแล้ว"),
    ReadingStatus.FAILED: lazy_gettext("แปลงไม่ได้"),
}
_STATUSES = {
    Status.DRAFT: lazy_gettext("ฉบับร่าง"),
    Status.PUBLISHED: lazy_gettext("เผยแพร่แล้ว"),
    Status.WITHDRAWN: lazy_gettext("ถอนแล้ว"),
    Status.TRASHED: lazy_gettext("ถังขยะ"),
}
_PROGRAMS = {
    WORKER: lazy_gettext("ระบบ (อัตโนมัติ)"),
    IMPORTER: lazy_gettext("ระบบ (นำเข้าข้อมูล)"),
    SAMPLE: lazy_gettext("ระบบ (คลังตัวอย่าง)"),
}
"""Names in the history that are no people's."""
_ACTIONS = {
    "create": lazy_gettext("สร้าง"),
    "revise": lazy_gettext("แก้ไข"),
    "attach": lazy_gettext("แนบเอกสาร"),
    "detach": lazy_gettext("นำเอกสารออก"),
    "reattach": lazy_gettext("นำเอกสารกลับมา"),
    "replace": lazy_gettext("เปลี่ยนไฟล์"),
    "erase": lazy_gettext("ลบถาวรตามคำสั่ง"),
    "redact": lazy_gettext("เปลี่ยนเป็นสำเนาที่ปิดข้อมูลส่วนบุคคล"),
    "release": lazy_gettext("ให้ประชาชนเห็นเอกสาร"),
    "hold": lazy_gettext("ไม่ให้ประชาชนเห็นเอกสาร"),
    "find": lazy_gettext("ตรวจซ้ำพบข้อมูลส่วนบุคคล"),
    "label": lazy_gettext("ตั้งชื่อเอกสาร"),
    "confirm": lazy_gettext("ยืนยันค่าที่ระบบเติม"),
    "order": lazy_gettext("เรียงเอกสาร"),
    "publish": lazy_gettext("เผยแพร่แล้ว"),
    "withdraw": lazy_gettext("ถอน"),
    "trash": lazy_gettext("ทิ้งลงถังขยะ"),
    "restore": lazy_gettext("กู้คืน"),
    "relate": lazy_gettext("ระบุประกาศที่เกี่ยวข้อง"),
    "disclose": lazy_gettext("แก้ไขข้อมูลข่าวสารที่ต้องเปิดเผย"),
    "disclosure-item": lazy_gettext("แก้ไขรายการที่ต้องเปิดเผย"),
    "reread": lazy_gettext("แปลงหน้าใหม่"),
    "read-again": lazy_gettext("ส่งเอกสารไปแปลงข้อความใหม่"),
    "correct": lazy_gettext("แก้ข้อความในเอกสาร"),
}
_REASONS_WITHOUT_UNDO = {
    "confirm": lazy_gettext("ยืนยันค่าเดิม จึงไม่มีอะไรให้เลิกทำ"),
    "hold": lazy_gettext("เลิกทำไม่ได้ เพราะประชาชนจะเห็นสิ่งที่ยังไม่มีผู้พิจารณา ให้ประชาชนเห็นอีกครั้งได้โดยตรวจและพิจารณา"),
    "find": lazy_gettext("ระบบตรวจพบเอง จึงไม่มีอะไรให้เลิกทำ ให้ตรวจและพิจารณาที่เอกสาร"),
    "read-again": lazy_gettext("เลิกทำไม่ได้ เพราะระบบแปลงข้อความใหม่แล้ว ข้อความที่ผิดแก้ได้ที่หน้าของเอกสาร"),
    "erase": lazy_gettext("ลบถาวรตามคำสั่งแล้ว กู้คืนไม่ได้"),
}
_RELATIONS = {
    "cancels": lazy_gettext("ยกเลิกฉบับเดิม"),
    "amends": lazy_gettext("แก้ไขเพิ่มเติม"),
    "replaces": lazy_gettext("ใช้แทน"),
    "cancelled-by": lazy_gettext("ยกเลิกแล้วโดย"),
    "amended-by": lazy_gettext("แก้ไขเพิ่มเติมโดย"),
    "replaced-by": lazy_gettext("ยกเลิกแล้ว ฉบับที่ใช้แทนคือ"),
    "dismissed": lazy_gettext("ไม่เกี่ยวข้อง"),
}
_REPORTS = {
    ReportKind.UNREADABLE: lazy_gettext("อ่านไม่ออกหรือเปิดไม่ได้"),
    ReportKind.WRONG: lazy_gettext("ข้อมูลผิด หรือไม่ตรงกับเอกสาร"),
    ReportKind.PERSONAL_DATA: lazy_gettext("มีข้อมูลส่วนบุคคล"),
    ReportKind.NOT_FOUND: lazy_gettext("ไม่ใช่สิ่งที่หา"),
    ReportKind.OTHER: lazy_gettext("เรื่องอื่น"),
}
_FIELDS = {
    **{field.name: lazy_gettext(field.label) for field in ANNOUNCEMENT_FIELDS},
    "status": lazy_gettext("สถานะ"),
    "label": lazy_gettext("ชื่อเอกสาร"),
    "filename": lazy_gettext("ชื่อไฟล์"),
    "page": lazy_gettext("หน้า"),
    "text": lazy_gettext("ข้อความ"),
    "items": lazy_gettext("รายการ"),
    "relation": lazy_gettext("ประกาศที่เกี่ยวข้อง"),
    "disclosure": lazy_gettext("รายการที่ต้องเปิดเผย"),
    "year": lazy_gettext("ปีงบประมาณ"),
    "number": lazy_gettext("ข้อ"),
    "section": lazy_gettext("กลุ่ม"),
    "period": lazy_gettext("รอบ"),
    "keywords": lazy_gettext("คำในชื่อเรื่อง"),
    "is_hidden": lazy_gettext("ไม่ใช้ในปีนี้"),
}
_SECTIONS = {
    DisclosureRule.OIT: lazy_gettext("การเปิดเผยข้อมูลสาธารณะ (OIT)"),
    DisclosureRule.SECTION_7: lazy_gettext("มาตรา 7 ข้อมูลข่าวสารที่ต้องลงพิมพ์ในราชกิจจานุเบกษา"),
    DisclosureRule.SECTION_9: lazy_gettext("มาตรา 9 ข้อมูลข่าวสารที่จัดไว้ให้ประชาชนเข้าตรวจดู"),
}
_PERIODS = {
    Period.UNTIL_CHANGED: lazy_gettext("ใช้จนกว่าจะเปลี่ยน"),
    Period.YEARLY: lazy_gettext("ปีละครั้ง"),
    Period.QUARTERLY: lazy_gettext("ทุกไตรมาส"),
    Period.MONTHLY: lazy_gettext("ทุกเดือน"),
}
_DISCLOSURE_STATES = {
    DisclosureState.FILLED: lazy_gettext("มีแล้ว"),
    DisclosureState.DRAFTED: lazy_gettext("มีฉบับร่างรอเผยแพร่"),
    DisclosureState.STALE: lazy_gettext("ต้องปรับปรุง"),
    DisclosureState.MISSING: lazy_gettext("ยังไม่มี"),
    DisclosureState.NOT_DUE: lazy_gettext("ยังไม่ถึงกำหนด"),
}


_ROLES = {Role.STAFF: lazy_gettext("เจ้าหน้าที่"), Role.ADMIN: lazy_gettext("ผู้ดูแลระบบ")}

# word in the User-Agent header → name that people use; the first word found in the header counts
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox"}
_BROWSERS |= {"Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad"}
_SYSTEMS |= {"Mac OS X": "Mac", "CrOS": "Chromebook", "Linux": "Linux"}


_PERSONAL_DATA = {
    "national-id": lazy_gettext("เลขประจำตัวประชาชน"),
    "phone": lazy_gettext("หมายเลขโทรศัพท์"),
    "bank-account": lazy_gettext("เลขบัญชีธนาคาร"),
    "email": lazy_gettext("อีเมลส่วนตัว"),
    "address": lazy_gettext("ที่อยู่บ้าน"),
    "birth-date": lazy_gettext("วันเกิด"),
    "health": lazy_gettext("ข้อมูลสุขภาพ"),
}


def _name_in(names: Mapping[_Code, object]) -> Callable[[_Code], str]:
    """Returns the function that gives the name of a code in the reader's language."""
    return lambda code: str(names[code])


def _name_if_known_in(names: Mapping[str, object]) -> Callable[[str], str]:
    """Returns the function that gives the name of a code in the reader's language; an unknown code stays."""
    return lambda code: str(names.get(code, code))


reading_status_name = _name_in(_READINGS)
status_name = _name_in(_STATUSES)
relation_name = _name_in(_RELATIONS)  # by its code from either side: ``amends``, ``amended-by``
report_name = _name_in(_REPORTS)
section_name = _name_in(_SECTIONS)
period_name = _name_in(_PERIODS)
disclosure_state_name = _name_in(_DISCLOSURE_STATES)
role_name = _name_in(_ROLES)
personal_data_name = _name_if_known_in(_PERSONAL_DATA)
field_name = _name_if_known_in(_FIELDS)
action_name = _name_if_known_in(_ACTIONS)  # as the history shows it
actor_name = _name_if_known_in(_PROGRAMS)  # worker, importer and sample in words, people by their names


def reason_without_undo(action: str) -> str:
    """Returns why changes of this kind have no undo, and what to do instead; "" where they have one."""
    return str(_REASONS_WITHOUT_UNDO.get(action, ""))


def device_name(user_agent: str) -> str:
    """Returns ``Chrome · Windows`` for a User-Agent header; one that names neither is returned whole."""
    found = [
        next((name for word, name in words.items() if word in user_agent), "")
        for words in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(filter(None, found)) or user_agent


def kind_name(kind: DocumentKind | str) -> str:
    """Returns the name of a document kind in the reader's language."""
    found = DocumentKind(kind)
    return found.english if str(get_locale()) == "en" else found.thai


def note_text(note: BilingualNote) -> str:
    """Returns a note about a query, in the reader's language."""
    return note.english if str(get_locale()) == "en" else note.thai


def action_names() -> list[tuple[str, str]]:
    """Returns code and label of every action, in the order of a record's life."""
    return [(code, str(name)) for code, name in _ACTIONS.items()]


def field_names(fields: Collection[str]) -> list[tuple[str, str]]:
    """Returns code and label of those ``fields`` that have a label, in the order of the form."""
    return [(code, str(name)) for code, name in _FIELDS.items() if code in fields]
