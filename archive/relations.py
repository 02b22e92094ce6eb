"""Relations between announcements: suggestions from an announcement's own text, and what is in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from archive.citations import StatedRelation, find_stated_relations
from archive.model import Announcement, Attachment, DocumentKind, RelationKind, Status
from archive.repositories import Records
from archive.suggested_fields import document_number
from archive.thai import ERA, arabic_digits

_SAME_SUBJECT = 80  # of 100: lowest similarity of a cited subject to a title; OCR misreads some letters
_LONGEST_CHAIN = 50  # announcements of one chain of changes that a page lists


@dataclass(frozen=True, slots=True)
class SuggestedRelation:
    """A citation in a text, and the announcement in the archive that it names."""

    citation: StatedRelation
    older: Announcement


def suggest_relations(records: Records, announcement: Announcement) -> list[SuggestedRelation]:
    """Return the relations that the announcement's text states and nobody has decided on yet."""
    decided = {
        each.older_id
        for each in records.relations.list_decisions(announcement.id)
        if each.newer_id == announcement.id
    }
    found: dict[int, SuggestedRelation] = {}
    for citation, cited in _cited_announcements(records, announcement):
        for older in cited:
            if older.id not in decided:
                found.setdefault(older.id, SuggestedRelation(citation, older))
    return [*found.values()]


def store_stated_relations_of_changed(records: Records, *, limit: int) -> int:
    """Store what the texts of ``limit`` changed records state, for the worklist. Returns their number.

    Records are taken in order of the change counter. Records that cite a changed one are looked through
    again: it may have come, or got its number, after them. Doing it twice does no harm.
    """
    changes = records.history.changed_since(records.relations.stated_position(), limit=limit)
    if not changes:
        return 0
    changed = records.announcements.get_many(id for id, _change in changes)
    attachments = records.attachments.by_announcement(changed)
    ids = {*changed}
    for each in changed.values():
        stated_fields = (
            field.value for file in attachments[each.id] for field in file.details.fields.values()
        )
        fields_text = "\n".join((each.title, each.published_on.isoformat(), *stated_fields))
        ids |= {*records.relations.find_ids_citing(arabic_digits(fields_text))}
    stated = {
        id: [
            (citation.search_text, older_id)
            for citation, cited in _cited_announcements(records, newer)
            for older_id in (tuple(each.id for each in cited) or (None,))
        ]
        for id, newer in records.announcements.get_many(ids).items()
    }
    records.relations.replace_stated(stated, position=changes[-1][1])
    return len(changes)


def _cited_announcements(
    records: Records, announcement: Announcement
) -> Iterator[tuple[StatedRelation, list[Announcement]]]:
    """Yield what the announcement's text states, with the announcements that it may mean, [] for none."""
    for citation in _citations(records, announcement):
        yield citation, _matches(records, announcement, citation)


def _citations(records: Records, announcement: Announcement) -> Iterator[StatedRelation]:
    """Yield the citations in the title and body, then those in each attachment's pages."""
    yield from find_stated_relations(f"{announcement.title}\n{announcement.body}")
    attachments = records.attachments.by_announcement([announcement.id])[announcement.id]
    texts = records.pages.texts_by_attachment(each.id for each in attachments)
    for attachment in attachments:
        yield from find_stated_relations("\n".join(text for _number, text in texts.get(attachment.id, ())))


def _matches(records: Records, newer: Announcement, citation: StatedRelation) -> list[Announcement]:
    """Return the announcements that fit a citation; nothing where several fit equally badly."""
    if citation.number:
        ids = records.relations.find_ids_naming_document_number(citation.number)
    elif citation.dated:
        ids = records.relations.find_ids_by_date(citation.dated)
    else:
        ids = records.relations.find_ids_by_title_phrase(citation.subject)
    known = records.announcements.get_many(id for id in ids if id != newer.id).values()
    fitting = [
        each
        for each in known
        if each.organisation == newer.organisation
        and each.published_on <= newer.published_on
        and _is_of_kind(records, each, citation)
    ]
    if citation.number:
        dated = [each for each in fitting if citation.dated in (None, each.published_on)]
        return dated or fitting
    if citation.year is not None:
        return [each for each in fitting if _is_of_year(each, citation.year)]
    if citation.subject:
        return [each for each in fitting if fuzz.partial_ratio(citation.subject, each.title) >= _SAME_SUBJECT]
    return fitting if len(fitting) == 1 else []


