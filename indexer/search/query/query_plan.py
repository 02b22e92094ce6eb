"""Query plan: turns a ``Query`` into clauses of alternative terms and phrases to look up in the index."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, pairwise
from typing import NamedTuple

from archive.thai import ERA, MONTHS, SHORT_MONTHS
from archive.thai.characters import CONSONANTS
from indexer.analysis.dictionary import SPELLING_WEIGHT, SYNONYM_WEIGHT, Lexicon, Synonym
from indexer.analysis.index_document import village_term
from indexer.analysis.loanwords import find_spelled_letters
from indexer.analysis.tokenizer import Token, fold_text, is_number, letters_of, searchable_bytes
from indexer.search.query.date_ranges import DateRange
from indexer.search.query.parser import KIND_NAMES, Query, TypedChunk
from indexer.search.query.question_words import (
    ENGLISH_QUESTION_WORDS,
    ENGLISH_STOP_WORDS,
    chunks_without_question_words,
    has_question_words,
)
from indexer.search.villages import (
    ABBREVIATED_VILLAGE,
    positions_of_village_numbers,
    positions_of_villages,
    village_number,
)

_MOST_PARTS = 64  # parts of a query that are used
_MOST_CLAUSES = 64  # clauses of a query that are used
_MOST_ALTERNATIVES = 8  # alternatives of one clause that are used
_MIN_SENTENCE_WORDS = 8  # words from which on a query is a sentence
_LETTERS_OFTEN_INSIDE = 2  # letters of an abbreviation that often stand in a row inside other words
_PARTS = 0.8  # weight of a code that is found by its parts

_READINGS_BEFORE_NUMBER = (("ม",), ("หมู่", "ที่"), ("มาตรา",))  # never มหาวิทยาลัย, the likeliest first
_TITLES = frozenset(("น.ส.", "น.ส", "นส"))  # before a number they are no นางสาว: น.ส.3 is a land deed
_MONTHS = frozenset(token for name in (*MONTHS, *SHORT_MONTHS) for token in (name, name.rstrip(".")))
_BEFORE_A_YEAR = frozenset({"ปี", "พ.ศ.", "ค.ศ.", "พศ", "คศ", "งบประมาณ"})
_BEFORE_A_TIME = frozenset("เมื่อ วัน ที่ วันที่ เดือน ปี พ.ศ. ค.ศ.".split())
_NUMBERED = re.compile(r"(?<![a-z0-9.-])([a-z]{1,3})[ .-]?(\d{1,4}(?:\.\d{1,2})?)(?![a-z0-9/-]|[.,:]\d)")
_NUMBER_AND_YEAR = re.compile(r"(\d{1,5})(?:/(\d\d)|[-.](25\d\d))")
_DOCUMENT_NUMBER = re.compile(r"\d{1,5}/\d{2,4}")
_KIND = "|".join(name for names in KIND_NAMES.values() for name in names)
_LABEL_WITHOUT_YEAR = re.compile(rf"(?:(?:{_KIND})(?:เลขที่|ที่)?|เลขที่|ที่)(?P<number>(?!2[3-6]\d\d$)\d{{1,4}})")
_NUMBER_LETTERS = re.compile(f"[{CONSONANTS}]{{1,3}}")
_KIND_LETTERS = re.compile(f"[{CONSONANTS}]{{2,3}}")  # of a kind's abbreviation
_SHORT_YEARS = range(30, 80)  # 2530–2579 BE: older documents are not numbered so, or not kept
_ERAS = range(1700, 2200), range(1700 + ERA, 2200 + ERA)  # numbers taken for years: Common Era, Buddhist


class Alternative(NamedTuple):
    """Terms that a document must all have, with the weight of this alternative among those of its clause."""

    terms: tuple[str, ...]
    weight: float = 1.0


class Clause(NamedTuple):
    """One condition of a query. A document with any of the alternatives matches the clause."""

    typed: str
    alternatives: tuple[Alternative, ...]

    @property
    def single_term(self) -> str | None:
        """The only term of a clause of one; None for a clause with alternatives or of several terms."""
        terms = self.alternatives[0].terms
        return terms[0] if len(self.alternatives) == len(terms) == 1 else None


class PhraseBytes(NamedTuple):
    """The letters of a query part in a row, as searchable bytes, and the number of its words.

    The part was typed without a space, or in quotes.
    """

    data: bytes
    words: int
    is_exact: bool  # the phrase was quoted: results must contain it


@dataclass(frozen=True, slots=True)
class QueryPart:
    """A ``TypedChunk`` as it is looked up: as clauses of single words, and as a phrase of its letters."""

    text: str  # folded
    clauses: tuple[Clause, ...]
    phrase: PhraseBytes
    raw: str = ""  # as typed, letter for letter
    # Of a quoted part the letters that results must have in a row; several ways where quotes stand beside OR.
    quoted: tuple[tuple[bytes, ...], ...] = ()


@dataclass(frozen=True)
class QueryPlan:
    """The parts of a query to find and those to exclude, without times; ``whole`` is its letters in a row.

    ``whole`` is of all pieces of the query, question words too, as searchable bytes. Times are in ``Query``.
    """

    parts: tuple[QueryPart, ...]
    whole: bytes
    without: tuple[QueryPart, ...]
    had_question_words: bool = False  # question words were removed
    # Words of set phrases that were split: they need not stand side by side.
    words_of_split_phrases: frozenset[Clause] = frozenset()

    @property
    def are_set_phrases_split(self) -> bool:
        """Returns True for a plan of ``split_set_phrases`` that had any."""
        return bool(self.words_of_split_phrases)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """Returns the first ``_MOST_CLAUSES`` clauses of all parts in the order typed, each once."""
        return tuple(dict.fromkeys(clause for part in self.parts for clause in part.clauses))[:_MOST_CLAUSES]

    @cached_property
    def is_sentence(self) -> bool:
        """Returns True if the plan has so many words that nobody expects all of them in one document."""
        return sum(len(each.alternatives[0].terms) for each in self.clauses) >= _MIN_SENTENCE_WORDS

    @property
    def is_prose(self) -> bool:
        """True for questions and sentences: documents with all of their words do not stand before others."""
        return self.is_sentence or self.had_question_words

    @property
    def quoted_parts(self) -> tuple[QueryPart, ...]:
        """Returns the parts of which results must have letters in a row."""
        return tuple(part for part in self.parts if part.quoted)

    @property
    def document_numbers(self) -> set[str]:
        """Numbers of documents that the plan asks for, in every way to write them."""
        terms = {term for clause in self.clauses for each in clause.alternatives for term in each.terms}
        return {term for term in terms if _DOCUMENT_NUMBER.fullmatch(term)}

    @cached_property
    def number_without_year(self) -> str | None:
        """The number of a plan that is a kind of document and a number without its year: คำสั่งที่ 301.

        A number that may be a year is none: คำสั่ง 2564 asks for the orders of that year.
        """
        found = _LABEL_WITHOUT_YEAR.fullmatch("".join(clause.typed for clause in self.clauses))
        return found["number"] if found else None

    @property
    def numbers_of_all_years(self) -> tuple[str, ...]:
        """``number_without_year`` with each year that a document may have, in both ways: 301/64, 301/2564."""
        number = self.number_without_year
        years = (year for short in _SHORT_YEARS for year in (short, 2500 + short))
        return () if number is None else tuple(f"{number}/{year}" for year in years)

    @property
    def letters_of_document_numbers(self) -> str | None:
        """The letters of a plan that is a few consonants alone, as before a document's number: นป, มท."""
        only = self.clauses[0].single_term if len(self.clauses) == 1 and not self.quoted_parts else None
        return only if only and _NUMBER_LETTERS.fullmatch(only) else None

    @cached_property
    def phrases(self) -> tuple[PhraseBytes, ...]:
        """Phrases of all parts with letters, also of single words, but not of parts joined with ``OR``."""
        return tuple(part.phrase for part in self.parts if part.phrase.data)


