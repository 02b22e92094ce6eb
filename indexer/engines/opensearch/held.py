"""The documents that a query has fetched from OpenSearch so far, by number, with their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.analysis.index_document import ATTRIBUTES
from indexer.engines.opensearch.bodies import read_facts, read_weights, term_hash
from indexer.search.doc_values import DocumentFacets, OrdinalColumn, encode_ordinals, facet_column
from indexer.search.posting_list import DocumentNumbers, Floats, Mask, PostingList

COLUMNS = ("id", "facts", "author", "category")
"""Fields that are fetched of each document. The field ``weights`` is added where terms are needed."""


class Held:
    """The fetched documents, as a part of ``indexer.search.index_reader.IndexReader``.

    ``versions`` holds the version of each document at the time it was fetched.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.fetched_count = 0
        self.live: Mask = np.zeros(size, dtype=bool)
        self.attributes = np.zeros(size, dtype=ATTRIBUTES)
        self.document_numbers: dict[int, int] = {}
        self.versions: list[int] = []
        self._authors: list[str] = []
        self._categories: list[str] = []
        self._facets: OrdinalColumn | None = None
        self._hashes: list[npt.NDArray[np.uint32]] = []
        self._impacts: list[Floats] = []
        self._table: tuple[npt.NDArray[np.uint32], DocumentNumbers, Floats] | None = None

    def take(self, hits: Iterable[Mapping[str, Any]]) -> DocumentNumbers:
        """Adds the documents of the hits and returns their numbers.

        A document that was fetched before keeps its number. Beyond ``size`` documents none are added.
        """
        numbers = []
        for hit in hits:
            id = hit["fields"]["id"][0]
            if id not in self.document_numbers and self.fetched_count < self.size:
                self.document_numbers[id] = self.fetched_count
                self._add(hit["fields"], hit["_version"])
            if id in self.document_numbers:
                numbers.append(self.document_numbers[id])
        return np.array(numbers, dtype=np.int64)

    def _add(self, fields: Mapping[str, Sequence[str]], version: int) -> None:
        number = self.fetched_count
        self.fetched_count += 1
        self.live[number] = True
        self.attributes[number] = read_facts(fields["facts"][0])
        self._authors.append(fields.get("author", [""])[0])
        self._categories.append(fields.get("category", [""])[0])
        self.versions.append(version)
        if "weights" in fields:
            weighed = read_weights(fields["weights"][0])
            self._hashes.append(weighed.hashes)
            self._impacts.append(weighed.impacts)
        else:
            self._hashes.append(np.empty(0, np.uint32))
            self._impacts.append(np.empty(0, np.float32))
        self._table = self._facets = None

    @property
    def dates(self) -> Floats:
        return self.attributes["date"].astype(np.float32)

    @property
    def log_views(self) -> Floats:
        return np.log1p(self.attributes["views"].astype(np.float32))

    @property
    def facets(self) -> OrdinalColumn:
        if self._facets is None:
            codes, values = facet_column(
                self.attributes[: self.fetched_count],
                encode_ordinals(self._authors),
                encode_ordinals(self._categories),
            )
            rest = np.full(self.size - self.fetched_count, len(values), np.intp)
            self._facets = OrdinalColumn(
                np.concatenate([codes, rest]), [*values, DocumentFacets("", "", 0, "", 0)]
            )
        return self._facets

    def postings(self, term: str) -> PostingList:
        hashes, owners, impacts = self._terms()
        places = np.flatnonzero(hashes == term_hash(term))
        return PostingList.kept(owners[places], impacts[places], self.size)

    def documents_with(self, term: str) -> DocumentNumbers:
        hashes, owners, _ = self._terms()
        return owners[np.flatnonzero(hashes == term_hash(term))]

    def _terms(self) -> tuple[npt.NDArray[np.uint32], DocumentNumbers, Floats]:
        """Returns the terms of all fetched documents, concatenated: hashes, document numbers and impacts."""
        if self._table is None:
            sizes = [len(hashes) for hashes in self._hashes]
            self._table = (
                np.concatenate([np.empty(0, np.uint32), *self._hashes]),
                np.repeat(np.arange(self.fetched_count, dtype=np.int64), sizes),
                np.concatenate([np.empty(0, np.float32), *self._impacts]),
            )
        return self._table

    def mark(self, terms: Sequence[str], mask: Mask) -> None:
        for term in terms:
            mask[self.documents_with(term)] = True
