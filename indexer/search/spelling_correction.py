"""Spelling correction for queries that match nothing as typed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

from archive.thai.characters import CONSONANTS, WORD_LETTERS
from archive.thai.keyboard import switched_readings
from archive.thai.word_list import thai_stopwords, thai_word_frequencies
from archive.thai.words import cut_words
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.spelling_index import (
    SoundMatch,
    SpellingCandidate,
    phonetic_key,
    phonetic_key_of_ending,
    spelling_candidates,
)
from indexer.analysis.tokenizer import group_into_longest_words, searchable_bytes
from indexer.search.coverage import has_only_dictionary_words
from indexer.search.query import query_notes
from indexer.search.query.parser import Query, TypedChunk
from indexer.search.query.query_plan import (
    Alternative,
    Clause,
    PhraseBytes,
    QueryPart,
    QueryPlan,
    build_query_part,
    merge_into_synonym_clauses,
)
from indexer.search.vocabulary import MIN_WORD_FREQUENCY, Vocabulary

_MAX_CORRECTIONS = 4  # corrected stretches of one query
_MAX_CANDIDATES = 4  # candidates whose documents are counted, for one stretch
_MAX_WHOLE_LENGTH = 16  # letters of a Thai run that is corrected as a whole
_MAX_COUNTED = 60  # documents with a candidate that are counted; more do not make the candidate likelier
_MAX_VERIFIED = 150  # documents read to count those with a candidate
_MIN_LENGTH = 3  # letters of a stretch that is corrected, or of a word typed in the other layout
_MIN_GUESSED_LENGTH = 5  # letters of a corrected word that the archive need not have beside its neighbours
_MAX_PIECE_LENGTH = 3  # letters of a word that may be a piece of a misspelt one
_MAX_PIECES_LENGTH = 8  # letters of all such pieces on one side
_NEIGHBOUR_LENGTH = 4  # letters beside a stretch that a text must have too, for the stretch to be right
_COMMON_FREQUENCY = 100  # occurrences in the Thai Textbook Corpus; ขาด has 953, the rare พาน of สพาน 106
_THAI_RUN = re.compile(f"[{WORD_LETTERS}]+")
_ABBREVIATION = re.compile(rf"[{CONSONANTS}]{{1,6}}\.")  # one abbreviation cannot be guessed from another
_SWITCHED_TEXT = re.compile(rf"[{WORD_LETTERS}a-z0-9]+(?:[ .-][{WORD_LETTERS}a-z0-9]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CorrectedQuery:
    """The plan with misspelt stretches replaced; without ``corrections``, the plan as it was typed."""

    plan: QueryPlan
    corrections: tuple[tuple[str, str], ...] = ()  # (stretch as typed, its correction)


class _Correction(NamedTuple):
    """A misspelt stretch ``[start, end)`` of a part's text, and its correction."""

    start: int
    end: int
    candidate: SpellingCandidate


class _Context(NamedTuple):
    """The objects that every step of a correction uses."""

    vocabulary: Vocabulary
    lexicon: Lexicon


def correct_query(vocabulary: Vocabulary, lexicon: Lexicon, plan: QueryPlan) -> CorrectedQuery:
    """Returns the plan with every part as it is most likely meant; what the archive has as typed stays."""
    context = _Context(vocabulary, lexicon)
    parts = []
    words: list[tuple[str, str]] = []
    for part in plan.parts:
        switched = _in_other_layout(context, part)
        if switched is not None:
            parts.append(switched)
            words.append((part.raw, switched.text))
            continue
        corrections = _corrections(context, part, plan.whole, _MAX_CORRECTIONS - len(words))
        parts.append(_apply_corrections(context, part, corrections) if corrections else part)
        words += [(part.raw[each.start : each.end], each.candidate.text) for each in corrections]
    return CorrectedQuery(replace(plan, parts=tuple(parts)) if words else plan, tuple(words))


