"""Fields of an announcement as its attachments state them: title, kind, date and author."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from archive import thai
from archive.errors import Invalid
from archive.fields import checked
from archive.model import Announcement, Attachment, Kind, Reading

_READ_AS = {"title": "subject", "kind": "kind", "published_on": "date", "author": "from"}
"""Name of an announcement's field → name of the field that is read from a document."""


@dataclass(frozen=True, slots=True)
class SuggestedFields:
    """Suggested values of fields.

    ``fields``: checked values by name. ``awaited``: True while an attachment that may state them is unread.
    """

    fields: dict[str, object] = field(default_factory=dict)
    awaited: bool = False


def suggest_fields(attachments: Sequence[Attachment]) -> SuggestedFields:
    """Return the fields that the first attachment with a subject states.

    Nothing is suggested while an attachment before that one is still to be read.
    """
    for attachment in attachments:
        if attachment.status in (Reading.WAITING, Reading.READING):
            return SuggestedFields(awaited=True)
        if "subject" in attachment.details.fields:
            return SuggestedFields(_stated_by(attachment))
    return SuggestedFields()


def fields_not_given(announcement: Announcement) -> set[str]:
    """Return the names of the fields that nobody has given: they still have the values of a new draft.

    A date counts as not given when it is the day on which the draft was made; a kind counts as not given
    while there is no title.
    """
    made_on = announcement.created_at.astimezone(thai.BANGKOK).date()
    as_new: dict[str, object] = {
        "title": "",
        "kind": Kind.ANNOUNCEMENT if not announcement.title else None,
        "published_on": made_on,
        "author": "",
    }
    return {name for name, value in as_new.items() if getattr(announcement, name) == value}


def _stated_by(attachment: Attachment) -> dict[str, object]:
    """Return the fields that were read and pass validation. A misread year, for example, is left out."""
    stated: dict[str, object] = {}
    for name, read_as in _READ_AS.items():
        if found := attachment.details.fields.get(read_as):
            value: object = dt.date.fromisoformat(found.value) if read_as == "date" else found.value
            try:
                stated |= checked({name: value})
            except Invalid:
                continue
    return stated
