"""Runs a query and joins the index's hits with their records and passages.

Pages, API and command share this module. The records decide what is public, so an index that is behind by a
moment never shows a withdrawn announcement.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from archive.errors import Unavailable
from archive.model import Announcement, Attachment, DocumentKind, Status
from indexer.search.explanations import SearchExplanation
from indexer.search.highlighting import TextSegment, snippet_with_ellipses
from indexer.search.ports import MOST_PAGES, FacetValue, Hit, ResultPage
from indexer.search.query.parser import Filters, Query, Sort, parse_query
from indexer.search.query.query_plan import build_query_plan, other_wordings
from web.bootstrap import Services
from web.serving.log import timed_part
from web.serving.metrics import SEARCH_SECONDS

MOST_LEFT_OUT_OF_SUGGESTIONS = 1_000  # announcements; each set of them has an index reader of its own
_SHOWN_PAGES = 3  # of one announcement, among the results of a search


@dataclass(frozen=True, slots=True)
class PageResult:
    """A page that matches the query, with its best passage."""

    attachment: Attachment
    number: int  # from 1
    segments: tuple[TextSegment, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """An announcement that matches the query: a passage of its body, and its best pages.

    Where the query asks for a kind of document that the announcement itself is not, ``attachments_of_kind``
    are its first three attachments of that kind. ``page_count`` of its pages match; at most
    ``indexer.search.ports.MOST_PAGES`` are counted. The best three are in ``pages``; all of those counted in
    a search inside one announcement.
    """

    announcement: Announcement
    score: float  # comparable among the results of one search
    segments: tuple[TextSegment, ...]
    pages: tuple[PageResult, ...]
    attachments_of_kind: tuple[Attachment, ...] = ()
    page_count: int = 0
    is_partial: bool = False  # it matches only some words of the query; results before it match all of them
    is_in_force: bool = True  # no published announcement cancels or replaces it
    is_amended: bool = False  # a published announcement amends it

    @property
    def is_answered_by_body(self) -> bool:
        """The body's passage shows as much of the query as that of the best page, whose picture is shown."""
        of_page = max((_hit_letters(page.segments) for page in self.pages), default=0)
        return _hit_letters(self.segments) >= max(of_page, 1)

    @property
    def has_uncounted_pages(self) -> bool:
        """More pages may match than ``page_count``."""
        return self.page_count >= MOST_PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResults:
    """One page of results for readers: hits of a ``ResultPage`` with their public announcements.

    ``query`` is the query as it was run, with notes on how it was understood and loosened. Where the matches
    cover too little of the query, ``total`` is 0 and ``related`` holds the nearest results; where the query
    names a time, ``related`` holds results of other times that mention it. ``partial_count`` of ``total``
    match only some words. Where the query asks for two things that no announcement answers together,
    ``subquery_results`` has the answer to each, and ``results`` those of both. ``explanation`` is None unless
    the query asks for one.
    """

    total: int
    results: tuple[Result, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    did_you_mean: str | None
    query: Query
    took_ms: float  # milliseconds
    related: tuple[Result, ...] = ()
    partial_count: int = 0
    is_any_no_longer_in_force: bool = False  # of ``results``
    subquery_results: tuple[SearchResults, ...] = ()
    explanation: SearchExplanation | None = None


def search(services: Services, query: Query) -> SearchResults:
    """Returns the answer to a query; without an index it lists all for one without words, or raises.

    Only published records are in it, the newest first where they are listed. A query that the records alone
    cannot answer raises ``Unavailable``, which is not the same as finding nothing.
    """
    with timed_part("search"):
        return _answer(services, query, time.perf_counter())


def _answer(services: Services, query: Query, began: float) -> SearchResults:
    ended = services.relations.ids_no_longer_in_force()
    chosen = replace(query.filters, ended=ended) if query.filters.in_force else query.filters
    try:
        found = search_visible(services, replace(query, filters=chosen))
        if not found.total and services.index.manifest() is None and services.history.last_change():
            raise Unavailable("กำลังสร้างดัชนีค้นหา กรุณาค้นใหม่อีกครั้งในอีกสักครู่", code="index-missing")
    except Unavailable:
        if query.typed or query.filters != Filters() or query.sort not in (Sort.RELEVANCE, Sort.NEWEST):
            raise
        return _listed(services, query, began)
    answer = _shown(services, found, ended, began)
    if found.subquery_results:
        answer = replace(
            answer,
            subquery_results=tuple(_shown(services, each, ended, began) for each in found.subquery_results),
        )
    SEARCH_SECONDS.observe(answer.took_ms / 1000)
    return answer


def query_to_mark(services: Services, typed: str) -> Query:
    """Returns the query by which a found text is marked, with synonyms; misspelt words stay as typed."""
    query = parse_query(typed)
    return replace(
        query, extra_highlights=other_wordings(build_query_plan(query, services.dictionary.current()))
    )


def search_visible(services: Services, query: Query) -> ResultPage:
    """Returns the index's hits for a query, of this organisation and without withdrawn records."""
    return services.index.search(_without_withdrawn(services, _scoped(services, query)))


def _shown(services: Services, found: ResultPage, ended: Container[int], began: float) -> SearchResults:
    """Returns the answer made of the index's hits and their current records.

    The records decide what is public: hits that are not published, and attachments that are held, are left
    out. ``ended``: ids of announcements that are no longer in force.
    """
    results, related = _visible_results(services, found, ended)
    return SearchResults(
        total=found.total - (len(found.hits) - len(results)),
        results=results,
        related=related,
        partial_count=found.partial,
        is_any_no_longer_in_force=not all(each.is_in_force for each in results),
        explanation=found.explanation,
        facets=_facets(services, found.facets),
        did_you_mean=found.did_you_mean,
        query=found.query,
        took_ms=(time.perf_counter() - began) * 1000,
    )


def _visible_results(
    services: Services, found: ResultPage, ended: Container[int]
) -> tuple[tuple[Result, ...], tuple[Result, ...]]:
    """Returns the published results among the hits, and among the related hits."""
    public = services.get_published(hit.announcement_id for hit in (*found.hits, *found.related))
    amended = services.relations.amended_ids()
    passage = partial(snippet_with_ellipses, query=found.query, tokenizer=services.tokenizer)
    attachments = {
        attachment.id: attachment
        for group in services.attachments.by_announcement(public).values()
        for attachment in group
        if attachment.hold is None
    }
    pages = {
        hit.announcement_id: [page for page in hit.pages if page.attachment_id in attachments]
        for hit in (*found.hits, *found.related)
    }
    shown_pages = MOST_PAGES if found.query.filters.announcement_id else _SHOWN_PAGES
    shown = {id: of_one[:shown_pages] for id, of_one in pages.items()}
    texts = services.pages.texts_at(
        (page.attachment_id, page.number) for of_one in shown.values() for page in of_one
    )

    def as_result(id: int, hit: Hit) -> Result:
        return Result(
            public[id],
            hit.score,
            passage(public[id].body, title=public[id].title),
            tuple(
                PageResult(
                    attachments[page.attachment_id],
                    page.number,
                    passage(texts[place], title=public[id].title),
                )
                for page in shown[id]
                if (place := (page.attachment_id, page.number)) in texts
            ),
            attachments_of_kind=_of_kind(found.query.filters.kind, public[id], attachments),
            page_count=len(pages[id]),
            is_partial=hit.is_partial,
            is_in_force=id not in ended,
            is_amended=id in amended,
        )

    results, related = (
        tuple(as_result(hit.announcement_id, hit) for hit in hits if hit.announcement_id in public)
        for hits in (found.hits, found.related)
    )
    return results, related


def _scoped(services: Services, query: Query) -> Query:
    """Returns the query limited to the organisation whose services these are.

    At the province's front the query stays as it is, with the organisation that the reader chose.
    """
    if services.organisation is None or services.is_province:
        return query
    return replace(query, filters=replace(query.filters, organisation=services.organisation.id))


def _without_withdrawn(services: Services, query: Query) -> Query:
    """Returns the query without the announcements withdrawn since the index followed the records.

    Those count in no total, no facet and no correction, also while no worker makes the index follow. Neither
    do announcements that lost a text since, which the index still finds them by.
    """
    withheld = services.history.ids_to_hide_since(services.index.position())
    return replace(query, filters=replace(query.filters, withheld=frozenset(withheld)))


def _facets(
    services: Services, found: Mapping[str, tuple[FacetValue, ...]]
) -> dict[str, tuple[FacetValue, ...]]:
    """Returns the facets; organisations are named by slug, and only at the province's front."""
    facets = {name: values for name, values in found.items() if name != "organisation"}
    if services.is_province:
        facets["organisation"] = tuple(
            FacetValue(services.towns[int(each.value)].slug, each.count)
            for each in found.get("organisation", ())
            if int(each.value) in services.towns
        )
    return facets


def suggest(services: Services, typed: str) -> list[str]:
    """Returns completions, without announcements changed since indexing; none where over 1,000 changed.

    Such announcements may be withdrawn, or no longer have the title that the index knows. Raises
    ``Unavailable`` with the index of another version.
    """
    changed = services.history.changed_since(
        services.index.position(), limit=MOST_LEFT_OUT_OF_SUGGESTIONS + 1
    )
    if len(changed) > MOST_LEFT_OUT_OF_SUGGESTIONS:
        return []
    chosen = _scoped(services, parse_query("")).filters.organisation
    withheld = frozenset(id for id, _change in changed)
    return services.index.suggest(typed, Filters(organisation=chosen, withheld=withheld))


def _listed(services: Services, query: Query, began: float) -> SearchResults:
    """Returns an answer that lists the newest published announcements, from the records."""
    tokenizer = services.tokenizer
    listed, total = services.announcements.list_page(
        statuses=[Status.PUBLISHED], page=query.page, per_page=query.per_page
    )
    return SearchResults(
        total=total,
        results=tuple(
            Result(announcement, 0.0, snippet_with_ellipses(announcement.body, query, tokenizer), ())
            for announcement in listed
        ),
        facets={},
        did_you_mean=None,
        query=query,
        took_ms=(time.perf_counter() - began) * 1000,
    )


def most_read(services: Services, *, limit: int) -> SearchResults:
    """Returns the announcements that residents read most, and none that nobody read, or without an index."""
    query = parse_query("", sort=Sort.MOST_READ, per_page=limit)
    try:
        answer = search(services, query)
        read = tuple(result for result in answer.results if result.announcement.views)
        return replace(answer, results=read)
    except Unavailable:
        return SearchResults(total=0, results=(), facets={}, did_you_mean=None, query=query, took_ms=0.0)


def similar_announcement_ids(services: Services, announcement_id: int, *, limit: int) -> list[int]:
    """Returns the ids of announcements like this one, also withdrawn ones; none without a usable index."""
    try:
        return services.index.find_similar(announcement_id, limit=limit)
    except Unavailable:
        return []


def _of_kind(
    kind: DocumentKind | None, announcement: Announcement, attachments: Mapping[int, Attachment]
) -> tuple[Attachment, ...]:
    """Returns the first attachments of a kind that the announcement is not itself, three at most."""
    if kind in (None, announcement.kind):
        return ()
    of_kind = (
        each for each in attachments.values() if each.announcement_id == announcement.id and each.kind is kind
    )
    return tuple(islice(of_kind, _SHOWN_PAGES))


def _hit_letters(segments: Iterable[TextSegment]) -> int:
    """Returns the number of letters of the different words that a passage marks."""
    return sum(map(len, {segment.text for segment in segments if segment.is_hit}))
