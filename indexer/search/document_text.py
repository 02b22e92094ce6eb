"""The text of one announcement as an index has it, and what in it answers a query.

The borders of its words, zones and pages; phrases in it, letter by letter or with some letters misread; its
best pages; how much of a query it covers.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import LCSseq, Levenshtein

from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import PLAIN_ZONES, ZoneLayout, parse_zone_layout
from indexer.analysis.tokenizer import letters_of, text_of_bytes
from indexer.search.coverage import (
    PiecesFinder,
    adjacent_clauses,
    document_coverage,
    is_stop_word_or_document_kind,
    is_worth_showing_as_related,
    may_be_related_by,
    scattered_clauses,
)
from indexer.search.ports import MOST_PAGES, PageHit
from indexer.search.query.query_plan import Clause, QueryPlan
from indexer.search.tuning import TUNING

_MOST_PLACES = 200  # occurrences of one term that are counted
_LABELS = PLAIN_ZONES.index("labels")  # follows the title
_LETTERS_A_SLIP, _MOST_SLIPS = 6, 4  # one misread letter is allowed for each 6 letters, 4 at most
_SHORT_PHRASE = 12  # letters; in a shorter one letters too many are counted as well: สนามบิน is not สนามบริเวณ
_MIN_MISREAD_WORD = 5  # letters of a word that is looked for with one letter misread
_SHORTEST_WORD = 3  # letters of a word that is no misread other word; shorter ones come of torn letters too
_OTHER_WORD = 0.9  # of the least similarity of a misread phrase: where another word stands, it ranks only
_MOST_PIECE_PLACES = 8  # occurrences of one piece of the phrase that are compared in a text

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DocumentText:
    """The columns ``text``, ``cuts`` and ``layout`` of an ``IndexDocument``; ``text`` is searchable bytes."""

    text: bytes
    cuts: bytes
    stored_layout: bytes

    @cached_property
    def layout(self) -> ZoneLayout:
        """The places of fields and pages in the text."""
        return parse_zone_layout(self.stored_layout)

    @cached_property
    def boundaries(self) -> npt.NDArray[np.bool_]:
        """True for each position of the text where a word begins or ends; more values may follow."""
        return np.unpackbits(np.frombuffer(self.cuts, np.uint8)).astype(bool)

    @property
    def title_and_labels(self) -> bytes:
        """The part of the text that tells what the announcement is about."""
        return self.text[: self.layout.zones[_LABELS]]

    def has_clause(self, clause: Clause, *, is_topic: bool = False) -> bool:
        """Returns True for a clause of which an alternative stands there as whole words.

        With ``is_topic`` these must be in the title or in a label.
        """
        end = self.layout.zones[_LABELS] if is_topic else len(self.text)
        return any(
            all(self._has_word(letters_of(term), end) for term in each.terms) for each in clause.alternatives
        )

    def count_on_pages(self, data: bytes, *, is_whole: bool) -> npt.NDArray[np.float64]:
        """Returns how often letters occur on each page, with ``is_whole`` as whole words."""
        ends = [end for _, _, end in self.layout.pages]
        counts = np.zeros(len(ends))
        begin = self.layout.zones[-1]
        for place in self._words(data, begin) if is_whole else _places(self.text, data, begin):
            counts[bisect_right(ends, place)] += 1
        return counts

    def _has_word(self, data: bytes, end: int) -> bool:
        return next(self._words(data, 0, end), None) is not None

    def _words(self, data: bytes, start: int, end: int | None = None) -> Iterator[int]:
        """Yields the places of letters that begin and end where words do."""
        borders = self.boundaries
        for place in _places(self.text, data, start, end):
            if borders[place] and borders[place + len(data)]:
                yield place


def _places(text: bytes, data: bytes, start: int, end: int | None = None) -> Iterator[int]:
    found = text.find(data, start, end) if data else -1
    for _ in range(_MOST_PLACES):
        if found < 0:
            return
        yield found
        found = text.find(data, found + 1, end)


def contains_uncut_phrase(text: bytes, data: bytes) -> bool:
    """Returns True if ``text`` contains ``data`` without cutting a number: 25 is not in 250."""
    if not (data[:1].isdigit() or data[-1:].isdigit()):
        return data in text
    found = text.find(data)
    while found >= 0 and _in_number(text, data, found):
        found = text.find(data, found + 1)
    return found >= 0


def _in_number(text: bytes, data: bytes, found: int) -> bool:
    """Returns True if ``data`` at position ``found`` is part of a longer number in ``text``."""
    after = found + len(data)
    return (data[:1].isdigit() and text[found - 1 : found].isdigit()) or (
        data[-1:].isdigit() and text[after : after + 1].isdigit()
    )


def phrase_match_with_misreadings(
    texts: Sequence[bytes], data: bytes, lexicon: Lexicon, *, exact: Mask | None = None
) -> Floats:
    """Returns for each text 1 if it has the phrase, less if some letters are misread, otherwise 0.

    ``exact``: which texts have the phrase letter by letter, where that is known already. Where another word
    stands for one of a short phrase's, it is below ``min_phrase_similarity``: ชอบราคา is not สอบราคา.
    """
    if exact is None:
        exact = np.array([contains_uncut_phrase(text, data) for text in texts], dtype=bool)
    places: list[bytes] = []
    owners: list[int] = []
    pieces = _pieces(data, min(len(data) // _LETTERS_A_SLIP, _MOST_SLIPS))
    for owner in np.flatnonzero(~exact).tolist():
        near = _places_with_piece(texts[owner], pieces)
        places += near
        owners += [owner] * len(near)
    similarity = exact.astype(np.float32)
    if places:
        floor, ceiling = TUNING.fuzzy_phrase_floor, TUNING.fuzzy_phrase_ceiling
        least = math.ceil(floor * len(data))
        (best,) = process.cdist(
            [data], places, scorer=LCSseq.similarity, score_cutoff=least, dtype=np.float64
        )
        is_short = len(data) < _SHORT_PHRASE
        if is_short:
            best = np.array(
                [_letters_in_place(data, places[at]) if best[at] else 0 for at in range(len(best))]
            )
        near = (best / float(len(data)) - floor) / (1 - floor) * ceiling
        if is_short:
            is_misread = _misreading_test(data, lexicon)
            is_other = near > TUNING.min_phrase_similarity
            is_other[is_other] = [not is_misread(places[at]) for at in np.flatnonzero(is_other).tolist()]
            near[is_other] = _OTHER_WORD * TUNING.min_phrase_similarity
        np.maximum.at(similarity, owners, near)
    return similarity


def _misreading_test(data: bytes, lexicon: Lexicon) -> Callable[[bytes], bool]:
    """Returns a test that a place is False for if it has a dictionary's word in place of a phrase's word."""
    typed = lexicon.tokenizer.segment(text_of_bytes(data))
    lengths = [len(word) for word in typed]

    def is_misread(place: bytes) -> bool:
        _, _, nearest = min(  # with a letter more or less where one was left out: โคแสนลาน for โคแสนล้าน
            (Levenshtein.distance(data, stretch), start, stretch)
            for length in (len(data) - 1, len(data), len(data) + 1)
            for start in range(max(len(place) - length, 0) + 1)
            for stretch in (place[start : start + length],)
        )
        words = lexicon.tokenizer.segment(text_of_bytes(nearest))
        return [len(word) for word in words] != lengths or not all(
            word == there or (len(there) >= _SHORTEST_WORD and lexicon.tokenizer.is_known_word(there))
            for word, there in zip(typed, words, strict=True)
        )

    return is_misread


def contains_word_misread_once(text: bytes, data: bytes) -> bool:
    """Returns True if the text has the word ``data``, of five letters or more, with at most one wrong.

    A letter is misread, left out or too many. False for shorter words and numbers, which are like too many
    others.
    """
    if len(data) < _MIN_MISREAD_WORD or data[:1].isdigit():
        return False
    places = _places_with_piece(text, _pieces(data, slips=1))
    return any(_letters_in_place(data, place) >= len(data) - 1 for place in places)


def _letters_in_place(data: bytes, place: bytes) -> float:
    """Returns how many letters of the phrase a place has, less those that it has in between or instead."""
    slips = len(place) - len(data)
    cuts = [(start, len(place) - end) for start in range(slips + 1) for end in range(slips + 1)]
    return max((len(data) - Levenshtein.distance(data, place[start:end]) for start, end in cuts), default=0)


def _pieces(data: bytes, slips: int) -> list[tuple[bytes, int, int]]:
    """Returns pieces of a phrase, one of which is intact wherever ``slips`` letters of it are misread.

    Each piece comes with the number of letters to compare before and after the piece's beginning.
    """
    size = len(data) // (slips + 1)
    starts = range(0, size * (slips + 1), size) if slips else ()
    return [(data[at : at + size], at + slips, len(data) - at + slips) for at in starts]


def _places_with_piece(text: bytes, pieces: list[tuple[bytes, int, int]]) -> list[bytes]:
    """Returns the stretches of the text around each occurrence of one of the pieces."""
    places = []
    for piece, before, after in pieces:
        found = text.find(piece)
        most = _MOST_PIECE_PLACES
        while found >= 0 and most:
            places.append(text[found - before if found > before else 0 : found + after])
            found = text.find(piece, found + 1)
            most -= 1
    return places


def best_pages(document: DocumentText, plan: QueryPlan, idfs: Mapping[Clause, float]) -> tuple[PageHit, ...]:
    """Returns up to ``MOST_PAGES`` pages, best first, with words and every quoted phrase of the plan.

    Where title and labels have all that the plan asks for, the document itself is meant: of each attachment
    its first page comes before the others.
    """
    pages = document.layout.pages
    if not pages:
        return ()
    scores = np.zeros(len(pages))
    for clause, idf in idfs.items():
        best = np.zeros(len(pages))
        for alternative in clause.alternatives:
            for term in alternative.terms:
                counts = document.count_on_pages(letters_of(term), is_whole=True)
                best = np.maximum(best, alternative.weight * counts / (counts + 1) / len(alternative.terms))
        scores += idf * best
    for phrase in plan.phrases:
        there = document.count_on_pages(phrase.data, is_whole=False) > 0
        if phrase.is_exact:
            scores *= there
        if phrase.words > 1:
            scores += TUNING.page_phrase_boost * there
    if _is_named(plan, document.title_and_labels):
        is_first = np.array([number == 1 for _, number, _ in pages])
        scores += scores.max() * (is_first & (scores > 0))
    least = TUNING.min_page_share * scores.max()
    order = [place for place in np.argsort(-scores, kind="stable").tolist() if scores[place] > least]
    return tuple(
        PageHit(pages[place][0], pages[place][1], float(scores[place])) for place in order[:MOST_PAGES]
    )


def _is_named(plan: QueryPlan, title_and_labels: bytes) -> bool:
    """Returns True if the title and the labels have every word of the plan but stop words and kinds."""
    telling = [clause for clause in plan.clauses if not is_stop_word_or_document_kind(clause)]
    return bool(telling) and all(
        any(all(letters_of(term) in title_and_labels for term in each.terms) for each in clause.alternatives)
        for clause in telling
    )


class PlanCoverage:
    """Tells how much of a plan an announcement answers, and whether it comes near.

    ``idfs`` are those of the plan's clauses, ``weights`` what ``clause_weights`` makes of them. What to look
    for is worked out once, for many texts.
    """

    def __init__(
        self, plan: QueryPlan, idfs: Mapping[Clause, float], weights: Mapping[Clause, float], lexicon: Lexicon
    ) -> None:
        self._plan, self._idfs, self._weights, self._lexicon = plan, idfs, weights, lexicon
        self._pairs, self._finder = adjacent_clauses(plan), PiecesFinder(plan)

    def coverage(self, text: bytes, matched: Set[Clause]) -> float:
        """Returns the share (0–1) of the plan that a text answers; 1 without weights.

        ``matched``: the clauses that the engine found there. A word counts in full only beside a word that it
        was typed beside, or as a part of a phrase; a word with a letter misread counts less.
        """
        if not self._weights:
            return 1.0
        parts = [
            part
            for part in self._plan.parts
            if part.phrase.data and contains_uncut_phrase(text, part.phrase.data)
        ]
        as_typed = {clause for part in parts for clause in part.clauses if clause in self._idfs}
        matched = matched | as_typed
        scattered = scattered_clauses(self._pairs, self._runs_beside(text)) - as_typed
        broken = self._finder.clauses_not_whole(text)
        return document_coverage(self._weights, matched, scattered, broken, self._misread(text, matched))

    def coverage_of(self, document: DocumentText, *, is_complete: bool) -> float:
        """Returns ``coverage`` by the words of a document, or of one that has each clause."""
        if is_complete and not self._finder.clauses_not_whole(document.text) & self._weights.keys():
            return 1.0
        return self.coverage(
            document.text, {each for each in self._idfs if is_complete or document.has_clause(each)}
        )

    def is_near(self, document: DocumentText) -> bool:
        """Returns True if what title and labels have of the plan makes a document worth showing as related.

        See ``is_worth_showing_as_related`` for what is enough. Labels are those of attachments.
        """
        if not self._weights:
            return False
        plan = self._plan
        wanted = (each for each in self._weights if may_be_related_by(plan, each, self._idfs[each]))
        topical = {clause for clause in wanted if document.has_clause(clause, is_topic=True)}
        topical -= self._finder.clauses_not_whole(document.text) - plan.words_of_split_phrases
        beside = self._runs_beside(document.text)
        scattered = set() if plan.are_set_phrases_split else scattered_clauses(self._pairs, beside)
        covered = document_coverage(self._weights, topical, scattered, set(), {})
        return is_worth_showing_as_related(plan, self._idfs, topical, covered)

    def _runs_beside(self, text: bytes) -> set[bytes]:
        """Returns the runs of adjacent clauses that a text has."""
        return {run for _, _, run in self._pairs if run in text}

    def _misread(self, text: bytes, matched: Set[Clause]) -> dict[Clause, float]:
        """Returns how similar (0–1) the text is to the words that did not match, by clause."""
        misread: dict[Clause, float] = {}
        for part in self._plan.parts:
            if part.phrase.words > 1 and not matched >= set(part.clauses):
                (similarity,) = phrase_match_with_misreadings(
                    [text], part.phrase.data, self._lexicon
                ).tolist()
                if similarity > TUNING.min_phrase_similarity:
                    misread |= dict.fromkeys(part.clauses, 1.0)
                else:
                    misread |= {each: similarity for each in part.clauses if not self._is_absent(each)}
        for clause in self._weights.keys() - matched:
            if contains_word_misread_once(text, letters_of(clause.typed)):
                misread[clause] = max(misread.get(clause, 0.0), TUNING.misread_word_weight)
        return misread

    def _is_absent(self, clause: Clause) -> bool:
        """Returns True for a subject that no document has, which alone weighs more than its IDF."""
        return self._weights.get(clause, 0.0) > self._idfs.get(clause, 0.0)


def stand_before_numbers_alone(letters: str, documents: Iterable[DocumentText]) -> bool:
    """Returns True if a document has the letters before a number such as 52301/187, and none otherwise."""
    data = letters_of(letters)
    numbered = re.compile(re.escape(data) + rb"[0-9.]+(?:/|%s)[0-9]" % letters_of("ว"))
    is_numbered = False
    for document in documents:
        for found in re.finditer(re.escape(data), document.text):
            if numbered.match(document.text, found.start()):
                is_numbered = True
            elif document.boundaries[found.start()] and document.boundaries[found.end()]:
                return False
    return is_numbered