def has_document_number(clause: Clause) -> bool:
    """Returns True if the clause is for a number of a document, in any way to write it."""
    terms = (term for each in clause.alternatives for term in each.terms)
    return any(map(_DOCUMENT_NUMBER.fullmatch, terms))


def build_query_plan(query: Query, lexicon: Lexicon) -> QueryPlan:
    """Returns the parts of a query without question words, as clauses and phrases, and its exclusions.

    An English query loses its stop words too. Where nothing else was typed, all words stay.
    """
    typed = query.chunks[:_MOST_PARTS]
    telling = _without_english_stop_words(typed)
    chunks = _with_numbers(telling)
    asked = (
        chunks_without_question_words(chunks, lexicon.tokenizer, should_keep_title_word=query.names_title)
        or chunks
    )
    parts: list[QueryPart] = []
    for chunk in asked[:_MOST_PARTS]:
        if chunk.others:
            parts.append(_either(chunk, lexicon))
            continue
        preceding = parts[-1].clauses[-1] if parts and parts[-1].clauses else None
        part = build_query_part(chunk.text, lexicon, is_exact=chunk.is_exact, preceding=preceding)
        parts.append(replace(part, raw=chunk.raw))
    parts = _with_kinds_before_numbers(_with_abbreviations_before_numbers(parts), lexicon)
    parts = list(map(_with_short_village_name, parts))
    whole = letters_of(" ".join(chunk.text for chunk in query.chunks))
    without = tuple(
        build_query_part(each.text, lexicon, is_exact=True) for each in query.without[:_MOST_PARTS]
    )
    is_question = _is_english_question(typed, telling) or (
        asked != chunks and any(has_question_words(chunk.text) for chunk in chunks)
    )
    return _with_villages_of_ranges(QueryPlan(tuple(parts), whole, without, had_question_words=is_question))


