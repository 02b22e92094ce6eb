"""The form of an announcement: the values with which its fields open, and all that stands around them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from flask_babel import get_locale

from archive import thai
from archive.changes import WORKER
from archive.errors import Invalid, PrakatError
from archive.fields import ANNOUNCEMENT_FIELDS, AnnouncementField, FieldType
from archive.model import (
    Announcement,
    Attachment,
    DocumentKind,
    LocatedPersonalData,
    ReadingStatus,
    RelationKind,
    Status,
)
from archive.suggested_fields import fields_as_in_new_draft
from web import template_filters
from web.bootstrap import services
from web.errors import error_message
from web.staff import (
    attachments_for_staff,
    checklist,
    disclosure_forms,
    edit_conflicts,
    near_duplicates,
    personal_data,
    relation_forms,
)

FORM_FIELDS = tuple(each for each in ANNOUNCEMENT_FIELDS if each.is_in_form)
_NAMED_FIELDS = {"title", "kind", "published_on", "author", "category", "body"}
"""Fields with a place of their own in the form; the other fields follow one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementForm:
    """Values that the templates of the form read. ``announcement`` is None for one that is still to be made.

    ``typed``: what was sent with a form and is not stored. ``values``: the text with which each field
    opens. ``finds``, ``conflicts`` and ``fault``: why the form could not be saved, see
    ``build_form_and_note_presence``.
    """

    announcement: Announcement | None
    typed: Mapping[str, str]
    values: Mapping[str, str]
    finds: Sequence[LocatedPersonalData]
    conflicts: Sequence[edit_conflicts.FieldConflict]
    fault: Invalid | None  # names the field that could not be saved
    attachments: Sequence[attachments_for_staff.AttachmentForStaff] = ()
    detached: Sequence[Attachment] = ()
    suggested_values: attachments_for_staff.SuggestedFormValues = field(
        default_factory=attachments_for_staff.SuggestedFormValues
    )
    relations: relation_forms.RelationForm = field(default_factory=relation_forms.RelationForm)
    disclosure: disclosure_forms.DisclosureForm = field(default_factory=disclosure_forms.DisclosureForm)
    near_duplicate: near_duplicates.NearDuplicateAnnouncement | None = None
    other_editor: str = ""  # note about somebody else at work on the announcement
    last_change: int = 0  # id of the record's last change, on which the form was opened

    kinds: ClassVar = tuple(DocumentKind)
    # From this number of attachments on they do not fit one screen, and a short list is offered.
    many_attachments: ClassVar = 6
    relation_kinds: ClassVar = tuple(RelationKind)
    flags: ClassVar = tuple(each for each in FORM_FIELDS if each.type is FieldType.FLAG)
    other_fields: ClassVar = tuple(
        each for each in FORM_FIELDS if each.name not in _NAMED_FIELDS and each.type is not FieldType.FLAG
    )

    @property
    def are_fields_editable(self) -> bool:
        """True where fields can be changed: not for a withdrawn or trashed announcement."""
        return self.announcement is None or self.announcement.status in (Status.DRAFT, Status.PUBLISHED)

    @property
    def are_fields_shown_as_inputs(self) -> bool:
        """True where fields can be typed into or copied from: also where typed text could not be saved."""
        return self.are_fields_editable or bool(self.typed)

    @property
    def is_being_read(self) -> bool:
        """True while the text of an attachment is still to be read."""
        return any(each.attachment.is_reading_pending for each in self.attachments)

    @property
    def is_publication_awaited(self) -> bool:
        """True for a draft that is published by itself once all is read."""
        at = self.announcement.publish_at if self.announcement else None
        return at is not None and at <= dt.datetime.now(dt.UTC)

    @property
    def was_published_by_itself(self) -> bool:
        """True where the worker published the announcement, and nobody has changed it since."""
        changes = services().history.entries(self.announcement.id) if self.announcement else []
        return bool(changes) and changes[-1].action == "publish" and changes[-1].actor == WORKER

    @property
    def last_change_of_person(self) -> int:
        """Id of the last change that the worker did not make; 0 without one."""
        changes = services().history.entries(self.announcement.id) if self.announcement else []
        return max((each.id for each in changes if each.actor != WORKER), default=0)

    @property
    def first_drawable_attachment(self) -> Attachment | None:
        """First attachment whose pages can be drawn; None while there is none.

        A new file that is read and waits to be checked comes before all others.
        """
        waiting = [each.replacement for each in self.attachments if each.replacement is not None]
        to_check = [each for each in waiting if each.status is ReadingStatus.READY and each.page_count]
        return next(
            filter(template_filters.is_drawable, to_check),
            attachments_for_staff.first_drawable_attachment(self.attachments),
        )

    @property
    def was_no_date_found(self) -> bool:
        """True where the documents of a draft are read and state no date, and nobody gave one."""
        return (
            self.announcement is not None
            and self.announcement.status is Status.DRAFT
            and self.values["published_on"] == _typed_date(self.announcement.published_on)
            and bool(self.attachments)
            and not self.is_being_read
            and "published_on" not in self.suggested_values.fields
            and "published_on" in fields_as_in_new_draft(self.announcement)
        )

    @property
    def was_nothing_found(self) -> bool:
        """True where the documents of a draft are read and suggest nothing, and nobody gave a title."""
        return (
            self.announcement is not None
            and self.announcement.status is Status.DRAFT
            and bool(self.attachments)
            and not self.is_being_read
            and not self.suggested_values.fields
            and "title"
            in fields_as_in_new_draft(self.announcement, [each.attachment for each in self.attachments])
        )

    @property
    def stated_closing_day(self) -> str:
        """Closing day to come that the text states, as people type it; "" without one or beside one given."""
        if self.announcement is None or not self.are_fields_editable or self.values["expires_on"]:
            return ""
        stated = attachments_for_staff.upcoming_closing_day(self.announcement)
        return _typed_date(stated) if stated else ""

    @property
    def described_finds(self) -> list[personal_data.DescribedFind]:
        """Personal data in what was typed, each with the text around it."""
        return personal_data.describe_finds_in_form(self.finds, self.typed)

    @property
    def reason_fault(self) -> dict[str, str]:
        """Message about the reason to show personal data, by its wrong field; {} without one."""
        return personal_data.reason_fault(self.fault)

    @property
    def near_duplicate_message(self) -> str:
        """Message about the near duplicate that was found when the form was built; "" without one."""
        return checklist.describe_near_duplicate(self.near_duplicate) if self.near_duplicate else ""

    @property
    def doubts_after_publication(self) -> list[checklist.Check]:
        """Lines of the checklist for what is in doubt although it is published; none for a draft."""
        return (
            checklist.doubts_after_publication(self.announcement, self.attachments)
            if self.announcement
            else []
        )

    @property
    def fault_message(self) -> str:
        """Message about the field that could not be saved; "" without one."""
        return error_message(self.fault) if self.fault else ""

    @property
    def upload_mb(self) -> int:
        """Largest size of a file, in megabytes."""
        return services().settings.max_upload_mb

    @property
    def most_used_authors_and_categories(self) -> dict[str, list[str]]:
        """The most used authors and categories, which the form suggests."""
        return {name: services().worklist.most_used_values(name) for name in ("author", "category")}


