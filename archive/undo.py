"""Undoes changes of the history: one at a time, or all that were made at once.

An undo is a change like any other: it obeys the same rules, is in the history, and can itself be undone.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from archive.bulk_commands import BulkOutcome, apply_as_one_bulk
from archive.commands.status_rules import require_draft_and_future_time
from archive.disclosure import DisclosureEntry, DisclosureItem, item_with_recorded_fields
from archive.errors import (
    Conflict,
    Invalid,
    NotFound,
    RecordDamaged,
    gettext_noop,
    no_such_attachment,
)
from archive.fields import FIELDS_BY_NAME, read_column
from archive.model import (
    Change,
    CollectionLine,
    DocumentKind,
    LowConfidenceSpan,
    Relation,
    RelationKind,
    Status,
)
from archive.record_commands import RecordCommands
from archive.repositories import Records
from archive.suggested_fields import is_meaningless_title, refuse_file_name_as_title
from archive.transfer_ports import OTHER_ARCHIVE

_UNDONE = gettext_noop("เลิกทำการเผยแพร่")

_DISMISSED = "dismissed"  # name of a relation that somebody removed, as the history has it
_STATUS_ACTIONS = {"publish", "withdraw", "trash", "restore"}
_FIELDS_OF_WITHDRAWN = "title", "published_on"  # that residents read, beside the reason of the withdrawal
_ATTACHMENT = ("attachment_id",)
_RecordIds = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Undo of one kind of change, and the test that its record is still as the change left it.

    ``needs``: collections of keys; each side of the change has a key of each. An erasure takes keys away, and
    so does an import of a change whose attachment did not come along.
    """

    undo: Callable[[int, Change, str], object]
    is_same: Callable[[int, Change], bool] | None = None  # None: ``check_status`` alone tells
    needs: Sequence[Collection[str]] = ()


_KINDS_REVERSED_BY_THEIR_OWN = ("revise", "label", "order")


def find_reversals(changes: Sequence[Change]) -> dict[int, Change]:
    """Return, by the id of a change, the later change that set its values back and still holds.

    ``changes``: the history of one announcement or collection, the latest last. A change whose values were
    erased was set back by none.
    """
    found: dict[int, Change] = {}
    still_holding: defaultdict[_Step, list[Change]] = defaultdict(list)
    for change in reversed(changes):
        if change.action not in _KINDS_REVERSED_BY_THEIR_OWN:
            continue
        back = [still_holding[step] for step in _steps(change.action, change.after, change.before)]
        later = reversed(min(back, key=len, default=[]))  # the earliest of them first
        if reversal := next((each for each in later if _is_reversal(each, change)), None):
            found[change.id] = reversal
        else:
            for step in _steps(change.action, change.before, change.after):
                still_holding[step].append(change)
    return found


_Step = tuple[str, str, int]
"""One field's way from a value to another: the action, the field's name, a hash of the two values."""


def _steps(action: str, start: Mapping[str, object], end: Mapping[str, object]) -> list[_Step]:
    return [(action, name, hash((repr(start[name]), repr(end[name])))) for name in start.keys() & end.keys()]


def _is_reversal(later: Change, change: Change) -> bool:
    return later.before.items() >= change.after.items() and later.after.items() >= change.before.items()


def restored_publication_time(change: Change) -> dt.datetime | None:
    """Return the publication time that an undo of this change would set; None where it would set none."""
    time = change.before.get("publish_at") if change.action == "revise" else None
    return read_column(FIELDS_BY_NAME["publish_at"], time).astimezone(dt.UTC) if time else None