def correctable_parts(
    plan: QueryPlan,
    lexicon: Lexicon,
    is_frequent: Callable[[str], bool],
    is_absent: Callable[[str], bool],
) -> list[QueryPart]:
    """Returns all short Thai runs, and of long ones the doubtful words with their neighbours, as parts.

    Parts of a query of their own, which may be misspelt. ``is_frequent`` returns True for an unknown word
    that several documents have: that one is right. ``is_absent`` returns True for a word of the dictionary
    that no document has: that one is doubtful.
    """
    return [
        build_query_part(part.text[start:end], lexicon)
        for part in plan.parts
        if not part.phrase.is_exact
        for start, end in _doubtful_stretches(part.text, lexicon, is_frequent, is_absent)
    ]


def leaves_out_stop_words_alone(typed: str, corrected: str) -> bool:
    """Returns True if a correction only lacks a word of the text that says nothing: ประชุม for จะประชุม."""
    words = cut_words(typed)
    return any(
        word in thai_stopwords() and "".join((*words[:at], *words[at + 1 :])) == corrected
        for at, word in enumerate(words)
    )


def read_exclusions_as_thai(query: Query, lexicon: Lexicon) -> Query:
    """Returns the query with ``-pt`` as a word to find, where the same keys type words in Thai (ขยะ).

    ``-`` is ข on a Thai keyboard, so that a word in the wrong layout may look like one that is not wanted.
    """
    as_words = [
        TypedChunk(f"-{each.text}", raw=f"-{each.raw}")
        for each in query.without
        if each.raw.isascii()
        and _switched(replace(build_query_part(each.text, lexicon), raw=f"-{each.raw}"), lexicon)
    ]
    if not as_words:
        return query
    taken = {each.raw[1:] for each in as_words}
    notes = {query_notes.EXCLUDED.with_values(raw) for raw in taken}
    return replace(
        query,
        chunks=(*query.chunks, *as_words),
        without=tuple(each for each in query.without if each.raw not in taken),
        understood=tuple(note for note in query.understood if note not in notes),
    )


def _switched(part: QueryPart, lexicon: Lexicon) -> QueryPart | None:
    """Returns the part as typed with the keyboard in the other layout, if it is made of real words then."""
    if len(part.raw) < _MIN_LENGTH:
        return None
    readings = (
        build_query_part(text, lexicon)
        for text in switched_readings(part.raw)
        if _SWITCHED_TEXT.fullmatch(text)
    )
    return next((reading for reading in readings if _is_of_real_words(reading, lexicon)), None)


def _is_of_real_words(part: QueryPart, lexicon: Lexicon) -> bool:
    return bool(part.clauses) and all(
        has_only_dictionary_words(clause, lexicon)
        if clause.typed[0] >= "ก"
        else len(clause.typed) >= _MIN_LENGTH
        for clause in part.clauses
    )


def _in_other_layout(context: _Context, part: QueryPart) -> QueryPart | None:
    """Returns the part as typed with the keyboard in the other layout, if the archive has only that."""
    switched = None if part.phrase.is_exact else _switched(part, context.lexicon)
    if switched is None or not context.vocabulary.has_all(switched.clauses):
        return None
    return None if context.vocabulary.estimate_phrase_count(part, limit=1) else switched


def _corrections(context: _Context, part: QueryPart, whole: bytes, most: int) -> list[_Correction]:
    if part.phrase.is_exact:
        return []
    found = []

    def is_frequent(word: str) -> bool:
        return context.vocabulary.document_frequency(word) >= MIN_WORD_FREQUENCY

    is_absent = context.vocabulary.has_no_document_with
    for start, end in _doubtful_stretches(part.text, context.lexicon, is_frequent, is_absent)[:most]:
        is_short_run = len(_run_around(part.text, start)) <= _MAX_WHOLE_LENGTH
        candidate = _best_candidate(context, part.text[start:end], whole, is_short_run=is_short_run)
        if candidate and (is_short_run or _are_guesses_safe(context.lexicon, candidate)):
            found.append(_Correction(start, end, candidate))
    return found