def build_form_and_note_presence(
    announcement: Announcement | None,
    typed: Mapping[str, str],
    error: PrakatError | None = None,
    opened_on_change_id: int | None = None,
) -> AnnouncementForm:
    """Returns the form for an announcement or a new one, and notes that the person is at work on it.

    ``typed``: what was sent with the form and is not stored. ``error``: why it could not be saved. It may
    name personal data, for which the form then asks a reason, or fields that somebody else changed, between
    which the form then asks to choose. ``opened_on_change_id``: id of the change that the form was opened on,
    where that is not the last one.
    """
    if isinstance(error, edit_conflicts.EditConflict):
        typed = {name: value for name, value in typed.items() if name not in error.settled}
    finds, conflicts = getattr(error, "finds", ()), getattr(error, "conflicts", ())
    fault = error if isinstance(error, Invalid) else None
    if announcement is None:
        values = {each.name: _opening_value(each, None, typed, {}) for each in FORM_FIELDS}
        return AnnouncementForm(
            announcement=None, typed=typed, values=values, finds=finds, conflicts=conflicts, fault=fault
        )
    attachments = attachments_for_staff.attachments_for_staff(announcement)
    suggested_values = attachments_for_staff.suggested_form_values(announcement, attachments)
    last_change = opened_on_change_id or edit_conflicts.last_change_id(announcement.id)
    offered = {name: suggested_values.fields[name] for name in suggested_values.prefilled_fields}
    return AnnouncementForm(
        announcement=announcement,
        typed=typed,
        values={each.name: _opening_value(each, announcement, typed, offered) for each in FORM_FIELDS},
        finds=finds,
        conflicts=conflicts,
        fault=fault,
        attachments=attachments,
        detached=services().attachments.detached(announcement.id),
        suggested_values=suggested_values,
        relations=relation_forms.relation_form(announcement),
        disclosure=disclosure_forms.disclosure_form(announcement),
        near_duplicate=_near_duplicate(announcement, attachments),
        other_editor=edit_conflicts.describe_other_editor(
            announcement, last_change, form_holder=edit_conflicts.claim_form(announcement.id)
        ),
        last_change=last_change,
    )


def _opening_value(
    form_field: AnnouncementField,
    announcement: Announcement | None,
    typed: Mapping[str, str],
    offered: Mapping[str, object],
) -> str:
    """Returns the text with which a field opens.

    That is what was typed; else what the documents state where nobody gave a value; else the stored value.
    """
    if form_field.name in typed:
        return typed[form_field.name]
    if form_field.name in offered:
        value = offered[form_field.name]
    elif announcement:
        value = getattr(announcement, form_field.name)
    else:
        today = thai.today()
        value = today if form_field.name == "published_on" else form_field.default
    if isinstance(value, dt.date):
        return _typed_date(value)
    return "1" if value is True else str(value or "")


def _typed_date(date: dt.date) -> str:
    return template_filters.day(date) if str(get_locale()) == "th" else date.isoformat()


def _near_duplicate(
    announcement: Announcement, attachments: Sequence[attachments_for_staff.AttachmentForStaff]
) -> near_duplicates.NearDuplicateAnnouncement | None:
    is_being_read = any(each.attachment.is_reading_pending for each in attachments)
    if announcement.status is not Status.DRAFT or is_being_read:
        return None
    return near_duplicates.find_near_duplicate(announcement)
