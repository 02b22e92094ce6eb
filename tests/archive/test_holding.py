"""Tables of the rules on whether residents see an attachment, one row a case."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from archive import holding
from archive.errors import Conflict
from archive.holding import HoldState
from archive.model import (
    Attachment,
    DocumentKind,
    HoldReason,
    PersonalDataSpan,
    ReadingResults,
    ReadingStatus,
    Status,
)
from archive.privacy import EVERYTHING

UNREAD, DATA, UNCONFIRMED = HoldReason.UNREAD, HoldReason.PERSONAL_DATA, HoldReason.UNCONFIRMED
PHONE = PersonalDataSpan(type="phone", page=1, start=0, end=10)
EMAIL = PersonalDataSpan(type="email", page=2, start=0, end=10)
NOTHING, FINDS = ReadingResults(), ReadingResults(personal_data=(PHONE,))


def attachment(
    hold: HoldReason | None = None,
    *finds: PersonalDataSpan,
    decided: tuple[str, ...] = (),
    status: ReadingStatus = ReadingStatus.READY,
    replaces: int | None = None,
    label: str = "ประกาศ",
) -> Attachment:
    return Attachment(
        id=1,
        announcement_id=1,
        position=1,
        label=label,
        filename="ก.pdf",
        kind=DocumentKind.OTHER,
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
        status=status,
        page_count=1,
        error=None,
        signed=False,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        rules=0 if status in (ReadingStatus.WAITING, ReadingStatus.FAILED) else 1,
        details=ReadingResults(personal_data=finds),
        hold=hold,
        decided=decided,
        replaces=replaces,
    )


@pytest.mark.parametrize(
    ("status", "is_from_person", "reason"),
    [
        (Status.DRAFT, True, UNREAD),
        (Status.DRAFT, False, UNREAD),
        (Status.PUBLISHED, True, UNCONFIRMED),
        (Status.PUBLISHED, False, UNREAD),
    ],
)
def test_a_new_file(status: Status, is_from_person: bool, reason: HoldReason) -> None:
    assert holding.reason_of_new_file(status, is_from_person=is_from_person) is reason


@pytest.mark.parametrize(
    ("status", "is_redacted", "is_held", "was_replaced", "was_cancelled", "answer"),
    [
        (Status.PUBLISHED, False, False, False, False, False),
        (Status.PUBLISHED, False, False, False, True, True),
        (Status.PUBLISHED, False, False, True, False, True),
        (Status.PUBLISHED, False, True, True, False, None),
        (Status.PUBLISHED, True, False, False, False, True),
        (Status.DRAFT, False, False, False, False, False),
        (Status.DRAFT, False, False, True, False, None),
        (Status.DRAFT, True, False, False, False, None),
    ],
)
def test_a_file_of_a_program_in_the_place_of_another(
    status: Status,
    is_redacted: bool,
    is_held: bool,
    was_replaced: bool,
    was_cancelled: bool,
    answer: bool | None,
) -> None:
    """``answer``: whether a person has to check the file; None where it is refused."""
    asked = partial(
        holding.must_person_check_replacement,
        status,
        is_redacted=is_redacted,
        is_held=is_held,
        was_replaced_by_somebody_else=was_replaced,
        was_cancelled_by_somebody_else=was_cancelled,
    )
    if answer is None:
        with pytest.raises(Conflict):
            asked()
    else:
        assert asked() is answer


@pytest.mark.parametrize(
    ("before", "read", "after"),
    [
        (attachment(UNREAD), NOTHING, HoldState(None)),
        (attachment(UNREAD), FINDS, HoldState(DATA)),
        (attachment(UNREAD, decided=("phone:1",)), FINDS, HoldState(None, ("phone:1",))),
        (attachment(DATA, PHONE), NOTHING, HoldState(DATA)),
        (attachment(UNCONFIRMED), NOTHING, HoldState(UNCONFIRMED)),
        (attachment(UNCONFIRMED), FINDS, HoldState(DATA)),
        (attachment(UNCONFIRMED, PHONE), FINDS, HoldState(DATA)),
        (attachment(None), FINDS, HoldState(DATA)),
        (attachment(None, PHONE), FINDS, HoldState(None, (), has_undecided_finds=True)),
        (attachment(None, PHONE), NOTHING, HoldState(None)),
        (attachment(None, PHONE), ReadingResults(personal_data=(PHONE, EMAIL)), HoldState(DATA)),
        (attachment(None, decided=(EVERYTHING,)), FINDS, HoldState(None, (EVERYTHING,))),
    ],
)
def test_a_reading(before: Attachment, read: ReadingResults, after: HoldState) -> None:
    assert holding.state_after_reading(before, read) == after


@pytest.mark.parametrize(
    ("before", "edited", "taken_out", "is_hidden"),
    [
        (attachment(None), FINDS, (), True),
        (attachment(None, PHONE), FINDS, (), False),
        (attachment(None, PHONE), FINDS, ("phone:1",), True),
        (attachment(None, PHONE, decided=("phone:1",)), FINDS, (), False),
        (attachment(None, PHONE, decided=("phone:1",)), FINDS, ("phone:1",), True),
        (attachment(None, PHONE), NOTHING, ("phone:1",), False),
        (attachment(UNCONFIRMED), FINDS, (), False),
    ],
)
def test_an_edited_page(
    before: Attachment, edited: ReadingResults, taken_out: tuple[str, ...], is_hidden: bool
) -> None:
    assert holding.is_hidden_by_page_finds(before, edited, taken_out) is is_hidden


@pytest.mark.parametrize(
    ("before", "decided", "is_listed", "after"),
    [
        (attachment(DATA, PHONE), [PHONE], False, HoldState(None, ("phone:1",))),
        (attachment(DATA, PHONE, EMAIL), [PHONE], False, HoldState(DATA, ("phone:1",))),
        (attachment(None, PHONE, EMAIL), [PHONE], True, HoldState(None, ("phone:1",), True)),
        (attachment(None, PHONE), [PHONE], True, HoldState(None, ("phone:1",))),
        (attachment(UNCONFIRMED), [], False, HoldState(None)),
        (attachment(UNREAD, status=ReadingStatus.WAITING), [], False, HoldState(UNREAD)),
        (attachment(UNREAD, status=ReadingStatus.FAILED), [], False, HoldState(None)),
    ],
)
def test_a_decision(
    before: Attachment, decided: list[PersonalDataSpan], is_listed: bool, after: HoldState
) -> None:
    assert holding.state_after_decision(before, decided, has_undecided_finds=is_listed) == after


@pytest.mark.parametrize(
    ("before", "found", "is_public", "after"),
    [
        (attachment(None), NOTHING, True, None),
        (attachment(None, decided=("phone:1",)), FINDS, True, None),
        (attachment(None), FINDS, True, HoldState(None, (), has_undecided_finds=True)),
        (attachment(None), FINDS, False, HoldState(DATA)),  # in a draft
        (attachment(None, status=ReadingStatus.FAILED), FINDS, False, HoldState(DATA)),
        (attachment(UNCONFIRMED), FINDS, False, HoldState(DATA)),
        (attachment(UNREAD, status=ReadingStatus.FAILED), FINDS, False, HoldState(UNREAD)),
        (attachment(None, decided=(EVERYTHING,)), FINDS, True, HoldState(None, (), has_undecided_finds=True)),
    ],
)
def test_newer_rules(
    before: Attachment, found: ReadingResults, is_public: bool, after: HoldState | None
) -> None:
    assert holding.state_after_new_rules(before, found, is_public=is_public) == after


@pytest.mark.parametrize(
    ("before", "after_withdrawal", "after_cancelling"),
    [
        (attachment(None, decided=("phone:1",)), None, UNCONFIRMED),
        (attachment(None, PHONE, decided=("phone:1",)), DATA, DATA),
        (attachment(UNCONFIRMED), UNCONFIRMED, UNCONFIRMED),
        (attachment(None, replaces=2), UNCONFIRMED, UNCONFIRMED),
        (attachment(UNREAD, status=ReadingStatus.WAITING), UNREAD, UNREAD),
    ],
)
def test_decisions_that_are_cancelled(
    before: Attachment, after_withdrawal: HoldReason | None, after_cancelling: HoldReason
) -> None:
    assert holding.state_after_withdrawal(before) == HoldState(after_withdrawal)
    cancelled = holding.state_after_cancelling_decisions(before, is_public=False)
    assert cancelled == HoldState(after_cancelling)


def test_a_public_file_is_never_shown_again_by_its_reading_alone() -> None:
    shown_unread = attachment(None, status=ReadingStatus.FAILED)
    cancelled = holding.state_after_cancelling_decisions(shown_unread, is_public=True)
    assert cancelled == HoldState(UNCONFIRMED)
    assert holding.is_hidden_until_read(attachment(UNREAD, status=ReadingStatus.WAITING))
    assert not holding.is_hidden_until_read(shown_unread)
