"""Describes personal data that was found, for staff who decide on publication."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from flask import request

from archive import privacy, thai
from archive.errors import Invalid, PersonalDataFound, PrakatError
from archive.fields import FIELDS_BY_NAME, checked_fields
from archive.model import Announcement, Attachment, LocatedPersonalData
from web.bootstrap import services
from web.errors import error_message
from web.staff.form_fingerprints import fingerprint

_BEFORE, _AFTER = 40, 20  # code points shown around a find: enough for the name before a number


@dataclass(frozen=True, slots=True)
class DescribedFind:
    """A find's type and place with a little text around it; ``attachment`` is None for a record's field."""

    type: str
    attachment: Attachment | None
    page: int  # from 1; 0 for a find in a field
    field: str
    around: str


def describe_finds(announcement: Announcement, finds: Iterable[LocatedPersonalData]) -> list[DescribedFind]:
    """Returns the finds in an announcement and its attachments as a page shows them."""
    listed = services().attachments.by_announcement([announcement.id])[announcement.id]
    waiting = services().attachments.replacements(each.id for each in listed)
    attachments = {each.id: each for each in (*listed, *waiting.values())}
    described = []
    for find in finds:
        attachment = attachments.get(find.attachment_id or 0)
        text = _text_with(find, announcement, attachment)
        around = _around(text, find.data.start, find.data.end)
        described.append(DescribedFind(find.data.type, attachment, find.data.page, find.data.field, around))
    return described


def reason_from_form_or_empty() -> str:
    """Returns the form's reason to show personal data, "" for none; ``Invalid`` for an incomplete one.

    It has a ground and an explanation that explains something; the ground of the office's own contact data
    may stand alone.
    """
    ground, explanation = request.form.get("ground", ""), request.form.get("reason", "").strip()
    return privacy.checked_reason(ground, explanation) if ground or explanation else ""


def reason_fault(refusal: PrakatError | None) -> dict[str, str]:
    """Returns what is wrong with the form's reason by its field, ``ground`` or ``reason``; {} for nothing."""
    if isinstance(refusal, Invalid) and refusal.field in ("ground", "reason"):
        return {refusal.field: error_message(refusal)}
    return {}


class _ReasonRefused(Invalid):
    """A reason that was refused, with the ``finds`` that need one."""

    def __init__(self, refusal: Invalid, finds: Iterable[LocatedPersonalData]) -> None:
        super().__init__(refusal.said, field=refusal.field, code=refusal.code, **refusal.values)
        self.finds = tuple(finds)


@contextmanager
def transaction_with_reason() -> Iterator[str]:
    """Runs a block as one transaction with the form's reason; a wrong reason undoes it, after finds.

    The block stores what residents see, and is given the reason. Raises as ``reason_from_form_or_empty``
    does, but once the block has found the personal data that needs the reason: the person sees it beside what
    is wrong with the reason.
    """
    refusal, reason = None, ""
    try:
        reason = reason_from_form_or_empty()
    except Invalid as error:
        refusal = error
    with services().records.batch():
        try:
            yield reason
        except PersonalDataFound as found:
            if refusal is None:
                raise
            raise _ReasonRefused(refusal, found.finds) from found
        if refusal is not None:
            raise refusal


def describe_finds_in_form(
    finds: Iterable[LocatedPersonalData], typed: Mapping[str, str]
) -> list[DescribedFind]:
    """Returns each find in what was typed into an announcement's form, with the text around it.

    ``typed``: texts by their field's name.
    """
    described = []
    for find in finds:
        data = find.data
        text = typed.get(f"{data.field}-{find.attachment_id}" if find.attachment_id else data.field, "")
        stored = str(checked_fields({data.field: text})[data.field]) if data.field in FIELDS_BY_NAME else text
        around = _around(stored, data.start, data.end)
        described.append(DescribedFind(data.type, None, data.page, data.field, around))
    return described


def finds_fingerprint(finds: Iterable[LocatedPersonalData]) -> str:
    """Returns a hash that changes when there are other finds.

    A decision counts only for the finds that were shown.
    """
    return fingerprint(sorted(map(repr, finds)))


def _text_with(find: LocatedPersonalData, announcement: Announcement, attachment: Attachment | None) -> str:
    """Returns the text to which the find's offsets refer."""
    if find.data.field:
        return str(getattr(attachment or announcement, find.data.field))
    return services().pages.get(attachment.id, find.data.page).text if attachment else ""


def _around(text: str, start: int, end: int) -> str:
    """Returns the find with a little text on both sides, cut between clusters."""
    borders = thai.cluster_borders(text)
    first = max((border for border in borders if border <= max(start - _BEFORE, 0)), default=0)
    last = min((border for border in borders if border >= end + _AFTER), default=len(text))
    return " ".join(text[first:last].split())
