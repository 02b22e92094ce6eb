"""One commit of the embedded index as it lies on disk: open segments, columns as arrays, texts.

A ``Commit`` never changes; the next commit takes over the open segments that stayed the same. Document
numbers run through all segments of a commit. Deleted documents are still in it: ``present`` tells them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from indexer.analysis.index_document import ATTRIBUTES, COLUMNS
from indexer.analysis.spelling_index import SpellingIndex
from indexer.analysis.tokenizer import letters_of
from indexer.engines.whoosh.codec import Postings
from indexer.engines.whoosh.doc_values import OrdinalColumn, concatenate_columns, facet_values_column
from indexer.engines.whoosh.posting_list import DocumentNumbers, Mask
from indexer.engines.whoosh.schema import schema
from indexer.engines.whoosh.title_index import TitleIndex
from indexer.engines.whoosh.whoosh_imports import TOC
from indexer.search.document_text import DocumentText
from indexer.search.vocabulary import MARK_BYTES, MIN_WORD_FREQUENCY, THAI_WORD

_KEPT_COUNTS = 50_000  # terms whose document frequency is cached
_KEPT_TEXTS = 8_000_000  # bytes of texts that are cached: all those of 2,000 announcements


class OpenSegment:
    """A segment's files, opened once and shared by all commits that have the segment."""

    def __init__(self, storage: Any, segment: Any) -> None:
        codec = segment.codec()
        columns = schema()
        self.id: str = segment.segment_id()
        self.size: int = segment.doc_count_all()
        self.terms = codec.terms_reader(storage, segment)
        with closing(codec.per_document_reader(storage, segment)) as documents:
            opened = {name: documents.column_reader(name, columns[name].column_type) for name in COLUMNS}
            self.text, self.token_boundaries, self.layout = opened["text"], opened["cuts"], opened["layout"]
            self.titles, self.subjects = opened["title"], opened["subjects"]
            self.attributes = np.frombuffer(opened["facts"].all(), ATTRIBUTES, self.size)
            self.facets = facet_values_column(opened["facets"].values())

    def correctable_words(self, is_dictionary_word: Callable[[str], bool]) -> Iterator[str]:
        """Yields Thai words for corrections: the dictionary's, and those of enough of its documents."""
        for data, size in zip(self.terms.words, self.terms.sizes.tolist(), strict=True):
            word = data.decode()
            if THAI_WORD.fullmatch(word) and (size >= MIN_WORD_FREQUENCY or is_dictionary_word(word)):
                yield word

    @cached_property
    def title_index(self) -> TitleIndex:
        """Index of the titles and subjects of this segment."""
        named = []
        columns = zip(self.titles.values(), self.subjects.values(), strict=True)
        for document, (title, subjects) in enumerate(columns):
            names = dict.fromkeys([title.decode(), *subjects.decode().splitlines()])
            named += [(document, name) for name in names if name.strip()]
        return TitleIndex(named, [letters_of(name) for _, name in named])

    @cached_property
    def title_index_without_marks(self) -> TitleIndex:
        """``title_index`` without the marks that people type last or leave out in haste."""
        return self.title_index.without(MARK_BYTES)


class _TextCache(dict[int, bytes]):
    """Searchable texts by document number, read from the segments when they are first asked for.

    When the texts are larger than ``_KEPT_TEXTS`` together, all of them are dropped.
    """

    def __init__(self, segments: Sequence[OpenSegment], bases: Sequence[int]) -> None:
        super().__init__()
        self._segments, self._bases = segments, bases
        self._bytes = 0

    def __missing__(self, document: int) -> bytes:
        number = bisect_right(self._bases, document) - 1
        text: bytes = self._segments[number].text[document - self._bases[number]]
        self._bytes += len(text)
        if self._bytes > _KEPT_TEXTS:
            self.clear()
            self._bytes = len(text)
        self[document] = text
        return text


class Commit:
    """One commit. ``position`` is the last change of the archive that the commit has followed."""

    def __init__(self, storage: Any, toc: TOC, position: int, earlier: Commit | None = None) -> None:
        known = {segment.id: segment for segment in earlier.segments} if earlier else {}
        self.number: int = toc.generation
        self.position = position
        self.segments: list[OpenSegment] = [
            known.get(part.segment_id()) or OpenSegment(storage, part) for part in toc.segments
        ]
        sizes = [segment.size for segment in self.segments]
        self.bases: list[int] = [0, *np.cumsum(sizes, dtype=np.int64).tolist()]
        """The first document number of each segment, and ``size``."""
        self.size = self.bases[-1]
        self.present: Mask = np.ones(self.size, dtype=bool)
        for base, part in zip(self.bases, toc.segments, strict=False):
            self.present[[base + gone for gone in part.deleted_docs()]] = False
        empty = np.empty(0, dtype=ATTRIBUTES)
        self.attributes = np.concatenate([empty, *(segment.attributes for segment in self.segments)])
        # Words of earlier commits may stay: the frequency of each is always taken from this commit.
        self.spellings: SpellingIndex = earlier.spellings if earlier else SpellingIndex()
        self._texts = _TextCache(self.segments, self.bases)
        segments = self.segments  # a reference to this commit would keep it in memory with its cache
        self.estimated_document_frequency = lru_cache(_KEPT_COUNTS)(
            lambda term: sum(each.terms.document_frequency(term.encode()) for each in segments)
        )
        """The number of documents with a term without reading any: deleted ones are counted too."""

    @cached_property
    def facets(self) -> OrdinalColumn:
        """Facet values of all documents, as ordinals."""
        return concatenate_columns([segment.facets for segment in self.segments])

    def postings(self, term: str) -> Iterator[tuple[int, int, Postings]]:
        """Yields for each segment with the term: its first document number, its size, and the postings."""
        data = term.encode()
        for base, segment in zip(self.bases, self.segments, strict=False):
            place = segment.terms.term_position(data)
            if place is not None:
                yield base, segment.size, segment.terms.postings_at_position(place)

    def words_with_edge(self, letters: str, most: int, *, is_suffix: bool) -> Iterator[str]:
        """Yields words of the archive that begin (or end) with ``letters``, ``most`` of each segment."""
        for segment in self.segments:
            yield from segment.terms.words_with_edge(letters.encode(), most, is_suffix=is_suffix)

    def text(self, document: int) -> bytes:
        """Returns the searchable text of a document."""
        return self._texts[document]

    def texts(self, documents: DocumentNumbers) -> Iterator[bytes]:
        """Yields the searchable text of each document."""
        return map(self._texts.__getitem__, documents.tolist())

    def document_text(self, document: int) -> DocumentText:
        """Returns a document's searchable text with its borders of words, zones and pages."""
        segment, local = self._at(document)
        return DocumentText(self._texts[document], segment.token_boundaries[local], segment.layout[local])

    def _at(self, document: int) -> tuple[OpenSegment, int]:
        number = bisect_right(self.bases, document) - 1
        return self.segments[number], document - self.bases[number]
