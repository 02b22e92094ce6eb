"""Queries about erasures by order. Every other deletion keeps what it takes away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from archive.erasure import Erasure, ErasureScope
from archive.errors import Conflict, file_changed_error, no_such_attachment
from archive.fields import ANNOUNCEMENT_FIELDS
from archive.model import Status
from archive.validation import label_or_file_name
from storage import mappers
from storage.engine import EngineRepository, Row
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.repositories.attachment_positions import close_gap
from storage.repositories.attachments import EngineAttachments, set_hidden_change
from storage.repositories.waiting_replacements import replacement_row
from storage.rows import delete_rows, insert_row, read_rows, select_row, select_rows, update_row

_TELLING = {"text", "doubts", "fields", "label", "filename", "sha256", "size", "media_type"}
"""Keys of a change in the history that tell something of a file, of its name or of its pages."""

_OWN_TEXT = {field.name: field for field in ANNOUNCEMENT_FIELDS if field.is_erased_by_order}
"""Fields that hold an announcement's own text: columns of it, and keys of a change in the history."""

_ERASED_TITLE = "(ลบตามคำสั่ง)"  # a title that staff and the page of a withdrawn announcement can show


class EngineErasures(EngineRepository):
    """Adapter of ``Erasures`` for any ``Engine``."""

    def erase_attachment_or_versions(
        self,
        attachment_id: int,
        scope: ErasureScope,
        *,
        ordered_by: str,
        reason: str,
        actor: str,
        expected_sha256: str | None = None,
    ) -> Erasure:
        with self._engine.write():
            row = self._attachment(attachment_id)
            if expected_sha256 not in (None, row["sha256"]):
                raise file_changed_error()
            files = self._files(row, scope)
            erasure = self._record(
                row["organisation_id"],
                (row["announcement_id"], row["id"]),
                scope,
                files,
                ordered_by=ordered_by,
                reason=reason,
                actor=actor,
            )
            delete_rows(self._engine, "file_version", attachment_id=attachment_id)
            delete_rows(self._engine, "stated_relation", newer_id=row["announcement_id"])
            self._clear_history(row, scope, files)
            if scope is ErasureScope.ATTACHMENT:
                self._name_new_files_by_themselves(attachment_id)
                if waiting := replacement_row(self._engine, attachment_id):
                    EngineAttachments(self._engine).detach(waiting["id"], actor=actor)
                self._clear_attachment(row, erasure.id)
            place: dict[str, object] = {"attachment_id": attachment_id, "erasure": erasure.id}
            history.append_change(
                self._engine, row["announcement_id"], "erase", actor=actor, after=place, reason=reason
            )
            history.mark_updated(self._engine, row["announcement_id"])
            if scope is ErasureScope.ATTACHMENT:
                set_hidden_change(self._engine, attachment_id)
            append_entries(self._engine, ("attachment", attachment_id), (READING, attachment_id))
        return erasure

    def erase_announcement_fields(
        self, announcement_id: int, *, ordered_by: str, reason: str, actor: str
    ) -> Erasure:
        with self._engine.write():
            row = history.announcement_row(self._engine, announcement_id)
            if row["status"] == Status.PUBLISHED:
                raise Conflict("กรุณาถอนประกาศพร้อมเหตุผลก่อน แล้วจึงลบข้อความตามคำสั่ง", code="wrong-status")
            erasure = self._record(
                row["organisation_id"],
                (announcement_id, None),
                ErasureScope.TEXT,
                (),
                ordered_by=ordered_by,
                reason=reason,
                actor=actor,
            )
            emptied = {name: mappers.stored_value(field.default) for name, field in _OWN_TEXT.items()}
            columns = {**emptied, "title": _ERASED_TITLE, "publish_at": None}
            update_row(self._engine, "announcement", announcement_id, **columns)
            delete_rows(self._engine, "stated_relation", newer_id=announcement_id)
            self._rewrite_history(announcement_id, _without_own_text)
            place = {"erasure": erasure.id}
            history.append_change(
                self._engine, announcement_id, "erase", actor=actor, after=place, reason=reason
            )
            history.mark_updated(self._engine, announcement_id)
            history.set_replaced_text_change(self._engine, announcement_id)
            append_entries(self._engine, ("announcement", announcement_id))
        return erasure

    def all(self) -> list[Erasure]:
        return read_rows(self._engine, mappers.erasure, order="id DESC")

    def last_at(self) -> dt.datetime | None:
        row = self._engine.row("SELECT max(at) AS at FROM erasure WHERE organisation_id IN :organisations")
        return dt.datetime.fromisoformat(row["at"]) if row and row["at"] else None

    def last_id(self) -> int:
        row = self._engine.row("SELECT max(id) AS id FROM erasure WHERE organisation_id IN :organisations")
        return int(row["id"] or 0) if row else 0

    def is_used_by_record(self, sha256: str) -> bool:
        return any(
            self._engine.row(
                f"""SELECT 1 AS found FROM {table}
                    WHERE organisation_id IN :organisations AND sha256 = :sha256 LIMIT 1""",  # noqa: S608
                sha256=sha256,
            )
            for table in ("attachment", "file_version")
        )

    def _attachment(self, id: int) -> Row:
        row = select_row(self._engine, "attachment", "id = :id FOR NO KEY UPDATE", id=id)
        if row is None or row["sha256"].startswith(mappers.ERASED):
            raise no_such_attachment()
        return row

    def _files(self, row: Row, scope: ErasureScope) -> set[str]:
        """Return the SHA-256 of the files that an erasure takes away.

        The history alone has those that were replaced before there was a table of earlier files.
        """
        versions = self._engine.rows(
            "SELECT sha256 FROM file_version WHERE organisation_id IN :organisations AND attachment_id = :id",
            id=row["id"],
        )
        entries = select_rows(self._engine, "history", "announcement_id = :id", id=row["announcement_id"])
        told = [history.readable_side(entry["before"]) or {} for entry in entries]
        known = [*versions, *(one for one in told if one.get("attachment_id") == row["id"] and "size" in one)]
        earlier = {str(one["sha256"]) for one in known if "sha256" in one} - {row["sha256"]}
        return earlier | {row["sha256"]} if scope is ErasureScope.ATTACHMENT else earlier

    def _record(
        self,
        organisation: int,
        place: tuple[int, int | None],
        scope: ErasureScope,
        files: Collection[str],
        *,
        ordered_by: str,
        reason: str,
        actor: str,
    ) -> Erasure:
        """Add and return the record of an erasure. ``place``: the announcement and the attachment."""
        row = insert_row(
            self._engine,
            "erasure",
            organisation_id=organisation,
            announcement_id=place[0],
            attachment_id=place[1],
            scope=scope.value,
            ordered_by=ordered_by,
            reason=reason,
            files=" ".join(sorted(files)),
            at=mappers.now_text(),
            actor=actor,
        )
        append_entries(self._engine, ("erasure", row["id"]))
        return mappers.erasure(row)

    def _clear_attachment(self, row: Row, erasure: int) -> None:
        """Take the attachment off, and leave nothing of it but its id and its announcement."""
        delete_rows(self._engine, "page", attachment_id=row["id"])
        self._engine.run(
            """UPDATE attachment SET label = '', filename = '', kind = 'other', media_type = '', size = 0,
                   sha256 = :erased, page_count = NULL, status = 'detached', error_code = NULL,
                   error_message = NULL, details = '{}', rules = 0, worker = NULL, leased_until = NULL,
                   hold = 'unread', decided = '', is_redacted = 0
               WHERE organisation_id IN :organisations AND id = :id""",
            erased=f"{mappers.ERASED}{erasure}",
            id=row["id"],
        )
        if row["status"] != mappers.DETACHED and row["replaces"] is None:
            close_gap(self._engine, row)

    def _name_new_files_by_themselves(self, attachment_id: int) -> None:
        """Label files that were to replace an attachment's file by their own names instead of its label.

        Decisions about that label go with it.
        """
        for row in select_rows(
            self._engine, "attachment", "replaces = :id AND label <> ''", id=attachment_id
        ):
            label = label_or_file_name("", row["filename"])
            update_row(self._engine, "attachment", row["id"], label=label, decided="")
            append_entries(self._engine, ("attachment", row["id"]))

    def _clear_history(self, row: Row, scope: ErasureScope, files: Collection[str]) -> None:
        """Remove what the entries of the history tell of the erased files."""
        entries = select_rows(self._engine, "history", "announcement_id = :id", id=row["announcement_id"])
        erased = _erased_traces(row, scope, files, entries)
        self._rewrite_history(row["announcement_id"], lambda change: _untold(change, erased))

    def _rewrite_history(
        self, announcement_id: int, untold: Callable[[Mapping[str, object]], dict[str, object]]
    ) -> None:
        """Replace each side of each change in an announcement's history by what ``untold`` leaves of it."""
        entries = select_rows(self._engine, "history", "announcement_id = :id", id=announcement_id)
        for entry in entries:
            history.rewrite_change(self._engine, entry, untold)


