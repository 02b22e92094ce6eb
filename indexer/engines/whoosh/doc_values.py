"""Columns of values that facets count and filters compare, stored as one code per document.

Codes are used because the documents share few different values.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class OrdinalColumn(NamedTuple):
    """A column as numbers: ``codes[document]`` is a position in ``values``: distinct, in no order."""

    codes: npt.NDArray[np.intp]
    values: list[Any]


def encode_ordinals(column: Iterable[Hashable]) -> OrdinalColumn:
    """Returns a column in which each document has the ordinal of its value among the distinct values."""
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


def facet_values_column(column: Iterable[bytes]) -> OrdinalColumn:
    """Returns the facet values of each document, in the order of ``FACETS``, from the column ``facets``."""
    coded = encode_ordinals(column)
    return OrdinalColumn(coded.codes, [tuple(map(tuple, json.loads(values))) for values in coded.values])
