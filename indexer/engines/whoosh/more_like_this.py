"""Similar announcements: finds announcements that share the distinctive words of a given one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

from archive.thai.word_list import thai_stopwords
from indexer.analysis.tokenizer import group_into_longest_words, text_of_bytes
from indexer.engines.whoosh.bm25f import score_clauses
from indexer.engines.whoosh.posting_list import Floats
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.query.query_plan import Alternative, Clause
from indexer.search.tuning import TUNING

_WORDS = 25  # distinctive words that are searched for
_CANDIDATES = 100  # words whose exact document frequency is looked up
_TITLE = frozenset({"title"})
_SAY_LITTLE = frozenset("ประจำปี ปี พศ งบ ประมาณ ครั้ง ฉบับ".split())  # beside the stop words
_MAX_BYTES = 20_000  # bytes of the announcement's text that are read


def find_similar(reader: CommitReader, document: int, limit: int) -> list[int]:
    """Returns ids of the announcements of the reader that are like the document, best first."""
    clauses = tuple(Clause(term, (Alternative((term,)),)) for term in _distinctive_words(reader, document))
    scores = score_clauses(reader, clauses).scores.copy()
    bound = float(scores[document]) * TUNING.min_similarity
    scores[document] = 0
    alike = np.flatnonzero(scores > bound)
    alike = alike[_title_shares(reader, document)[alike] >= TUNING.min_similar_title]
    ids = reader.commit.attributes["id"][alike]
    order = np.lexsort((ids, -scores[alike]))[:limit]
    return [int(id) for id in ids[order]]


def _title_shares(reader: CommitReader, document: int) -> Floats:
    """Returns for each document the share of the IDF mass of this document's title that its own title has."""
    whole = reader.commit.document_text(document)
    title = whole.text.split(b"\0", 1)[0]
    borders = np.flatnonzero(whole.boundaries[: len(title) + 1]).tolist()
    words = [text_of_bytes(title[start:end]) for start, end in pairwise(borders) if end - start > 1]
    shares, mass = np.zeros(reader.commit.size, dtype=np.float32), 0.0
    say_little = thai_stopwords() | _SAY_LITTLE
    for parts in set(map(tuple, group_into_longest_words(words))):
        if not (say_little.issuperset(parts) or "".join(parts).isdigit()):
            idf = sum(reader.idf(reader.document_frequency(part)) for part in parts)
            has_all = np.logical_and.reduce([reader.zone_mask(part, _TITLE) for part in parts])
            shares += np.float32(idf) * has_all
            mass += idf
    return shares / np.float32(mass or 1.0)


def _distinctive_words(reader: CommitReader, document: int) -> list[str]:
    """Returns the document's words with the highest tf·idf that other announcements have too."""
    whole = reader.commit.document_text(document)
    text = whole.text[:_MAX_BYTES]
    borders = np.flatnonzero(whole.boundaries[: len(text) + 1]).tolist()
    counts: Counter[str] = Counter()
    for start, end in pairwise(borders):
        word = text[start:end]
        if len(word) > 1 and b"\0" not in word:
            counts[text_of_bytes(word)] += 1
    nearly = _by_tf_idf(reader, counts, map(reader.commit.estimated_document_frequency, counts))[:_CANDIDATES]
    sure = {term: counts[term] for term in nearly}
    return _by_tf_idf(reader, sure, map(reader.document_frequency, nearly))[:_WORDS]


def _by_tf_idf(reader: CommitReader, counts: Mapping[str, int], frequencies: Iterable[int]) -> list[str]:
    """Returns the terms that more than one document has, sorted by tf·idf, the highest first."""
    weighed = []
    for (term, count), documents in zip(counts.items(), frequencies, strict=True):
        if documents > 1:
            weighed.append((count / (count + 1) * reader.idf(documents), term))
    weighed.sort(reverse=True)
    return [term for _, term in weighed]
