"""Personal data in what residents read of an announcement, and the reason that showing it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from archive import privacy, thai
from archive.errors import PersonalDataFound
from archive.fields import ANNOUNCEMENT_FIELDS, FieldType
from archive.model import Announcement, PersonalDataInAttachment

_PUBLIC_FIELDS = [
    field.name
    for field in ANNOUNCEMENT_FIELDS
    if field.is_in_form and field.type in (FieldType.LINE, FieldType.TEXT)
]
"""Names of the fields that people write and residents read."""


def find_in_announcement(fields: Mapping[str, object]) -> list[PersonalDataInAttachment]:
    """Return the personal data in the fields that residents read."""
    texts = {name: str(fields[name]) for name in _PUBLIC_FIELDS if name in fields}
    return [PersonalDataInAttachment(None, data) for data in privacy.find_in_fields(texts)]


def find_new_in_announcement(
    announcement: Announcement, changes: Mapping[str, object]
) -> list[PersonalDataInAttachment]:
    """Return the personal data in changed fields that is not in the announcement already."""
    known = {
        _letters_and_digits(str(getattr(announcement, find.data.field)), find)
        for find in find_in_announcement(asdict(announcement))
    }
    return [
        find
        for find in find_in_announcement(changes)
        if _letters_and_digits(str(changes[find.data.field]), find) not in known
    ]


def _letters_and_digits(text: str, find: PersonalDataInAttachment) -> str:
    return "".join(filter(str.isalnum, thai.arabic_digits(text[find.data.start : find.data.end])))


def require_reason_to_show(finds: Sequence[PersonalDataInAttachment], reason: str) -> None:
    """Raise ``PersonalDataFound`` without a reason to show the finds to residents."""
    if not reason.strip():
        raise PersonalDataFound(finds)
