"""Announcements like one: those that share the words that tell it apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

from indexer.analysis.tokenizer import text_of_bytes
from indexer.search.bm25f import Bm25fScorer
from indexer.search.index_reader import IndexReader
from indexer.search.query.query_plan import Alternative, Clause

_WORDS = 25
_CANDIDATES = 100
_MOST_READ = 20_000  # letters of the announcement
_TITLE = 3  # a word of the title counts so many times
_ALIKE = 0.15  # of the announcement's own score


def find_similar(reader: IndexReader, announcement_id: int, limit: int) -> list[int]:
    """Ids, most alike first; nothing for an unknown announcement."""
    document = reader.document_numbers.get(announcement_id)
    if document is None:
        return []
    clauses = tuple(Clause(term, (Alternative((term,)),)) for term in _telling(reader, document))
    scores = Bm25fScorer(reader, clauses).scores
    bound = float(scores[document]) * _ALIKE
    scores[document] = 0
    alike = np.flatnonzero(scores > bound)
    ids = reader.attributes["id"][alike]
    order = np.lexsort((ids, -scores[alike]))[:limit]
    return [int(id) for id in ids[order]]


def _telling(reader: IndexReader, document: int) -> list[str]:
    """Its words with the highest tf·idf that other announcements have too."""
    text = reader.text(document)[:_MOST_READ]
    title = text.find(b"\0")
    borders = np.flatnonzero(reader.token_boundaries(document)[: len(text) + 1]).tolist()
    counts: Counter[str] = Counter()
    for start, end in pairwise(borders):
        word = text[start:end]
        if len(word) > 1 and b"\0" not in word:
            counts[text_of_bytes(word)] += _TITLE if end <= title else 1
    nearly = _weighed(reader, counts, reader.estimated_document_frequencies(list(counts)))[:_CANDIDATES]
    sure = {term: counts[term] for term in nearly}
    return _weighed(reader, sure, reader.document_frequencies(nearly))[:_WORDS]


def _weighed(reader: IndexReader, counts: Mapping[str, int], frequencies: Iterable[int]) -> list[str]:
    """The terms that more than one document has, by tf·idf."""
    weighed = []
    for (term, count), documents in zip(counts.items(), frequencies, strict=True):
        if documents > 1:
            weighed.append((count / (count + 1) * reader.idf(documents), term))
    weighed.sort(reverse=True)
    return [term for _, term in weighed]
