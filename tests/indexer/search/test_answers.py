"""However an answer is paged through, sorted and narrowed, it is one answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.model import Announcement, DocumentKind
from indexer.engines.whoosh import WhooshIndex
from indexer.search.ports import ResultPage
from indexer.search.query.parser import Filters, Sort, parse_query
from tests.indexer.engines.whoosh.test_growth import QUERIES, WORDS, built, some_entry

ENTRIES = {id: some_entry(random.Random(id), id) for id in range(400)}
TYPED = st.one_of(
    st.sampled_from(QUERIES),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=10).map("".join),
)
FILTERS = st.builds(
    Filters,
    kind=st.sampled_from((None, None, DocumentKind.ORDER, DocumentKind.NEWS)),
    author=st.sampled_from((None, None, "กองคลัง", "งานธุรการ")),
    year=st.sampled_from((None, None, 2563, 2565)),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> WhooshIndex:
    return built(tmp_path_factory.mktemp("index"), ENTRIES)


def ids(page: ResultPage) -> list[int]:
    return [hit.announcement_id for hit in page.hits]


@settings(max_examples=40)
@given(typed=TYPED, filters=FILTERS, sort=st.sampled_from(Sort), per_page=st.integers(1, 50))
def test_its_pages_are_the_whole_in_order(
    index: WhooshIndex, typed: str, filters: Filters, sort: Sort, per_page: int
) -> None:
    whole = index.search(parse_query(typed, filters=filters, sort=sort, per_page=len(ENTRIES)))
    pages = []
    for number in range(1, whole.total // per_page + 3):
        page = index.search(parse_query(typed, filters=filters, sort=sort, page=number, per_page=per_page))
        assert (page.total, page.facets) == (whole.total, whole.facets)
        pages += ids(page)
    assert pages == ids(whole)
    assert len(set(pages)) == whole.total


@settings(max_examples=40)
@given(typed=TYPED, filters=FILTERS)
@example(typed="covid-19๒,๕๐๐คลอง64", filters=Filters(kind=DocumentKind.ORDER))
def test_sorting_neither_adds_nor_takes(index: WhooshIndex, typed: str, filters: Filters) -> None:
    pages = {
        sort: index.search(parse_query(typed, filters=filters, sort=sort, per_page=len(ENTRIES)))
        for sort in Sort
    }
    assert len({frozenset(ids(page)) for page in pages.values()}) == 1
    keys: dict[Sort, Callable[[Announcement], int]] = {
        Sort.NEWEST: lambda of: -of.published_on.toordinal(),
        Sort.OLDEST: lambda of: of.published_on.toordinal(),
        Sort.MOST_READ: lambda of: -of.views,
    }
    for sort, key in keys.items():  # what matches only some words comes after the rest
        order = [(hit.is_partial, key(ENTRIES[hit.announcement_id].announcement)) for hit in pages[sort].hits]
        assert order == sorted(order)


@settings(max_examples=40)
@given(typed=TYPED, filters=FILTERS)
@example(typed="covid-19๒,๕๐๐คลอง64", filters=Filters())  # an order has some of it, none all with the year
def test_a_facet_promises_what_it_leads_to(index: WhooshIndex, typed: str, filters: Filters) -> None:
    page = index.search(parse_query(typed, filters=filters))
    for name, values in page.facets.items():
        if name == "category" or (page.query.loosened and getattr(filters, name) is not None):
            continue  # all have one, or another value may not need the same loosening
        for facet in values:
            value = DocumentKind(facet.value) if name == "kind" else facet.value
            narrowed = replace(filters, **{name: value})
            found = index.search(parse_query(typed, filters=narrowed))
            assert found.total == facet.count, (name, value)
