"""Queries about the pages of attachments."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from archive import holding, privacy
from archive.errors import Conflict, NotFound
from archive.model import (
    Attachment,
    ExtractedField,
    Line,
    LowConfidenceSpan,
    Page,
    PersonalDataSpan,
    ReadingStatus,
    TextSource,
)
from storage import mappers
from storage.engine import EngineRepository, Queries, Row
from storage.hash_chain import READING, append_entries
from storage.repositories import history
from storage.repositories.attachments import attachment_row, replace_page_finds_and_hold
from storage.rows import count_rows, read_rows, select_row

_WRITE = """INSERT INTO page (attachment_id, number, source, confidence, turn, rules, corrected,
        problem, text, raw, lines, doubts, line_height, organisation_id)
    VALUES (:attachment_id, :number, :source, :confidence, :turn, :rules, :corrected,
        :problem, :text, :raw, :lines, :doubts, :line_height, :organisation)
    ON CONFLICT (attachment_id, number) DO UPDATE SET
        source = excluded.source, confidence = excluded.confidence, turn = excluded.turn,
        rules = excluded.rules, corrected = excluded.corrected, problem = excluded.problem,
        text = excluded.text, raw = excluded.raw, lines = excluded.lines, doubts = excluded.doubts,
        line_height = excluded.line_height
    WHERE page.corrected = 0"""

NEEDS_CHECK = """(corrected = 0 AND (confidence < :least_confidence OR problem <> '')
    OR corrected = 1 AND length(doubts) > 0)"""
"""Condition in SQL of a page to be checked by a person; ``archive.worklist.should_person_check`` says why."""

_IS_NOT_DETACHED = """attachment_id NOT IN (
    SELECT id FROM attachment WHERE organisation_id IN :organisations AND status = 'detached')"""


def write_page_unless_corrected(engine: Queries, page: Page, organisation: int) -> bool:
    """Insert or replace a page in a transaction, unless a person corrected it; True when it was written."""
    return engine.run(_WRITE, organisation=organisation, **mappers.page_values(page)) == 1


class EnginePages(EngineRepository):
    """Adapter of ``Pages`` for any ``Engine``."""

    def save(self, page: Page, *, expected_sha256: str | None = None) -> None:
        """Save a page no person corrected; see ``archive.repositories.Pages``.

        It waits for the disk only where the page has personal data, which may raise the change counter.
        ``Jobs.finish`` waits for the disk, and makes earlier writes durable too. It, or ``Jobs.fail``, also
        stores the finds of an attachment that nobody may see before: all at once.
        """
        finds = privacy.find_personal_data(page.text, page.number)
        with self._engine.write(is_durable=bool(finds)):
            attachment = attachment_row(self._engine, page.attachment_id, should_lock=True)
            if expected_sha256 is not None and attachment["sha256"] != expected_sha256:
                raise Conflict("มีผู้เปลี่ยนไฟล์ของเอกสารนี้แล้ว กรุณาเปิดหน้านี้ใหม่", code="lease-lost")
            is_written = write_page_unless_corrected(self._engine, page, attachment["organisation_id"])
            if is_written and finds:
                read = mappers.attachment(attachment)
                if not holding.is_hidden_until_read(read):
                    replace_page_finds_and_hold(self._engine, read, page.number, finds)
                    append_entries(self._engine, ("attachment", page.attachment_id))

    def correct(
        self,
        attachment_id: int,
        number: int,
        text: str,
        *,
        actor: str,
        personal_data: Sequence[PersonalDataSpan] = (),
        lines: Sequence[Line] = (),
        doubts: Sequence[LowConfidenceSpan] = (),
        should_mark_corrected: bool = True,
        fields: Mapping[str, ExtractedField] | None = None,
    ) -> Page:
        with self._engine.write():
            attachment = attachment_row(self._engine, attachment_id, should_lock=True)
            before = self.get(attachment_id, number)
            is_known = before.text == text and before.doubts == tuple(doubts)
            if before.corrected and should_mark_corrected and is_known:
                return before
            after = dataclasses.replace(
                before, text=text, corrected=should_mark_corrected, lines=tuple(lines), doubts=tuple(doubts)
            )
            self._replace(attachment, before, after, "correct", actor, personal_data, fields)
        return after

    def replace_by_rereading(
        self,
        page: Page,
        *,
        actor: str,
        personal_data: Sequence[PersonalDataSpan] = (),
        fields: Mapping[str, ExtractedField] | None = None,
    ) -> Page:
        with self._engine.write():
            attachment = attachment_row(self._engine, page.attachment_id, should_lock=True)
            before = self.get(page.attachment_id, page.number)
            self._replace(attachment, before, page, "reread", actor, personal_data, fields)
        return page

    def _replace(
        self,
        attachment: Row,
        before: Page,
        after: Page,
        action: str,
        actor: str,
        personal_data: Sequence[PersonalDataSpan],
        fields: Mapping[str, ExtractedField] | None,
    ) -> None:
        """Replace a page, keep the text before in the history, and have search follow."""
        read = mappers.attachment(attachment)
        is_read = fields is not None and read.status is ReadingStatus.READY
        stated = dict(fields or {}) if is_read else read.details.fields
        self._engine.run(
            """UPDATE page SET source = :source, confidence = :confidence, turn = :turn, rules = :rules,
                   corrected = :corrected, problem = :problem, text = :text, raw = :raw, lines = :lines,
                   doubts = :doubts, line_height = :line_height
               WHERE organisation_id IN :organisations AND attachment_id = :attachment_id
               AND number = :number""",
            **mappers.page_values(after),
        )
        place: dict[str, object] = {"attachment_id": after.attachment_id, "page": after.number}
        history.append_change(
            self._engine,
            attachment["announcement_id"],
            action,
            actor=actor,
            before={
                **place,
                "sha256": attachment["sha256"],
                "text": before.text,
                "corrected": before.corrected,
                **_kept_doubts(before),
                **_other_fields(read.details.fields, stated),
            },
            after={**place, "text": after.text, **_other_fields(stated, read.details.fields)},
        )
        history.mark_updated(self._engine, attachment["announcement_id"])
        if after.text != before.text:
            history.set_replaced_text_change(self._engine, attachment["announcement_id"])
        read = dataclasses.replace(read, details=dataclasses.replace(read.details, fields=stated))
        taken_out: Sequence[str] = ()
        if action == "correct":  # another reading may give other digits for the same number
            read = _with_decision_expanded(read, before)
            taken_out = privacy.data_taken_out(after.number, before.text, after.text)
        replace_page_finds_and_hold(self._engine, read, after.number, personal_data, taken_out)
        append_entries(self._engine, ("attachment", after.attachment_id), (READING, after.attachment_id))

    def get(self, attachment_id: int, number: int) -> Page:
        row = select_row(
            self._engine, "page", "attachment_id = :id AND number = :number", id=attachment_id, number=number
        )
        if row is None:
            raise NotFound("ไม่พบหน้านี้ในเอกสาร")
        return mappers.page(row)

    def by_attachment(self, attachment_id: int) -> list[Page]:
        attachment_row(self._engine, attachment_id)
        return read_rows(self._engine, mappers.page, "attachment_id = :id", order="number", id=attachment_id)

    def list_needing_check(self, *, least_confidence: float, limit: int) -> list[Page]:
        return read_rows(
            self._engine,
            mappers.page,
            f"corrected IN (0, 1) AND {NEEDS_CHECK} AND {_IS_NOT_DETACHED}",
            order="coalesce(confidence, 0), attachment_id, number LIMIT :limit",
            least_confidence=least_confidence,
            limit=limit,
        )

    def count_by_source(self) -> dict[str, int]:
        return count_rows(self._engine, "page", "source", TextSource, f"AND {_IS_NOT_DETACHED}")

    def texts_at(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
        wanted = set(places)
        found = self._engine.rows(
            """SELECT attachment_id, number, text FROM page
               WHERE organisation_id IN :organisations AND attachment_id IN :ids AND number IN :numbers""",
            ids=[one for one, _ in wanted],
            numbers=[number for _, number in wanted],
        )
        texts = {(row["attachment_id"], row["number"]): mappers.readable_text(row["text"]) for row in found}
        return {place: text for place, text in texts.items() if place in wanted}

    def texts_by_attachment(self, attachment_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
        ids = list(attachment_ids)
        found = self._engine.rows(
            """SELECT attachment_id, number, text FROM page
               WHERE organisation_id IN :organisations AND attachment_id IN :ids
               ORDER BY attachment_id, number""",
            ids=ids,
        )
        texts: dict[int, list[tuple[int, str]]] = {one: [] for one in ids}
        for one, group in groupby(found, key=lambda row: int(row["attachment_id"])):
            texts[one] = [(row["number"], mappers.readable_text(row["text"])) for row in group]
        return texts

    def doubtful_texts_by_attachment(
        self, attachment_ids: Iterable[int]
    ) -> dict[int, list[tuple[str, tuple[LowConfidenceSpan, ...]]]]:
        found = self._engine.rows(
            """SELECT attachment_id, text, doubts FROM page
               WHERE organisation_id IN :organisations AND attachment_id IN :ids AND length(doubts) > 0
               ORDER BY attachment_id, number""",
            ids=list(attachment_ids),
        )
        return {
            one: [
                (row["text"], mappers.readable_doubts(row["doubts"]))
                for row in group
                if mappers.readable_text(row["text"])
            ]
            for one, group in groupby(found, key=lambda row: int(row["attachment_id"]))
        }


def _with_decision_expanded(read: Attachment, before: Page) -> Attachment:
    """Return the attachment with a decision on everything spelled out, by what was in the page before."""
    others = (data for data in read.details.personal_data if data.page != before.number)
    known = (*others, *privacy.find_personal_data(before.text, before.number))  # by the present rules
    now = dataclasses.replace(read, details=dataclasses.replace(read.details, personal_data=known))
    return dataclasses.replace(read, decided=privacy.expand_decision_on_everything(now))


def _other_fields(
    stated: Mapping[str, ExtractedField], others: Mapping[str, ExtractedField]
) -> dict[str, object]:
    """Return for the history the stated values that ``others`` lack or state otherwise, if any."""
    values, other_values = ({name: field.value for name, field in each.items()} for each in (stated, others))
    other = {name: value for name, value in values.items() if other_values.get(name) != value}
    return {"fields": other} if other else {}


def _kept_doubts(page: Page) -> dict[str, object]:
    """Return the page's doubts for the history; nothing for a page without doubts."""
    return {"doubts": [dataclasses.astuple(doubt) for doubt in page.doubts]} if page.doubts else {}