def _doubtful_stretches(
    text: str, lexicon: Lexicon, is_frequent: Callable[[str], bool], is_absent: Callable[[str], bool]
) -> list[tuple[int, int]]:
    """Returns stretches that may be misspelt: short runs; in long ones doubtful words and neighbours."""
    tokenizer = lexicon.tokenizer

    def is_right(word: str) -> bool:
        if tokenizer.is_known_word(word):
            return len(word) == 1 or not is_absent(word)
        return len(word) > 1 and is_frequent(word)

    found: list[tuple[int, int]] = []
    for letters in _THAI_RUN.finditer(text):
        words = tokenizer.segment(letters.group())
        borders = [*accumulate(map(len, words), initial=letters.start())]
        if _ABBREVIATION.match(text, letters.start()):
            continue
        if len(letters.group()) <= _MAX_WHOLE_LENGTH:
            found.append(letters.span())
            continue
        for place, word in enumerate(words):
            if not is_right(word):
                start, end = _with_neighbours(words, borders, place)
                if found and start < found[-1][1]:
                    start = found.pop()[0]
                found.append((start, end))
    return [(start, end) for start, end in found if end - start >= _MIN_LENGTH]


def _run_around(text: str, place: int) -> str:
    """Returns the run of Thai letters that has the letter at ``place``."""
    return next(run.group() for run in _THAI_RUN.finditer(text) if place < run.end())


def _with_neighbours(words: Sequence[str], borders: Sequence[int], place: int) -> tuple[int, int]:
    """Returns the stretch of a word and those beside it: short ones may be pieces of one misspelt word."""
    first, after = max(place - 1, 0), min(place + 2, len(words))
    left, right = borders[place] - _MAX_PIECES_LENGTH, borders[place] + _MAX_PIECES_LENGTH
    while first and len(words[first]) <= _MAX_PIECE_LENGTH and borders[first] > left:
        first -= 1
    while after < len(words) and len(words[after - 1]) <= _MAX_PIECE_LENGTH and borders[after] < right:
        after += 1
    return borders[first], borders[after]


def _best_candidate(
    context: _Context, text: str, whole: bytes, *, is_short_run: bool
) -> SpellingCandidate | None:
    """Returns the most likely correction that the archive has.

    None when the typed text is well known there itself, or stands there beside what it was typed beside.
    Within a long run a dictionary word stays as it was typed, though no document has it: other words of
    the run tell what is meant. In a short run (``is_short_run``) such words may be pieces of a misspelt one.
    """
    vocabulary, tokenizer = context.vocabulary, context.lexicon.tokenizer
    words = tokenizer.segment(text)
    is_unknown = not all(map(tokenizer.is_known_word, words))
    if len(words) == 1 and not is_unknown and vocabulary.document_frequency(words[0]):
        return None
    typed = build_query_part(text, context.lexicon)
    if _is_known_by_other_words(context, typed):
        return None
    matching = vocabulary.estimate_phrase_count(typed, limit=MIN_WORD_FREQUENCY)
    is_common = matching >= (MIN_WORD_FREQUENCY if is_unknown else 1)
    if is_common or vocabulary.shares_document_with_longer_phrase(
        typed, extend_by_neighbouring_letters(typed.phrase.data, whole)
    ):
        return None

    everyday: set[str] = set()

    def rarity(word: str) -> float:
        may_stay = not is_short_run and word in words and tokenizer.is_known_word(word)
        is_word = may_stay or _is_word(context, word)
        frequency = max(vocabulary.document_frequency(word), 1) if is_word else 1
        return vocabulary.idf(frequency) if is_word or word in everyday else math.inf

    def near(pieces: list[str]) -> list[SoundMatch]:
        found = context.lexicon.synonym_words.find_words_near_in_sound(pieces)
        everyday.update(word for _, word in found)
        return sorted({*vocabulary.find_words_near_in_sound(pieces, tokenizer.is_known_word), *found})

    candidates = spelling_candidates(text, near, rarity, _MAX_CANDIDATES)
    # What was typed is a word, or common words (ทาง ขาด): only what sounds the same is meant.
    if not is_unknown and (len(words) == 1 or all(map(_is_common_word, words))):
        candidates = [one for one in candidates if _is_heard_as_typed(one, text, words)]
    best = _most_likely(context, candidates, matching)
    if best is not None:
        return best
    certain = candidates[:1] if is_unknown else _compounds(context, words, candidates)
    return certain[0] if certain and not matching and _is_whole(context, certain[0]) else None