class Undo:
    """Brings records back to the state before a change."""

    def __init__(self, records: Records, commands: RecordCommands) -> None:
        self._records = records
        self._commands = commands
        file, text = (_ATTACHMENT, ("sha256",)), (_ATTACHMENT, ("text",))
        self._kinds: Mapping[str, _Kind] = {
            "create": _Kind(self._creation, self._is_created),
            "revise": _Kind(self._fields, self._are_fields_same, [FIELDS_BY_NAME.keys()]),
            "publish": _Kind(self._publication),
            "withdraw": _Kind(self._status),
            "trash": _Kind(self._status),
            "restore": _Kind(self._status),
            "attach": _Kind(self._detach, self._is_attached, [_ATTACHMENT]),
            "reattach": _Kind(self._detach, self._is_attached, [_ATTACHMENT]),
            "detach": _Kind(self._reattach, self._is_detached, [_ATTACHMENT]),
            "label": _Kind(self._label, self._is_label_same, [_ATTACHMENT, ("label", "kind")]),
            "order": _Kind(self._order, self._is_order_same),
            "replace": _Kind(self._file, self._is_file_same, file),
            "redact": _Kind(self._file, self._is_file_same, file),
            "release": _Kind(self._release, self._is_released, [_ATTACHMENT]),
            "correct": _Kind(self._text, self._is_text_same, text),
            "reread": _Kind(self._text, self._is_text_same, text),
            "relate": _Kind(self._relation, self._is_relation_same, [("relation",)]),
            "disclose": _Kind(self._entry, self._is_entry_same),
        }

    def is_undoable_kind(self, change: Change) -> bool:
        """Return True for a kind of change that can be undone, and that has all that its undo needs."""
        if change.collection_id is not None:
            return change.action == "revise"
        if change.disclosure_item_id is not None:
            return bool(_item_fields(change.after))  # a check changes no field: nothing to undo
        kind = self._kinds.get(change.action)
        return kind is not None and _has_needed_keys(change, kind.needs)

    def is_refused(self, change: Change, status: Status) -> bool:
        """Return True where status, file or later history refuses an undo that ``is_undoable_kind`` allows.

        Ask only about a change of which that is True: others may lack what is looked at (``KeyError``), and
        False would not mean that they can be undone. ``status``: that of the record now.
        """
        if change.action == "create":
            return status not in (Status.DRAFT, Status.WITHDRAWN)
        if change.action in _STATUS_ACTIONS:
            is_overtaken = status != change.after["status"] or not self._is_last_status_change(change)
            return is_overtaken or self._is_status_refused(change)
        is_of_file = change.action == "release" and "sha256" in change.after
        if is_of_file and not self._is_released(change.announcement_id or 0, change):
            return True
        if change.action in ("correct", "reread") and self.is_text_of_earlier_file(change):
            return True
        if change.action == "relate":
            return self._is_relation_refused(change)
        if change.action == "disclose":
            return self._is_entry_refused(change)
        if self._is_schedule_refused(change):
            return True
        if change.action == "revise" and status is Status.PUBLISHED and "title" in change.before:
            return change.before == {"title": ""} or self._would_publish_file_name(change)
        return status not in (Status.DRAFT, Status.PUBLISHED)

    def _is_schedule_refused(self, change: Change) -> bool:
        try:
            self._check_schedule(change)
        except (Conflict, Invalid):
            return True
        return False

    def _check_schedule(self, change: Change) -> None:
        """Raise as ``require_draft_and_future_time`` does for a publication time that an undo would set."""
        if (at := restored_publication_time(change)) is not None:
            require_draft_and_future_time(
                self._records.announcements.get(change.announcement_id or 0).status, at
            )

    def is_text_of_earlier_file(self, change: Change) -> bool:
        """Return True where a change is of a page's text in a file that the attachment no longer has.

        That text may be what a redacted copy covers. An entry of an earlier version does not tell the file:
        there, any change of the document's file since then counts.
        """
        id = _attachment(change.before)
        if "sha256" in change.before:
            with_file = self._records.attachments.with_file(str(change.before["sha256"]))
            return id not in {each.id for each in with_file}
        entries = self._records.history.entries(change.announcement_id or 0)
        later = (each.before for each in entries if each.id > change.id)
        return any("sha256" in told and told.get("attachment_id") == id for told in later)

    def _is_last_status_change(self, change: Change) -> bool:
        entries = self._records.history.entries(change.announcement_id or 0)
        return change.id == max(each.id for each in entries if each.action in _STATUS_ACTIONS)

    def _require_last_status_change(self, change: Change) -> None:
        """Raise ``Conflict`` for a change of a status after which the status was changed again."""
        if change.action in _STATUS_ACTIONS and not self._is_last_status_change(change):
            raise _status_changed_since()

    def _would_show_edited_draft(self, change: Change) -> bool:
        """Return True where residents would read of a withdrawn record what was written after the withdrawal.

        The undo of a restoration makes a draft a withdrawn record again. Nobody looked through its new title.
        """
        if change.before["status"] != Status.WITHDRAWN:
            return False
        id = change.announcement_id or 0
        now, withdrawn = self._records.announcements.get(id), dict[str, object]()
        for each in self._records.history.entries(id):
            if each.id > change.id and each.action == "revise":
                withdrawn = dict(each.before) | withdrawn
        return any(
            getattr(now, name) != read_column(FIELDS_BY_NAME[name], withdrawn[name])
            for name in _FIELDS_OF_WITHDRAWN
            if name in withdrawn
        )

    def _is_status_refused(self, change: Change) -> bool:
        """Return True where a record may not go back to its status before a change of it."""
        if self._would_show_edited_draft(change) or self._needs_reason(change):
            return True
        return change.before["status"] == Status.PUBLISHED and self._would_publish_file_name(change)

    def _would_publish_file_name(self, change: Change) -> bool:
        """Return True where residents would newly see a title that ends like a file."""
        now = self._records.announcements.get(change.announcement_id or 0)
        title = str(change.before.get("title", now.title))
        is_new = now.status is not Status.PUBLISHED or title != now.title
        return is_new and is_meaningless_title(title, ())

    def _needs_reason(self, change: Change) -> bool:
        """Return True where the record would be published again, and personal data needs a reason."""
        is_publication = change.before["status"] == Status.PUBLISHED
        return is_publication and self._commands.publication.is_reason_needed(change.announcement_id or 0)

    def undo(self, change: Change, *, actor: str) -> None:
        """Undo one change, whatever was changed after it. Values of other fields stay as they are.

        Raises ``Conflict`` for a change that cannot be undone, or of a status that has changed since; and
        whatever the command raises that brings the earlier state back.
        """
        with self._records.batch():
            self._require_last_status_change(change)
            self._undo(change, actor)

    def _undo(self, change: Change, actor: str) -> None:
        """Undo one change as ``undo`` does, also of a status that an undo of later changes has set."""
        self._require_undoable_kind(change)
        with self._records.batch():
            if change.collection_id is not None:
                self._collection(change.collection_id, change, actor)
            elif change.disclosure_item_id is not None:
                self._item(change, actor)
            elif change.announcement_id is not None:
                self.check_status(change)
                self._require_own_attachment(change.announcement_id, change)
                self._kinds[change.action].undo(change.announcement_id, change, actor)

    def _require_undoable_kind(self, change: Change) -> None:
        if not self.is_undoable_kind(change):
            raise Conflict("การแก้ไขแบบนี้เลิกทำไม่ได้")

    def _require_own_attachment(self, id: int, change: Change) -> None:
        """Raise ``NotFound`` for a change of an attachment that this announcement does not have.

        Histories that were imported by earlier versions name attachments by the ids of another archive.
        """
        named = {_attachment(side) for side in (change.before, change.after) if "attachment_id" in side}
        own = {*self._order_now(id), *(each.id for each in self._records.attachments.detached(id))}
        own |= {each.id for each in self._records.attachments.replacements(own).values()}
        if not named <= own:
            raise no_such_attachment()

    def undo_bulk(self, bulk: str, *, actor: str) -> BulkOutcome[_RecordIds]:
        """Undo a bulk in one transaction; records that were changed since are refused, others of it undone.

        A bulk is all changes that were made at once. Raises ``NotFound`` for an unknown one. The records of
        the outcome are as ``ids_of_record`` names them.
        """
        changes = self._records.changes.list_bulk(bulk)
        if not changes:
            raise NotFound("ไม่พบการแก้ไขนี้ในประวัติ")
        of_record = _changes_to_undo(changes)

        def undo_record(record: _RecordIds) -> None:
            of_status = (each for each in of_record[record] if each.action in _STATUS_ACTIONS)
            if (last := next(of_status, None)) is not None:
                self._require_last_status_change(last)
            for change in of_record[record]:
                self._require_undoable_kind(change)
                if change.action != "relate":  # two records have it, and it goes back in both
                    self._refuse_later_changes(change)
                self._undo(change, actor)

        return apply_as_one_bulk(self._records, of_record, undo_record)

    def is_any_in_force(self, changes: Sequence[Change]) -> bool:
        """Return True while a record still is as the last of its changes made it, and that can be undone."""
        for change, *_earlier in _changes_to_undo(changes).values():
            try:
                self._require_undoable_kind(change)
                self._refuse_later_changes(change)
                self._require_last_status_change(change)
                self.check_status(change)
                self._check_schedule(change)
            except (Conflict, Invalid, NotFound, RecordDamaged):
                continue
            return True
        return False

    def _refuse_later_changes(self, change: Change) -> None:
        """Raise ``Conflict`` when the record is no longer as the change left it."""
        if change.collection_id is not None:
            collection = self._records.collections.get(change.collection_id)
            lines = [[item.label, item.announcement_id] for item in collection.items]
            is_same = lines == change.after.get("items", lines)
        elif change.disclosure_item_id is not None:
            is_same = self._is_item_same(change)
        else:
            kind = self._kinds.get(change.action)
            if kind is None or kind.is_same is None or change.announcement_id is None:
                return
            is_same = kind.is_same(change.announcement_id, change)
        if not is_same:
            raise _edited_meanwhile()

    def _is_created(self, id: int, _change: Change) -> bool:
        return self._records.announcements.get(id).status is not Status.TRASHED

    def _are_fields_same(self, id: int, change: Change) -> bool:
        now = self._records.announcements.get(id)
        return all(
            getattr(now, name) == read_column(FIELDS_BY_NAME[name], value)
            for name, value in change.after.items()
        )

    def _is_attached(self, id: int, change: Change) -> bool:
        return _attachment(change.after) in self._order_now(id)

    def _is_detached(self, id: int, change: Change) -> bool:
        return _attachment(change.before) in {each.id for each in self._records.attachments.detached(id)}

    def _is_label_same(self, _id: int, change: Change) -> bool:
        now = self._records.attachments.get(_attachment(change.after))
        return all(
            getattr(now, name) == change.after.get(name, getattr(now, name)) for name in ("label", "kind")
        )

    def _is_order_same(self, id: int, change: Change) -> bool:
        return self._order_now(id) == change.after["order"]

    def _order_now(self, id: int) -> list[int]:
        return [each.id for each in self._records.attachments.by_announcement([id])[id]]

    def _is_file_same(self, _id: int, change: Change) -> bool:
        attachment_id = _attachment(change.after)
        waiting = self._records.attachments.replacements([attachment_id]).get(attachment_id)
        is_undone = waiting is not None and waiting.sha256 == change.before["sha256"]
        return not is_undone and self._records.attachments.get(attachment_id).sha256 == change.after["sha256"]

    def _is_released(self, id: int, change: Change) -> bool:
        """Return True while the attachment is not held, nor taken off, and has the file that was released."""
        listed = self._records.attachments.by_announcement([id])[id]
        now = next((each for each in listed if each.id == _attachment(change.after)), None)
        return now is not None and now.hold is None and now.sha256 == change.after.get("sha256", now.sha256)

    def _is_text_same(self, _id: int, change: Change) -> bool:
        place = change.after
        return self._records.pages.get(_attachment(place), _number(place["page"])).text == place["text"]

    def _is_relation_same(self, id: int, change: Change) -> bool:
        now = {
            f"{each.kind or _DISMISSED} {each.older_id}"
            if each.newer_id == id
            else f"{each.kind.passive_code if each.kind else _DISMISSED} {each.newer_id}"
            for each in self._records.relations.list_decisions(id)
        }
        return change.after["relation"] in now

    def _is_entry_same(self, id: int, change: Change) -> bool:
        is_there = _entry(id, change) in self._records.disclosure.by_announcement(id)
        return is_there is ("disclosure" in change.after)

    def _is_item_same(self, change: Change) -> bool:
        if change.before == change.after:
            year = _number(change.after["year"])
            items = self._records.disclosure.items_changed_by_staff(year, year)
            return [item.key for _year, item in items] == [change.after["item"]]
        now = self._item_now(change)
        return item_with_recorded_fields(now, _item_fields(change.after)) == now

    def check_status(self, change: Change) -> None:
        """Raise ``Conflict`` or ``Invalid`` where a record may not go back to its status before a change.

        A change of another kind than a status is not looked at.
        """
        if change.action not in _STATUS_ACTIONS:
            return
        now = self._records.announcements.get(change.announcement_id or 0)
        if now.status != change.after["status"]:
            raise _status_changed_since()
        if self._would_show_edited_draft(change):
            raise Conflict(
                "มีผู้แก้ชื่อเรื่องหรือวันที่หลังจากกู้คืน ซึ่งประชาชนยังไม่เคยเห็น กรุณาแก้กลับเป็นอย่างเดิมก่อน แล้วจึงเลิกทำขั้นนี้",
                code="edited-meanwhile",
            )
        if self._needs_reason(change):
            raise Conflict(
                "เรื่องนี้มีข้อมูลส่วนบุคคล ถ้าจะเผยแพร่ต่อ ให้กู้คืนเป็นฉบับร่าง แล้วเผยแพร่โดยระบุเหตุผล", code="personal-data"
            )
        if change.before["status"] == Status.PUBLISHED:
            refuse_file_name_as_title(now.title)

    def _fields(self, id: int, change: Change, actor: str) -> None:
        before = {name: read_column(FIELDS_BY_NAME[name], value) for name, value in change.before.items()}
        if (at := restored_publication_time(change)) is not None:
            del before["publish_at"]
            self._commands.announcements.schedule(id, at, actor=actor)
        if before.get("title") == "":
            del before["title"]  # nobody may empty a title, but a draft may be as it was before it got one
            if self._records.announcements.get(id).status is Status.DRAFT or not before:
                self._commands.announcements.clear_draft_title(id, actor=actor)
        self._commands.announcements.revise(id, before, actor=actor)

    def _creation(self, id: int, _change: Change, actor: str) -> None:
        self._commands.publication.trash(id, actor=actor)

    def _publication(self, id: int, _change: Change, actor: str) -> None:
        self._commands.publication.withdraw(id, actor=actor, reason=_UNDONE)
        self._commands.publication.restore_as_draft(id, actor=actor)

    def _publish_again(self, id: int, actor: str) -> None:
        """Publish the record again. Files that nobody has checked yet wait on, for no checklist was shown."""
        self._commands.publication.restore_as_draft(id, actor=actor)
        self._commands.publication.publish(id, actor=actor, should_show_unconfirmed=False)

    def _status(self, id: int, change: Change, actor: str) -> None:
        """Go back to the status before a change of it, which an undo may have made."""
        if change.before["status"] == Status.PUBLISHED:
            self._publish_again(id, actor)
            return
        publication = self._commands.publication
        steps = {
            Status.WITHDRAWN: publication.withdraw_again,
            Status.TRASHED: publication.trash,
            Status.DRAFT: publication.restore_as_draft,
        }
        step = steps.get(Status(str(change.before["status"])))
        if step is None:
            raise Conflict("การแก้ไขแบบนี้เลิกทำไม่ได้")
        step(id, actor=actor)

    def _detach(self, _id: int, change: Change, actor: str) -> None:
        self._commands.attachments.detach(_attachment(change.after), actor=actor)

    def _reattach(self, id: int, change: Change, actor: str) -> None:
        attachment_id = _attachment(change.before)
        if attachment_id in self._order_now(id):  # a cancelled file was sent again, and is in use
            raise Conflict("เอกสารนี้อยู่ในประกาศแล้ว จึงไม่มีอะไรให้นำกลับมา", code="edited-meanwhile")
        attachment = self._commands.attachments.reattach(attachment_id, actor=actor)
        if attachment.replaces:
            return
        position = _number(change.before["position"])
        self._commands.attachments.move(attachment.announcement_id, {attachment.id: position}, actor=actor)

    def _label(self, _id: int, change: Change, actor: str) -> None:
        now = self._records.attachments.get(_attachment(change.before))
        self._commands.attachments.relabel(
            now.id,
            label=str(change.before.get("label", now.label)),
            kind=DocumentKind(str(change.before.get("kind", now.kind))),
            actor=actor,
        )

    def _order(self, id: int, change: Change, actor: str) -> None:
        order = change.before["order"]
        self._commands.attachments.reorder(
            id, [*map(_number, order)] if isinstance(order, list) else [], actor=actor
        )

    def _file(self, _id: int, change: Change, actor: str) -> None:
        attachment_id = _attachment(change.before)
        new_id = _attachment(change.after)
        if new_id != attachment_id:
            waiting = self._records.attachments.replacements([attachment_id]).get(attachment_id)
            if waiting is None or waiting.id != new_id:  # it was cancelled, or is a document of its own now
                raise Conflict("ไฟล์ใหม่ไม่ได้รอใช้แทนไฟล์นี้แล้ว", code="edited-meanwhile")
            self._commands.attachments.detach(new_id, actor=actor)
            return
        for version in reversed(self._records.file_versions.by_attachment(attachment_id)):
            if version.sha256 == change.before["sha256"]:
                self._commands.file_versions.restore(attachment_id, version.number, actor=actor)
                return
        raise NotFound("ไม่พบไฟล์รุ่นนี้ กรุณาเปิดรายการไฟล์ก่อนหน้าอีกครั้ง")

    def _release(self, id: int, change: Change, actor: str) -> None:
        if "sha256" in change.after and not self._is_released(id, change):
            raise _edited_meanwhile()
        self._commands.attachments.cancel_release(_attachment(change.after), actor=actor)

    def _text(self, _id: int, change: Change, actor: str) -> None:
        self.restore_page_text(change, actor=actor)

    def restore_page_text(self, change: Change, *, actor: str) -> None:
        """Bring a page's text back to the one before a change, with the words that were in doubt in it.

        Raises ``Conflict`` when that was the text of another file (``is_text_of_earlier_file``).
        """
        if self.is_text_of_earlier_file(change):
            raise Conflict("เอกสารนี้เปลี่ยนไฟล์ไปแล้ว จึงนำข้อความของไฟล์เดิมกลับมาไม่ได้", code="edited-meanwhile")
        place, doubts = change.before, change.before.get("doubts")
        self._commands.pages.correct(
            _attachment(place),
            _number(place["page"]),
            str(place["text"]),
            actor=actor,
            doubts=[_doubt(*each) for each in doubts] if isinstance(doubts, list) else (),
            should_mark_corrected=bool(place.get("corrected", True)),
        )

    def _relation(self, id: int, change: Change, actor: str) -> None:
        """Decide a relation as before. Each of the two records has the change in its own words."""
        before = self._relation_before(id, change, self._records.relations.list_decisions(id))
        if before is None:
            raise Conflict("การแก้ไขแบบนี้เลิกทำไม่ได้")
        self._commands.announcements.decide_relation(
            before.newer_id, before.older_id, before.kind, actor=actor
        )

    def _relation_before(self, id: int, change: Change, decided: Sequence[Relation]) -> Relation | None:
        """Return the relation as it was before a change of it; None where the change does not tell it.

        ``decided``: what ``list_decisions`` returns of the record.
        A suggestion that was dismissed was no relation before, and that of an imported record may be to a
        record of another archive.
        """
        name, other = str(change.after["relation"]).split()
        before = str(change.before.get("relation", "")).partition(" ")[0]
        passive = {kind.passive_code: kind for kind in RelationKind}
        numbers = {str(number) for each in decided for number in (each.newer_id, each.older_id)} - {str(id)}
        if other not in numbers or not {name, before} & (passive.keys() | set(RelationKind)):
            return None
        is_older = bool({name, before} & passive.keys())
        newer, older = (_number(other), id) if is_older else (id, _number(other))
        kinds = passive | {kind.value: kind for kind in RelationKind}
        return Relation(newer_id=newer, older_id=older, kind=kinds.get(before))

    def _is_relation_refused(self, change: Change) -> bool:
        """Return True where a relation cannot be as before its change, or is so already."""
        id = change.announcement_id or 0
        decided = self._records.relations.list_decisions(id)
        before = self._relation_before(id, change, decided)
        if before is None or before in decided:
            return True
        try:
            self._commands.announcements.check_relation(before, decided)
        except (Conflict, Invalid, NotFound):
            return True
        return False

    def _entry(self, id: int, change: Change, actor: str) -> None:
        """Remove an announcement from an item that must be disclosed, or put it back."""
        is_there = "disclosure" in change.after
        step = self._commands.disclosure.unassign if is_there else self._commands.disclosure.assign
        step(_entry(id, change), actor=actor)

    def _is_entry_refused(self, change: Change) -> bool:
        """Return True where a removed entry cannot be put back: its year has hidden the item since."""
        if "disclosure" in change.after:
            return False
        try:
            self._commands.disclosure.check_entry(_entry(change.announcement_id or 0, change))
        except Invalid:
            return True
        return False

    def _item(self, change: Change, actor: str) -> None:
        """Give an item its values before the change; an item that the change added is hidden.

        A change without another value says that somebody checked the list of the year, which goes back.
        """
        if change.before == change.after:
            self._commands.disclosure.withdraw_item_list_confirmation(
                _number(change.after["year"]), str(change.after["item"]), actor=actor
            )
            return
        now = self._item_now(change)
        before = item_with_recorded_fields(now, _item_fields(change.before) or {"is_hidden": True})
        self._commands.disclosure.save_item(_number(change.after["year"]), before, replaced=now, actor=actor)

    def _item_now(self, change: Change) -> DisclosureItem:
        year, key = _number(change.after["year"]), change.after["item"]
        items = self._records.disclosure.items_changed_by_staff(year, year)
        for _year, item in items:
            if item.key == key:
                return item
        raise NotFound("ไม่พบการแก้ไขนี้ในประวัติ")

    def _collection(self, id: int, change: Change, actor: str) -> None:
        now = self._records.collections.get(id)
        items = change.before.get("items")
        lines = [CollectionLine(*line) for line in items] if isinstance(items, list) else now.items
        self._commands.collections.save(
            id,
            title=str(change.before.get("title", now.title)),
            body=str(change.before.get("body", now.body)),
            items=lines,
            actor=actor,
        )


