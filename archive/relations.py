"""Relations between announcements: suggestions from an announcement's own text, and what is in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from archive.citations import StatedRelation, find_stated_relations
from archive.model import Announcement, Attachment, DocumentKind, RelationKind, Status
from archive.repositories import Records
from archive.suggested_fields import document_number
from archive.thai import ERA, arabic_digits

_SAME_SUBJECT = 80  # of 100: lowest similarity of a cited subject to a title; OCR misreads some letters
_LONGEST_CHAIN = 50  # announcements of one chain of changes that a page lists
_MOST_UNCONFIRMED = 5  # newer announcements whose texts are read for a page; more than one is rare
_TEXTS_KEPT = 16  # texts whose citations are kept: a page of a cited paper reads these of newer ones twice


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
    for citation, cited in _cited_announcements(_CitedSearch(records), announcement):
        for older in cited:
            if older.id not in decided:
                found.setdefault(older.id, SuggestedRelation(citation, older))
    return [*found.values()]


def store_stated_relations_of_changed(records: Records, *, limit: int) -> int:
    """Store what the texts of changed records state, for the worklist. Returns how many records were read.

    ``limit`` changed records are read, in order of the change counter. Records that cite a changed one are
    outdated then: it may have come, or got its number, after them. ``limit`` of those are read beside, so
    that a date that thousands cite costs each of them one reading for many changes. Doing it twice does no
    harm.
    """
    position = records.relations.stated_position()
    changes = records.history.changed_since(position, limit=limit)
    changed = records.announcements.get_many(id for id, _change in changes)
    outdated = records.relations.list_outdated_ids(limit=limit)
    if changed:
        records.relations.mark_outdated(_fields_text(records, changed))
    search = _CitedSearch(records)
    stated = {
        id: [
            (citation.search_text, older_id)
            for citation, cited in _cited_announcements(search, newer)
            for older_id in (tuple(each.id for each in cited) or (None,))
        ]
        for id, newer in (changed | records.announcements.get_many(outdated)).items()
    }
    if stated:
        records.relations.replace_stated(stated, position=changes[-1][1] if changes else position)
    return len(stated)


def _fields_text(records: Records, announcements: Mapping[int, Announcement]) -> str:
    """Return all by which texts cite these announcements, one a line, with Arabic digits."""
    attachments = records.attachments.by_announcement(announcements)
    return arabic_digits(
        "\n".join(
            line
            for each in announcements.values()
            for line in (
                each.title,
                each.published_on.isoformat(),
                *(field.value for file in attachments[each.id] for field in file.details.fields.values()),
            )
        )
    )


class _CitedSearch:
    """Finds the announcements that citations may mean. Searches once for what several of them name."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._found: dict[tuple[object, ...], list[tuple[Announcement, frozenset[DocumentKind]]]] = {}

    def candidates(self, citation: StatedRelation) -> list[Announcement]:
        """Return the announcements of the citation's kind that have its number, else its date or subject."""
        named = (citation.number, citation.dated, citation.search_text)
        if named not in self._found:
            self._found[named] = self._with_kinds(citation)
        return [each for each, kinds in self._found[named] if citation.kind in kinds]

    def _with_kinds(self, citation: StatedRelation) -> list[tuple[Announcement, frozenset[DocumentKind]]]:
        relations = self.records.relations
        if citation.number:
            ids = relations.find_ids_naming_document_number(citation.number)
        elif citation.dated:
            ids = relations.find_ids_by_date(citation.dated)
        else:
            ids = relations.find_ids_by_title_phrase(citation.subject)
        known = self.records.announcements.get_many(ids)
        attachments = self.records.attachments.by_announcement(known)
        return [
            (each, frozenset((each.kind, *(file.kind for file in attachments[each.id]))))
            for each in known.values()
        ]


def _cited_announcements(
    search: _CitedSearch, announcement: Announcement
) -> Iterator[tuple[StatedRelation, list[Announcement]]]:
    """Yield what the announcement's text states, with the announcements that it may mean, [] for none."""
    attachments = search.records.attachments.by_announcement([announcement.id])[announcement.id]
    for citation in _citations(search.records, announcement, attachments):
        yield citation, _matches(search, announcement, citation)


