"""A small model, without a database, of what residents see of records after any sequence of commands.

It follows the rules that the glossary and the manual state, in the shortest form: a command that was carried
out is told to the model, which changes its own values. It never asks the archive.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archive.model import HoldReason, ReadingStatus, RelationKind, Status

NUMBER = re.compile(r"\b\d{13}\b")
"""A national ID as the documents and texts of these tests write it."""

Find = tuple[str, str]
"""A piece of personal data: its place (``label``, ``page``) and the number."""

FILE_STATES: Mapping[str, tuple[HoldReason | None, ReadingStatus]] = {
    "unread": (HoldReason.UNREAD, ReadingStatus.WAITING),
    "unreadable": (HoldReason.UNREAD, ReadingStatus.FAILED),
    "personal-data": (HoldReason.PERSONAL_DATA, ReadingStatus.READY),
    "unchecked-unread": (HoldReason.UNCONFIRMED, ReadingStatus.WAITING),
    "unchecked": (HoldReason.UNCONFIRMED, ReadingStatus.READY),
    "unchecked-unreadable": (HoldReason.UNCONFIRMED, ReadingStatus.FAILED),
    "shown": (None, ReadingStatus.READY),
    "shown-unreadable": (None, ReadingStatus.FAILED),
}
"""States of an attachment, as the tables in docs/architecture.md have them."""

_READ_AGAIN = {
    (None, ReadingStatus.WAITING),
    (HoldReason.PERSONAL_DATA, ReadingStatus.WAITING),
    (HoldReason.PERSONAL_DATA, ReadingStatus.FAILED),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is attached: its name, a word that only its text has, and a national ID or ""."""

    name: str
    text: str
    is_readable: bool = True


@dataclass(slots=True)
class ModelAttachment:
    """One attachment: its file, how far that is read, why it is held, and which finds were decided."""

    id: int
    document: str
    label: str
    hold: HoldReason | None
    text: str = ""  # of its page, once it is read
    is_pending: bool = True
    is_read: bool = False  # its present file was read at least once
    has_failed: bool = False
    is_released_unread: bool = False  # it could not be read, was released, and is read again
    is_corrected: bool = False
    is_redacted: bool = False
    is_detached: bool = False
    is_erased: bool = False
    is_published_since_detached: bool = False
    decided: set[Find] = field(default_factory=set)
    earlier: list[tuple[str, bool]] = field(default_factory=list)  # files before: document, is_redacted
    replaces: int | None = None

    @property
    def reading(self) -> ReadingStatus:
        """Return the status of its reading."""
        if self.is_pending:
            return ReadingStatus.WAITING
        return ReadingStatus.FAILED if self.has_failed else ReadingStatus.READY

    @property
    def is_in_drawn_state(self) -> bool:
        """True for a pair of hold and reading that the tables have, or that another reading leads to."""
        return (self.hold, self.reading) in {*FILE_STATES.values(), *_READ_AGAIN}

    @property
    def is_listed(self) -> bool:
        """True for one that the announcement lists: not detached, not erased, and no waiting file."""
        return not self.is_detached and not self.is_erased and self.replaces is None

    @property
    def finds(self) -> set[Find]:
        """Return the personal data in its label and its text."""
        return {
            (place, number)
            for place, text in (("label", self.label), ("page", self.text))
            for number in NUMBER.findall(text)
        }

    @property
    def undecided(self) -> set[Find]:
        """Return the personal data that nobody has decided to show."""
        return self.finds - self.decided

    @property
    def may_be_shown(self) -> bool:
        """True where nothing keeps residents of a published record from it, whatever ``hold`` says."""
        is_known = self.is_read or self.has_failed or self.is_released_unread
        return self.is_listed and is_known and not self.undecided

    def set_file(self, document: str, *, hold: HoldReason, is_redacted: bool) -> None:
        """Give it another file, of which nothing is read and nothing decided."""
        self.earlier.append((self.document, self.is_redacted))
        self.document, self.is_redacted = document, is_redacted
        self.hold = HoldReason.UNCONFIRMED if self.hold is HoldReason.UNCONFIRMED else hold
        self.text, self.decided = "", set()
        self.is_pending, self.is_read, self.has_failed, self.is_corrected = True, False, False, False
        self.is_released_unread = False


