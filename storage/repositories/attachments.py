"""Queries about attachments."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby

from archive import holding, privacy
from archive.errors import Conflict, RecordDamaged, no_such_attachment
from archive.holding import HoldState
from archive.model import Attachment, DocumentKind, HoldReason, PersonalDataSpan, Status
from archive.ports import NewFile
from storage import mappers
from storage.engine import EngineRepository, Queries, Row
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.repositories.attachment_positions import close_gap, next_position
from storage.repositories.file_history import (
    attachment_that_had_bytes,
    attachment_with_bytes,
    refuse_erased_file,
    was_detached_by,
    was_replaced_by_somebody_else,
)
from storage.repositories.file_versions import store_earlier_version
from storage.repositories.waiting_files import queue_again
from storage.repositories.waiting_replacements import (
    columns_of_new_file,
    insert_replacement,
    move_file_to_replaced_attachment,
    replacement_row,
)
from storage.rows import delete_rows, insert_row, read_rows, select_row, select_rows, update_row


def attachment_row(engine: Queries, id: int, *, should_lock: bool = False) -> Row:
    """Return the row of an attachment that is not detached. Raises ``NotFound``.

    With ``should_lock``, which needs a transaction, other writers of the attachment's pages wait.
    """
    lock_rows = "FOR NO KEY UPDATE" if should_lock else ""
    row = select_row(engine, "attachment", f"id = :id AND status <> 'detached' {lock_rows}", id=id)
    if row is None:
        raise no_such_attachment()
    return row


def cancel_decisions_and_hold_again(engine: Queries, announcement_id: int) -> None:
    """Cancel decisions and hold again what needs one; call in a transaction.

    The decisions are those about personal data in an announcement's attachments. Each attachment is then held
    as ``holding.state_after_withdrawal`` says; so is a damaged row, whose finds cannot be read.
    """
    found = select_rows(engine, "attachment", "announcement_id = :id", id=announcement_id)
    for row in found:
        if row["decided"] or not row["hold"]:
            _set_hold(engine, row["id"], _state_after_withdrawal(row))
            append_entries(engine, ("attachment", row["id"]))


def _state_after_withdrawal(row: Row) -> HoldState:
    try:
        return holding.state_after_withdrawal(mappers.attachment(row))
    except RecordDamaged:
        return HoldState(HoldReason.PERSONAL_DATA)


def replace_page_finds_and_hold(
    engine: Queries,
    attachment: Attachment,
    page: int,
    page_finds: Sequence[PersonalDataSpan],
    taken_out: Sequence[str] = (),
) -> None:
    """Replace a page's finds, and hide the attachment for new ones; call in a transaction.

    They are those in its present text. One that has gone never releases the attachment. ``taken_out``: see
    ``privacy.data_taken_out``; neither a decision nor a find that nobody decided on covers other data in
    their place.
    """
    others = [data for data in attachment.details.personal_data if data.page != page]
    details = dataclasses.replace(
        attachment.details, personal_data=tuple(sorted([*others, *page_finds], key=lambda one: one.page))
    )
    decided = privacy.without_taken_out_keys(attachment.decided, taken_out)
    update_row(
        engine,
        "attachment",
        attachment.id,
        details=mappers.details_json(details),
        decided=mappers.decisions_json(decided),
    )
    if holding.is_hidden_by_page_finds(attachment, details, taken_out):
        _set_hold(engine, attachment.id, HoldState(HoldReason.PERSONAL_DATA, decided))
        history.mark_updated(engine, attachment.announcement_id)
        set_hidden_change(engine, attachment.id)
    _clear_undecided_if_none(engine, attachment.id)


def set_hidden_change(engine: Queries, attachment_id: int) -> None:
    """Note since which change an attachment is hidden; call after that change, in its transaction.

    An older index may still show it. Does nothing for a replacement, which residents never saw.
    """
    engine.run(
        """UPDATE attachment SET hidden_change = (
               SELECT announcement.change FROM announcement
               WHERE organisation_id IN :organisations AND announcement.id = attachment.announcement_id)
           WHERE organisation_id IN :organisations AND id = :id AND replaces IS NULL""",
        id=attachment_id,
    )


def _set_hold(engine: Queries, attachment_id: int, state: HoldState) -> None:
    update_row(engine, "attachment", attachment_id, **mappers.hold_columns(state))


def _clear_undecided_if_none(engine: Queries, attachment_id: int) -> None:
    """Take a public attachment off the worklist once its last undecided find has gone."""
    if not privacy.undecided_finds(mappers.attachment(attachment_row(engine, attachment_id))):
        update_row(engine, "attachment", attachment_id, has_undecided_finds=0)


class EngineAttachments(EngineRepository):
    """Adapter of ``Attachments`` for any ``Engine``."""

    def attach(
        self,
        announcement_id: int,
        file: NewFile,
        *,
        label: str,
        kind: DocumentKind,
        actor: str,
        stored_at: dt.datetime | None = None,
    ) -> tuple[Attachment, bool]:
        with self._engine.write():
            hold = self._hold_reason_of_new_file(announcement_id, is_from_person=file.is_from_person)
            known = attachment_with_bytes(self._engine, announcement_id, file.stored.sha256)
            if not file.is_from_person:
                kept = self._find_attachment_to_keep(known, announcement_id, file.stored.sha256, actor)
                if kept is not None:
                    return mappers.attachment(kept), False
            if known is not None:
                if known["status"] != mappers.DETACHED:
                    return mappers.attachment(known), False
                return self._put_back_as_document(known, hold, label=label, kind=kind, actor=actor), True
            announcement = history.announcement_row(self._engine, announcement_id)
            now = mappers.now_text()
            row = insert_row(
                self._engine,
                "attachment",
                organisation_id=announcement["organisation_id"],
                announcement_id=announcement_id,
                position=next_position(self._engine, announcement_id),
                label=label,
                kind=kind.value,
                **columns_of_new_file(file),
                status="waiting",
                hold=hold.value,
                created_at=now if stored_at is None else mappers.time_text(stored_at),
                queued_at=now,
            )
            self._note(row, "attach", actor=actor, after=_described(row))
        return mappers.attachment(row), True

    def _find_attachment_to_keep(
        self, known: Row | None, announcement_id: int, sha256: str, actor: str
    ) -> Row | None:
        """Return the row of the attachment that a program leaves as it is when it sends these bytes, or None.

        It is an attachment one of whose earlier files has the bytes, whoever replaced that file, or
        ``known`` where somebody but ``actor`` detached it. ``known``: the one that has the bytes now.
        Raises ``Conflict`` where the file was erased by order.
        """
        if known is None:
            refuse_erased_file(self._engine, announcement_id, sha256)
            return attachment_that_had_bytes(self._engine, announcement_id, sha256)
        is_detached = known["status"] == mappers.DETACHED
        return known if is_detached and not was_detached_by(self._engine, known, actor) else None

    def refuse_erased_file(self, announcement_id: int, sha256: str) -> None:
        refuse_erased_file(self._engine, announcement_id, sha256)

    def _hold_reason_of_new_file(self, announcement_id: int, *, is_from_person: bool) -> HoldReason:
        """Return why a file that the present transaction adds is held; it locks the announcement.

        So nobody publishes the announcement meanwhile.
        """
        row = history.announcement_row(self._engine, announcement_id, should_lock=True)
        return holding.reason_of_new_file(Status(row["status"]), is_from_person=is_from_person)

    def _put_back_as_document(
        self, row: Row, hold: HoldReason, *, label: str, kind: DocumentKind, actor: str
    ) -> Attachment:
        """Put a detached attachment back as a document of its own, also one that was to replace another.

        A public one is held for personal data that nobody has decided on, which the ``label`` may have.
        """
        if hold is HoldReason.UNCONFIRMED:
            _set_hold(self._engine, row["id"], HoldState(hold, mappers.attachment(row).decided))
        update_row(self._engine, "attachment", row["id"], replaces=None)
        self.reattach(row["id"], actor=actor)
        after = self.relabel(row["id"], label=label, kind=kind, actor=actor)
        is_public = after.hold is None and self._is_of(Status.PUBLISHED, row)
        if is_public and privacy.undecided_finds(after):
            return self.hold_for_undecided_finds(row["id"], actor=actor)
        return after

    def replace(
        self, attachment_id: int, file: NewFile, *, actor: str, is_redacted: bool = False
    ) -> Attachment:
        sha256 = file.stored.sha256
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id, should_lock=True)
            if row["sha256"] == sha256:
                return mappers.attachment(row)
            is_unchecked = file.is_from_person
            if not is_redacted and not file.is_from_person:
                is_unchecked = self._needs_person_to_replace(row, sha256, actor)
            if not is_redacted and (waiting := replacement_row(self._engine, attachment_id)):
                file = dataclasses.replace(file, is_from_person=is_unchecked)
                return self.replace(waiting["id"], file, actor=actor)
            hold = self._hold_reason_of_new_file(row["announcement_id"], is_from_person=is_unchecked)
            if known := self._cancelled_replacement(row, sha256):
                return self._put_back_replacement(known, hold, actor=actor)
            if attachment_with_bytes(self._engine, row["announcement_id"], sha256):
                raise Conflict("ไฟล์นี้แนบอยู่กับประกาศนี้แล้ว หรือเคยนำออกไป กรุณาใช้เอกสารนั้นแทน", code="file-attached")
            if not is_redacted and self._is_public(row):
                return self._add_replacement(row, file, hold, actor=actor)
            store_earlier_version(self._engine, row, actor=actor)
            hold = HoldReason.UNCONFIRMED if row["hold"] == HoldReason.UNCONFIRMED else hold
            self._set_unread_file(attachment_id, file, hold, is_redacted=is_redacted)
            action = "redact" if is_redacted else "replace"
            after = attachment_row(self._engine, attachment_id)
            self._note(row, action, actor=actor, before=_described(row), after=_described(after))
            set_hidden_change(self._engine, attachment_id)
            return self.get(attachment_id)

    def _needs_person_to_replace(self, row: Row, sha256: str, actor: str) -> bool:
        """Return what ``holding.must_person_check_replacement`` says; ``Conflict`` also for erased bytes."""
        refuse_erased_file(self._engine, row["announcement_id"], sha256)
        announcement = history.announcement_row(self._engine, row["announcement_id"])
        cancelled = self._cancelled_replacement(row, sha256)
        return holding.must_person_check_replacement(
            Status(announcement["status"]),
            is_redacted=bool(row["is_redacted"]),
            is_held=bool(row["hold"]),
            was_replaced_by_somebody_else=was_replaced_by_somebody_else(
                self._engine, row["announcement_id"], sha256, actor
            ),
            was_cancelled_by_somebody_else=cancelled is not None
            and not was_detached_by(self._engine, cancelled, actor),
        )

    def _set_unread_file(
        self, attachment_id: int, file: NewFile, hold: HoldReason, *, is_redacted: bool
    ) -> None:
        """Give an attachment a file, of which nothing is read yet."""
        delete_rows(self._engine, "page", attachment_id=attachment_id)
        self._engine.run(
            """UPDATE attachment SET filename = :filename, media_type = :media_type, size = :size,
                   sha256 = :sha256, page_count = NULL, status = 'waiting', error_code = NULL,
                   error_message = NULL, details = '{}', rules = 0, queued_at = :now, attempts = 0,
                   worker = NULL, leased_until = NULL, decided = '', has_undecided_finds = 0,
                   hold = :hold, is_redacted = :is_redacted
               WHERE organisation_id IN :organisations AND id = :id""",
            id=attachment_id,
            **columns_of_new_file(file),
            hold=hold.value,
            is_redacted=int(is_redacted),
            now=mappers.now_text(),
        )

    def _is_public(self, row: Row) -> bool:
        return not row["hold"] and self._is_of(Status.PUBLISHED, row)

    def _is_of(self, status: Status, row: Row) -> bool:
        """Return True where the announcement of an attachment has this status."""
        return bool(history.announcement_row(self._engine, row["announcement_id"])["status"] == status)

    def _cancelled_replacement(self, row: Row, sha256: str) -> Row | None:
        return select_row(
            self._engine,
            "attachment",
            "replaces = :id AND sha256 = :sha256 AND status = 'detached'",
            id=row["id"],
            sha256=sha256,
        )

    def _put_back_replacement(self, row: Row, hold: HoldReason, *, actor: str) -> Attachment:
        if row["hold"] == HoldReason.UNREAD:
            _set_hold(self._engine, row["id"], HoldState(hold, mappers.attachment(row).decided))
        return self.reattach(row["id"], actor=actor)

    def _add_replacement(self, row: Row, file: NewFile, hold: HoldReason, *, actor: str) -> Attachment:
        after = insert_replacement(self._engine, row, file, hold)
        self._note(
            row,
            "replace",
            actor=actor,
            before=_described(row),
            after={**_described(after), "position": row["position"]},
        )
        return mappers.attachment(after)

    def record_decision_to_show(
        self, attachment_id: int, decided: Iterable[PersonalDataSpan], *, reason: str, actor: str
    ) -> Attachment:
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id, should_lock=True)
            state = holding.state_after_decision(
                mappers.attachment(row), decided, has_undecided_finds=bool(row["has_undecided_finds"])
            )
            _set_hold(self._engine, attachment_id, state)
            before, after = None, _place(row)
            if state.hold is None and (replaced := move_file_to_replaced_attachment(self._engine, row)):
                attachment_id = replaced["id"]
                before, after = _named(replaced), {**_named(row), "attachment_id": attachment_id}
            self._note(row, "release", actor=actor, before=before, after=after, reason=reason)
            return self.get(attachment_id)

    def cancel_decisions(self, attachment_id: int, *, actor: str) -> Attachment:
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id, should_lock=True)
            state = holding.state_after_cancelling_decisions(
                mappers.attachment(row), is_public=self._is_public(row)
            )
            return self._hold_again(row, state, actor=actor)

    def hold_for_undecided_finds(self, attachment_id: int, *, actor: str) -> Attachment:
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id, should_lock=True)
            state = HoldState(HoldReason.PERSONAL_DATA, mappers.attachment(row).decided)
            return self._hold_again(row, state, actor=actor)

    def _hold_again(self, row: Row, state: HoldState, *, actor: str) -> Attachment:
        """Hold an attachment that residents may have seen. Call this inside a transaction."""
        _set_hold(self._engine, row["id"], state)
        self._note(row, "hold", actor=actor, after=_place(row))
        set_hidden_change(self._engine, row["id"])
        return self.get(row["id"])

    def list_with_outdated_finds(self, rules: int, *, limit: int) -> list[int]:
        found = self._engine.rows(
            """SELECT id FROM attachment
               WHERE organisation_id IN :organisations AND personal_data_rules < :rules
               AND status IN ('ready', 'failed') ORDER BY id LIMIT :limit""",
            rules=rules,
            limit=limit,
        )
        return [row["id"] for row in found]

    def replace_finds(
        self,
        attachment_id: int,
        finds: Sequence[PersonalDataSpan],
        *,
        page_texts: Sequence[tuple[int, str]],
        rules: int,
        actor: str,
    ) -> None:
        with self._engine.write():
            row = select_row(
                self._engine,
                "attachment",
                "id = :id AND status IN ('ready', 'failed') FOR NO KEY UPDATE",
                id=attachment_id,
            )
            now = self._engine.rows(
                """SELECT number, text FROM page
                   WHERE organisation_id IN :organisations AND attachment_id = :id ORDER BY number""",
                id=attachment_id,
            )
            if row is None or [(page["number"], mappers.readable_text(page["text"])) for page in now] != [
                *page_texts
            ]:
                return
            update_row(self._engine, "attachment", attachment_id, personal_data_rules=rules)
            for attachment in mappers.map_readable_rows(mappers.attachment, [row]):
                self._store_finds(row, attachment, tuple(finds), actor=actor)

    def _store_finds(
        self, row: Row, attachment: Attachment, finds: tuple[PersonalDataSpan, ...], *, actor: str
    ) -> None:
        """Store the finds of newer rules and what follows from them. Call this inside a transaction."""
        details = dataclasses.replace(attachment.details, personal_data=finds)
        state = holding.state_after_new_rules(attachment, details, is_public=self._is_public(row))
        is_new = attachment.hold is not HoldReason.PERSONAL_DATA and not row["has_undecided_finds"]
        if state is not None:
            _set_hold(self._engine, attachment.id, state)
            if is_new:
                history.append_change(
                    self._engine, attachment.announcement_id, "find", actor=actor, after=_place(row)
                )
        elif details == attachment.details:
            return
        else:
            update_row(self._engine, "attachment", attachment.id, has_undecided_finds=0)
        update_row(self._engine, "attachment", attachment.id, details=mappers.details_json(details))
        append_entries(self._engine, ("attachment", attachment.id), (READING, attachment.id))

    def detached(self, announcement_id: int) -> list[Attachment]:
        return read_rows(
            self._engine,
            mappers.attachment,
            "announcement_id = :id AND status = 'detached' AND sha256 NOT LIKE 'erased-%'",
            id=announcement_id,
        )

    def relabel(self, attachment_id: int, *, label: str, kind: DocumentKind, actor: str) -> Attachment:
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id)
            wanted = {"label": label, "kind": kind.value}
            after = {name: value for name, value in wanted.items() if value != row[name]}
            if after:
                self._engine.run(
                    """UPDATE attachment SET label = :label, kind = :kind
                       WHERE organisation_id IN :organisations AND (id = :id OR replaces = :id)""",
                    id=attachment_id,
                    **wanted,
                )
                others = select_rows(self._engine, "attachment", "replaces = :id", id=attachment_id)
                append_entries(self._engine, *(("attachment", other["id"]) for other in others))
                if "label" in after:
                    decided = privacy.decisions_after_relabeling(mappers.attachment(row), label)
                    update_row(
                        self._engine, "attachment", attachment_id, decided=mappers.decisions_json(decided)
                    )
                    _clear_undecided_if_none(self._engine, attachment_id)
                before = {"attachment_id": attachment_id, **{name: row[name] for name in after}}
                self._note(
                    row, "label", actor=actor, before=before, after={"attachment_id": attachment_id, **after}
                )
                if row["label"] not in label:
                    history.set_replaced_text_change(self._engine, row["announcement_id"])
            return self.get(attachment_id)

    def reorder(self, announcement_id: int, attachment_ids: Sequence[int], *, actor: str) -> None:
        with self._engine.write():
            history.announcement_row(self._engine, announcement_id)
            before = [attachment.id for attachment in self._of(announcement_id)]
            after = list(attachment_ids)
            if sorted(before) != sorted(after):
                raise Conflict("รายการเอกสารแนบเปลี่ยนไปแล้ว กรุณาเปิดใหม่แล้วจัดลำดับอีกครั้ง", code="edited-meanwhile")
            if before == after:
                return
            for position, attachment_id in enumerate(after, start=1):
                update_row(self._engine, "attachment", attachment_id, position=position)
            history.append_change(
                self._engine,
                announcement_id,
                "order",
                actor=actor,
                before={"order": before},
                after={"order": after},
            )
            history.mark_updated(self._engine, announcement_id)

    def detach(self, attachment_id: int, *, actor: str) -> None:
        with self._engine.write():
            if waiting := replacement_row(self._engine, attachment_id):
                self.detach(waiting["id"], actor=actor)
            row = attachment_row(self._engine, attachment_id)
            update_row(
                self._engine, "attachment", attachment_id, status="detached", worker=None, leased_until=None
            )
            if row["replaces"] is None:
                close_gap(self._engine, row)
            self._note(row, "detach", actor=actor, before=_described(row))
            set_hidden_change(self._engine, attachment_id)

    def reattach(
        self, attachment_id: int, *, actor: str, should_hold_until_checked: bool = False
    ) -> Attachment:
        with self._engine.write():
            row = self._detached_row(attachment_id)
            if should_hold_until_checked:
                state = HoldState(HoldReason.UNCONFIRMED, mappers.attachment(row).decided)
                _set_hold(self._engine, attachment_id, state)
            if row["replaces"] and (waiting := replacement_row(self._engine, row["replaces"])):
                self.detach(waiting["id"], actor=actor)
            update_row(
                self._engine,
                "attachment",
                attachment_id,
                status=mappers.attachment(row).status.value,
                queued_at=mappers.now_text(),
                attempts=0,
                position=0 if row["replaces"] else next_position(self._engine, row["announcement_id"]),
            )
            after = attachment_row(self._engine, attachment_id)
            self._note(after, "reattach", actor=actor, after=_described(after))
            return mappers.attachment(after)

    def read_again(self, attachment_id: int, *, actor: str) -> Attachment:
        with self._engine.write():
            row = attachment_row(self._engine, attachment_id, should_lock=True)
            if queue_again(self._engine, [attachment_id], should_reread_good_pages=True):
                self._note(row, "read-again", actor=actor, after=_place(row))
            return self.get(attachment_id)

    def get_detached(self, id: int) -> Attachment:
        return mappers.attachment(self._detached_row(id))

    def _detached_row(self, id: int) -> Row:
        """Return the row of a detached attachment. Raises ``NotFound``, also for one that was erased."""
        row = select_row(
            self._engine,
            "attachment",
            "id = :id AND status = 'detached' AND sha256 NOT LIKE 'erased-%'",
            id=id,
        )
        if row is None:
            raise no_such_attachment()
        return row

    def get(self, id: int) -> Attachment:
        return mappers.attachment(attachment_row(self._engine, id))

    def by_announcement(self, announcement_ids: Iterable[int]) -> dict[int, list[Attachment]]:
        ids = list(announcement_ids)
        found = select_rows(
            self._engine,
            "attachment",
            """announcement_id IN :ids AND status <> 'detached' AND replaces IS NULL
               ORDER BY announcement_id, position""",
            ids=ids,
        )
        by_announcement: dict[int, list[Attachment]] = {one: [] for one in ids}
        for one, group in groupby(found, key=lambda row: int(row["announcement_id"])):
            by_announcement[one] = [*mappers.map_readable_rows(mappers.attachment, group)]
        return by_announcement

    def replacements(self, attachment_ids: Iterable[int]) -> dict[int, Attachment]:
        found = read_rows(
            self._engine,
            mappers.attachment,
            "replaces IN :ids AND status <> 'detached'",
            ids=list(attachment_ids),
        )
        return {each.replaces: each for each in found if each.replaces is not None}

    def _of(self, announcement_id: int) -> list[Attachment]:
        return self.by_announcement([announcement_id])[announcement_id]

    def with_file(self, sha256: str, *, is_detached: bool = False) -> list[Attachment]:
        status = "status = 'detached'" if is_detached else "status <> 'detached'"
        return read_rows(self._engine, mappers.attachment, f"sha256 = :sha256 AND {status}", sha256=sha256)

    def _note(
        self,
        row: Row,
        action: str,
        *,
        actor: str,
        before: dict[str, object] | None = None,
        after: dict[str, object] | None = None,
        reason: str = "",
    ) -> None:
        history.append_change(
            self._engine,
            row["announcement_id"],
            action,
            actor=actor,
            before=before,
            after=after,
            reason=reason,
        )
        history.mark_updated(self._engine, row["announcement_id"])
        append_entries(self._engine, ("attachment", row["id"]), (READING, row["id"]))


def _place(row: Row) -> dict[str, object]:
    """Return what the history tells of an attachment whose hold or finds changed, or that is read again."""
    return {"attachment_id": row["id"], "label": row["label"]}


def _named(row: Row) -> dict[str, object]:
    """Return what the history tells of an attachment whose file took another's place."""
    return {**_place(row), "filename": row["filename"], "sha256": row["sha256"]}


def _described(row: Row) -> dict[str, object]:
    """Return the columns that suffice to attach the same bytes again under the same name."""
    names = ("position", "label", "filename", "kind", "media_type", "size", "sha256")
    return {"attachment_id": row["id"], **{name: row[name] for name in names}}