def _citations(
    records: Records, announcement: Announcement, attachments: Sequence[Attachment]
) -> Iterator[StatedRelation]:
    """Yield the citations in the title and body, then those in the pages of each of these attachments."""
    yield from _stated_in(f"{announcement.title}\n{announcement.body}")
    texts = records.pages.texts_by_attachment(each.id for each in attachments)
    for attachment in attachments:
        yield from _stated_in("\n".join(text for _number, text in texts.get(attachment.id, ())))


@lru_cache(maxsize=_TEXTS_KEPT)
def _stated_in(text: str) -> tuple[StatedRelation, ...]:
    return tuple(find_stated_relations(text))


def _matches(search: _CitedSearch, newer: Announcement, citation: StatedRelation) -> list[Announcement]:
    """Return the announcements that fit a citation; nothing where several fit equally badly."""
    fitting = [
        each
        for each in search.candidates(citation)
        if each.id != newer.id
        and each.organisation == newer.organisation
        and each.published_on <= newer.published_on
    ]
    if citation.number:
        dated = [each for each in fitting if citation.dated in (None, each.published_on)]
        return dated or fitting
    if citation.year is not None:
        return [each for each in fitting if _is_of_year(each, citation.year)]
    if citation.subject:
        return [each for each in fitting if fuzz.partial_ratio(citation.subject, each.title) >= _SAME_SUBJECT]
    return fitting if len(fitting) == 1 else []


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
    ``unconfirmed``: as ``changed_by``, but only stated by the newer one's public text, which no person has
    confirmed yet.
    """

    changed_by: tuple[tuple[RelationKind, Announcement], ...]
    changes: tuple[tuple[RelationKind, Announcement], ...]
    chain: tuple[Announcement, ...]
    unconfirmed: tuple[tuple[RelationKind, Announcement], ...]  # changes that a newer text states
    ended: frozenset[int]  # ids of those of the chain that another one cancels or replaces

    @property
    def is_in_force(self) -> bool:
        """True unless a published announcement cancels or replaces this one."""
        return not self.announcements_ending_it

    @property
    def is_force_unconfirmed(self) -> bool:
        """True when a newer text states that this one has ended, and nobody has confirmed it yet."""
        return self.is_in_force and any(kind.ends for kind, _other in self.unconfirmed)

    @property
    def announcements_ending_it(self) -> list[Announcement]:
        """Return the announcements that cancel or replace this one."""
        return [other for kind, other in self.changed_by if kind.ends]


def published_relations(records: Records, announcement: Announcement) -> PublishedRelations:
    """Return the relations to published announcements, with the chain of earlier and later ones."""
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
        tuple(_unconfirmed_changes(records, announcement)),
        frozenset(older for (_newer, older), kind in relations.items() if kind.ends),
    )


def _unconfirmed_changes(
    records: Records, older: Announcement
) -> Iterator[tuple[RelationKind, Announcement]]:
    """Yield the published announcements whose public text states that they change this one, until decided."""
    undecided = records.relations.undecided_citations_of(older.id)
    for newer in records.announcements.get_many([*undecided][:_MOST_UNCONFIRMED]).values():
        stated = (
            each.relation
            for each in _public_citations(records, newer)
            if each.search_text in undecided[newer.id]
        )
        if kind := next(stated, None):
            yield kind, newer


def _public_citations(records: Records, announcement: Announcement) -> Iterator[StatedRelation]:
    """Yield the citations in all that residents may read of a published announcement."""
    attachments = records.attachments.by_announcement([announcement.id])[announcement.id]
    return _citations(records, announcement, [each for each in attachments if each.hold is None])


RELATION_NAMES = tuple(name for kind in RelationKind for name in (kind.value, kind.passive_code))
"""Names of relations, as the newer and as the older announcement has them."""


def named_relations(relations: PublishedRelations) -> Iterator[tuple[str, Announcement]]:
    """Yield ``(name, other announcement)`` of each relation, named as seen from the announcement itself."""
    for kind, other in relations.changes:
        yield kind.value, other
    for kind, other in relations.changed_by:
        yield kind.passive_code, other
