"""Coverage: the share of a query that the best documents match. Below a threshold nothing was found."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Set
from functools import lru_cache
from itertools import pairwise

from archive.thai.word_list import thai_stopwords, thai_word_frequencies
from indexer.analysis.dictionary import SPELLING_WEIGHT, SYNONYM_WEIGHT, Lexicon
from indexer.analysis.tokenizer import (
    gram_terms,
    group_into_longest_words,
    letters_of,
    searchable_bytes,
)
from indexer.search.query.date_ranges import DateRange
from indexer.search.query.parser import KIND_NAMES
from indexer.search.query.query_plan import (
    Alternative,
    Clause,
    QueryPart,
    QueryPlan,
    build_query_part,
)
from indexer.search.tuning import TUNING
from indexer.search.villages import lacks_village, village_number, village_words

_KINDS = frozenset(
    ("เอกสาร", *(name for names in KIND_NAMES.values() for name in names))
)  # each document is of some kind

_ADDRESS_WORDS = frozenset("หมู่ บ้าน หมู่บ้าน ชุมชน ตำบล อำเภอ จังหวัด เทศบาล".split())
_MIN_SENTENCE_WORDS = 4  # telling words; a question of fewer names a thing and maybe its place
_LETTERS_BETWEEN_WORDS = 20  # between two words of a set phrase: ก่อสร้าง(ดัดแปลงหรือรื้อถอน)อาคาร
_LETTERS_BETWEEN_NUMBERS = 2  # between a document's number and its year, and beside a stop word
_MIN_FUZZY_LENGTH = 4  # letters; shorter words have too few grams to be told apart
_LEAST_NAMED = 4  # letters of a word that is said to be missing
_COMMON_FREQUENCY = 800  # occurrences in the Thai Textbook Corpus; คน has 23,226, ค่า 871, ถนน 740
_MOST_CONSONANTS = 2  # of one syllable: คน, ไฟ
_TOPIC_IDF = math.log(5)  # of a word in one of five announcements
_COMMON_IDF = math.log(5 / 3)  # of a word in three of five announcements, such as the municipality's own name


def minimum_coverage(plan: QueryPlan) -> float:
    """Returns the coverage below which the answer to the plan is "nothing found"."""
    telling = (
        [
            each.typed
            for each in part.clauses
            if not (is_stop_word_or_document_kind(each) or each.typed in _ADDRESS_WORDS)
        ]
        for part in plan.parts
    )
    if (
        plan.is_sentence
        and sum(len(group_into_longest_words(words)) for words in telling) >= _MIN_SENTENCE_WORDS
    ):
        return TUNING.min_answer_coverage_sentence
    return TUNING.min_answer_coverage_question if plan.had_question_words else TUNING.min_answer_coverage


def clause_weights(
    idfs: Mapping[Clause, float], highest_idf: float, times: tuple[DateRange, ...], lexicon: Lexicon
) -> dict[Clause, float]:
    """Returns the weight of each clause without a time: its IDF, ``highest_idf`` at most, or less.

    It is less for stop words and unknown words. ``highest_idf`` is that of a word seen once. An unseen word
    weighs no more: in small archives it would outweigh all others. A subject of a municipality, which a word
    with synonyms is, weighs more where no document has any of these: nothing here is about ค่าน้ำ.
    """
    named = time_clauses(times, lexicon)
    weights = {}
    for clause, idf in idfs.items():
        if clause not in named:
            share = 1.0 if has_only_dictionary_words(clause, lexicon) else TUNING.unknown_word_weight
            share *= TUNING.stop_word_weight if is_stop_word_or_document_kind(clause) else 1.0
            is_absent_subject = idf > highest_idf and _has_synonyms(clause)
            share *= TUNING.absent_subject_weight if is_absent_subject else 1.0
            weights[clause] = share * min(idf, highest_idf)
    return weights


def _has_synonyms(clause: Clause) -> bool:
    return clause.typed[:1].isalpha() and any(
        other.weight in (SYNONYM_WEIGHT, SPELLING_WEIGHT) for other in clause.alternatives[1:]
    )


def time_clauses(times: tuple[DateRange, ...], lexicon: Lexicon) -> set[Clause]:
    """Returns the clauses of a query that name its date ranges."""
    return {clause for time in times for clause in build_query_part(time.text, lexicon).clauses}


def has_only_dictionary_words(clause: Clause, lexicon: Lexicon) -> bool:
    """Returns True if the dictionary has each Thai word of the clause; other words are not looked up."""
    terms = clause.alternatives[0].terms
    return all(lexicon.tokenizer.is_known_word(term) or not "ก" <= term[0] <= "๎" for term in terms)


def is_topic(clause: Clause, idf: float) -> bool:
    """Returns True for a word that tells alone what a document is about: few have it."""
    return idf >= _TOPIC_IDF and not is_stop_word_or_document_kind(clause)


def is_distinguishing(clause: Clause, idf: float) -> bool:
    """Returns True for a word that tells documents apart: no stop word, and not in most of them."""
    return idf >= _COMMON_IDF and not is_stop_word_or_document_kind(clause)


def is_stop_word_or_document_kind(clause: Clause) -> bool:
    """Returns True for a stop word, or for the name of a kind of document."""
    return clause.typed in thai_stopwords() or clause.typed in _KINDS


def required_grams(clause: Clause) -> tuple[list[str], int]:
    """Returns the grams of a clause's letters, and how many of them stand where the clause is misread.

    No grams and 2 for a number, and for a word that is too short to be told from others.
    """
    data = searchable_bytes(clause.typed).data
    terms = [] if len(data) < _MIN_FUZZY_LENGTH or data[:1].isdigit() else gram_terms(data)
    return terms, math.floor(max(1.0, TUNING.fuzzy_min_grams * len(terms))) + 1


def document_coverage(
    weights: Mapping[Clause, float],
    matched: Collection[Clause],
    scattered: Set[Clause],
    broken: Set[Clause],
    misread: Mapping[Clause, float],
) -> float:
    """Returns the share (0–1) of the weights, of which there must be one at least, that a document covers.

    A word in ``broken`` was typed as a part of a longer word that the document lacks: it counts least.
    A word in ``scattered`` was typed beside others, but stands beside none of these in the document: it
    counts less. ``misread`` has for other words how similar (0–1) a phrase of the document is to the phrase
    in which the word was typed.
    """

    def share(clause: Clause) -> float:
        if clause not in matched:
            return misread.get(clause, 0.0)
        if clause in broken:
            return max(TUNING.broken_word_weight, misread.get(clause, 0.0))
        return TUNING.scattered_word_weight if clause in scattered else 1.0

    value = sum(weight * share(clause) for clause, weight in weights.items())
    return min(value / sum(weights.values()), 1.0)


def are_related_hits_chosen(plan: QueryPlan, coverage: float) -> bool:
    """Returns True if not all hits are worth showing: they answer too little, or set phrases were split."""
    return coverage < TUNING.min_answer_coverage or plan.are_set_phrases_split


def may_be_related_by(plan: QueryPlan, clause: Clause, idf: float) -> bool:
    """Returns True for a clause by which a document may come near what is asked.

    Where set phrases were split, it is a word of these that few documents have, or that has synonyms of its
    own, as the subjects of a municipality have (ขยะ of ถังขยะ). A short common word without these, the คน of
    คนพิการ, says nothing by itself.
    """
    if not plan.are_set_phrases_split:
        return True
    is_subject = len(clause.alternatives) > 1 and is_distinguishing(clause, idf)
    return clause in plan.words_of_split_phrases and (
        is_subject or (is_topic(clause, idf) and not _is_short_and_common(clause))
    )


def _is_short_and_common(clause: Clause) -> bool:
    """Returns True for a word of one syllable that everybody uses and many compounds begin with."""
    is_common = thai_word_frequencies().get(clause.typed, 0) >= _COMMON_FREQUENCY
    return is_common and sum("ก" <= letter <= "ฮ" for letter in clause.typed) <= _MOST_CONSONANTS


def is_worth_showing_as_related(
    plan: QueryPlan, idfs: Mapping[Clause, float], matched: Collection[Clause], coverage: float
) -> bool:
    """Returns True for a document that is no answer, but has a telling word or covers enough of the query.

    It is then shown apart. A telling word counts that was typed by itself, and so does a set phrase that has
    synonyms (ค่าขยะ of ค่าขยะหมู่ 7), however many documents have it. For a question one word that few
    documents have is enough: most words of a question name nothing. Where set phrases were split, any word
    is enough that ``may_be_related_by`` allows; others are not in ``matched``.
    """
    if plan.are_set_phrases_split:
        return bool(matched)
    if plan.had_question_words and any(
        is_topic(clause, idfs[clause]) for clause in matched if clause in idfs
    ):
        return True
    if any(_is_subject(clause) for clause in matched):
        return True
    return coverage >= TUNING.min_related_coverage or any(
        all(clause in matched for clause in part.clauses)
        and any(is_distinguishing(clause, idfs[clause]) for clause in part.clauses if clause in idfs)
        for part in plan.parts
    )


def _is_subject(clause: Clause) -> bool:
    """Returns True for a set phrase with synonyms, which names a subject of a municipality by itself."""
    return len(clause.alternatives) > 1 and len(clause.alternatives[0].terms) > 1


def adjacent_clauses(plan: QueryPlan) -> list[tuple[Clause, Clause, bytes]]:
    """Returns each two clauses that were typed side by side, and both as one run of searchable bytes."""
    return [(left, right, _run(left, right)) for part in plan.parts for left, right in pairwise(part.clauses)]


def scattered_clauses(
    adjacent: Collection[tuple[Clause, Clause, bytes]], runs_in_document: Collection[bytes]
) -> set[Clause]:
    """Returns the words of ``adjacent_clauses`` that stand beside none of their neighbours in a document."""
    paired = {each for pair in adjacent for each in pair[:2] if len(each.alternatives[0].terms) == 1}
    return paired - {
        each for left, right, run in adjacent if run in runs_in_document for each in (left, right)
    }


def longer_words(part: QueryPart) -> list[tuple[Clause, ...]]:
    """Returns the clauses of each longer word of a part: สนาม and บิน of สนามบิน."""
    words = []
    at = 0
    for word in group_into_longest_words([clause.typed for clause in part.clauses]):
        words.append(part.clauses[at : at + len(word)])
        at += len(word)
    return [clauses for clauses in words if len(clauses) > 1]


def missing_words(plan: QueryPlan, frequencies: Mapping[Clause, int]) -> tuple[str, ...]:
    """Returns the telling words of a plan, of four letters or more, that no document has; no numbers.

    They are the longest words that are read there. ``frequencies`` has the number of documents with each
    clause. Shorter words may only join others (ตอน), or be pieces of a misspelt word: beside a missing word
    they are a part of it (ธรรม and เน of ธรรมเนยีม).
    """
    missing: list[str] = []
    for part in plan.parts:
        longer = {clause: clauses for clauses in longer_words(part) for clause in clauses}
        before = ""  # the missing word that ends where the next clause begins
        for clause in part.clauses:
            is_telling = not is_stop_word_or_document_kind(clause) and clause.typed[:1].isalpha()
            if not is_telling or frequencies.get(clause) != 0:
                before = ""
                continue
            word = "".join(each.typed for each in longer.get(clause, (clause,)))
            if before and min(len(before), len(word)) < _LEAST_NAMED and before + word in part.text:
                while missing and missing[-1] == before:  # once for each clause of a longer word
                    missing.pop()
                word = before + word
            missing.append(word)
            before = word
    return tuple(word for word in dict.fromkeys(missing) if len(word) >= _LEAST_NAMED)


def is_one_word(plan: QueryPlan) -> bool:
    """Returns True for a plan of one longer word (สอบราคา) whose pieces have no synonyms."""
    return [word for part in plan.parts for word in longer_words(part)] == [plan.clauses] and all(
        len(each.alternatives) == 1 for each in plan.clauses
    )


def _longer_words_with_runs(plan: QueryPlan) -> list[tuple[tuple[Clause, ...], list[bytes]]]:
    """Returns the clauses of each longer word of the plan, and the run of each two of them side by side."""
    return [
        (clauses, [_run(left, right) for left, right in pairwise(clauses)])
        for part in plan.parts
        for clauses in longer_words(part)
    ]


class PiecesFinder:
    """Finds the longer words and set phrases of a plan that a text has only in pieces.

    A set phrase (เบี้ยคนพิการ, 188/65) may have some letters between its words. A village's number alone
    (แผนงานที่ 99) is none of หมู่ 99. What is looked for is worked out once, for many texts.
    """

    def __init__(self, plan: QueryPlan) -> None:
        self._plan = plan
        self._longer_words = _longer_words_with_runs(plan)
        self._set_phrases = [
            (clause, *_words_and_patterns(clause)) for clause in plan.clauses if len(clause.alternatives) > 1
        ]
        self._has_village = village_number(plan) is not None
        names = village_words(plan)
        self._village = {clause for clause in plan.clauses if clause.typed in names}

    @property
    def may_find_any(self) -> bool:
        """Returns True if the plan has a longer word, a set phrase or a village."""
        return bool(self._longer_words or self._set_phrases) or self._has_village

    def clauses_not_whole(self, text: bytes) -> set[Clause]:
        """Returns clauses of longer words, set phrases or a village that a text lacks or has in pieces."""
        broken = {
            clause
            for clauses, runs in self._longer_words
            if not all(run in text for run in runs)
            for clause in clauses
        }
        for clause, words, patterns in self._set_phrases:
            if not (any(word in text for word in words) or any(each.search(text) for each in patterns)):
                broken.add(clause)
        if not self._has_village:
            return broken
        return broken | self._village if lacks_village(self._plan, text) else broken - self._village


def _words_and_patterns(clause: Clause) -> tuple[list[bytes], list[re.Pattern[bytes]]]:
    """Returns the clause's alternatives of one word, and the patterns of the others."""
    words = [letters_of(each.terms[0]) for each in clause.alternatives if len(each.terms) == 1]
    return words, [close_together_pattern(each) for each in clause.alternatives if len(each.terms) > 1]


@lru_cache(maxsize=1_000)
def close_together_pattern(alternative: Alternative) -> re.Pattern[bytes]:
    """Returns a pattern of searchable bytes: the terms in order, each a group, with a few letters between.

    A word that says nothing by itself stands beside its neighbours: ได้ประมูล is not any ได้ before a ประมูล.
    """
    terms = alternative.terms
    pattern = b"(%s)" % re.escape(letters_of(terms[0]))
    for before, term in pairwise(terms):
        is_tight = before[0].isdigit() or not thai_stopwords().isdisjoint((before, term))
        most = _LETTERS_BETWEEN_NUMBERS if is_tight else _LETTERS_BETWEEN_WORDS
        pattern += b".{0,%d}?(%s)" % (most, re.escape(letters_of(term)))
    return re.compile(pattern, re.DOTALL)


def _run(left: Clause, right: Clause) -> bytes:
    return letters_of(left.typed + right.typed)