def _is_of_kind(records: Records, announcement: Announcement, citation: StatedRelation) -> bool:
    attachments = records.attachments.by_announcement([announcement.id])[announcement.id]
    return citation.kind in (announcement.kind, *(each.kind for each in attachments))


def _is_of_year(announcement: Announcement, year: int) -> bool:
    """Return True when the title names the year, or the announcement is of that year."""
    return str(year + ERA) in arabic_digits(announcement.title) or announcement.published_on.year == year


def title_with_number(announcement: Announcement, attachments: Iterable[Attachment]) -> str:
    """Return the title as official texts cite it: after the announcement's number, where one is known.

    ``attachments``: those that the reader may see. The first order, rule or announcement states the number.
    """
    kind, number = kind_and_number_of_first_order(attachments)
    if not number or number.rpartition(" ")[2] in arabic_digits(announcement.title):
        return announcement.title
    return f"{kind.thai}ที่ {number} {announcement.title}"


def kind_and_number_of_first_order(attachments: Iterable[Attachment]) -> tuple[DocumentKind, str]:
    """Return kind and number of the first binding document (คำสั่ง, 5/2564); OTHER and "" where it states none.

    Orders, rules, bylaws and announcements bind. The number of a later one, such as the order that names a
    committee, is not that of the whole. Letters do not count: theirs is the number of their sender.
    """
    first = next((each for each in attachments if each.kind.has_legal_force), None)
    number = document_number(first) if first else ""
    return (first.kind, number) if first and number else (DocumentKind.OTHER, "")


@dataclass(frozen=True, slots=True)
class PublishedRelations:
    """Relations of an announcement to published ones.

    ``chain``: all announcements that changed each other with this one, the oldest first; empty without any.
    """

    changed_by: tuple[tuple[RelationKind, Announcement], ...]
    changes: tuple[tuple[RelationKind, Announcement], ...]
    chain: tuple[Announcement, ...]
    ended: frozenset[int]  # ids of those of the chain that another one cancels or replaces

    @property
    def is_in_force(self) -> bool:
        """True unless a published announcement cancels or replaces this one."""
        return not self.announcements_ending_it

    @property
    def announcements_ending_it(self) -> list[Announcement]:
        """Return the announcements that cancel or replace this one."""
        return [other for kind, other in self.changed_by if kind.ends]


def published_relations(records: Records, announcement: Announcement) -> PublishedRelations:
    """Return the announcement's relations to published announcements; others are left out."""
    known = {announcement.id: announcement}
    relations: dict[tuple[int, int], RelationKind] = {}
    new: Iterable[int] = [announcement.id]
    while new and len(known) < _LONGEST_CHAIN:
        confirmed = [
            each for id in new for each in records.relations.list_decisions(id) if each.kind is not None
        ]
        beside = {id for each in confirmed for id in (each.newer_id, each.older_id)} - known.keys()
        published = {
            id: each
            for id, each in records.announcements.get_many(beside).items()
            if each.status is Status.PUBLISHED
        }
        known |= published
        relations |= {
            (each.newer_id, each.older_id): each.kind
            for each in confirmed
            if each.kind and each.newer_id in known and each.older_id in known
        }
        new = published.keys()
    return PublishedRelations(
        tuple((kind, known[newer]) for (newer, older), kind in relations.items() if older == announcement.id),
        tuple((kind, known[older]) for (newer, older), kind in relations.items() if newer == announcement.id),
        tuple(sorted(known.values(), key=lambda each: (each.published_on, each.id))) if relations else (),
        frozenset(older for (_newer, older), kind in relations.items() if kind.ends),
    )


RELATION_NAMES = tuple(name for kind in RelationKind for name in (kind.value, kind.passive_code))
"""Names of relations, as the newer and as the older announcement has them."""


def named_relations(relations: PublishedRelations) -> Iterator[tuple[str, Announcement]]:
    """Yield ``(name, other announcement)`` of each relation, named as seen from the announcement itself."""
    for kind, other in relations.changes:
        yield kind.value, other
    for kind, other in relations.changed_by:
        yield kind.passive_code, other
