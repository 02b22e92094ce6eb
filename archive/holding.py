"""Rules on whether residents see an attachment: why it is held, what was decided, what is left to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archive.errors import Conflict
from archive.model import Attachment, HoldReason, PersonalDataSpan, ReadingResults, Status
from archive.privacy import (
    expand_decision_on_everything,
    find_personal_data_in_attachment,
    finds_without_decision,
    type_and_place_key,
    undecided_finds,
    without_taken_out_keys,
)


@dataclass(frozen=True, slots=True)
class HoldState:
    """Reason for which an attachment is held, and the decisions about its finds.

    Residents see an attachment of a published record where ``hold`` is None. ``decided``: as in
    ``Attachment``. ``has_undecided_finds``: True for one that residents see although nobody has decided on
    all its finds; the worklist has it.
    """

    hold: HoldReason | None
    decided: tuple[str, ...] = ()
    has_undecided_finds: bool = False


def reason_of_new_file(announcement: Status, *, is_from_person: bool) -> HoldReason:
    """Return UNCONFIRMED for a person's file in a published record, else UNREAD.

    ``is_from_person``: a person gives the file, and has to check it before residents see it where the
    announcement is published. What a program gives, and what a draft gets, is held until it is read.
    """
    waits = is_from_person and announcement is Status.PUBLISHED
    return HoldReason.UNCONFIRMED if waits else HoldReason.UNREAD


def must_person_check_replacement(
    announcement: Status,
    *,
    is_redacted: bool,
    is_held: bool,
    was_replaced_by_somebody_else: bool,
    was_cancelled_by_somebody_else: bool,
) -> bool:
    """Return True where a person has to check a program's new file; ``Conflict`` where none may come.

    The file takes the place of another, and residents would see it. A person is needed where the present file
    is a redacted copy (``is_redacted``), or where somebody else replaced these bytes, or cancelled them as a
    replacement, before. ``Conflict`` is raised for any file in the place of a draft's redacted copy, and for
    replaced bytes where residents do not see the present file: nothing would keep a later publication from
    showing the file.
    """
    if is_redacted and announcement is Status.DRAFT:
        raise Conflict("ไฟล์นี้เป็นสำเนาที่ปิดข้อมูลแล้ว เจ้าหน้าที่เท่านั้นที่เปลี่ยนไฟล์ได้", code="file-attached")
    is_public = not is_held and announcement is Status.PUBLISHED
    if was_replaced_by_somebody_else and not is_public:
        raise Conflict(
            "ประกาศนี้เคยมีไฟล์นี้ และมีผู้เปลี่ยนเป็นไฟล์อื่นแล้ว เจ้าหน้าที่นำไฟล์ก่อนหน้ากลับมาได้", code="file-attached"
        )
    return is_redacted or was_replaced_by_somebody_else or was_cancelled_by_somebody_else


def is_hidden_until_read(attachment: Attachment) -> bool:
    """Return True for an attachment that nobody sees before the end of its first reading.

    A decision to show it leaves it held until then. One that was shown although its reading failed is public.
    """
    return attachment.rules == 0 and attachment.hold is not None


def state_after_reading(attachment: Attachment, details: ReadingResults) -> HoldState:
    """Return the state of a file that was read; a person's hold stays, a public file needs a new find.

    An attachment that was held for personal data stays held until a person decides: the page's picture may
    still show data that the recognised text no longer has. One that residents see although something in it is
    undecided stays so while another reading finds nothing more: the worklist has it already.
    """
    finds, known = find_personal_data_in_attachment(attachment, details), attachment.decided
    if attachment.hold is None:
        known = (*known, *map(type_and_place_key, undecided_finds(attachment)))
    hold = None if attachment.hold is HoldReason.UNREAD else attachment.hold
    if finds_without_decision(finds, known):
        hold = HoldReason.PERSONAL_DATA
    is_undecided = bool(finds_without_decision(finds, attachment.decided))
    return HoldState(hold, attachment.decided, has_undecided_finds=is_undecided and hold is None)


def is_hidden_by_page_finds(
    attachment: Attachment, details: ReadingResults, taken_out: Sequence[str]
) -> bool:
    """Return True for a shown attachment with a find in an edited page that was not there before.

    ``details``: with the finds of the page's present text. ``taken_out``: see ``privacy.data_taken_out``;
    neither a decision nor a find that nobody decided on covers other data in their place.
    """
    before = (*attachment.decided, *map(type_and_place_key, undecided_finds(attachment)))
    known = without_taken_out_keys(before, taken_out)
    finds = find_personal_data_in_attachment(attachment, details)
    return attachment.hold is None and bool(finds_without_decision(finds, known))


def state_after_decision(
    attachment: Attachment, decided: Iterable[PersonalDataSpan], *, has_undecided_finds: bool
) -> HoldState:
    """Return the state once these finds are decided to be shown; it is held while any other is undecided.

    One that residents see in spite of undecided finds (``has_undecided_finds``) stays public, and one that
    was never read stays held until it is.
    """
    decisions = (*attachment.decided, *map(type_and_place_key, decided))
    finds = find_personal_data_in_attachment(attachment, attachment.details)
    is_undecided = bool(finds_without_decision(finds, decisions))
    stays_public = is_undecided and has_undecided_finds
    hold = HoldReason.PERSONAL_DATA if is_undecided and not stays_public else None
    if not attachment.rules and attachment.is_reading_pending:
        hold = HoldReason.UNREAD
    return HoldState(hold, decisions, stays_public)


def state_after_new_rules(
    attachment: Attachment, details: ReadingResults, *, is_public: bool
) -> HoldState | None:
    """Return the state once newer rules found these data; None, as it stays, where nothing is undecided.

    A public attachment stays public and comes into the worklist. One whose reading failed, and that is held,
    keeps its reason: who decides on it is shown its finds.
    """
    decided = expand_decision_on_everything(attachment)
    if not finds_without_decision(find_personal_data_in_attachment(attachment, details), decided):
        return None
    is_failed_and_held = attachment.hold is not None and not attachment.rules
    hold = attachment.hold if is_public or is_failed_and_held else HoldReason.PERSONAL_DATA
    return HoldState(hold, decided, has_undecided_finds=is_public)


def state_after_withdrawal(attachment: Attachment) -> HoldState:
    """Return the state without decisions: held unread, with finds, or waiting for a check or a replacement.

    One that is read, has no find and waits for nobody is shown when its record is published again.
    """
    waits = attachment.replaces is not None or attachment.hold is HoldReason.UNCONFIRMED
    return HoldState(_reason_without_decisions(attachment) or (HoldReason.UNCONFIRMED if waits else None))


def state_after_cancelling_decisions(attachment: Attachment, *, is_public: bool) -> HoldState:
    """Return the state without decisions, held in any case; one that was public is never UNREAD.

    Once read it is PERSONAL_DATA with finds, else UNCONFIRMED. A public one is never shown again by a
    reading alone, as a new file is: a person did not want it shown.
    """
    hold = _reason_without_decisions(attachment) or HoldReason.UNCONFIRMED
    return HoldState(HoldReason.UNCONFIRMED if is_public and hold is HoldReason.UNREAD else hold)


def _reason_without_decisions(attachment: Attachment) -> HoldReason | None:
    """Return UNREAD before a first reading, PERSONAL_DATA with finds, else None."""
    if attachment.rules == 0:
        return HoldReason.UNREAD
    has_finds = bool(find_personal_data_in_attachment(attachment, attachment.details))
    return HoldReason.PERSONAL_DATA if has_finds else None
