"""Commands on the information that a body must disclose: its items, and the announcements in them."""

from __future__ import annotations

from archive import privacy
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.disclosure import (
    BodyKind,
    DisclosureEntry,
    DisclosureItem,
    checked_entry,
    checked_item,
    list_items,
)
from archive.model import LocatedPersonalData


class DisclosureCommands(CommandsOnRecords):
    """Edits the lists of items to disclose, which residents read at once, and what fills the items."""

    @in_one_transaction
    def assign(self, entry: DisclosureEntry, *, actor: str) -> None:
        """Add an entry, unless it is there. Raises as ``check_entry``, ``NotFound`` for an unknown record."""
        self.check_entry(entry)
        self._records.disclosure.assign(entry, actor=actor)

    def check_entry(self, entry: DisclosureEntry) -> None:
        """Raise ``Invalid`` where the list of its year lacks, or hides, the item of an entry, or its part."""
        any_body = BodyKind.MUNICIPALITY  # the words of an item depend on it; its key and its parts do not
        checked_entry(entry, list_items(self._records.disclosure, entry.year, any_body))

    @in_one_transaction
    def unassign(self, entry: DisclosureEntry, *, actor: str) -> None:
        """Remove an entry, if it is there, also from a hidden item. ``NotFound`` for an unknown record."""
        self._records.disclosure.unassign(entry, actor=actor)

    @in_one_transaction
    def confirm_earlier_item_list(self, year: int, recorded_under: DisclosureItem, *, actor: str) -> None:
        """Record that the list of the last year before holds as it is; nothing where the year has its own.

        ``recorded_under``: any item of that list; it stands for the whole list in store and history.
        """
        self._records.disclosure.confirm_earlier_item_list(year, recorded_under, actor=actor)

    @in_one_transaction
    def withdraw_item_list_confirmation(self, year: int, item_key: str, *, actor: str) -> None:
        """Undo ``confirm_earlier_item_list``; ``Conflict`` unless the year has that item alone."""
        self._records.disclosure.withdraw_item_list_confirmation(year, item_key, actor=actor)

    @in_one_transaction
    def save_item(
        self,
        year: int,
        item: DisclosureItem,
        *,
        replaced: DisclosureItem | None,
        actor: str,
        reason: str = "",
    ) -> None:
        """Set an item from a fiscal year on; new personal data that residents would read needs a reason.

        ``replaced``: the item as it was; None for a new item. ``reason``: the reason to show the personal
        data; kept in the history. Raises ``Invalid`` for a wrong item, and ``PersonalDataFound`` when
        residents would read new personal data in it and no reason is given.
        """
        checked = checked_item(item)
        finds = new_personal_data_in_item(checked, replaced)
        if finds:
            privacy.refuse_blank_reason(finds, reason)
        self._records.disclosure.save_item(
            year, checked, replaced=replaced, actor=actor, reason=reason.strip() if finds else ""
        )


def new_personal_data_in_item(
    item: DisclosureItem, replaced: DisclosureItem | None
) -> list[LocatedPersonalData]:
    """Return the personal data in an item that residents did not read in the item that it replaces."""
    return privacy.find_new_in_fields(_texts_for_residents(replaced), _texts_for_residents(item))


def _texts_for_residents(item: DisclosureItem | None) -> dict[str, str]:
    """Return the texts of an item that residents read, by the name of their field; none of a hidden item."""
    return {} if item is None or item.is_hidden else {"title": item.title, "number": item.number}
