"""Schemas of the JSON API for information that a body must disclose in a fiscal year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from marshmallow import Schema, fields, validate

from archive.disclosure import DisclosureRule, Period
from web.disclosure_overview import ItemShown


class DisclosedAnnouncementOut(Schema):
    """A published announcement that fills an item."""

    id = fields.Integer()
    title = fields.String()
    url = fields.String()
    published_on = fields.Date()
    part = fields.Integer(
        metadata={"description": "เดือน 1–12 หรือไตรมาส 1–4 · month or quarter; 0 for the whole year"}
    )


class DisclosureItemOut(Schema):
    """An item that the body must disclose, with its period and the public announcements that fill it."""

    key = fields.String(metadata={"description": "ไม่เปลี่ยนแม้เลขข้อเปลี่ยน · the same in every year"})
    section = fields.String(validate=validate.OneOf([*DisclosureRule]))
    number = fields.String()
    title = fields.String()
    period = fields.String(validate=validate.OneOf([*Period]))
    announcements = fields.List(fields.Nested(DisclosedAnnouncementOut))


class DisclosureOut(Schema):
    """The items of a fiscal year of the Buddhist era, in order."""

    year = fields.Integer()
    items = fields.List(fields.Nested(DisclosureItemOut))


def as_disclosure(year: int, items: Sequence[ItemShown]) -> dict[str, Any]:
    """Returns all given items for the API, each with the announcements that residents see."""
    return {"year": year, "items": [_as_item(each) for each in items]}


def _as_item(shown: ItemShown) -> dict[str, Any]:
    item = shown.item
    return {
        "key": item.key,
        "section": item.section.value,
        "number": item.number,
        "title": item.title,
        "period": item.period.value,
        "announcements": [
            {
                "id": each.announcement.id,
                "title": each.announcement.title,
                "url": url_for("public.announcement", announcement_id=each.announcement.id),
                "published_on": each.announcement.published_on,
                "part": each.entry.part,
            }
            for each in shown.public
        ],
    }
