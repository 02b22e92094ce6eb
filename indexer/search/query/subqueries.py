"""Splits a query that asks for two things that seldom stand in one document: ฉีดวัคซีนหมาและพ่นยุง."""

from __future__ import annotations

import re
from dataclasses import replace

from archive.thai.word_list import thai_stopwords
from indexer.analysis.tokenizer import Tokenizer, group_into_longest_words
from indexer.search.query.parser import Query, TypedChunk
from indexer.search.query.question_words import chunks_without_question_words

_MOST_SHOWN = 5  # announcements of each subquery
_MOST_WORDS = 4  # of a subquery; longer ones say something of both, or of one with another
_BETWEEN = re.compile("แล้วก็|และ|กับ|รวมทั้ง|พร้อมทั้ง|ตลอดจน")
_NAMED_WITH_AND = re.compile(
    r"(?:กอง|สำนัก|งาน|ฝ่าย|ศูนย์|คณะ|กระทรวง|กรม|สถาบัน|มหาวิทยาลัย|โรงเรียน|โครงการ|แผน|พระราช|พ\.ร\.|กฎ|ระเบียบ|เทศบัญญัติ|ข้อบัญญัติ)"
)  # an office, a plan or a law, whose name often has และ: กองสวัสดิการและสังคม
_TOGETHER = re.compile("(?:ไป)?(?:พร้อมกัน|ด้วยกัน|ทั้งคู่|ทั้งสอง(?:อย่าง|เรื่อง|รายการ)?)")


def split_into_subqueries(query: Query, segmenter: Tokenizer) -> tuple[Query, Query] | None:
    """Returns the two queries of a query that asks for two things; None for any other, as with a time.

    The words between the subqueries stand once, not in a longer word (กับข้าว), and in no name of an office.
    """
    if query.times or any(chunk.is_exact or chunk.others for chunk in query.chunks):
        return None
    text = " ".join(chunk.text for chunk in query.chunks)
    borders = {place for word in _longest_words(text, segmenter) for place in word}
    between = [each for each in _BETWEEN.finditer(text) if borders.issuperset(each.span())]
    if len(between) != 1:
        return None
    subqueries = text[: between[0].start()].strip(), _TOGETHER.sub(" ", text[between[0].end() :]).strip()
    if any(not subquery or _NAMED_WITH_AND.match(subquery) for subquery in subqueries):
        return None
    if not all(_names_something(query, each, segmenter) for each in subqueries):
        return None
    first, second = (_subquery(query, each, segmenter) for each in subqueries)
    is_short = all(len(_longest_words(each.typed, segmenter)) <= _MOST_WORDS for each in (first, second))
    return (first, second) if is_short else None


def _names_something(query: Query, text: str, segmenter: Tokenizer) -> bool:
    """Returns True if a text has a word that is neither one of a question nor a stop word."""
    chunks = _without_question_words(query, text, segmenter)
    terms = (token.term for chunk in chunks for token in segmenter.tokens(chunk.text))
    return any(term not in thai_stopwords() for term in terms)


def _without_question_words(query: Query, text: str, segmenter: Tokenizer) -> list[TypedChunk]:
    typed = [TypedChunk(piece, raw=piece) for piece in text.split()]
    return chunks_without_question_words(typed, segmenter, should_keep_title_word=query.names_title)


def _subquery(query: Query, text: str, segmenter: Tokenizer) -> Query:
    """Returns a query for a subquery, without its question words: people read it above its answers."""
    chunks = _without_question_words(query, text, segmenter)
    told = " ".join(chunk.text for chunk in chunks)
    return replace(
        query,
        typed=told,
        chunks=tuple(chunks),
        page=1,
        per_page=_MOST_SHOWN,
        other_interpretations=frozenset(),
        text_with_year=None,
        may_split_into_subqueries=False,
    )


def _longest_words(text: str, segmenter: Tokenizer) -> list[tuple[int, int]]:
    tokens = segmenter.tokens(text)
    words, at = [], 0
    for word in group_into_longest_words([text[token.start : token.end] for token in tokens]):
        words.append((tokens[at].start, tokens[at + len(word) - 1].end))
        at += len(word)
    return words
