"""Terms to highlight: the runs of letters of a query that are marked where a text has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise

from archive.thai.word_list import thai_stopwords
from indexer.analysis.tokenizer import Tokenizer, fold_text, group_into_longest_words, letters_of
from indexer.search.coverage import close_together_pattern
from indexer.search.query.date_ranges import DateRange
from indexer.search.query.parser import Query, TypedChunk
from indexer.search.query.query_plan import Alternative
from indexer.search.query.question_words import chunks_without_question_words
from indexer.search.villages import find_typed_village, village_or_section_words

_WORDS_OF_A_PAIR = 2  # words of a piece that is read as one: ราคากลาง
_TOGETHER = 3  # stop words in a row from which on they are marked as a phrase
_ORDINAL = "ที่"  # between a word and its number, as in หมู่ที่ 4
_PLACE_KINDS = frozenset("บ้าน หมู่บ้าน ชุมชน ตำบล อำเภอ จังหวัด แขวง เขต ซอย วัด หนอง ห้วย คลอง".split())
_OF_A_DATE = frozenset("ปี เดือน วัน วันที่ พ.ศ. ค.ศ.".split())  # they stand beside every date


@dataclass(frozen=True, slots=True)
class HighlightTerms:
    """Runs of letters to find: ``phrases`` hit anywhere in a text, ``segment`` only as whole words.

    ``pieces`` are the two words of a piece such as ราคากลาง, which hit only as words that people read.
    ``parts`` has the parts of each longer word, which hit only by themselves, in a text without it.
    ``together`` are the words of synonyms, which hit only close together: อาคาร alone is no ก่อสร้างอาคาร.
    ``beside_answer`` has each of these words, which hits alone only before what the query asks: ชำระ of
    ชำระภาษี in ชำระได้ที่ชั้น 1.
    ``village`` is the number of a village, ``section`` that of a section of a law.
    """

    phrases: tuple[bytes, ...]
    segment: tuple[bytes, ...]
    pieces: tuple[bytes, ...]
    parts: tuple[tuple[bytes, tuple[bytes, ...]], ...]
    together: tuple[re.Pattern[bytes], ...]
    beside_answer: tuple[bytes, ...]
    village: bytes | None
    section: bytes | None


@lru_cache(maxsize=256)
def highlight_terms(query: Query, tokenizer: Tokenizer) -> HighlightTerms:
    """Returns the terms of a query that are marked in texts."""
    phrases: list[str] = []
    words: list[str] = []
    pieces: list[str] = []
    parts: dict[str, list[str]] = {}
    chunks = _telling_chunks(query, tokenizer)
    village, may_be_section = find_typed_village(_plain_words(chunks, tokenizer)) or (None, False)
    synonyms = [(text, _words(fold_text(text), tokenizer)) for text in query.extra_highlights]
    single = [text for text, typed in synonyms if len(group_into_longest_words(typed)) == 1]
    for text, exact in (
        *((chunk.text, chunk.is_exact) for chunk in chunks),
        *((text, False) for text in (*query.corrected_words, *single)),
    ):
        typed = _words(fold_text(text), tokenizer)
        (phrases if exact or len(typed) > 1 else words).append(text)
        if not exact:
            joined = group_into_longest_words(typed)
            words_or_pieces = pieces if len(joined) == _WORDS_OF_A_PAIR else words
            words_or_pieces += _with_name([("".join(each), each[0]) for each in joined])
            parts |= {"".join(each): [word for word in each if _telling(word)] for each in joined if each[1:]}
            phrases += _together(typed)
    phrases += _numbered(_plain_words(chunks, tokenizer))
    if any(map(_telling, (*words, *pieces))):
        words, pieces = (list(filter(_telling, each)) for each in (words, pieces))
    names = village_or_section_words(village) if village is not None else frozenset[str]()
    phrases, words, pieces = (
        [each for each in texts if fold_text(each).replace(" ", "") not in names]
        for texts in (phrases, words, pieces)
    )
    of_several = [each for text, each in synonyms if each and text not in single and text not in names]
    return HighlightTerms(
        _runs(phrases),
        _runs(words),
        _runs(pieces),
        tuple((_runs([word])[0], _runs(its)) for word, its in parts.items()),
        tuple(close_together_pattern(Alternative(tuple(each))) for each in of_several),
        _runs([word for each in of_several for word in each if _telling(word)]),
        village.encode() if village is not None else None,
        village.encode() if village is not None and may_be_section else None,
    )


def _telling_chunks(query: Query, tokenizer: Tokenizer) -> list[TypedChunk]:
    """Returns the pieces of a query and their alternatives, without question words and periods."""
    chunks = chunks_without_question_words(query.chunks, tokenizer, should_keep_title_word=query.names_title)
    every = [chunk for first in chunks or query.chunks for chunk in (first, *first.others)]
    return _without_periods(every, query.times)


def _plain_words(chunks: list[TypedChunk], tokenizer: Tokenizer) -> list[str]:
    """Returns the words of the pieces that are neither quoted nor alternatives."""
    texts = [fold_text(chunk.text) for chunk in chunks if not (chunk.is_exact or chunk.others)]
    return [text[token.start : token.end] for text in texts for token in tokenizer.tokens(text)]


def _words(folded: str, tokenizer: Tokenizer) -> list[str]:
    """Returns the words of a piece; a number such as 98/2567 is one, without its parts."""
    words: list[str] = []
    number_end = 0
    for token in tokenizer.tokens(folded):
        if token.start >= number_end:
            words.append(folded[token.start : token.end])
            number_end = token.end if words[-1][0].isdigit() else 0
    return words


def _without_periods(chunks: list[TypedChunk], times: tuple[DateRange, ...]) -> list[TypedChunk]:
    """Returns the pieces without the years and months that narrow the results: all results are of these.

    A day stays, as does a query of nothing else.
    """
    periods = {word for time in times if time.year or time.month for word in time.text.split()}
    rest = [chunk for chunk in chunks if chunk.is_exact or chunk.text not in periods]
    if any(_telling(chunk.text) for chunk in rest):
        return rest
    words = [chunk for chunk in chunks if not chunk.text.isdigit()]  # of งบปี 67 no other 67
    return words if any(_telling(chunk.text) for chunk in words) else chunks


def _with_name(words: list[tuple[str, str]]) -> list[str]:
    """Returns the words; one that begins a place's name (บ้าน in บ้านเนินสะแก) with the beginning of the name.

    Alone it stands in the name of every other place. ``words`` are pairs of a word and its first short word.
    """
    following = [*(first for _, first in words[1:]), ""]
    return [
        word + name if word in _PLACE_KINDS else word
        for (word, _), name in zip(words, following, strict=False)
    ]


def _numbered(tokens: list[str]) -> list[str]:
    """Returns each number of one digit with the word that was typed before it: ชั้น 4, also as ชั้นที่ 4."""
    words = [token for token in tokens if token != _ORDINAL]
    return [
        f"{word}{between}{number}"
        for word, number in pairwise(words)
        if number.isdigit() and len(number) == 1 and _telling(word)
        for between in ("", _ORDINAL)
    ]


def _telling(word: str) -> bool:
    return word not in thai_stopwords() and len(word) > 1 and word not in _OF_A_DATE


def _together(words: list[str]) -> list[str]:
    """Returns each run of at least ``_TOGETHER`` stop words as one phrase, such as การ มี ส่วน ร่วม.

    Each of these words alone says nothing; the run does.
    """
    stretches = [(telling, list(stretch)) for telling, stretch in groupby(words, key=_telling)]
    return ["".join(stretch) for telling, stretch in stretches if not telling and len(stretch) >= _TOGETHER]


def _runs(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(data for data in (letters_of(text) for text in texts) if data))
