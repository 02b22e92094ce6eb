"""Posting lists of a commit: the documents with a term and its BM25F weight in each, zone by zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.analysis.index_document import ZONES
from indexer.engines.whoosh.codec import Postings
from indexer.engines.whoosh.commit import Commit
from indexer.engines.whoosh.posting_list import DocumentNumbers, Floats, Mask, PostingList
from indexer.search.tuning import TUNING, round_to_stable_grid

_NONE, _NO_COUNTS = np.empty(0, np.int64), np.empty(0, np.uint8)


class PostingListBuilder:
    """Builds posting lists of the ``live`` documents; zone lengths are relative to theirs alone."""

    def __init__(self, commit: Commit, live: Mask) -> None:
        self._commit, self._live = commit, live
        self._all_live = bool(live.all())
        self._norms = {
            zone: np.float32(TUNING.zone_weights[zone]) / self._relative_length(zone, share)
            for zone, share in TUNING.length_normalization.items()
        }

    def _relative_length(self, zone: str, share: float) -> Floats:
        """Returns each document's zone length against the mean; ``share`` of it counts."""
        lengths = self._commit.attributes[zone].astype(np.float32)
        average = round_to_stable_grid(float(lengths[self._live].mean()) if self._live.any() else 1.0)
        relative: Floats = 1 - share + share * lengths / np.float32(average)
        return relative

    def build(self, term: str) -> PostingList:
        """Returns every live document with the term, and the term's weight in each, between 0 and 1."""
        lists = list(self._commit.postings(term))
        if lists and all(postings.ids is None for _, _, postings in lists):
            return PostingList.from_weights_quantized(self._saturated(self._of_every_document(lists)))
        documents, weights = self._of_listed_documents(lists)
        if not self._all_live:
            kept = self._live[documents]
            documents, weights = documents.compress(kept), weights.compress(kept)
        return PostingList.from_documents(documents, self._saturated(weights), self._commit.size)

    def _saturated(self, weights: Floats) -> Floats:
        """Returns the weights saturated to between 0 and 1 (BM25): each further occurrence adds less."""
        saturated: Floats = weights + np.float32(TUNING.k1)
        return np.divide(weights, saturated, out=saturated)

    def _of_every_document(self, lists: Iterable[tuple[int, int, Postings]]) -> Floats:
        """Returns every document's count of a common term, weighted and length-normalised zone by zone."""
        weights = np.zeros(self._commit.size, dtype=np.float32)
        others, rest = [_NONE], [_NO_COUNTS]
        for base, size, postings in lists:
            weights[base : base + size] = postings.first
            others.append(postings.others + base)
            rest.append(postings.rest)
        weights *= self._norms[ZONES[0].name]
        places = np.concatenate(others)
        weights[places] += self._of_other_zones(places, np.concatenate(rest))
        if not self._all_live:
            weights *= self._live
        return weights

    def _of_listed_documents(
        self, lists: Iterable[tuple[int, int, Postings]]
    ) -> tuple[DocumentNumbers, Floats]:
        """Returns the documents with a term, including deleted ones, and the term's weight in each."""
        documents, firsts, others, rest = [_NONE], [_NO_COUNTS], [_NONE], [_NO_COUNTS]
        length = 0
        for base, _, postings in lists:
            listed = postings.with_ids()
            found = listed.documents + base
            documents.append(found)
            firsts.append(listed.first)
            others.append(listed.others + length)
            rest.append(listed.rest)
            length += len(found)
        found, places = np.concatenate(documents), np.concatenate(others)
        weights = np.concatenate(firsts) * self._norms[ZONES[0].name][found]
        weights[places] += self._of_other_zones(found[places], np.concatenate(rest))
        return found, weights

    def _of_other_zones(
        self, documents: DocumentNumbers, rest: npt.NDArray[np.unsignedinteger[Any]]
    ) -> Floats:
        """Returns the weight that all zones but the first add to each document; these are rarely set."""
        weights = np.zeros(len(documents), dtype=np.float32)
        used = int(np.bitwise_or.reduce(rest, initial=0))
        for zone in ZONES[1:]:
            shift = zone.shift - ZONES[1].shift
            if used >> shift & zone.most:
                counts = (rest >> shift & zone.most).astype(np.float32)
                weights += counts * (
                    self._norms[zone.name][documents]
                    if zone.name in self._norms
                    else TUNING.zone_weights[zone.name]
                )
        return weights
