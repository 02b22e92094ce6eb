"""Search over all records, for staff: the published ones by the index, the others by their stored text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain

from archive.errors import Unavailable
from archive.facets import FACETS, FACETS_BY_NAME, Facet, FacetType
from archive.model import Announcement, Status
from indexer.analysis.tokenizer import fold_text
from indexer.search.query.parser import NO_FILTERS, Filters, Query, parse_query
from indexer.search.text_match import text_matcher
from web.bootstrap import Services
from web.search_service import search_visible

MOST_HITS = 300  # published records that one search returns: more than anybody looks through
MOST_UNPUBLISHED = 2_000  # records that are not published and are read through by one search


@dataclass(frozen=True, slots=True)
class RecordsFound:
    """Ids of the records that match, best first, and whether there may be others."""

    ids: list[int]
    published_total: int  # published records that match; more than are among ``ids`` where there are too many
    is_every_draft_searched: bool  # False where there are more than are read through

    @property
    def is_cut(self) -> bool:
        """True where more published records match than are among ``ids``."""
        return self.published_total > MOST_HITS


def search_all_records(services: Services, typed: str, chosen: Filters = NO_FILTERS) -> RecordsFound:
    """Searches public records by the index, and the last changed of the others by their text.

    Published records are found as residents find them, ``MOST_HITS`` at most: where more match, those that
    also have the ``chosen`` kind, category and author. Drafts and other records that are not published are in
    no index; of these the ``MOST_UNPUBLISHED`` changed last are searched, and must contain every word. So
    must published ones that residents' search withholds until the index follows.
    """
    query = parse_query(typed, per_page=MOST_HITS)
    queries = [query]
    hits: list[int] = []
    related: list[int] = []
    total = 0
    with suppress(Unavailable):  # without an index the records that are not published are searched alone
        found = search_visible(services, query)
        # Only where too many match, for the index follows a change some seconds later.
        if found.total > MOST_HITS and chosen != NO_FILTERS:
            found = search_visible(services, replace(query, filters=_narrowed(query.filters, chosen)))
        total = found.total
        hits = [hit.announcement_id for hit in found.hits]
        related = [hit.announcement_id for hit in found.related]
        if found.did_you_mean:
            queries.append(replace(parse_query(found.did_you_mean), filters=query.filters))
    titled, others = _search_unpublished(services, queries)
    counts = services.announcements.count_by_status()
    unpublished = sum(counts.values()) - counts.get(Status.PUBLISHED, 0)
    return RecordsFound(
        list(dict.fromkeys((*titled, *hits, *others, *related))), total, unpublished <= MOST_UNPUBLISHED
    )


def _narrowed(typed: Filters, chosen: Filters) -> Filters:
    """Returns the typed filters, with the chosen kind, category and author where none is typed."""
    return replace(
        typed,
        kind=typed.kind or chosen.kind,
        category=typed.category or chosen.category,
        author=typed.author or chosen.author,
    )


def _search_unpublished(services: Services, queries: list[Query]) -> tuple[list[int], list[int]]:
    """Returns the matching records whose title matches, then the other ones; the last changed first."""
    matchers = [text_matcher(query, services.tokenizer) for query in queries]
    titled, others = [], []
    unpublished = services.worklist.last_changed_unpublished_texts(limit=MOST_UNPUBLISHED)
    for id, text in chain(unpublished, _withheld_texts(services)):
        if any(matches(text.partition("\n")[0]) for matches in matchers):
            titled.append(id)
        elif any(matches(text) for matches in matchers):
            others.append(id)
    filters = queries[0].filters
    if filters != NO_FILTERS:
        known = services.announcements.get_many([*titled, *others])
        passing = {id for id, each in known.items() if _passes(each, filters)}
        return [id for id in titled if id in passing], [id for id in others if id in passing]
    return titled, others


def _withheld_texts(services: Services) -> Iterator[tuple[int, str]]:
    """Yields published records that the index finds by what was taken out of them, with their texts."""
    with suppress(Unavailable):
        ids = services.history.ids_to_hide_since(services.index.position())
        newest = sorted(ids, reverse=True)[:MOST_UNPUBLISHED]  # all that ever changed while there is no index
        for each in services.announcements.get_many(newest).values():
            if each.status is Status.PUBLISHED:
                yield each.id, "\n".join((each.title, each.body, each.author, each.category))


def _passes(announcement: Announcement, filters: Filters) -> bool:
    """Returns True when the record passes the filters that the query names."""
    facets = (
        (facet, getattr(filters, facet.name)) for facet in FACETS if facet.type is not FacetType.ORGANISATION
    )
    return (
        all(value is None or _has(announcement, facet, value) for facet, value in facets)
        and not any(_has(announcement, FACETS_BY_NAME[name], value) for name, value in filters.excluded)
        and (filters.from_date is None or announcement.published_on >= filters.from_date)
        and (filters.to_date is None or announcement.published_on <= filters.to_date)
    )


def _has(announcement: Announcement, facet: Facet, value: str | int) -> bool:
    """Returns True when the record has the value; of a name a part suffices."""
    values = facet.values(announcement, ())
    if facet.type is FacetType.NAME:
        return any(fold_text(str(value)) in fold_text(str(one)) for one in values)
    return value in values
