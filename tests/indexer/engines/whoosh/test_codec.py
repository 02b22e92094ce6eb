"""Posting lists and scores as they are kept: what is read is what was written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.whoosh.codec import decode, encode
from indexer.engines.whoosh.posting_list import PostingList, intersect

COUNTS = st.integers(1, 2**28 - 1)
LISTS = st.one_of(
    st.dictionaries(st.integers(0, 70_000), COUNTS, min_size=1, max_size=60),
    st.dictionaries(st.integers(0, 100), COUNTS, min_size=1, max_size=60),
)
WEIGHTS = st.dictionaries(st.integers(0, 99), st.floats(0.0009765625, 1, width=32), max_size=60)


@given(LISTS, st.sampled_from([0, 1, 100, 400_000]))
def test_a_posting_list_is_read_as_it_was_written(postings: dict[int, int], more: int) -> None:
    """``more``: documents of the segment after the last that has the term, so many or few of all have it."""
    ids = np.array(sorted(postings), dtype=np.uint32)
    counts = np.array([postings[id] for id in sorted(postings)], dtype=np.uint32)
    size = max(postings) + 1 + more
    found = decode(encode(ids, counts, size), len(ids), size)
    read, weights = found.documents_and_packed_counts()
    assert read.tolist() == ids.tolist() == found.documents.tolist() == found.with_ids().documents.tolist()
    assert weights.tolist() == counts.tolist()


def kept(weights: dict[int, float], size: int) -> PostingList:
    documents = np.array(sorted(weights), dtype=np.int64)
    values = np.array([weights[one] for one in sorted(weights)], dtype=np.float32)
    return PostingList.from_documents(documents, values, size)


@given(WEIGHTS, st.sampled_from([100, 100_000]))
def test_scores_are_the_same_as_a_list_and_as_a_value_for_every_document(
    weights: dict[int, float], size: int
) -> None:
    scored = kept(weights, size).scaled(3)
    assert scored.documents.tolist() == sorted(weights)
    assert scored.count == len(weights)
    sums, counted = np.zeros(size, np.float32), np.zeros(size, np.float32)
    scored.add_weights_to(sums)
    scored.add_constant_to(counted, 2)
    mask = np.zeros(size, dtype=bool)
    scored.mark_documents(mask)
    assert np.flatnonzero(mask).tolist() == np.flatnonzero(counted == 2).tolist() == sorted(weights)
    np.testing.assert_allclose(
        sums[sorted(weights)], [3 * weights[one] for one in sorted(weights)], atol=1e-4
    )
    everyone = np.arange(100)
    assert scored.weights_at(everyone).tolist() == sums[:100].tolist()


@given(WEIGHTS, WEIGHTS)
def test_what_has_all_is_what_each_has(one: dict[int, float], other: dict[int, float]) -> None:
    for size in (100, 100_000):
        found = intersect([kept(one, size), kept(other, size)])
        assert found.tolist() == sorted(one.keys() & other.keys())


def test_no_list_has_no_documents_in_common_and_is_refused() -> None:
    with pytest.raises(ValueError, match="no list"):
        intersect([])