@dataclass(slots=True)
class ModelRecord:
    """One announcement with all attachments that it ever had, the listed ones in ``order``."""

    id: int
    values: dict[str, str]
    status: Status = Status.DRAFT
    publish_at: dt.datetime | None = None
    reason: str = ""
    was_withdrawn: bool = False
    attachments: dict[int, ModelAttachment] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)

    @property
    def listed(self) -> list[ModelAttachment]:
        """Return the attachments that the announcement lists, in order."""
        return [self.attachments[id] for id in self.order]

    @property
    def shown(self) -> list[ModelAttachment]:
        """Return the attachments that residents see."""
        is_public = self.status is Status.PUBLISHED
        return [each for each in self.listed if is_public and each.hold is None]

    @property
    def numbers(self) -> set[str]:
        """Return the personal data in the fields that residents read."""
        return {number for text in self.values.values() for number in NUMBER.findall(text)}

    @property
    def is_reason_needed(self) -> bool:
        """True where a person has to say why personal data is published."""
        return bool(self.numbers) or any(
            each.undecided or each.hold is HoldReason.PERSONAL_DATA for each in self.listed
        )

    def waiting_for(self, attachment_id: int) -> ModelAttachment | None:
        """Return the file that waits to replace the file of an attachment."""
        waiting = (each for each in self.attachments.values() if each.replaces == attachment_id)
        return next((each for each in waiting if not each.is_detached and not each.is_erased), None)

    # status

    def publish(self, *, reason: str, should_show_unconfirmed: bool = True) -> None:
        """Publish the record and decide with it on its files."""
        assert self.status is Status.DRAFT
        assert self.values["title"]
        assert reason or not self.is_reason_needed, "published personal data without a reason"
        for each in self.listed:
            if each.hold is HoldReason.PERSONAL_DATA:
                is_decided = True
            elif each.hold is not None and each.has_failed:
                is_decided = False
            elif each.hold is HoldReason.UNCONFIRMED:
                is_decided = should_show_unconfirmed
            else:
                is_decided = bool(each.undecided)
            if is_decided:
                self.decide(each.id)
        for each in self.attachments.values():
            each.is_published_since_detached = each.is_detached
        self._set_status(Status.PUBLISHED)

    def withdraw(self, reason: str) -> None:
        """Withdraw the record: every decision about personal data goes, and what needs one is held again."""
        for each in self.attachments.values():
            if each.is_erased or (each.hold is not None and not each.decided):
                continue
            waits = each.replaces is not None or each.hold is HoldReason.UNCONFIRMED
            each.decided = set()
            if not each.is_read:
                each.hold = HoldReason.UNREAD
            elif each.finds or each.hold is HoldReason.PERSONAL_DATA:
                each.hold = HoldReason.PERSONAL_DATA
            else:
                each.hold = HoldReason.UNCONFIRMED if waits else None
        self._set_status(Status.WITHDRAWN)
        self.reason, self.was_withdrawn = reason, True

    def trash(self) -> None:
        """Move the record to the trash."""
        self._set_status(Status.TRASHED)

    def restore(self) -> None:
        """Make a draft of the record."""
        self._set_status(Status.DRAFT)
        self.reason = ""

    def _set_status(self, status: Status) -> None:
        self.status, self.publish_at = status, None

    def come_due(self, now: dt.datetime) -> bool:
        """Publish a draft whose time has come, or take its time away; True when it is published."""
        is_due = self.publish_at is not None and self.publish_at <= now
        if self.status is not Status.DRAFT or not is_due or any(each.is_pending for each in self.listed):
            return False
        if self.is_reason_needed or not self.values["title"]:
            self.publish_at = None
            return False
        self.publish(reason="", should_show_unconfirmed=False)
        return True

    # files

    def new_file_hold(self, *, is_from_person: bool) -> HoldReason:
        """Return why a file that comes now is held."""
        is_public = self.status is Status.PUBLISHED
        return HoldReason.UNCONFIRMED if is_from_person and is_public else HoldReason.UNREAD

    def attach(self, id: int, document: str, label: str, *, is_from_person: bool) -> None:
        """Add a file as the last attachment, or put the detached one with its bytes back there."""
        hold = self.new_file_hold(is_from_person=is_from_person)
        known = self.attachments.get(id)
        if known is None:
            self.attachments[id] = ModelAttachment(id, document, label, hold)
            self.order.append(id)
            return
        assert known.is_detached
        assert known.document == document
        if hold is HoldReason.UNCONFIRMED:
            known.hold = hold
        known.replaces = None
        self._put_back(known)
        self.relabel(id, label, reason="not asked")
        if self.status is Status.PUBLISHED and known.hold is None and known.undecided:
            known.hold = HoldReason.PERSONAL_DATA

    def replace(self, id: int, changed: int, document: str, *, hold: HoldReason, is_redacted: bool) -> None:
        """Give an attachment a file; ``changed``: the attachment that has it now."""
        if (known := self.attachments.get(changed)) is None:
            self.attachments[changed] = ModelAttachment(
                changed, document, self.attachments[id].label, hold, replaces=id
            )
        elif known.is_detached:
            assert known.document == document
            if known.hold is HoldReason.UNREAD:
                known.hold = hold
            self._put_back(known)
        elif known.document != document:
            known.set_file(document, hold=hold, is_redacted=is_redacted)

    def detach(self, id: int) -> None:
        """Take an attachment off, with the file that waits to replace its file."""
        if waiting := self.waiting_for(id):
            self.detach(waiting.id)
        attachment = self.attachments[id]
        attachment.is_detached, attachment.is_published_since_detached = True, False
        if id in self.order:
            self.order.remove(id)

    def reattach(self, id: int) -> None:
        """Put a detached attachment back as the last."""
        attachment = self.attachments[id]
        is_unseen = attachment.is_published_since_detached and self.status is Status.PUBLISHED
        if is_unseen and attachment.hold in (None, HoldReason.UNREAD):
            attachment.hold = HoldReason.UNCONFIRMED
        self._put_back(attachment)

    def _put_back(self, attachment: ModelAttachment) -> None:
        if attachment.replaces is not None and (waiting := self.waiting_for(attachment.replaces)):
            self.detach(waiting.id)
        attachment.is_detached = False
        attachment.is_pending = not attachment.is_read and not attachment.has_failed
        if attachment.replaces is None:
            self.order.append(attachment.id)

    def move(self, id: int, position: int) -> None:
        """Move an attachment to a position from 1, or to the last one."""
        self.order.remove(id)
        self.order.insert(position - 1, id)

    def erase(self, id: int) -> None:
        """Leave nothing of an attachment."""
        waiting = self.waiting_for(id)
        for each in self.attachments.values():
            if each.replaces == id and not each.is_erased:
                each.label, each.decided = each.document.removesuffix(".pdf"), set()
        if waiting:
            self.detach(waiting.id)
        erased = self.attachments[id]
        erased.is_erased, erased.label, erased.text, erased.earlier = True, "", "", []
        erased.is_pending = False
        if id in self.order:
            self.order.remove(id)

    # reading

    def finish_reading(self, id: int, document: Document) -> None:
        """Tell that the reading of an attachment's file has ended."""
        attachment = self.attachments[id]
        attachment.is_pending = False
        if not document.is_readable:
            attachment.has_failed = True
            return
        known = attachment.decided | (attachment.undecided if attachment.hold is None else set())
        attachment.is_read = True
        if not attachment.is_corrected:
            attachment.text = document.text
        if attachment.hold is HoldReason.UNREAD:
            attachment.hold = None
        if attachment.finds - known:
            attachment.hold = HoldReason.PERSONAL_DATA
        self._end_hold(attachment)

    def read_again(self, id: int) -> None:
        """Queue a file again."""
        attachment = self.attachments[id]
        attachment.is_released_unread |= attachment.has_failed and attachment.hold is None
        attachment.is_pending, attachment.has_failed = True, False

    def correct(self, id: int, text: str, *, is_corrected: bool = True) -> None:
        """Set the text of an attachment's page; other personal data in it hides the attachment."""
        attachment = self.attachments[id]
        known = attachment.decided | attachment.undecided
        attachment.text, attachment.is_corrected = text, is_corrected
        attachment.decided &= attachment.finds
        if attachment.hold is None and attachment.finds - known:
            attachment.hold = HoldReason.PERSONAL_DATA

    def relabel(self, id: int, label: str, *, reason: str) -> None:
        """Set the label of an attachment and of the files that wait to replace its file."""
        for each in self.attachments.values():
            if each.id == id or each.replaces == id:
                each.label = label
                each.decided &= each.finds
        attachment = self.attachments[id]
        new = {find for find in attachment.undecided if find[0] == "label"}
        if self.status is Status.PUBLISHED and attachment.hold is None and new:
            assert reason, "a public label got personal data without a reason"
            attachment.decided |= new

    # decisions

    def decide(self, id: int) -> None:
        """Tell that a person decided to show an attachment with all that was found in it."""
        attachment = self.attachments[id]
        attachment.decided |= attachment.finds
        is_unread = not attachment.is_read and attachment.is_pending
        attachment.hold = HoldReason.UNREAD if is_unread else None
        self._end_hold(attachment)

    def cancel_decision(self, id: int) -> None:
        """Hold a released attachment again, whatever was decided."""
        attachment = self.attachments[id]
        was_public = attachment in self.shown
        attachment.decided = set()
        if not attachment.is_read:
            attachment.hold = HoldReason.UNCONFIRMED if was_public else HoldReason.UNREAD
        else:
            attachment.hold = HoldReason.PERSONAL_DATA if attachment.finds else HoldReason.UNCONFIRMED

    def _end_hold(self, waiting: ModelAttachment) -> None:
        """Move a file that is no longer held to the attachment that it replaces, or list it alone."""
        if waiting.hold is not None or waiting.replaces is None:
            return
        replaced = self.attachments[waiting.replaces]
        if not replaced.is_listed:
            waiting.replaces = None
            self.order.append(waiting.id)
            return
        del self.attachments[waiting.id]
        replaced.earlier += [(replaced.document, replaced.is_redacted), *waiting.earlier]
        for name in ("document", "text", "is_pending", "is_read", "has_failed", "is_corrected",
                     "is_redacted", "hold", "decided"):  # fmt: skip
            setattr(replaced, name, getattr(waiting, name))