def _without_english_stop_words(chunks: tuple[TypedChunk, ...]) -> tuple[TypedChunk, ...]:
    """Returns the pieces of an English query that name something; all of any other query."""
    is_english = all(chunk.text.isascii() and not chunk.is_exact for chunk in chunks)
    telling = tuple(chunk for chunk in chunks if chunk.others or _bare_word(chunk) not in ENGLISH_STOP_WORDS)
    return telling if is_english and telling else chunks


def _is_english_question(typed: tuple[TypedChunk, ...], telling: tuple[TypedChunk, ...]) -> bool:
    """Returns True if English stop words were left out and one of them asks: when, but not in or the."""
    return telling != typed and any(_bare_word(chunk) in ENGLISH_QUESTION_WORDS for chunk in typed)


def _bare_word(chunk: TypedChunk) -> str:
    return chunk.text.strip("?!.,")


def _with_abbreviations_before_numbers(parts: list[QueryPart]) -> list[QueryPart]:
    """Returns the parts, with ม. before a village's number as หมู่ที่ first, then มาตรา, and น.ส. as itself.

    Whoever types หมู่ที่ 4 or ม.4 finds หมู่ 4 as well.
    """
    clauses = [clause for part in parts for clause in part.clauses]
    for place in positions_of_village_numbers([clause.typed for clause in clauses]):
        typed, ways = clauses[place - 1]
        if typed == ABBREVIATED_VILLAGE:
            ways = tuple(each for terms in _READINGS_BEFORE_NUMBER for each in ways if each.terms == terms)
        clauses[place - 1] = Clause(typed, (*ways, Alternative(("หมู่",), SPELLING_WEIGHT)))
    for place, (clause, following) in enumerate(pairwise(clauses)):
        if clause.typed in _TITLES and is_number(following.typed):
            clauses[place] = Clause(clause.typed, clause.alternatives[:1])
    read = iter(clauses)
    return [replace(part, clauses=tuple(islice(read, len(part.clauses)))) for part in parts]


def _with_kinds_before_numbers(parts: list[QueryPart], lexicon: Lexicon) -> list[QueryPart]:
    """Returns the parts, of which letters before a document's number find the kind that they abbreviate.

    Clerks write คส. 17/63 for คำสั่งที่ 17/2563. Quoted letters find themselves alone.
    """
    clauses = [clause for part in parts for clause in part.clauses]
    quoted = [bool(part.quoted) for part in parts for _ in part.clauses]
    for place, (clause, following) in enumerate(pairwise(clauses)):
        is_only_itself = len(clause.alternatives) == 1 and not quoted[place]
        if is_only_itself and has_document_number(following):
            kinds = tuple(
                Alternative(tuple(token.term for token in lexicon.tokenizer.tokens(name)), SYNONYM_WEIGHT)
                for name in _kind_names_abbreviated(clause.typed, lexicon)
            )
            clauses[place] = Clause(clause.typed, (*clause.alternatives, *kinds))
    read = iter(clauses)
    return [replace(part, clauses=tuple(islice(read, len(part.clauses)))) for part in parts]


