"""Posting lists: the documents that have a term or clause, and its weight in each.

A short list is stored as document numbers with weights. A long list is stored as one weight for every
document of the reader, which is smaller and is summed several times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

DocumentNumbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_STEPS = 65_535  # steps of a weight from 0 to 1, which is stored in 16 bits
_MANY = 8  # a list with at least one of 8 documents is stored as one weight for every document


class PostingList:
    """``count`` documents in ascending order, with their weights.

    A posting list never changes; ``scaled`` returns one that shares its arrays.
    """

    __slots__ = ("_listed", "_scale", "_values", "count")

    def __init__(
        self,
        listed: DocumentNumbers | None,
        values: npt.NDArray[np.uint16] | Floats,
        *,
        count: int | None = None,
        scale: float = 1.0,
    ) -> None:
        """Stores the given arrays without copying.

        ``listed`` is None where ``values`` has one value for every document, 0 for a document that is not in
        the list.
        """
        self.count = len(values) if count is None else count
        self._listed = listed
        self._values = values
        self._scale = np.float32(scale)

    @classmethod
    def from_documents(cls, documents: DocumentNumbers, weights: Floats, size: int) -> PostingList:
        """Returns a list of documents with weights above 0 and up to 1, rounded to 16 bits.

        ``size`` is the number of documents of the reader.
        """
        count, values = len(documents), _stepped(weights)
        if count * _MANY < size:
            return cls(documents, values, scale=1 / _STEPS)
        every = np.zeros(size, dtype=np.uint16)
        every[documents] = values
        return cls(None, every, count=count, scale=1 / _STEPS)

    @classmethod
    def from_weights_quantized(cls, weights: Floats) -> PostingList:
        """Returns a list from one weight for every document, rounded to 16 bits; 0 for no posting."""
        values = _stepped(weights)
        return cls(None, values, count=int(np.count_nonzero(values > 0)), scale=1 / _STEPS)

    @classmethod
    def from_weights_exact(cls, weights: Floats) -> PostingList:
        """Returns a list from one weight for every document, not rounded; 0 for no posting."""
        return cls(None, weights, count=int(np.count_nonzero(weights > 0)))

    def scaled(self, factor: float) -> PostingList:
        """Returns the list with all weights multiplied by ``factor``."""
        return PostingList(self._listed, self._values, count=self.count, scale=float(self._scale) * factor)

    @property
    def documents(self) -> DocumentNumbers:
        """Returns the document numbers in ascending order."""
        if self._listed is None:
            return np.flatnonzero(self._values > 0)  # flatnonzero of booleans takes a fifth of the time
        return self._listed

    def memory_bytes(self) -> int:
        """Returns the number of bytes that the list takes in a cache."""
        listed = 0 if self._listed is None else self._listed.nbytes
        return int(self._values.nbytes) + listed + 100

    def weights_at(self, documents: DocumentNumbers) -> Floats:
        """Returns the weight of each of the documents; 0 for a document that is not in the list."""
        if self._listed is None:
            return self._values[documents] * self._scale
        if not self.count:
            return np.zeros(len(documents), dtype=np.float32)
        places, there = self._positions(self._listed, documents)
        weights: Floats = self._values[places] * there * self._scale
        return weights

    def contains(self, documents: DocumentNumbers) -> Mask:
        """Returns which of the documents are in the list."""
        if self._listed is None:
            mask: Mask = self._values[documents] > 0
            return mask
        if not self.count:
            return np.zeros(len(documents), dtype=bool)
        return self._positions(self._listed, documents)[1]

    def _positions(self, listed: DocumentNumbers, documents: DocumentNumbers) -> tuple[DocumentNumbers, Mask]:
        """Returns the position of each of the documents in ``listed``, and whether it is there."""
        places = listed.searchsorted(documents)
        places[places == self.count] = 0
        return places, listed[places] == documents

    def mask_if_long(self) -> Mask | None:
        """Returns for every document of the reader whether a long list has it; None for a short list."""
        return self._values > 0 if self._listed is None else None

    def add_weights_to(self, sums: Floats) -> None:
        """Adds the weight of every listed document to ``sums``."""
        if self._listed is None:
            sums += _times(self._values, self._scale)
        else:
            sums[self._listed] += self._values * self._scale

    def add_constant_to(self, sums: Floats, value: float) -> None:
        """Adds ``value`` to ``sums`` for every listed document."""
        if self._listed is None:
            sums += _times(self._values > 0, np.float32(value))
        else:
            sums[self._listed] += np.float32(value)

    def raise_scores_in_place(self, scores: Floats, max_weight: float, factor: float) -> None:
        """Raises ``scores`` of listed documents to ``factor`` times a weight that is cut to ``max_weight``.

        A score that is higher already stays.
        """
        where = slice(None) if self._listed is None else self._listed
        weights = np.minimum(_times(self._values, self._scale), np.float32(max_weight))
        scores[where] = np.maximum(scores[where], weights * np.float32(factor))

    def mark_documents(self, mask: Mask) -> None:
        """Sets the mask for every listed document."""
        if self._listed is None:
            mask |= self._values > 0
        else:
            mask[self._listed] = True


def _times(values: npt.NDArray[Any], factor: np.float32) -> Floats:
    """Returns the values as 32-bit floats times ``factor``; two steps take half the time of one."""
    floats: Floats = values.astype(np.float32)
    floats *= factor
    return floats


def _stepped(weights: Floats) -> npt.NDArray[np.uint16]:
    """Returns the weights rounded to 16 bits; a weight above 0 never becomes 0."""
    steps = weights * np.float32(_STEPS)
    np.rint(steps, out=steps)
    np.maximum(steps, weights > 0, out=steps)
    return steps.astype(np.uint16)


def intersect(lists: Sequence[PostingList]) -> DocumentNumbers:
    """Returns the documents that are in all lists, ascending. Raises ``ValueError`` without a list."""
    if not lists:
        raise ValueError("no list to intersect")
    fewest, *others = sorted(lists, key=lambda one: one.count)
    masks: list[Mask] = []
    for one in (fewest, *others):
        if (mask := one.mask_if_long()) is None:
            break
        masks.append(mask)
    else:  # all are long: several times faster than looking up the many documents of one
        return np.flatnonzero(np.logical_and.reduce(masks))
    documents = fewest.documents
    for other in others:
        documents = documents.compress(other.contains(documents))  # many times faster than indexing
    return documents