@dataclass(slots=True)
class PublicModel:
    """The records of one organisation, and the relations between them."""

    records: dict[int, ModelRecord] = field(default_factory=dict)
    relations: dict[tuple[int, int], RelationKind | None] = field(default_factory=dict)
    collection: list[str] = field(default_factory=list)  # texts of the one collection, public at once

    def record_of(self, attachment_id: int) -> ModelRecord:
        """Return the record that has or had an attachment."""
        return next(each for each in self.records.values() if attachment_id in each.attachments)

    def published_relations(self, id: int) -> set[tuple[str, int]]:
        """Return the names and the other records of the relations that residents read of a record."""
        public = {each.id for each in self.records.values() if each.status is Status.PUBLISHED}
        named = [(newer, older, kind) for (newer, older), kind in self.relations.items() if kind]
        return {(kind.value, older) for newer, older, kind in named if newer == id and older in public} | {
            (kind.passive_code, newer) for newer, older, kind in named if older == id and newer in public
        }

    def public_texts(self) -> Iterator[str]:
        """Yield every text that residents may read."""
        yield from self.collection
        for record in self.records.values():
            if record.status is Status.PUBLISHED:
                yield from record.values.values()
            elif record.status is Status.WITHDRAWN:
                yield record.reason
                if not NUMBER.search(record.values["title"]):
                    yield record.values["title"]
            for each in record.shown:
                yield from (each.label, each.text, "" if each.is_redacted else each.document)

    def words_in_public(self, pattern: re.Pattern[str]) -> set[str]:
        """Return the words of a pattern that residents may read."""
        return {word for text in self.public_texts() for word in pattern.findall(text)}


def positions(order: Sequence[int]) -> dict[int, int]:
    """Return the positions from 1 by id."""
    return {id: place for place, id in enumerate(order, start=1)}
