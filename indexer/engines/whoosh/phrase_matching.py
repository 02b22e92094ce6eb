"""Phrase matching: finds documents that contain a part of the query letter by letter, ignoring white space.

The words at the ends of a phrase may be parts of longer words (``ไกลยาเสพ`` in ห่างไกลยาเสพติด), which the
tokenizer cuts differently in the document. Therefore words of the archive that begin or end with those
letters are looked up too, and every document that is found this way is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from indexer.analysis.dictionary import Lexicon
from indexer.engines.whoosh.bm25f import documents_with_all
from indexer.engines.whoosh.posting_list import DocumentNumbers, Floats
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.document_text import contains_uncut_phrase
from indexer.search.query.query_plan import Alternative, Clause, QueryPart

_CLEAR = 10  # documents with the phrase; from this many on, documents cut into other words are not sought
_MOST_CLAUSES = 12  # clauses; a part with more of them is matched as a phrase only if quoted or excluded
MAX_VERIFIED = 400  # candidate documents whose text is read
_MOST_LETTERS = 6_000_000  # bytes of text that are read for one phrase
_EDGE = 3  # words at an end of the phrase that may be pieces of one longer word
_MOST_ENDINGS = 24  # words of the archive that are looked up for an end of the phrase
_SHORTEST_EDGE = 2  # letters; shorter ends of a phrase are not looked up


def documents_with_phrase(
    reader: CommitReader,
    part: QueryPart,
    scores: Floats | None = None,
    *,
    enough: int = 1 << 30,
    most: int = MAX_VERIFIED,
) -> DocumentNumbers:
    """Returns live documents with the phrase, ascending; unquoted, of the best ``most`` candidates alone.

    None for a long part that is not quoted: one with more than ``_MOST_CLAUSES`` clauses. Returns at most
    ``enough`` documents. The best candidates are those with the best scores. Documents in which the phrase is
    cut into other words are sought only when few documents have the same words.
    """
    if not (part.phrase.data and part.clauses) or (
        len(part.clauses) > _MOST_CLAUSES and not part.phrase.is_exact
    ):
        return np.empty(0, np.int64)
    whole = reader.cached_documents(
        ("all of", part.clauses), lambda: documents_with_all(reader, part.clauses)
    )
    if len(part.clauses) == part.phrase.words == 1:
        return whole[:enough]
    there = _read(reader, "whole", whole, part, scores, enough, most)
    clear = len(there) >= min(enough, _CLEAR) and not part.phrase.is_exact
    if clear or len(part.clauses) == 1 or len(there) == enough:
        return there
    others = reader.cached_documents(
        ("cut otherwise", part.clauses), lambda: _cut_otherwise(reader, part.clauses)
    )
    others = np.setdiff1d(others, whole, assume_unique=True)
    there_too = _read(reader, "others", others, part, scores, enough - len(there), most)
    return np.sort(np.concatenate([there, there_too]))


def _read(
    reader: CommitReader,
    which: str,
    candidates: DocumentNumbers,
    part: QueryPart,
    scores: Floats | None,
    enough: int,
    most: int,
) -> DocumentNumbers:
    """Returns the candidates whose text contains the phrase of ``part`` letter by letter.

    ``which`` distinguishes the cached result from that of other candidates for the same words.
    """
    if len(candidates) > most and not part.phrase.is_exact:
        best: DocumentNumbers | slice = slice(most)
        if scores is not None:
            best = np.argpartition(-scores[candidates], most)[:most]
        candidates = np.sort(candidates[best])
        return np.array(list(islice(_there(reader, candidates, part), enough)), dtype=np.int64)
    # All candidates are read, whatever ``enough`` says: after spelling correction retrieval needs them too.
    every = reader.cached_documents(
        (which, part.clauses, part.phrase),
        lambda: np.array(list(_there(reader, candidates, part)), dtype=np.int64),
    )
    return every[:enough]


def _there(reader: CommitReader, candidates: DocumentNumbers, part: QueryPart) -> Iterator[int]:
    data, texts = part.phrase.data, reader.commit.texts(candidates)
    if not part.phrase.is_exact:
        texts = take_until(texts, _MOST_LETTERS)
    listed = zip(candidates.tolist(), texts, strict=False)
    return (document for document, text in listed if contains_uncut_phrase(text, data))


def take_until(texts: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    """Yields the texts up to and with the one that passes ``most_bytes`` in all."""
    for text in texts:
        yield text
        most_bytes -= len(text)
        if most_bytes < 0:
            break


def _cut_otherwise(reader: CommitReader, clauses: Sequence[Clause]) -> DocumentNumbers:
    """Returns documents with the phrase's inner words and, for its ends, words that contain these ends."""
    firsts, lasts = _loose(reader.lexicon, clauses), _loose(reader.lexicon, clauses[::-1])
    found = np.zeros(reader.commit.size, dtype=bool)
    for first in firsts:
        beginning = _edge(reader, clauses[:first], ends=True)
        for last in (last for last in lasts if first + last <= len(clauses)):
            ending = _edge(reader, clauses[len(clauses) - last :], ends=False)
            inner = clauses[first : len(clauses) - last]
            sought = [*inner, *(edge for edge in (beginning, ending) if edge is not None)]
            if sought:
                found[documents_with_all(reader, sought)] = True
    return np.flatnonzero(found)


def _loose(lexicon: Lexicon, clauses: Sequence[Clause]) -> list[int]:
    """Returns the possible numbers of first clauses that may together be a piece of one longer word."""
    counts = [1]
    for count in range(2, min(_EDGE, len(clauses) - 1) + 1):
        if all(lexicon.tokenizer.is_known_word(clause.typed) for clause in clauses[: count - 1]):
            break
        counts.append(count)
    return counts


def _together(clauses: Sequence[Clause]) -> str:
    """Returns the letters of the clauses; "" where these are fewer than ``_SHORTEST_EDGE``."""
    letters = "".join(clause.typed for clause in clauses)
    return letters if len(letters) >= _SHORTEST_EDGE else ""


def _edge(reader: CommitReader, clauses: Sequence[Clause], *, ends: bool) -> Clause | None:
    """Returns a clause of the words of the archive that end (or begin) with the letters of the clauses.

    Returns None where the edge cannot narrow the documents, as each may have such a word.
    """
    letters = _together(clauses)
    if not letters:
        return None
    words = dict.fromkeys(reader.commit.words_with_edge(letters, _MOST_ENDINGS, is_suffix=ends))
    if not words or (len(clauses) == 1 and not reader.lexicon.tokenizer.is_known_word(letters)):
        return None  # a leftover of segmentation, whose letters a document may have in other tokens
    alternatives = [Alternative((word,)) for word in words]
    return Clause(letters, (*alternatives, *(clauses[0].alternatives if len(clauses) == 1 else ())))