def _kind_names_abbreviated(typed: str, lexicon: Lexicon) -> list[str]:
    """Returns the names of the one kind whose consonants in order begin so: คำสั่ง for คส., ประกาศ for ปก.

    A name's last words count too, if more than one: ประชาสัมพันธ์ of ข่าวประชาสัมพันธ์ for ปช. None where several
    kinds begin so.
    """
    letters = typed.replace(".", "")
    if not _KIND_LETTERS.fullmatch(letters):
        return []
    found: dict[str, list[str]] = {}
    for kind, names in KIND_NAMES.items():
        for name in names:
            words = [token.term for token in lexicon.tokenizer.tokens(name)]
            tails = ("".join(words[start:]) for start in range(max(len(words) - 1, 1)))
            found.setdefault(kind, []).extend(
                islice((each for each in tails if _abbreviates(letters, each)), 1)
            )
    (kind_names, *others) = [each for each in found.values() if each] or [[]]
    return [] if others else kind_names


def _abbreviates(letters: str, name: str) -> bool:
    """Returns True if a name has the letters among its consonants, in this order and the first one first."""
    consonants = iter(re.sub(f"[^{CONSONANTS}]", "", name))
    return next(consonants, "") == letters[0] and all(letter in consonants for letter in letters[1:])


def _with_villages_of_ranges(plan: QueryPlan) -> QueryPlan:
    """Returns the plan, of which a village's number also finds the village between the ends of a range."""
    clauses = [clause for part in plan.parts for clause in part.clauses]
    quoted = [bool(part.quoted) for part in plan.parts for _ in part.clauses]
    for place in positions_of_villages([clause.typed for clause in clauses]):
        number, ways = clauses[place]
        if village_number(plan) == number.encode() and not quoted[place]:
            clauses[place] = Clause(number, (*ways, Alternative((village_term(int(number)),))))
    read = iter(clauses)
    parts = tuple(replace(part, clauses=tuple(islice(read, len(part.clauses)))) for part in plan.parts)
    return replace(plan, parts=parts)


def _with_short_village_name(part: QueryPart) -> QueryPart:
    """Returns the part, of which a หมู่บ้าน before a name is found as บ้าน too: papers write บ้านท่ากระดาน."""
    first, *others = part.clauses or (None,)
    if first is None or first.typed != "หมู่บ้าน" or not others or part.quoted:
        return part
    shorter = Clause(first.typed, (*first.alternatives, Alternative(("บ้าน",), SPELLING_WEIGHT)))
    return replace(part, clauses=(shorter, *others))


def _with_numbers(chunks: Sequence[TypedChunk]) -> list[TypedChunk]:
    """Returns the pieces, with a few Latin letters and the number after them joined into one: ``PM 2.5``."""
    joined: list[TypedChunk] = []
    for chunk in chunks:
        last = joined.pop() if joined else None
        text = f"{last.text} {chunk.text}" if last else ""
        plain = last and not (last.is_exact or last.others or chunk.is_exact or chunk.others)
        numbered = _NUMBERED.match(text) if plain else None
        if last and numbered and numbered[1] == last.text:
            joined.append(TypedChunk(text, raw=f"{last.raw} {chunk.raw}"))
        else:
            joined += [last, chunk] if last else [chunk]
    return joined


