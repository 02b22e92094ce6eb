"""Queries about the information that a body must disclose: changed items, and what fills the items.

A confirmed list (``archive.disclosure.Disclosure``) is a row of ``disclosure_item`` that equals the item of
the year before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from archive.disclosure import DisclosureEntry, DisclosureItem
from archive.errors import Conflict
from storage import mappers
from storage.engine import EngineRepository
from storage.hash_chain import append_entries
from storage.repositories import history
from storage.rows import insert_row_unless_present, read_rows, select_rows, update_row
from storage.tenancy import current_organisation

_MOST_TITLED = 100  # announcements that are offered for one item


class EngineDisclosure(EngineRepository):
    """Adapter of ``Disclosure`` for any ``Engine``."""

    def items_changed_by_staff(self, first: int, last: int) -> list[tuple[int, DisclosureItem]]:
        return read_rows(
            self._engine,
            _year_and_item,
            "year BETWEEN :first AND :last AND undone_at IS NULL",
            order="year, id",
            first=first,
            last=last,
        )

    def save_item(
        self,
        year: int,
        item: DisclosureItem,
        *,
        replaced: DisclosureItem | None,
        actor: str,
        reason: str = "",
    ) -> None:
        """Store the item over any change since, unless it equals ``replaced``, the one known before."""
        before, after = history.changed_fields(_columns(replaced) if replaced else {}, _columns(item))
        if after:
            self._store_item(year, item, before, after, actor, reason)

    def confirm_earlier_item_list(self, year: int, recorded_under: DisclosureItem, *, actor: str) -> None:
        if not self.items_changed_by_staff(year, year):
            named: dict[str, object] = {"title": recorded_under.title}  # by which the history names the item
            self._store_item(year, recorded_under, named, named, actor)

    def _store_item(
        self,
        year: int,
        item: DisclosureItem,
        before: dict[str, object],
        after: dict[str, object],
        actor: str,
        reason: str = "",
    ) -> None:
        """Store an item of a fiscal year, and its values ``before`` and ``after`` in the history."""
        with self._engine.write():
            saved = self._engine.rows(
                """INSERT INTO disclosure_item (organisation_id, year, item, section, number, title, period,
                       keywords, is_hidden)
                   VALUES (:organisation, :year, :item, :section, :number, :title, :period,
                       :keywords, :is_hidden)
                   ON CONFLICT (organisation_id, year, item) DO UPDATE SET section = excluded.section,
                       number = excluded.number, title = excluded.title, period = excluded.period,
                       keywords = excluded.keywords, is_hidden = excluded.is_hidden, undone_at = NULL
                   RETURNING id""",
                organisation=current_organisation(self._engine),
                year=year,
                item=item.key,
                **_columns(item),
            )
            place = {"year": year, "item": item.key}
            self._append_change(
                saved[0]["id"], before=place | before, after=place | after, actor=actor, reason=reason
            )

    def withdraw_item_list_confirmation(self, year: int, item_key: str, *, actor: str) -> None:
        with self._engine.write():
            own = select_rows(
                self._engine, "disclosure_item", "year = :year AND undone_at IS NULL", year=year
            )
            if [row["item"] for row in own] != [item_key]:
                raise Conflict("มีผู้แก้ไขเรื่องนี้ภายหลัง จึงคงไว้ตามเดิม", code="edited-meanwhile")
            update_row(self._engine, "disclosure_item", own[0]["id"], undone_at=mappers.now_text())
            place = {"year": year, "item": item_key}
            self._append_change(
                own[0]["id"], before=place | {"title": own[0]["title"]}, after=place, actor=actor
            )

    def _append_change(
        self,
        item_id: int,
        *,
        before: Mapping[str, object],
        after: Mapping[str, object],
        actor: str,
        reason: str = "",
    ) -> None:
        """Append a change of an item to the history, and the item and the change to the hash chain."""
        append_entries(self._engine, ("disclosure_item", item_id))
        history.append_change(
            self._engine,
            item_id,
            "disclosure-item",
            table="disclosure_history",
            actor=actor,
            before=before,
            after=after,
            reason=reason,
        )

    def entries(self, years: Collection[int] | None = None) -> list[DisclosureEntry]:
        wanted = None if years is None else list(years)
        return read_rows(self._engine, mappers.disclosure_entry, "year IN :years", years=wanted)

    def by_announcement(self, announcement_id: int) -> list[DisclosureEntry]:
        return read_rows(self._engine, mappers.disclosure_entry, "announcement_id = :id", id=announcement_id)

    def assign(self, entry: DisclosureEntry, *, actor: str) -> None:
        with self._engine.write():
            owner = history.announcement_row(self._engine, entry.announcement_id)
            made = insert_row_unless_present(
                self._engine,
                "disclosure_entry",
                "announcement_id, year, item, part",
                organisation_id=owner["organisation_id"],
                **asdict(entry),
            )
            if made:
                append_entries(self._engine, ("disclosure_entry", made["id"]))
                entry_field = {"disclosure": _history_text(entry)}
                history.append_change(
                    self._engine, entry.announcement_id, "disclose", actor=actor, after=entry_field
                )

    def unassign(self, entry: DisclosureEntry, *, actor: str) -> None:
        with self._engine.write():
            history.announcement_row(self._engine, entry.announcement_id)
            gone = self._engine.rows(
                """DELETE FROM disclosure_entry WHERE organisation_id IN :organisations
                   AND announcement_id = :announcement_id AND year = :year AND item = :item AND part = :part
                   RETURNING id""",
                **asdict(entry),
            )
            if gone:
                append_entries(self._engine, ("disclosure_entry", gone[0]["id"]))
                entry_field = {"disclosure": _history_text(entry)}
                history.append_change(
                    self._engine, entry.announcement_id, "disclose", actor=actor, before=entry_field
                )

    def find_ids_by_title(self, phrases: Sequence[str], first: dt.date, last: dt.date) -> list[int]:
        if not phrases:
            return []
        alike = " OR ".join(f"title LIKE :phrase_{number}" for number in range(len(phrases)))
        found = self._engine.rows(
            f"""SELECT id FROM announcement WHERE organisation_id IN :organisations
                AND status IN ('draft', 'published') AND published_on BETWEEN :first AND :last
                AND ({alike}) ORDER BY published_on DESC, id DESC LIMIT :most""",  # noqa: S608  # our own text
            first=first.isoformat(),
            last=last.isoformat(),
            most=_MOST_TITLED,
            **{
                f"phrase_{number}": f"%{phrase.replace('%', '').replace('_', '')}%"
                for number, phrase in enumerate(phrases)
            },
        )
        return [row["id"] for row in found]


_year_and_item = mappers.Mapper(
    mappers.disclosure_item.table, lambda row: (int(row["year"]), mappers.disclosure_item(row))
)


def _columns(item: DisclosureItem) -> dict[str, object]:
    return {
        "section": item.section.value,
        "number": item.number,
        "title": item.title,
        "period": item.period.value,
        "keywords": "\n".join(item.keywords),
        "is_hidden": int(item.is_hidden),
    }


def _history_text(entry: DisclosureEntry) -> str:
    """Return an entry as the history has it: year, key of the item, part."""
    return f"{entry.year} {entry.item} {entry.part}"
