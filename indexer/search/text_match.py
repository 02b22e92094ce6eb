"""Matches texts that are in no index, such as drafts, with the words of a query."""

from __future__ import annotations

from indexer.analysis.tokenizer import Tokenizer, letters_of
from indexer.search.query.parser import Query, TypedChunk


class TextMatcher:
    """Tells which texts contain every word of a query, and none that the query excludes.

    White space, case and the kind of digits do not count, as in the index. A piece in quotes must stand as
    it was typed; of other pieces each word may stand anywhere.
    """

    def __init__(self, query: Query, tokenizer: Tokenizer) -> None:
        self._wanted = [
            [_sought(piece, tokenizer) for piece in (chunk, *chunk.others)] for chunk in query.chunks
        ]
        self._wanted += [[[letters_of(time.text)]] for time in query.times]
        self._unwanted = [letters_of(each.text) for each in query.without]

    def matches(self, text: str) -> bool:
        """Returns True for a text with the letters of each word or its alternative, and of none excluded."""
        letters = letters_of(text)
        return all(
            any(all(word in letters for word in words) for words in alternatives)
            for alternatives in self._wanted
        ) and not any(word in letters for word in self._unwanted)


def _sought(piece: TypedChunk, tokenizer: Tokenizer) -> list[bytes]:
    if piece.is_exact:
        return [letters_of(piece.text)]
    return [letters_of(token.term) for token in tokenizer.tokens(piece.text)] or [letters_of(piece.text)]