def _either(chunk: TypedChunk, lexicon: Lexicon) -> QueryPart:
    """Returns a part with one clause, whose alternatives are the pieces joined with ``OR``."""
    pieces = (chunk, *chunk.others)
    parts = [(one, build_query_part(one.text, lexicon, is_exact=True)) for one in pieces]
    with_words = [(one, part) for one, part in parts if part.clauses]
    alternatives = tuple(
        Alternative(tuple(term for clause in part.clauses for term in clause.alternatives[0].terms))
        for _, part in with_words
    )
    either = Clause(chunk.text, alternatives)
    ways = tuple(
        (part.phrase.data,) if one.is_exact else tuple(letters_of(clause.typed) for clause in part.clauses)
        for one, part in with_words
    )
    quoted = ways if any(one.is_exact for one, _ in with_words) else ()
    return QueryPart("", (either,), PhraseBytes(b"", 0, is_exact=False), quoted=quoted)


def build_query_part(
    text: str, lexicon: Lexicon, *, is_exact: bool = False, preceding: Clause | None = None
) -> QueryPart:
    """Returns the part of a typed piece; ``preceding`` helps to read a year, ``is_exact`` omits synonyms.

    ``preceding`` is the clause before the piece, if any: a year after a month is read with its help. With
    ``is_exact`` other ways to write numbers and years are omitted too.
    """
    folded = fold_text(text)
    clauses = _words(folded, lexicon, is_exact=is_exact)
    if not is_exact:
        clauses = _spelt_out(_with_number_word(clauses), folded)
        clauses = _numbered(merge_into_synonym_clauses(clauses, lexicon), folded)
        clauses = [_with_document_number(clause) for clause in _dated(clauses, preceding)]
    words = sum(len(clause.alternatives[0].terms) for clause in clauses)
    data = searchable_bytes(folded).data
    quoted = ((data,),) if is_exact and data else ()
    return QueryPart(folded, tuple(clauses), PhraseBytes(data, words, is_exact), quoted=quoted)


def merge_into_synonym_clauses(clauses: list[Clause], lexicon: Lexicon) -> list[Clause]:
    """Returns the clauses, with words that have synonyms joined into one clause with alternatives."""
    found = []
    at = 0
    while at < len(clauses):
        length, others = _longest(clauses, at, lexicon)
        if length:
            terms = tuple(clause.alternatives[0].terms[0] for clause in clauses[at : at + length])
            first = clauses[at].alternatives if length == 1 else (Alternative(terms),)
            alternatives = (*first, *(Alternative(*other) for other in others))
            typed = "".join(clause.typed for clause in clauses[at : at + length])
            found.append(Clause(typed, alternatives[:_MOST_ALTERNATIVES]))
            at += length
        else:
            found.append(clauses[at])
            at += 1
    return found


def split_set_phrases(plan: QueryPlan, lexicon: Lexicon) -> QueryPlan:
    """Returns the plan with each clause of several words that has synonyms as one clause for each word."""
    parts = []
    split: list[Clause] = []
    for part in plan.parts:
        clauses: list[Clause] = []
        for clause in part.clauses:
            terms = clause.alternatives[0].terms
            if len(terms) == 1 or len(clause.alternatives) == 1 or "".join(terms) != clause.typed:
                clauses.append(clause)
            else:
                words = (Clause(term, (Alternative((term,)),)) for term in terms)
                split += (each for word in words for each in merge_into_synonym_clauses([word], lexicon))
                clauses += split[-len(terms) :]
        parts.append(replace(part, clauses=tuple(clauses)))
    return replace(plan, parts=tuple(parts), words_of_split_phrases=frozenset(split))


def plan_of_words(plan: QueryPlan, lexicon: Lexicon, is_wanted: Callable[[str], bool]) -> QueryPlan:
    """Returns the plan with those clauses alone of which the typed words are wanted."""
    parts = []
    for part in plan.parts:
        clauses = tuple(clause for clause in part.clauses if is_wanted(clause.typed))
        if clauses:
            built = build_query_part(
                "".join(clause.typed for clause in clauses), lexicon, is_exact=part.phrase.is_exact
            )
            parts.append(replace(built, clauses=clauses))
    return replace(plan, parts=tuple(parts), whole=b"".join(part.phrase.data for part in parts))


