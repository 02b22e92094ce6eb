"""Schemas in which the API tells of personal data found, and of attachments held for it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from archive.model import Hold


class HeldOut(Schema):
    code = fields.String(validate=validate.OneOf([hold.value for hold in Hold]))
    finds = fields.Integer(
        metadata={"description": "ข้อมูลส่วนบุคคลที่ยังไม่มีผู้ตัดสิน · personal data that nobody has decided on"}
    )


class FindOut(Schema):
    """A place of personal data. ``start`` and ``end`` are code points of the page's text or the field's."""

    type = fields.String()
    attachment_id = fields.Integer(allow_none=True)
    page = fields.Integer(allow_none=True)
    field = fields.String(allow_none=True)
    start = fields.Integer()
    end = fields.Integer()
