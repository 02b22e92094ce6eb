"""Columns of values that facets count and filters compare, stored as one code per document.

Codes are used because the documents share few different values.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.analysis.index_document import KINDS

_EPOCH = np.datetime64("1970-01-01", "D").item().toordinal()


class DocumentFacets(NamedTuple):
    """The facet values of one document. ``year`` is in the Buddhist era."""

    kind: str
    author: str
    year: int
    category: str
    organisation: int


class OrdinalColumn(NamedTuple):
    """A column as numbers: ``codes[document]`` is a position in ``values``, which are distinct."""

    codes: npt.NDArray[np.intp]
    values: list[Any]


def encode_ordinals(column: Iterable[Hashable]) -> OrdinalColumn:
    places: dict[Hashable, int] = {}
    codes = np.array([places.setdefault(value, len(places)) for value in column], dtype=np.intp)
    return OrdinalColumn(codes, list(places))


def concatenate_columns(parts: Sequence[OrdinalColumn]) -> OrdinalColumn:
    """Returns the columns concatenated into one, with codes into one list of distinct values."""
    places: dict[Hashable, int] = {}
    codes = [np.empty(0, np.intp)]
    for part in parts:
        renumbered = [places.setdefault(value, len(places)) for value in part.values]
        codes.append(np.array(renumbered, dtype=np.intp)[part.codes])
    return OrdinalColumn(np.concatenate(codes), list(places))


def facet_column(facts: npt.NDArray[Any], authors: OrdinalColumn, categories: OrdinalColumn) -> OrdinalColumn:
    """Returns one column of ``DocumentFacets``, because documents share few combinations of values."""
    dates = (facts["date"].astype(np.int64) - _EPOCH).astype("datetime64[D]")
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970 + 543
    columns = [facts["kind"], authors.codes, years, categories.codes, facts["organisation"]]
    rows = np.stack([column.astype(np.int64) for column in columns], axis=1)
    distinct, codes = np.unique(rows, axis=0, return_inverse=True)
    values = [
        DocumentFacets(
            KINDS[kind].value, authors.values[author], year, categories.values[category], organisation
        )
        for kind, author, year, category, organisation in distinct.tolist()
    ]
    return OrdinalColumn(codes.reshape(-1), values)
