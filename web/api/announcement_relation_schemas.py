"""Schemas of the JSON API for relations between announcements, and what is in force."""

from __future__ import annotations

from typing import Any

from flask import url_for
from marshmallow import Schema, fields, validate

from archive.relations import RELATION_NAMES, PublishedRelations, named_relations

IN_FORCE = {"description": "ไม่ถูกยกเลิก · no published announcement cancels or replaces it"}


class RelationOut(Schema):
    """A relation to another published announcement, and what that announcement is."""

    relation = fields.String(
        validate=validate.OneOf([*RELATION_NAMES]),
        metadata={"description": "สิ่งที่ประกาศนี้ทำกับอีกฉบับ · from this announcement's side"},
    )
    announcement_id = fields.Integer()
    title = fields.String()
    published_on = fields.Date()
    url = fields.String()


def as_published_relations(relations: PublishedRelations) -> dict[str, Any]:
    """Returns for the API whether an announcement is in force, and its relations to published ones."""
    return {
        "in_force": relations.is_in_force,
        "relations": [
            {
                "relation": name,
                "announcement_id": other.id,
                "title": other.title,
                "published_on": other.published_on,
                "url": url_for("public.announcement", announcement_id=other.id),
            }
            for name, other in named_relations(relations)
        ],
    }
