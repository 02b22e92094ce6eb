"""The objects that every step of a search uses."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.analysis.dictionary import Lexicon
from indexer.search.index_reader import IndexReader
from indexer.search.tuning import TUNING, SearchTuning


@dataclass(frozen=True, slots=True)
class SearchContext:
    """An index reader, the lexicon that the index was made with, and the tuning."""

    reader: IndexReader
    lexicon: Lexicon
    tuning: SearchTuning = TUNING
