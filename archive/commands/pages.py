"""Commands that correct the recognised text of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archive import privacy, validation
from archive.commands.status_rules import editable_attachment, refuse_other_file
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.line_alignment import align_lines
from archive.model import ExtractedField, LowConfidenceSpan, Page
from archive.ports import FieldExtraction
from archive.repositories import Records


class PageCommands(CommandsOnRecords):
    """Replaces the recognised text of pages, and with it the fields that the document states in them."""

    def __init__(self, records: Records, extract_fields: FieldExtraction) -> None:
        super().__init__(records)
        self._extract_fields = extract_fields

    @in_one_transaction
    def correct(
        self,
        attachment_id: int,
        number: int,
        text: str,
        *,
        actor: str,
        doubts: Sequence[LowConfidenceSpan] = (),
        should_mark_corrected: bool = True,
    ) -> Page:
        """Set a page's text as a person typed it; new finds hold the attachment, rereadings change nothing.

        ``doubts``: places of the text that are still to be checked. ``should_mark_corrected``: False where a
        person restores a text that was recognised: a rereading may change that one.
        """
        editable_attachment(self._records, attachment_id)
        checked_text = validation.checked_page_text(text)
        before = self._records.pages.get(attachment_id, number)
        after = replace(
            before,
            text=checked_text,
            lines=tuple(align_lines(before.text, before.lines, checked_text)),
            doubts=tuple(doubts),
            corrected=should_mark_corrected,
        )
        return self._records.pages.correct(
            attachment_id,
            number,
            checked_text,
            actor=actor,
            personal_data=privacy.find_personal_data(checked_text, number),
            lines=after.lines,
            doubts=doubts,
            should_mark_corrected=should_mark_corrected,
            fields=self._fields_with(after) if after != before else None,
        )

    @in_one_transaction
    def replace_by_rereading(self, page: Page, *, read_from: str, actor: str) -> Page:
        """Replace a page, even a corrected one, by a rereading; ``Conflict`` if ``read_from`` is outdated.

        A person asked for the reading. The text before can be restored. New finds hold the attachment.
        ``read_from``: SHA-256 of the file that was read, which the attachment must still have.
        """
        attachment, _ = editable_attachment(self._records, page.attachment_id)
        refuse_other_file(attachment, read_from)
        return self._records.pages.replace_by_rereading(
            page,
            actor=actor,
            personal_data=privacy.find_personal_data(page.text, page.number),
            fields=self._fields_with(page),
        )

    def _fields_with(self, page: Page) -> dict[str, ExtractedField]:
        """Return what the document states once ``page`` has taken the place of the page with its number."""
        pages = self._records.pages.by_attachment(page.attachment_id)
        return self._extract_fields([page if each.number == page.number else each for each in pages])
