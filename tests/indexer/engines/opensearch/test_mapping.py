"""The documents that a cluster is given."""

from __future__ import annotations

import pytest

from indexer.analysis.dictionary import Dictionary
from indexer.analysis.tokenizer import letters_of
from indexer.engines.opensearch.mapping import phrase_lines, word_body
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
    body = word_body(word, documents, 7, Dictionary().current().tokenizer)
    assert body == {"word": word, "counted": documents} | ({"added": 7} if is_offered else {})


@pytest.mark.parametrize(
    ("phrase", "lines"),
    [
        ("น้ำ", []),
        ("น้ำใส", ["น้ำใส"]),
        ("น้ำใสมา", ["น้ำใส", "ใสมา"]),
        ("น้ำใสมาดี", ["น้ำใส", "_", "มาดี"]),
        ("น้ำใสมาดีนา", ["น้ำใส", "_", "มาดี", "ดีนา"]),
    ],
)
def test_a_phrase_is_looked_up_by_every_second_pair_of_clusters(phrase: str, lines: list[str]) -> None:
    assert phrase_lines(letters_of(phrase)) == "\n".join(lines)
