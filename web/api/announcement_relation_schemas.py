"""Schemas of the JSON API for relations between announcements, and what is in force."""

from __future__ import annotations

from typing import Any

from flask import url_for
from marshmallow import Schema, fields, validate

from archive.model import Announcement, RelationKind
from archive.relations import RELATION_NAMES, PublishedRelations, named_relations

IN_FORCE = {"description": "ไม่ถูกยกเลิก · no published announcement cancels or replaces it"}


class ConfirmedRelationIn(Schema):
    """The relation that a person confirms: how a newer announcement changes an older one."""

    relation = fields.Enum(
        RelationKind,
        by_value=True,
        required=True,
        metadata={"description": "สิ่งที่ฉบับใหม่ทำกับฉบับเก่า · what the newer one does to the older one"},
    )


class RelationOut(Schema):
    """A relation to another announcement, and what that announcement is.

    Those of an announcement lead to published ones; one just confirmed may lead to a draft.
    """

    relation = fields.String(
        validate=validate.OneOf([*RELATION_NAMES]),
        metadata={"description": "สิ่งที่ประกาศนี้ทำกับอีกฉบับ · from this announcement's side"},
    )
    announcement_id = fields.Integer()
    title = fields.String()
    published_on = fields.Date()
    url = fields.String()


def as_relation(name: str, other: Announcement) -> dict[str, Any]:
    """Returns one relation as the API tells it; ``name`` is from the announcement's own side."""
    return {
        "relation": name,
        "announcement_id": other.id,
        "title": other.title,
        "published_on": other.published_on,
        "url": url_for("public.announcement", announcement_id=other.id),
    }


def as_published_relations(relations: PublishedRelations) -> dict[str, Any]:
    """Returns for the API whether an announcement is in force, and its relations to published ones."""
    return {
        "in_force": relations.is_in_force,
        "relations": [as_relation(name, other) for name, other in named_relations(relations)],
    }