def _is_heard_as_typed(candidate: SpellingCandidate, text: str, words: Sequence[str]) -> bool:
    """Returns True if a candidate sounds as the text.

    Where it has fewer words than were typed, also one whose words end in the same sound: ประกาศ for ประ กาด.
    """
    return phonetic_key(candidate.text) == phonetic_key(text) or (
        len(candidate.words) < len(words)
        and all(
            phonetic_key_of_ending(piece) == phonetic_key_of_ending(word) for piece, word in candidate.words
        )
    )


def _is_word(context: _Context, word: str) -> bool:
    """Returns True if the archive has the word, and it is one of the dictionary or no slip of the pen."""
    frequency = context.vocabulary.document_frequency(word)
    return frequency >= (1 if context.lexicon.tokenizer.is_known_word(word) else MIN_WORD_FREQUENCY)


def _is_common_word(word: str) -> bool:
    """Returns True for a word that people know how to spell: no short piece of another (บา of หมาบา)."""
    return len(word) >= _MIN_LENGTH and thai_word_frequencies().get(word, 0) >= _COMMON_FREQUENCY


def _is_known_by_other_words(context: _Context, part: QueryPart) -> bool:
    """Returns True if the archive has all words of the part, and one of them has synonyms."""
    has_synonyms = [len(clause.alternatives) > 1 for clause in part.clauses]
    if not any(has_synonyms):
        return False
    # All are asked for before any is judged: an engine may have to fetch them.
    are_there = [*map(context.vocabulary.has_clause, part.clauses)]
    return all(are_there) and all(
        has_others or _is_word(context, clause.typed)
        for clause, has_others in zip(part.clauses, has_synonyms, strict=True)
    )


def _leads_to_other_words(vocabulary: Vocabulary, candidate: SpellingCandidate, part: QueryPart) -> bool:
    """Returns True if the archive has synonyms of all that the candidate changes: หมาบ้า for หมาบา.

    ``part`` is made of the candidate's text.
    """
    changed = [word for piece, word in candidate.words if piece != word]
    clauses = [clause for clause in part.clauses if any(word in clause.typed for word in changed)]
    if not clauses or any(len(each.alternatives) == 1 for each in clauses):
        return False
    return all([*map(vocabulary.has_clause, clauses)])


def _compounds(
    context: _Context, words: Sequence[str], candidates: Sequence[SpellingCandidate]
) -> list[SpellingCandidate]:
    """Returns the candidates that join to fewer words than those typed: รับ สมัค งาน is รับสมัคร งาน.

    Each piece that they change has a word that the archive lacks.
    """
    segment = context.lexicon.tokenizer.segment

    def is_misspelt(piece: str) -> bool:
        return not all(map(context.vocabulary.document_frequency, segment(piece)))

    return [
        one
        for one in candidates
        if len(group_into_longest_words(segment(one.text))) < len(group_into_longest_words(words))
        and all(piece == word or is_misspelt(piece) for piece, word in one.words)
    ]


def extend_by_neighbouring_letters(stretch: bytes, whole_query: bytes) -> list[bytes]:
    """Returns the stretch with letters of the query before it, and with those after it, if there are any."""
    start = whole_query.find(stretch)
    end = start + len(stretch)
    beside = (
        whole_query[max(start - _NEIGHBOUR_LENGTH, 0) : end],
        whole_query[start : end + _NEIGHBOUR_LENGTH],
    )
    return [one for one in beside if len(one) > len(stretch)]