def _changes_to_undo(changes: Sequence[Change]) -> dict[_RecordIds, list[Change]]:
    """Return the changes of each record of a bulk, the latest first.

    Both records of a relation have its change. One of which nothing else was changed is left out where the
    other is in the bulk: the undo there sets the relation back, or nothing does.
    """
    of_record = {ids: [*each] for ids, each in groupby(sorted(changes, key=_place), key=ids_of_record)}
    otherwise_changed = {
        str(announcement_id)
        for (announcement_id, *_others), each in of_record.items()
        if any(change.action != "relate" for change in each)
    }

    def is_set_back_elsewhere(change: Change) -> bool:
        other = str(change.after.get("relation", "")).rpartition(" ")[2]
        return change.action == "relate" and other in otherwise_changed

    return {ids: each for ids, each in of_record.items() if not all(map(is_set_back_elsewhere, each))}


def _status_changed_since() -> Conflict:
    return Conflict("สถานะของเรื่องนี้เปลี่ยนไปอีกภายหลัง จึงเลิกทำขั้นนี้ไม่ได้", code="edited-meanwhile")


def _edited_meanwhile() -> Conflict:
    return Conflict("มีผู้แก้ไขเรื่องนี้ภายหลัง จึงคงไว้ตามเดิม", code="edited-meanwhile")