def _longest(clauses: list[Clause], at: int, lexicon: Lexicon) -> tuple[int, tuple[Synonym, ...]]:
    """Returns the length of the longest run of words from ``at`` that has synonyms, 0 for none; and these."""
    best: tuple[int, tuple[Synonym, ...]] = (0, ())
    terms: tuple[str, ...] = ()
    for length in range(1, min(lexicon.max_synonym_terms, len(clauses) - at) + 1):
        if len(clauses[at + length - 1].alternatives[0].terms) > 1:
            break
        terms += clauses[at + length - 1].alternatives[0].terms
        if terms in lexicon.synonyms:
            best = (length, lexicon.synonyms[terms])
    return best


def _spelt_out(clauses: list[Clause], text: str) -> list[Clause]:
    """Returns the clauses, with Thai names of Latin letters joined and the Latin letters as alternative."""
    for start, end, latin in find_spelled_letters(text):
        borders = _borders(clauses, text)
        if start in borders and end in borders:
            first, after = borders[start], borders[end]
            terms = tuple(term for clause in clauses[first:after] for term in clause.alternatives[0].terms)
            spelt = Clause(text[start:end], (Alternative(terms), Alternative((latin,), SPELLING_WEIGHT)))
            clauses = [*clauses[:first], spelt, *clauses[after:]]
    return clauses


def _borders(clauses: list[Clause], text: str) -> dict[int, int]:
    """Returns clause numbers by offset in the text.

    The start of a clause maps to that clause's number, the end of a clause to the number of the next.
    """
    borders: dict[int, int] = {}
    at = 0
    for number, clause in enumerate(clauses):
        start = text.index(clause.typed, at)
        at = start + len(clause.typed)
        borders |= {start: number, at: number + 1}
    return borders


def _with_number_word(clauses: list[Clause]) -> list[Clause]:
    """Returns the clauses, with ``เลขที่`` as one clause that ``ที่`` matches too: documents have either."""
    joined: list[Clause] = []
    for clause in clauses:
        if clause.typed == "ที่" and joined and joined[-1].typed == "เลข":
            terms = Alternative((joined.pop().typed, clause.typed))
            clause = Clause("".join(terms.terms), (terms, *clause.alternatives))
        joined.append(clause)
    return joined


def _numbered(clauses: list[Clause], text: str) -> list[Clause]:
    """Returns the clauses, with Latin letters and the number after them as one clause.

    The clause matches with and without a space between letters and number: ``PM 2.5`` is ``PM2.5``.
    """
    for found in _NUMBERED.finditer(text):
        borders = _borders(clauses, text)
        first, after = borders.get(found.start()), borders.get(found.end())
        if (
            first is None
            or after is None
            or any(len(clause.alternatives) > 1 for clause in clauses[first:after][:-1])
        ):
            continue
        letters, number = found.groups()
        if after - first == 1:
            parts = Alternative((letters, number), SPELLING_WEIGHT)
            others = (way for way in clauses[first].alternatives if way.terms != parts.terms)
            ways: tuple[Alternative, ...] = (*others, parts)
        else:
            ways = (
                Alternative((letters, number)),
                Alternative((letters + number.replace(".", ""),), SPELLING_WEIGHT),
            )
        clauses = [*clauses[:first], Clause(found.group(), ways), *clauses[after:]]
    return clauses


def _dated(clauses: list[Clause], preceding: Clause | None) -> list[Clause]:
    """Returns the clauses with alternatives for years: the other era; two or four digits."""
    before = [preceding] if preceding else []
    dated = list(before)
    for clause in clauses:
        year = clause.typed
        after = dated[-1].typed if dated else ""
        month = after in _MONTHS
        if (month or after in _BEFORE_A_YEAR) and len(clause.alternatives) == 1 and is_number(year):
            others = [Alternative((other,), SYNONYM_WEIGHT) for other in _years(int(year), month)]
            clause = Clause(year, (*clause.alternatives, *others))
        dated.append(clause)
    return dated[len(before) :]


def _with_document_number(clause: Clause) -> Clause:
    """Returns a document number as documents have it too: ``215/64`` and ``215-2564`` are ``215/2564``."""
    found = _NUMBER_AND_YEAR.fullmatch(clause.typed)
    if not found or (found[2] and int(found[2]) not in _SHORT_YEARS):
        return clause
    number, year = found[1], found[3] or f"25{found[2]}"
    full = (Alternative((f"{number}/{year}",)), Alternative((number, year)))
    return Clause(clause.typed, (*clause.alternatives, *full)[:_MOST_ALTERNATIVES])