def _most_likely(
    context: _Context, candidates: Sequence[SpellingCandidate], over: int
) -> SpellingCandidate | None:
    """Returns the most likely of candidates (cheapest first) that more than ``over`` documents have."""
    best, least = None, math.inf
    for candidate in candidates:
        if candidate.cost - math.log(_MAX_COUNTED) >= least:
            break  # neither it nor any after it can be likelier, however many documents have it
        part = build_query_part(candidate.text, context.lexicon)
        count = context.vocabulary.estimate_phrase_count(
            part, limit=_MAX_COUNTED, max_candidates=_MAX_VERIFIED
        )
        if _leads_to_other_words(context.vocabulary, candidate, part):
            count = max(count, int(context.vocabulary.has_all(part.clauses)))
        if count > over and candidate.cost - math.log(count) < least:
            best, least = candidate, candidate.cost - math.log(count)
    return best


def _is_whole(context: _Context, candidate: SpellingCandidate) -> bool:
    """Returns True if no single letter is left over, and no short word was guessed.

    Beside words of ``_MIN_LENGTH`` letters or more a short one of the dictionary may be guessed that sounds
    as typed, where no document has it as it was typed (ฉีด วัคซีน หมา).
    """
    least = min(len(word) for _, word in candidate.words)
    pieces = [piece for piece, word in candidate.words if piece != word and len(word) < _MIN_GUESSED_LENGTH]
    if not pieces:
        return least > 1
    are_absent = not any(map(context.vocabulary.document_frequency, pieces))
    return least >= _MIN_LENGTH and are_absent and _are_guesses_safe(context.lexicon, candidate)


def _are_guesses_safe(lexicon: Lexicon, candidate: SpellingCandidate) -> bool:
    """Returns True if each guessed word is a dictionary or everyday word, and long or heard as typed."""
    tokenizer = lexicon.tokenizer
    return all(
        (tokenizer.is_known_word(word) or tokenizer.segment(word) in lexicon.synonyms)
        and (len(word) >= _MIN_GUESSED_LENGTH or phonetic_key(piece) == phonetic_key(word))
        for piece, word in candidate.words
        if piece != word
    )


def _apply_corrections(context: _Context, part: QueryPart, corrections: list[_Correction]) -> QueryPart:
    """Returns the corrected part. Known words count as typed too, as do all words of a longer text."""
    clauses: list[Clause] = []
    text = ""
    at = 0
    for start, end, candidate in corrections:
        clauses += build_query_part(part.text[at:start], context.lexicon).clauses
        clauses += (
            each for piece, word in candidate.words for each in _corrected_clauses(context, piece, word)
        )
        if end - start < len(part.text):
            typed = build_query_part(part.text[start:end], context.lexicon).clauses
            clauses += (
                each
                for each in typed
                if len(each.typed) > 1 and context.vocabulary.document_frequency(each.typed)
            )
        text += part.text[at:start] + candidate.text
        at = end
    clauses += build_query_part(part.text[at:], context.lexicon).clauses
    text += part.text[at:]
    phrase = PhraseBytes(searchable_bytes(text).data, len(clauses), is_exact=False)
    return QueryPart(part.text, tuple(merge_into_synonym_clauses(clauses, context.lexicon)), phrase)


def _corrected_clauses(context: _Context, piece: str, word: str) -> list[Clause]:
    """Returns the clauses of a correction: one, or one for each term of a whole everyday word (ไข้เลือดออก)."""
    tokenizer = context.lexicon.tokenizer
    terms, typed = tokenizer.segment(word), tokenizer.segment(piece)
    if len(terms) > 1 and terms in context.lexicon.synonyms:
        return [Clause(term, (Alternative((term,)),)) for term in terms]
    alternatives = [Alternative(terms)]
    if typed != terms and all(map(tokenizer.is_known_word, typed)):
        alternatives.append(Alternative(typed))
    return [Clause(word, tuple(alternatives))]
