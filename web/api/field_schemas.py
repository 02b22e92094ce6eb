"""JSON schemas of the declared fields of an announcement (archive/fields.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import ValidationError, fields, validate

from archive import thai
from archive.errors import Invalid
from archive.fields import AnnouncementField, FieldType
from archive.model import DocumentKind

_COUNT = validate.Range(0, 2**31 - 1)
KINDS = [kind.value for kind in DocumentKind]


class Day(fields.Date):
    """A date: written as ISO 8601; read also as Thai people write dates (``9 มิถุนายน 2564``)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.date:
        try:
            return thai.parse_date(str(value))
        except Invalid as error:
            raise ValidationError(error.message) from error


def input_field(field: AnnouncementField, **options: Any) -> fields.Field[Any]:
    """Returns the schema field for an announcement's field; what stores the value checks its length."""
    if field.is_nullable:
        options["allow_none"] = True
    match field.type:
        case FieldType.DATE:
            return Day(**options)
        case FieldType.KIND:
            return fields.Enum(DocumentKind, by_value=True, **options)
        case FieldType.COUNT:
            return fields.Integer(strict=True, validate=_COUNT, **options)
        case FieldType.FLAG:
            return fields.Boolean(truthy={True}, falsy={False}, **options)
    return fields.String(**options)


def output_field(field: AnnouncementField) -> fields.Field[Any]:
    """Returns the schema field that writes an announcement's field into an answer."""
    options: dict[str, Any] = {"allow_none": True} if field.is_nullable else {}
    match field.type:
        case FieldType.DATE:
            return fields.Date(**options)
        case FieldType.KIND:
            return fields.String(validate=validate.OneOf(KINDS), **options)
        case FieldType.COUNT:
            return fields.Integer(**options)
        case FieldType.FLAG:
            return fields.Boolean(**options)
    return fields.String(**options)