def _without_own_text(change: Mapping[str, object]) -> dict[str, object]:
    """Return one side of a change without the announcement's own text."""
    return {name: value for name, value in change.items() if name not in _OWN_TEXT}


@dataclass(frozen=True, slots=True)
class _ErasedTraces:
    """By what entries of the history are known to tell of the erased ``files`` of an attachment.

    ``is_whole``: the attachment itself is erased. ``labels``: those that it had and that may be the name of
    an erased file. ``ids_with_labels``: the attachment, and those that were to replace its file and got its
    label for that.
    """

    attachment_id: int
    is_whole: bool
    files: Collection[str]
    labels: Collection[object]
    ids_with_labels: Collection[object]


def _erased_traces(
    attachment: Row, scope: ErasureScope, files: Collection[str], entries: Iterable[Row]
) -> _ErasedTraces:
    """Return the traces of erased files; ``entries``: the history of the attachment's announcement."""
    is_whole = scope is ErasureScope.ATTACHMENT
    labels, ids = [attachment["label"]], [attachment["id"]]
    for entry in entries:
        before, after = (history.readable_side(entry[side]) or {} for side in ("before", "after"))
        own = [side for side in (before, after) if side.get("attachment_id") == attachment["id"]]
        labels += [side["label"] for side in own if "label" in side]
        if own and "attachment_id" in after:
            ids.append(after["attachment_id"])
    if not is_whole:
        labels = [label for label in labels if label != attachment["label"]]
    return _ErasedTraces(attachment["id"], is_whole, files, labels, ids)


def _untold(change: Mapping[str, object], erased: _ErasedTraces) -> dict[str, object]:
    """Return one side of a change without what it tells of the erased files."""
    is_own = change.get("attachment_id") == erased.attachment_id
    is_told = change.get("sha256") in erased.files or (is_own and (erased.is_whole or "text" in change))
    untold = set(_TELLING) if is_told else set()
    if change.get("attachment_id") in erased.ids_with_labels and change.get("label") in erased.labels:
        untold.add("label")
    return {name: value for name, value in change.items() if name not in untold}
