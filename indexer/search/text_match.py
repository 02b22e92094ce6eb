"""Matches texts that are in no index, such as drafts, with the words of a query."""

from __future__ import annotations

from collections.abc import Callable

from indexer.analysis.tokenizer import Tokenizer, letters_of
from indexer.search.query.parser import Query, TypedChunk


def text_matcher(query: Query, tokenizer: Tokenizer) -> Callable[[str], bool]:
    """Returns a test for texts that contain every word of a query, and none that the query excludes.

    White space, case and the kind of digits do not count, as in the index. A piece in quotes must stand as
    it was typed; of other pieces each word, or an alternative of it, may stand anywhere.
    """
    wanted = [[_sought(piece, tokenizer) for piece in (chunk, *chunk.others)] for chunk in query.chunks]
    wanted += [[[letters_of(time.text)]] for time in query.times]
    unwanted = [letters_of(each.text) for each in query.without]

    def matches(text: str) -> bool:
        letters = letters_of(text)
        return all(
            any(all(word in letters for word in words) for words in alternatives) for alternatives in wanted
        ) and not any(word in letters for word in unwanted)

    return matches


def _sought(piece: TypedChunk, tokenizer: Tokenizer) -> list[bytes]:
    if piece.is_exact:
        return [letters_of(piece.text)]
    return [letters_of(token.term) for token in tokenizer.tokens(piece.text)] or [letters_of(piece.text)]
