"""Schemas of the JSON API for information that a body must disclose in a fiscal year."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from archive.disclosure import DisclosureRule, Period
from web.api.field_schemas import AnnouncementPath


class DisclosedAnnouncementOut(Schema):
    """A published announcement that fills an item."""

    id = fields.Integer(attribute="announcement.id")
    title = fields.String(attribute="announcement.title")
    url = AnnouncementPath(attribute="announcement")
    published_on = fields.Date(attribute="announcement.published_on")
    part = fields.Integer(
        attribute="entry.part",
        metadata={"description": "เดือน 1–12 หรือไตรมาส 1–4 · month or quarter; 0 for the whole year"},
    )


class DisclosureItemOut(Schema):
    """An item that the body must disclose, with its period and the public announcements that fill it."""

    key = fields.String(
        attribute="item.key",
        metadata={"description": "ไม่เปลี่ยนแม้เลขข้อเปลี่ยน · the same in every year"},
    )
    section = fields.String(attribute="item.section", validate=validate.OneOf([*DisclosureRule]))
    number = fields.String(attribute="item.number")
    title = fields.String(attribute="item.title")
    period = fields.String(attribute="item.period", validate=validate.OneOf([*Period]))
    announcements = fields.List(fields.Nested(DisclosedAnnouncementOut), attribute="public")


class DisclosureOut(Schema):
    """The items of a fiscal year of the Buddhist era, in order."""

    year = fields.Integer()
    items = fields.List(fields.Nested(DisclosureItemOut))
