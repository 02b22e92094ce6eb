"""Suggestions while a user types: completed words, and titles and subjects that contain the typed text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from operator import itemgetter

from archive.model import DocumentKind
from archive.thai import keyboard
from archive.thai.characters import WORD_LETTERS
from archive.thai.word_list import thai_stopwords, thai_words
from indexer.analysis.dictionary import Lexicon
from indexer.analysis.index_document import NUMBER_WORD
from indexer.analysis.tokenizer import (
    fold_text,
    group_into_longest_words,
    letters_of,
    searchable_bytes,
    text_of_bytes,
)
from indexer.search.query.parser import normalize_query
from indexer.search.query.query_plan import Alternative, Clause, build_query_part
from indexer.search.vocabulary import MARK_BYTES, Vocabulary

_MOST_WORDS = 4  # completed words in the suggestions
_MOST_PIECES = 4  # tokens that an unfinished word may be cut into
_MOST_TRIED = 8  # completions of one word that are looked at
_MOST_READ = 40  # documents read to find both words together
_SHORTEST_OTHER = 3  # letters; a shorter text is not tried in the other keyboard layout
_SHORTEST_EVERYDAY = 4  # letters from which on everyday words are tried: fewer begin too many
_WORD = re.compile(f"[{WORD_LETTERS}]+|[a-z]+")
_KINDS = "|".join(kind.thai for kind in DocumentKind)
_BEFORE_NUMBER = re.compile(rf"({_KINDS})\s*(?:เลข)?(?:{NUMBER_WORD})?\s*(?=\d)")  # คำสั่ง 301, คำสั่งเลขที่ 301
_KIND_AND_NUMBER = re.compile(rf"(?:{_KINDS}){NUMBER_WORD} .*")
_MOST_TYPED = 80  # characters of the typed text that are used


def suggest_words_and_titles(vocabulary: Vocabulary, lexicon: Lexicon, typed: str, limit: int) -> list[str]:
    """Returns completed words, then titles that begin with the typed text, then titles that contain it."""
    typed = " ".join(normalize_query(typed).split())[:_MOST_TYPED]
    others = keyboard.switched_readings(typed) if len(typed) >= _SHORTEST_OTHER else ()
    suggested = (_suggested(vocabulary, lexicon, text, limit) for text in (typed, *others))
    return next(filter(None, suggested), [])


def _suggested(vocabulary: Vocabulary, lexicon: Lexicon, typed: str, limit: int) -> list[str]:
    letters = searchable_bytes(_BEFORE_NUMBER.sub(rf"\1{NUMBER_WORD}", fold_text(typed))).data
    if not letters:
        return []
    words = [typed] if len(letters) > 1 and _stands_alone(vocabulary, lexicon, typed) else []
    words += _longer_words(vocabulary, lexicon, typed, letters)
    words += _completed(vocabulary, lexicon, typed)
    if len(words) < _MOST_WORDS and len(letters) >= _SHORTEST_EVERYDAY:
        words += _everyday_words(vocabulary, lexicon, fold_text(typed))
    titles = list(_titles(vocabulary, letters, marks=True))
    bare = letters.translate(None, MARK_BYTES)
    if len(words) + len(titles) < limit and len(letters) > 1 and bare:
        titles += _titles(vocabulary, bare, marks=False)
    return list(dict.fromkeys([*words[:_MOST_WORDS], *titles]))[:limit]


def _stands_alone(vocabulary: Vocabulary, lexicon: Lexicon, typed: str) -> bool:
    """Returns True if the typed text is exactly one word of the archive."""
    tokens = lexicon.tokenizer.tokens(typed)
    if len(tokens) != 1:
        return False
    term = tokens[0].term
    is_there = vocabulary.has_clause(Clause(term, (Alternative((term,)),)))
    return is_there and bool(_whole_words(lexicon, [term], is_apart=True))


def _longer_words(vocabulary: Vocabulary, lexicon: Lexicon, typed: str, letters: bytes) -> list[str]:
    """Returns the longer words of titles that begin with the one word typed, the commonest first: น้ำประปา."""
    if len(lexicon.tokenizer.tokens(typed)) != 1:
        return []
    words = Counter(
        word
        for title in islice(_titles(vocabulary, letters, marks=True), _MOST_READ)
        for word in map("".join, group_into_longest_words(lexicon.tokenizer.segment(fold_text(title))))
        if word.startswith(typed) and word != typed
    )
    return [word for word, _ in words.most_common(_MOST_WORDS - 1)]


def _completed(vocabulary: Vocabulary, lexicon: Lexicon, typed: str) -> list[str]:
    """Returns the typed text with its last word completed, the commonest completion first.

    The tokenizer may cut an unfinished word into several tokens: เทศบ is completed to เทศบาล before its last
    token บ is completed to บริหาร. A token that directly follows another word is completed only to words
    that the archive has directly after that word.
    """
    tokens = lexicon.tokenizer.tokens(typed)
    if not tokens or tokens[-1].end != len(typed):
        return []
    found: list[str] = []
    for token in tokens[-_MOST_PIECES:]:
        begun = fold_text(typed[token.start :])
        if len(found) >= _MOST_WORDS or not _WORD.fullmatch(begun):
            continue
        apart = token.start == 0 or typed[token.start - 1].isspace()
        words = _whole_words(lexicon, vocabulary.completions(begun, _MOST_TRIED), is_apart=apart)
        if apart:
            words = _in_titles(vocabulary, words) or words
        texts = (typed[: token.start] + word for word in words)
        found += islice(
            (text for text in texts if apart or _is_there(vocabulary, lexicon, text)), _MOST_WORDS
        )
    return list(dict.fromkeys(found))[:_MOST_WORDS]


def _in_titles(vocabulary: Vocabulary, words: list[str]) -> list[str]:
    """Returns the words that a title or subject has: what residents look for, not what texts are made of."""
    # All are asked for before any is judged: an engine may have to fetch them.
    found = [bool([*vocabulary.titles_containing(letters_of(word), with_marks=True)]) for word in words]
    return [word for word, is_there in zip(words, found, strict=True) if is_there]


def _everyday_words(vocabulary: Vocabulary, lexicon: Lexicon, begun: str) -> list[str]:
    """Returns the everyday words that begin with the text and have a synonym in the archive: ค่าขยะ of ค่าข."""
    there = (
        "".join(terms)
        for terms in lexicon.everyday_words
        if "".join(terms).startswith(begun)
        and any(_is_there(vocabulary, lexicon, "".join(other)) for other, _weight in lexicon.synonyms[terms])
    )
    return list(islice(there, _MOST_WORDS))


def _whole_words(lexicon: Lexicon, words: list[str], *, is_apart: bool) -> list[str]:
    """Returns the completions that are words, not pieces of words that the tokenizer left over.

    Directly after another word only known words that say something are words. Elsewhere names are too, which
    no dictionary has; what begins a word of the dictionary, as เงิ begins เงิน, is a piece of that word.
    """
    known = [word for word in words if lexicon.tokenizer.is_known_word(word) or word.isascii()]
    if not is_apart:
        return [word for word in known if word not in thai_stopwords()]
    return [word for word in words if word in known or not _begins_a_word(word)]


def _begins_a_word(letters: str) -> bool:
    listed = _sorted_words()
    at = bisect_right(listed, letters)
    return at < len(listed) and listed[at].startswith(letters)


@cache
def _sorted_words() -> list[str]:
    return sorted(thai_words())


def _is_there(vocabulary: Vocabulary, lexicon: Lexicon, text: str) -> bool:
    """Returns True if a document has the last word of ``text`` as a phrase; reads ``_MOST_READ`` at most."""
    (*_, last) = text.split()
    typed = build_query_part(last, lexicon, is_exact=True)
    near = replace(typed, phrase=typed.phrase._replace(is_exact=False))
    return vocabulary.estimate_phrase_count(near, limit=1, max_candidates=_MOST_READ) > 0


def _titles(vocabulary: Vocabulary, letters: bytes, *, marks: bool) -> list[str]:
    # The sort is stable, so that names of one announcement stay in their order.
    found = sorted(vocabulary.titles_containing(letters, with_marks=marks), key=itemgetter(slice(3)))
    has_number = any(map(str.isdigit, text_of_bytes(letters)))
    return [each.name for each in found if has_number or not _KIND_AND_NUMBER.fullmatch(each.name)]
