"""The thresholds and weights of search that the search benchmark measures.

docs/decisions/search-tuning.md shows for each value what the benchmark loses without it. That page also names
the modules with values of their own, which are not measured one by one. Limits that only bound the work of
one search stand in the modules that need them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTuning:
    """Thresholds and weights; shares are between 0 and 1. "IDF mass" is the sum of the IDFs of clauses."""

    # BM25F
    k1: float = 0.9  # saturation: a term that occurs k1 times (weighted) counts half of its maximum
    zone_weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "title": 3.0,
            "labels": 2.0,
            "author": 1.5,
            "number": 3.0,
            "body": 1.0,
            "pages": 0.7,
            "other_readings": 0.3,  # of doubtful words of scans: below what was read
        }
    )
    length_normalization: Mapping[str, float] = field(  # BM25F's b
        default_factory=lambda: {"title": 0.3, "labels": 0.4, "body": 0.75, "pages": 0.75}
    )
    fuzzy_weight: float = 0.5  # weight of a clause of which only grams match, beside an exact match
    fuzzy_min_grams: float = 0.34  # share of a clause's grams that a document must have

    # retrieval
    enough_complete: int = 10  # documents with all clauses, from which on partial matches are left out
    min_coverage: float = 0.45  # share of the query's IDF mass that a partial match covers at least …
    min_share_of_best: float = 0.5  # … or this share of what the best document covers, if that is less
    min_share_of_best_quoted: float = 0.75  # the same for a query with quotes
    min_phrase_similarity: float = 0.4  # of a misread phrase, for its document to be shown first

    # honest answers
    scattered_word_weight: float = 0.65  # a word found apart from the words it was typed with
    misread_word_weight: float = 0.65  # a word that is there with one letter misread, or another like it
    broken_word_weight: float = 0.2  # a part (สนาม) of a longer word that was typed (สนามบิน) and is not there
    unknown_word_weight: float = 0.8  # a word that no dictionary knows is often a misspelling
    stop_word_weight: float = 0.1  # small archives lack even words that say nothing (ได้, ต้อง)
    absent_subject_weight: float = 2.0  # a word with synonyms, none of which any document has (ค่าน้ำ)
    min_answer_coverage: float = 0.54  # below it the answer is "nothing found"
    min_answer_coverage_question: float = 0.45  # the same for questions: they say more than they ask
    min_answer_coverage_sentence: float = 0.3  # the same for sentences: nobody expects all their words
    min_related_coverage: float = 0.29  # of what is shown as related: ภาษี alone of ภาษีป้าย has 0.33

    # ranking, in shares of the best BM25F score
    whole_query_boost: float = 0.5  # the whole query stands in the text as typed
    own_number_boost: float = 0.5  # the document bears the number typed: it stands before those that name it
    phrase_boost: float = 0.6  # all phrases stand in the text
    fuzzy_phrase_floor: float = 0.7  # share of letters in order, below which a phrase does not match
    fuzzy_phrase_ceiling: float = 0.8  # value of a phrase with one misread letter, beside an exact one

    # pages
    page_phrase_boost: float = 2.0  # IDF units for a phrase on the page
    min_page_share: float = 0.3  # share of the best page's score that a page needs to be shown

    # similar announcements
    min_similarity: float = 0.2  # share of the announcement's own score
    min_similar_title: float = 0.2  # share of the IDF mass of its title that the other's title has


def round_to_stable_grid(average: float) -> float:
    """Returns the average, at least 1, rounded to a grid of 10 % that few changes of documents move."""
    return 1.1 ** round(math.log(max(average, 1.0), 1.1))


TUNING = SearchTuning()  # the values in force