def date_name_clauses(time: DateRange, lexicon: Lexicon) -> tuple[Clause, ...]:
    """Returns the clauses by which a text names a date range, without words like ``วันที่`` and ``เดือน``."""
    name = time.text if time.year is None else f"ปี {time.year}"
    clauses = build_query_part(name, lexicon).clauses
    return tuple(clause for clause in clauses if clause.typed not in _BEFORE_A_TIME) or clauses


def _years(year: int, month: bool) -> list[str]:
    """Returns other ways to write a year. ``month`` is True when a month stands before the year."""
    if year in (range(100) if month else _SHORT_YEARS):
        return [str(2500 + year), str(2500 + year - ERA)]
    short = [f"{year % 100:02d}"] if month and year in _ERAS[1] else []
    if year in _ERAS[0]:
        return [str(year + ERA)]
    return [str(year - ERA), *short] if year in _ERAS[1] else []


def _words(folded: str, lexicon: Lexicon, *, is_exact: bool) -> list[Clause]:
    """Returns one clause for each word; a code and its parts make one clause."""
    tokens = lexicon.tokenizer.tokens(folded)
    words = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        parts = _terms_within(tokens, at)
        alternatives = [Alternative((token.term,))]
        if parts:
            alternatives.append(Alternative(parts, _PARTS))
        elif not is_exact and _may_be_abbreviation(tokens, at, folded):
            alternatives += [Alternative(full, SYNONYM_WEIGHT) for full in lexicon.expansions(token.term)]
        words.append(Clause(folded[token.start : token.end], tuple(alternatives[:_MOST_ALTERNATIVES])))
        at += 1 + len(parts)
    return words


def _may_be_abbreviation(tokens: list[Token], at: int, folded: str) -> bool:
    """Returns True if a token may be an abbreviation: two letters within a longer run are none.

    สส of บีทีเอสสถานี is no ส.ส.; one letter is an abbreviation only with a full stop.
    """
    token = tokens[at]
    if folded[token.end - 1] == "." or len(token.term) > _LETTERS_OFTEN_INSIDE:
        return True
    is_within = any(each.end == token.start for each in tokens[:at]) and any(
        each.start == token.end for each in tokens[at + 1 :]
    )
    return len(token.term) > 1 and not is_within


def _terms_within(tokens: list[Token], at: int) -> tuple[str, ...]:
    """Returns the terms of the tokens that lie within the token number ``at``."""
    parts = []
    for token in tokens[at + 1 :]:
        if token.start >= tokens[at].end:
            break
        parts.append(token.term)
    return tuple(parts)


_KNOWN_TO_ALL = {"พ.ศ.", "พ.ศ", "พศ", "ค.ศ.", "ค.ศ", "คศ"}  # eras: nobody needs a note on what they stand for


def explained_expansions(plan: QueryPlan) -> tuple[str, ...]:
    """Returns the longer forms that the typed abbreviations and everyday words stand for, each once.

    Those of a village have its number too: หมู่ที่ 7 of ม.7.
    """
    typed = [clause.typed for clause in plan.clauses]
    numbers = {place - 1: f" {typed[place]}" for place in positions_of_village_numbers(typed)}
    return tuple(
        dict.fromkeys(
            "".join(other.terms) + numbers.get(at, "")
            for at, clause in enumerate(plan.clauses)
            for other in clause.alternatives[1:]
            if other.weight == SYNONYM_WEIGHT
            and (len("".join(other.terms)) > len(clause.typed) or clause.typed.isascii())
            and not clause.typed.isdigit()
            and clause.typed not in _KNOWN_TO_ALL
        )
    )


def other_wordings(plan: QueryPlan) -> tuple[str, ...]:
    """Returns the synonyms and other spellings of the typed words."""
    return tuple(
        "".join(other.terms)
        for clause in plan.clauses
        for other in clause.alternatives[1:]
        if other.weight in (SYNONYM_WEIGHT, SPELLING_WEIGHT)
    )
