"""Looks through stored texts again, once the rules that find personal data have changed."""

from __future__ import annotations

from archive import privacy
from archive.repositories import Records


def find_personal_data_by_newer_rules(records: Records, *, limit: int, actor: str) -> int:
    """Look again through ``limit`` read or failed attachments; new finds hold those that are not public.

    Those are looked through that older rules looked through last. No page is read again. Returns their
    number. What follows from new finds tells ``Attachments.replace_finds``.
    """
    texts = records.pages.texts_by_attachment(
        records.attachments.list_with_outdated_finds(privacy.RULES, limit=limit)
    )
    found = {
        id: [find for number, text in pages for find in privacy.find_personal_data(text, number)]
        for id, pages in texts.items()
    }
    with records.batch():
        for id, finds in found.items():
            records.attachments.replace_finds(
                id, finds, page_texts=texts[id], rules=privacy.RULES, actor=actor
            )
    return len(found)