def _entry(announcement_id: int, change: Change) -> DisclosureEntry:
    """Return the entry that a change added or removed."""
    year, item, part = str(change.after.get("disclosure") or change.before["disclosure"]).split()
    return DisclosureEntry(year=int(year), item=item, part=int(part), announcement_id=announcement_id)


def _has_needed_keys(change: Change, needs: Sequence[Collection[str]]) -> bool:
    """Return True when every side of a change has what an undo of it reads."""
    if OTHER_ARCHIVE in str(change.after.get("relation", "")):
        return False
    if change.action == "release" and change.before and "sha256" not in change.after:
        return False  # it replaced a public file by one that was erased
    sides = [side for side in (change.before, change.after) if side]
    return not needs or (
        bool(sides) and all(any(key in side for key in keys) for keys in needs for side in sides)
    )


def _item_fields(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values of an item's fields in a change, without the year and the item's key."""
    return {name: value for name, value in values.items() if name not in ("year", "item")}


def _doubt(start: int, end: int, confidence: float, alternatives: Sequence[str]) -> LowConfidenceSpan:
    return LowConfidenceSpan(start, end, confidence, tuple(alternatives))


def ids_of_record(change: Change) -> _RecordIds:
    """Return the ids of the announcement, the collection and the item to disclose; two of them are 0."""
    return change.announcement_id or 0, change.collection_id or 0, change.disclosure_item_id or 0


def _place(change: Change) -> tuple[_RecordIds, int]:
    """Return a key that sorts changes by record, and those of one record with the latest first."""
    return ids_of_record(change), -change.id


def _attachment(place: Mapping[str, object]) -> int:
    return _number(place["attachment_id"])


def _number(value: object) -> int:
    return int(str(value))
