"""``indexer.search.vocabulary.Vocabulary`` of the embedded index."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from heapq import nlargest

from indexer.analysis.spelling_index import SoundMatch
from indexer.engines.whoosh.bm25f import clause_mask, documents_with_all
from indexer.engines.whoosh.phrase_matching import MAX_VERIFIED, documents_with_phrase
from indexer.engines.whoosh.posting_list import DocumentNumbers
from indexer.engines.whoosh.reader import CommitReader
from indexer.search.query.query_plan import Clause, QueryPart
from indexer.search.vocabulary import COMPLETABLE_WORD, MIN_WORD_FREQUENCY, MOST_COUNTED, TitleMatch

_MOST_NAMED = 400  # titles looked at in one segment


class WhooshVocabulary:
    """Words, phrases and titles of one commit."""

    def __init__(self, reader: CommitReader) -> None:
        self._reader, self._commit = reader, reader.commit

    def document_frequency(self, term: str) -> int:
        return self._reader.document_frequency(term)

    def has_no_document_with(self, term: str) -> bool:
        return not self._reader.document_frequency(term)

    def idf(self, frequency: int) -> float:
        return self._reader.idf(frequency)

    def has_clause(self, clause: Clause) -> bool:
        return bool(clause_mask(self._reader, clause).any())

    def has_all(self, clauses: Sequence[Clause]) -> bool:
        return len(documents_with_all(self._reader, clauses)) > 0

    def estimate_phrase_count(self, part: QueryPart, *, limit: int, max_candidates: int | None = None) -> int:
        return len(self._with_phrase(part, limit, max_candidates))

    def shares_document_with_longer_phrase(self, part: QueryPart, longer: Sequence[bytes]) -> bool:
        # ``estimate_phrase_count`` looked at these documents before: those with the rare phrase.
        texts = self._commit.texts(self._with_phrase(part, MIN_WORD_FREQUENCY, None))
        return any(one in text for text in texts for one in longer)

    def find_words_near_in_sound(
        self, pieces: list[str], is_dictionary_word: Callable[[str], bool]
    ) -> list[SoundMatch]:
        spellings = self._commit.spellings
        for segment in self._commit.segments:
            spellings.add_source_once(segment.id, segment.correctable_words(is_dictionary_word))
        return spellings.find_words_near_in_sound(pieces)

    def completions(self, begun: str, most: int) -> list[str]:
        data = begun.encode()
        counts: Counter[bytes] = Counter()
        for segment in self._commit.segments:
            words, sizes = segment.terms.words, segment.terms.sizes
            first, after = bisect_left(words, data), bisect_left(words, data + b"\xff")
            counts.update(dict(zip(words[first:after], sizes[first:after].tolist(), strict=True)))
        fitting = [(count, word.decode()) for word, count in counts.items() if word != data]
        common = nlargest(MOST_COUNTED, (found for found in fitting if COMPLETABLE_WORD.fullmatch(found[1])))
        counted = [(-self.document_frequency(word), word) for _, word in common]  # what was withdrawn is out
        return [word for count, word in sorted(counted)[:most] if count]

    def titles_containing(self, letters: bytes, *, with_marks: bool) -> Iterator[TitleMatch]:
        for base, segment in zip(self._commit.bases, self._commit.segments, strict=False):
            titles = segment.title_index if with_marks else segment.title_index_without_marks
            live = self._reader.live[base : base + segment.size]
            for begins, document, title in titles.titles_with(letters, _MOST_NAMED, live):
                facts = segment.attributes[document]
                yield TitleMatch(not begins, -int(facts["views"]), int(facts["id"]), title)

    def _with_phrase(self, part: QueryPart, limit: int, max_candidates: int | None) -> DocumentNumbers:
        most = max_candidates or MAX_VERIFIED
        return documents_with_phrase(self._reader, part, enough=limit, most=most)
