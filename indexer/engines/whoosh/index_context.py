"""The objects that every step of a search in the embedded index uses."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.analysis.dictionary import Lexicon
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.tuning import TUNING, SearchTuning


@dataclass(frozen=True, slots=True)
class IndexContext:
    """A reader of one commit, the lexicon that the index was made with, and the tuning."""

    reader: CommitReader
    lexicon: Lexicon
    tuning: SearchTuning = TUNING
