"""Command that saves the items of the information that a body must disclose."""

from __future__ import annotations

from archive import privacy
from archive.commands.transactions import CommandsOnRecords, in_one_transaction
from archive.disclosure import DisclosureItem, checked_item
from archive.model import LocatedPersonalData


class DisclosureCommands(CommandsOnRecords):
    """Edits the lists of items to disclose, which residents read at once."""

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
