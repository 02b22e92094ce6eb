"""Commands that correct the recognised text of pages."""

from __future__ import annotations

from collections.abc import Sequence

from archive import privacy, validation
from archive.commands.status_rules import editable_attachment, refuse_other_file
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.line_alignment import align_lines
from archive.model import LowConfidenceSpan, Page


class PageCommands(CommandsOnRecords):
    """Replaces the recognised text of pages."""

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
        return self._records.pages.correct(
            attachment_id,
            number,
            checked_text,
            actor=actor,
            personal_data=privacy.find_personal_data(checked_text, number),
            lines=align_lines(before.text, before.lines, checked_text),
            doubts=doubts,
            should_mark_corrected=should_mark_corrected,
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
            page, actor=actor, personal_data=privacy.find_personal_data(page.text, page.number)
        )
