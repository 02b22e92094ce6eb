"""Schemas in which the API tells of personal data found and of attachments held, and asks why it is shown."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from archive.model import HoldReason
from archive.privacy import GROUNDS, Ground


class HoldOut(Schema):
    """The hold on an attachment: why residents do not see it, and the number of undecided finds."""

    code = fields.String(validate=validate.OneOf([hold.value for hold in HoldReason]))
    finds = fields.Integer(
        metadata={"description": "ข้อมูลส่วนบุคคลที่ยังไม่มีผู้พิจารณา · personal data that nobody has decided on"}
    )


class FindOut(Schema):
    """A place of personal data. ``start`` and ``end`` are code points of the page's text or the field's."""

    type = fields.String()
    attachment_id = fields.Integer(allow_none=True)
    page = fields.Integer(allow_none=True)
    field = fields.String(allow_none=True)
    start = fields.Integer()
    end = fields.Integer()


_REASON = {
    "description": "เหตุผลที่ให้ประชาชนเห็นทั้งที่พบข้อมูลส่วนบุคคล ไม่ต้องมีเมื่อ ground เป็น office-contact"
    " · why it is shown in spite of personal data; not needed with the ground office-contact"
}
_GROUND = {
    "description": "เหตุตาม พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล "
    + " · ".join(f"{ground}: {words}" for ground, words in GROUNDS.items())
}


class PersonalDataReason(Schema):
    """The optional reason and legal ground for which personal data is shown; "" where not sent."""

    reason = fields.String(load_default="", metadata=_REASON)
    ground = fields.String(load_default="", validate=validate.OneOf(["", *Ground]), metadata=_GROUND)
