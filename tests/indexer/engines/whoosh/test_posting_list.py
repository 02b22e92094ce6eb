"""Posting lists, short or long, have the same documents."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from indexer.engines.whoosh.posting_list import PostingList, intersect

SIZE = 100
FEW, MANY = [3, 40, 77], [*range(2, 90, 2), 77]


def posting_list(documents: list[int]) -> PostingList:
    weights = np.full(len(documents), 0.5, dtype=np.float32)
    return PostingList.from_documents(np.array(documents, dtype=np.int64), weights, SIZE)


def test_only_a_long_list_has_a_mask() -> None:
    assert posting_list(FEW).mask_if_long() is None
    mask = posting_list(MANY).mask_if_long()
    assert mask is not None
    assert sorted(MANY) == np.flatnonzero(mask).tolist()


@pytest.mark.parametrize("lists", [*product([FEW, MANY, [*range(50)]], repeat=3)])
def test_lists_of_any_length_are_intersected(lists: tuple[list[int], ...]) -> None:
    expected = sorted(set.intersection(*map(set, lists)))
    assert intersect([posting_list(sorted(each)) for each in lists]).tolist() == expected
