"""The documents that a cluster is given."""

from __future__ import annotations

import pytest

from indexer.analysis.dictionary import Dictionary
from indexer.analysis.spelling_index import lookup_keys
from indexer.engines.opensearch.mapping import word_body
from indexer.search.vocabulary import MIN_WORD_FREQUENCY


@pytest.mark.parametrize(
    ("word", "documents", "is_offered"),
    [
        ("ถนน", 1, True),  # the dictionary knows it
        ("ถนรกม", MIN_WORD_FREQUENCY - 1, False),
        ("ถนรกม", MIN_WORD_FREQUENCY, True),
        ("road", MIN_WORD_FREQUENCY, False),
    ],
)
def test_only_a_known_or_frequent_thai_word_is_offered_for_a_misspelt_one(
    word: str, documents: int, is_offered: bool
) -> None:
    body = word_body(word, documents, Dictionary().current().tokenizer)
    assert body["sounds"] == (sorted(lookup_keys(word)) if is_offered else [])
    assert (body["word"], body["counted"]) == (word, documents)
