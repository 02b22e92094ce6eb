"""Query parser: turns the typed text into a ``Query``."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from archive.errors import Invalid
from archive.facets import FACETS, FACETS_BY_NAME, Facet, FacetType, parse_village_number
from archive.model import DocumentKind
from archive.thai import ERA, canonical_text, parse_date
from archive.thai.characters import CONSONANTS, LEADING_VOWELS, NEVER_INITIAL, WORD_LETTERS
from archive.thai.dates import written_year_as_buddhist
from indexer.analysis.tokenizer import fold_text, searchable_bytes
from indexer.search.query import query_notes
from indexer.search.query.date_ranges import DateRange, find_date_ranges
from indexer.search.query.query_notes import BilingualNote
from indexer.search.villages import with_village_in_figures


class Sort(StrEnum):
    """Order of the results: relevance, newest, oldest, most read, or earliest closing day."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    MOST_READ = "most-read"
    CLOSING = "closing"  # the announcement with the earliest closing day comes first


class Interpretation(StrEnum):
    """A way to read a typed text that differs from the first one; several may be in force together."""

    WITH_YEAR = "with-year"  # a number at the end is a year: น้ำ 64 as น้ำ ปี 2564
    DATES_AS_WORDS = "dates-as-words"  # a date range that stands alone is searched as words, and no filter
    WITHOUT_DATES = "without-dates"  # a date range beside words is left out


class ExcludedValue(NamedTuple):
    """A value of a facet that no result may have. ``facet`` is the facet's name."""

    facet: str
    value: DocumentKind | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Filters that narrow the results. None means no limit."""

    kind: DocumentKind | None = None
    author: str | None = None
    category: str | None = None
    year: int | None = None  # Buddhist era
    village: int | None = None  # its number
    excluded: tuple[ExcludedValue, ...] = ()
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    # Closes on this day or later; without a closing day it does not count as open.
    open_on: dt.date | None = None
    announcement_id: int | None = None  # search inside one announcement
    organisation: int | None = None  # search as if this organisation were alone: its words, its counts
    among: frozenset[int] | None = None  # ids of the only announcements that are wanted
    in_force: bool = False  # leave out ``ended``
    ended: frozenset[int] = frozenset()  # ids of announcements that others cancelled or replaced
    withheld: frozenset[int] = frozenset()  # ids of announcements that are treated as if not there

    @property
    def narrows_by_choice(self) -> bool:
        """Returns True if the user narrowed the results; an excluded value or the organisation does not.

        The organisation is no choice of the user's, nor are withheld and ended announcements. An excluded
        value narrows no more than an excluded word.
        """
        others = replace(self, organisation=None, withheld=frozenset(), ended=frozenset(), excluded=())
        return others != NO_FILTERS


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class TypedChunk:
    """A piece typed without a space or in quotes, with its ``OR`` alternatives in ``others``.

    ``text`` is folded, ``raw`` has the typed case. ``is_exact`` is True for a piece in quotes. Where it stood
    in the query is not told.
    """

    text: str
    is_exact: bool = False
    raw: str = ""
    others: tuple[TypedChunk, ...] = ()


class TextWithYear(NamedTuple):
    """A typed text whose last number is named as a year, and that year: น้ำ ปี 64 and 2564 of น้ำ 64."""

    text: str
    year: int  # Buddhist era


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed query. A search returns the query as it was run.

    ``understood`` notes how filters, abbreviations and misspellings were read; ``loosened`` notes which
    conditions were given up to find anything. ``times`` of a query as it was run are those that narrowed the
    results; none with ``Interpretation.WITHOUT_DATES``. Further words to highlight in
    texts are ``corrected_words``, and ``extra_highlights``: synonyms and the full forms of abbreviations.
    ``interpretations`` are in force; with any of ``other_interpretations`` the text asks for something else
    (``interpret_as``).
    """

    typed: str
    filters: Filters = field(default_factory=Filters)
    given_filters: Filters = NO_FILTERS  # those of ``filters`` that are not typed in the text
    sort: Sort = Sort.RELEVANCE
    page: int = 1  # of the results, from 1
    per_page: int = 10  # results on a page
    chunks: tuple[TypedChunk, ...] = ()
    without: tuple[TypedChunk, ...] = ()
    times: tuple[DateRange, ...] = ()
    understood: tuple[BilingualNote, ...] = ()
    loosened: tuple[BilingualNote, ...] = ()
    corrected_words: tuple[str, ...] = ()
    extra_highlights: tuple[str, ...] = ()
    marks_parts_of_absent_words: bool = True  # parts of a longer word are marked in a text without it
    as_typed: bool = False  # no misspelling and no text in the wrong keyboard layout is to be corrected
    may_split_into_subqueries: bool = (
        False  # the reader can be shown the answers to two subqueries in one query
    )
    explain: bool = False  # the page of results is to contain an explanation
    names_title: bool = False  # a title begins with what was typed: its เรื่อง or ข่าว at the front is sought
    interpretations: frozenset[Interpretation] = frozenset()
    other_interpretations: frozenset[Interpretation] = frozenset()
    text_with_year: TextWithYear | None = None  # None for a typed text that ends otherwise

    @property
    def may_end_with_year(self) -> bool:
        """Returns True if the number at the end was not read as a year, and might be one."""
        return Interpretation.WITH_YEAR in self.other_interpretations

    @property
    def is_year_assumed(self) -> bool:
        """Returns True if the number at the end was read as a year, as nothing has it beside the words."""
        return Interpretation.WITH_YEAR in self.interpretations


_MOST_EXCLUDED = 8  # values of facets
MAX_QUERY_LENGTH = 500  # characters of the typed text that are read; the rest is ignored

_FURTHER_KIND_NAMES = {
    DocumentKind.MEMO: ("หนังสือภายใน",),
    DocumentKind.BYLAW: ("ข้อบัญญัติ",),
    DocumentKind.NEWS: ("ข่าวประชาสัมพันธ์",),
    DocumentKind.OTHER: ("อื่นๆ", "อื่น"),
}
KIND_NAMES = {kind: (*kind.thai.split("/"), *_FURTHER_KIND_NAMES.get(kind, ())) for kind in DocumentKind}
"""Thai names of each kind that people may write after ``kind:``."""

_FIELDS = {
    **{typed: facet.name for facet in FACETS for typed in facet.typed_names},
    "number": "number", "เลขที่": "number", "ที่": "number",
    "from": "from_date", "to": "to_date",
    "title": "words", "intitle": "words", "subject": "words", "เรื่อง": "words", "ชื่อเรื่อง": "words",
}  # fmt: skip
_YEAR = re.compile(r"[0-9]{4}|[0-9]{2}")
_YEARS = re.compile(rf"({_YEAR.pattern})-({_YEAR.pattern})")
_EITHER = frozenset({"OR", "|", "หรือ"})
_AND_SO_ON = "ฯลฯ"
_SPACED = re.compile(rf"(?<!\S)(-?(?:{'|'.join(map(re.escape, _FIELDS))})) ?:[ ]+", re.IGNORECASE)
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width letters and signs
_PLAIN |= dict.fromkeys(map(ord, "“”„‟«»＂"), ord('"')) | {0x3000: ord(" "), ord("−"): ord("-")}
_NUMBER = re.compile(
    rf"""(?:(?<!\S)|(?<=คำสั่ง)|(?<=ประกาศ)|(?<=หนังสือ)) (?:(?:number|เลขที่|ที่)\s?(?P<field>:)|เลขที่)\s*
        (?P<number>(?:[{CONSONANTS}a-z.]{{1,12}}\s*)?\d+(?:\s*[/.-]\s*(?:ว\s*)?\d+)*)(?![^\s"])""",
    re.VERBOSE,
)

_OF_A_YEAR = re.compile(r"/\s*25\d\d$")  # of a document's number; a house has one without
_NUMBER_OF_YEAR = re.compile(
    r"""((?:เลขที่|หมายเลข|คำสั่ง|ประกาศที่|หนังสือที่|ฉบับที่|ครั้งที่|^) \s* (?:ที่)? \s*:?\s* \d{1,5})
        \s* (?:ปี\s*(?:พ\.\s?ศ\.)?|พ\.\s?ศ\.) \s* ([2๒][5๕]\d\d|[3-7๓-๗]\d) (?!\d)""",
    re.VERBOSE,
)  # a document number whose year is said in words

_SPACED_NUMBER = re.compile(
    r"(?<![\d/.,:-])(?<![\d/] )(\d{1,5})(?:\s+/\s*|\s*/\s+)([2๒][5๕]\d\d|[3-7๓-๗]\d)(?!\s*[\d/.,:-])"
)  # 98 / 2567
_BARE_YEAR = re.compile(rf"(?<=[{WORD_LETTERS}])\s*(?P<year>[3-7๓-๗]\d)\s*$")  # น้ำ 64
_YEAR_ALONE = re.compile(r"^\s*(?P<year>[2๒][45๔๕]\d\d)\s*$")
_CIRCULAR = re.compile(rf"(?<![{WORD_LETTERS}])ว$")  # of a circular letter's number: ว 54
_BEFORE_OTHER_NUMBERS = tuple(
    "ที่ หมู่ ม. บ้าน มาตรา ข้อ วรรค สาย ซอย ถนน เบอร์ โทร อายุ ห้อง รุ่น ชุด งวด หน้า ช่อง โครงการ แผนงาน".split()
)

_NEWEST = re.compile(
    r"""(?:ขอ|ดู|มี|หา|อยากรู้)? \s* (?P<what>[^\s]*?) \s* (?:อะไร)? \s* (?:ที่|มา)?
        (?:ล่าสุด|ใหม่\s?(?:ๆ|ใหม่|ล่าสุด|ที่สุด)?|วันนี้|ช่วงนี้)
        \s* (?:มี)? (?:อะไร)? (?:บ้าง|ไหม|มั้ย)? (?:ครับ|คับ|ค่ะ|คะ)?
      | (?:latest|new|newest|recent|what.?s\snew) (?:\s(?:news|announcements?|documents?))? [?]? | news
    """,
    re.VERBOSE,
)  # a question for whatever is new, maybe of one kind
_ANYTHING = frozenset("ข่าว ข่าวสาร ประกาศ เรื่อง เอกสาร ข้อมูล ข่าวประกาศ ประกาศข่าว อะไร".split()) | {""}

# The end of a text before something that is excluded.
_SIGN_OF_EXCLUSION = re.compile(r"(?:(?<!\S)-|(?<![^\s\"])NOT\s+)$")
_ANYTHING_OF_A_TIME = re.compile(
    rf"""(?:ขอ|ดู|มี|หา|อยากรู้)? \s* (?:{"|".join(sorted(_ANYTHING - {"", "อะไร"}, key=len, reverse=True))})
        (?:ทั้งหมด|ทุกเรื่อง)? (?:ของ|ใน)? \s* (?:มี)? (?:อะไร)? (?:บ้าง)? (?:ครับ|คับ|ค่ะ|คะ)?""",
    re.VERBOSE,
)  # beside a date: ประกาศ(เดือนนี้)มีอะไรบ้าง

_QUOTED = re.compile(r'("[^"]*")')  # searched letter by letter: no dates or villages are read in it
_SPOKEN_NOT = re.compile(rf"บ่(?=[{LEADING_VOWELS}]|[{CONSONANTS}][{NEVER_INITIAL}])")  # น้ำบ่ไหล, but not บ่อน้ำ
_PART = re.compile(
    r"""
      (?P<no>(?<!\S)-(?=[^\s\d-]))? (?:
        (?: (?P<field>[^\s:"]{1,12}) : )? "(?P<quoted>[^"]*)"
      | (?P<name>[^\s:"]{1,12}) : (?P<value>[^\s"/][^\s"]*)
      | (?P<plain>[^\s"]+)
      | " )
    """,
    re.VERBOSE,
)


def parse_query(
    typed: str,
    *,
    filters: Filters | None = None,
    sort: Sort = Sort.RELEVANCE,
    page: int = 1,
    per_page: int = 10,
    should_drop_dates_beside_words: bool = False,
) -> Query:
    """Parses the first 500 characters of a text, never raises; given ``filters`` win over typed ones.

    Quotes of any form ask for the exact words, ``-word`` and ``NOT word`` exclude a word, ``OR`` joins words
    of which any one suffices. ``author:`` ``kind:`` ``year:`` ``category:`` ``village:`` ``number:`` (also
    in Thai) are filters, which ``-`` and ``NOT`` turn into exclusions (a few at most); they join ``filters``,
    which has precedence. A value that makes no sense is searched as words, or not used if excluded. A number
    may follow ``เลขที่`` too, and its year a word: ``คำสั่งที่ 215 ปี 2564`` is ``คำสั่งที่ 215/2564``. A date range
    (``query.date_ranges``) is a filter when it is labelled (``date:``) or stands alone. Elsewhere a result
    must have a date in that range or name it; with ``should_drop_dates_beside_words`` it is left out.
    ``ข่าวล่าสุด`` is everything, newest first. ``NOT`` alone or in quotes is a word like others, as ``OR`` is.
    """
    given = filters or NO_FILTERS
    asked = Query(
        typed=typed[:MAX_QUERY_LENGTH],
        filters=given,
        given_filters=given,
        sort=sort,
        page=max(page, 1),
        per_page=max(per_page, 1),
        interpretations=frozenset({Interpretation.WITHOUT_DATES} if should_drop_dates_beside_words else ()),
    )
    return _parsed(asked)


def interpret_as(query: Query, interpretation: Interpretation) -> Query:
    """Returns the query with its text read in one more way, limited to what its reader may see."""
    asked = Query(
        typed=query.typed,
        filters=query.given_filters,
        given_filters=query.given_filters,
        sort=query.sort,
        page=query.page,
        per_page=query.per_page,
        as_typed=query.as_typed,
        explain=query.explain,
        interpretations=query.interpretations | {interpretation},
        text_with_year=query.text_with_year,
    )
    other, own = _parsed(asked), query.filters
    filters = replace(
        other.filters, organisation=own.organisation, ended=own.ended, withheld=own.withheld, among=own.among
    )
    return replace(other, filters=filters)


def _parsed(asked: Query) -> Query:
    """Returns the query with what its text asks for, as its interpretations read it.

    Its filters so far have precedence.
    """
    with_year = asked.text_with_year
    text = with_year.text if with_year and asked.is_year_assumed else asked.typed
    reading, sort = _Reading(asked.filters), asked.sort
    raw = _with_numbers_in_figures(_SPACED.sub(r"\1:", normalize_query(text)))
    if reading.take_question_for_newest(fold_text(raw).strip()):
        raw, sort = "", Sort.NEWEST if sort is Sort.RELEVANCE else sort
    raw, folded, numbers = _split_off_numbers(raw, fold_text(raw))
    for number in numbers:
        reading.take_number(number.value, is_excluded=number.is_excluded)
    dates = _split_off_dates(raw, folded, asked.interpretations, has_numbers=bool(reading.chunks))
    for date in dates.dates:
        reading.take_date(date)
    for found in _PART.finditer(dates.rest):
        reading.take(found)
    reading.take_lone_operator()
    if raw.strip() and reading.is_empty:
        reading.understood.append(query_notes.NO_WORDS)
    if reading.ends_with_wanted_text and not (dates.has_any or asked.interpretations):
        with_year = _with_bare_year(text)
    times = () if Interpretation.WITHOUT_DATES in asked.interpretations else tuple(reading.times)
    others = {
        Interpretation.WITH_YEAR: with_year is not None,
        Interpretation.DATES_AS_WORDS: reading.days_alone and not reading.chunks,
        Interpretation.WITHOUT_DATES: bool(times) and dates.has_words_beside,
    }
    return replace(
        asked,
        filters=reading.filters,
        sort=sort,
        chunks=tuple(reading.chunks),
        without=tuple(reading.without),
        times=times,
        understood=tuple(reading.understood),
        other_interpretations=frozenset(each for each, is_other in others.items() if is_other)
        - asked.interpretations,
        text_with_year=with_year,
    )


class _TypedNumber(NamedTuple):
    """A document number that was typed as one, to be found or to be excluded."""

    value: str
    is_excluded: bool


def _split_off_numbers(raw: str, folded: str) -> tuple[str, str, list[_TypedNumber]]:
    """Returns both texts without the document numbers that were typed as such, and these, the last first."""
    numbers = []
    for numbered in reversed(list(_NUMBER.finditer(folded))):
        if numbered["field"] or _OF_A_YEAR.search(numbered["number"]):
            start = _start_of_exclusion(raw, numbered.start())
            raw, folded = (_without(text, (start, numbered.end())) for text in (raw, folded))
            numbers.append(_TypedNumber(numbered["number"], is_excluded=start < numbered.start()))
    return raw, folded, numbers


def _with_bare_year(typed: str) -> TextWithYear | None:
    """Returns the typed text with its last number named as a year (น้ำ 64, 2564); None if it is none (สาย 64).

    None too where the text would become longer than what is read of one.
    """
    found = _BARE_YEAR.search(typed) or _YEAR_ALONE.search(typed)
    before = typed[: found.start()] if found else ""
    if found is None or before.endswith(_BEFORE_OTHER_NUMBERS) or _CIRCULAR.search(before):
        return None
    with_year = f"{before} ปี {found['year']}".strip()
    if len(with_year) > MAX_QUERY_LENGTH:
        return None
    return TextWithYear(with_year, written_year_as_buddhist(int(found["year"])))


class _DateUse(Enum):
    """The use of a typed date range: it filters, it excludes, or it is searched as a piece of text too."""

    FILTER = auto()
    EXCLUSION = auto()
    TEXT = auto()


class _TypedDate(NamedTuple):
    """A typed date range and its use; of an excluded one the sign (``-``, ``NOT``) and the text too."""

    time: DateRange
    use: _DateUse
    sign: str = ""
    text: str = ""


class _TextAndDates(NamedTuple):
    """A text that was split at its date ranges."""

    rest: str  # the text without the ranges that filter or exclude; the others are pieces of their own
    dates: list[_TypedDate]  # the last first
    has_any: bool  # date ranges, also those that are left out
    has_words_beside: bool


def _split_off_dates(
    raw: str, folded: str, interpretations: frozenset[Interpretation], *, has_numbers: bool
) -> _TextAndDates:
    """Returns ``raw`` without the date ranges that are filters or excluded, and its date ranges.

    Those that stay become pieces of their own: น้ำปี 2564 is น้ำ and ปี 2564. With ``WITHOUT_DATES`` all date
    ranges are left out of the text, where anything else is in it. A range beside document numbers, which
    stand in the text no more, is no filter.
    """
    times = find_date_ranges(_QUOTED.sub(lambda quoted: " " * len(quoted.group()), folded))
    may_filter = Interpretation.DATES_AS_WORDS not in interpretations
    rest = folded
    for time in times:
        rest = _without(rest, (time.start, time.end))
    if may_filter and len(times) == 1 and _ANYTHING_OF_A_TIME.fullmatch(rest.strip()):
        raw, folded, rest = (_without_all_but(text, times[0]) for text in (raw, folded, ""))
    has_words_beside = any(map(str.isalnum, rest))
    dates = []
    for time in reversed(times):
        alone = may_filter and not any(map(str.isalnum, _without(folded, (time.start, time.end))))
        start = _start_of_exclusion(raw, time.start)
        if folded[: time.start].endswith(":"):
            continue  # the value of a field
        if start < time.start:
            sign, text = raw[start : time.start], raw[time.start : time.end]
            dates.append(_TypedDate(time, _DateUse.EXCLUSION, sign, text))
            raw, folded = (_without(text, (start, time.end)) for text in (raw, folded))
        elif time.is_labelled or (alone and not has_numbers and time.month is None and "งบ" not in folded):
            dates.append(_TypedDate(time, _DateUse.FILTER))
            raw, folded = (_without(text, (time.start, time.end)) for text in (raw, folded))
        elif Interpretation.WITHOUT_DATES in interpretations and has_words_beside:
            raw = _without(raw, (time.start, time.end))
        else:
            dates.append(_TypedDate(time, _DateUse.TEXT))
            between = " " if raw[: time.start][-1:] >= "ก" else ""
            raw = f"{raw[: time.start]}{between}{raw[time.start :]}"
    return _TextAndDates(raw, dates, has_any=bool(times), has_words_beside=has_words_beside)


def _without_all_but(text: str, time: DateRange) -> str:
    """Returns the text with nothing but the date range, at its place."""
    return " " * time.start + text[time.start : time.end] + " " * (len(text) - time.end)


def _start_of_exclusion(raw: str, start: int) -> int:
    """Returns where the ``-`` or ``NOT`` before ``start`` begins; ``start`` where there is none.

    A ``-`` before a digit is a dash: ``ถนน -5 มิ.ย. 64``.
    """
    sign = _SIGN_OF_EXCLUSION.search(raw, 0, start)
    return start if sign is None or (sign.group() == "-" and raw[start].isdigit()) else sign.start()


def normalize_query(typed: str) -> str:
    """Returns the first ``MAX_QUERY_LENGTH`` characters in canonical form, with plain quotes and signs."""
    return canonical_text(typed[:MAX_QUERY_LENGTH]).translate(_PLAIN)


def _with_numbers_in_figures(text: str) -> str:
    """Returns the text with a document number's year behind a slash, and villages as หมู่ or ม. and figures.

    The บ่ of the north and the north-east is ไม่. What is in quotes stays as it was typed.
    """
    text = _SPACED_NUMBER.sub(r"\1/\2", text)
    text = _NUMBER_OF_YEAR.sub(r"\1/\2", text)
    pieces = _QUOTED.split(text)  # every second one is quoted
    pieces[::2] = (with_village_in_figures(_SPOKEN_NOT.sub("ไม่", each)) for each in pieces[::2])
    return "".join(pieces)


def _without(text: str, span: tuple[int, int]) -> str:
    """Returns the text with the span replaced by as many spaces."""
    return text[: span[0]] + " " * (span[1] - span[0]) + text[span[1] :]


class _Reading:
    """State of the parser: the filters, pieces, date ranges and notes that were read so far."""

    def __init__(self, filters: Filters) -> None:
        self.filters = self._chosen = filters
        self.chunks: list[TypedChunk] = []
        self.without: list[TypedChunk] = []
        self.times: list[DateRange] = []
        self.understood: list[BilingualNote] = []
        self.days_alone = False
        self.ends_with_wanted_text = False  # the last part is no filter and not excluded
        self._joined = ""  # operator (OR, AND, NOT) before the next piece

    @property
    def is_empty(self) -> bool:
        """Returns True if nothing that was read narrows a search."""
        return not (self.chunks or self.without or self.understood or self.times)

    def take_question_for_newest(self, folded: str) -> bool:
        """Sets the kind that a question for whatever is new names; returns False for any other text."""
        asked = _NEWEST.fullmatch(folded)
        kind = _kind(asked["what"]) if asked and asked["what"] else None
        if asked is None or not (kind or asked["what"] is None or asked["what"] in _ANYTHING):
            return False
        if kind and asked["what"] not in _ANYTHING:
            self._set("kind", kind, query_notes.facet_note(FACETS_BY_NAME["kind"], kind))
        self.understood.append(query_notes.NEWEST_FIRST)
        return True

    def take_number(self, value: str, *, is_excluded: bool = False) -> None:
        """Adds a document number that results must contain, or must not if it is excluded.

        Spaces around the number's signs are ignored.
        """
        value = re.sub(r"\s*([/.-])\s*", r"\1", value)
        if is_excluded:
            self._exclude(value)
        else:
            self.chunks.append(TypedChunk(value, is_exact=True))
            self.understood.append(query_notes.DOCUMENT_NUMBER.with_values(value))

    def take_date(self, date: _TypedDate) -> None:
        """Adds a date range: as a filter, as an exclusion, or as one of the times that results are of."""
        match date.use:
            case _DateUse.FILTER:
                self._filter_by_days(date.time)
            case _DateUse.EXCLUSION:
                self._exclude_time(date.time, date.sign, date.text)
            case _DateUse.TEXT:
                self.times.append(date.time)

    def _filter_by_days(self, time: DateRange) -> None:
        """Sets a date range as a filter, unless a date filter is set already."""
        first, last = self.filters.from_date, self.filters.to_date
        if first is None and last is None:
            self.filters = replace(self.filters, from_date=time.first, to_date=time.last)
            self.understood.append(query_notes.days_note(time))
            self.days_alone = not time.is_labelled

    def _exclude_time(self, time: DateRange, sign: str, text: str) -> None:
        """Excludes a calendar year as a filter, and any other date range, if it has no label, as a text."""
        if time.year is not None and time.is_calendar_year:
            self._exclude_value(FACETS_BY_NAME["year"], time.year)
        elif time.is_labelled:
            self.understood.append(query_notes.NOT_UNDERSTOOD.with_values(sign + text))
        else:
            self._exclude(text)

    def take(self, found: re.Match[str]) -> None:
        """Adds a part of the query: a filter, an operator, or a piece of text."""
        self.ends_with_wanted_text = False
        is_excluded = bool(found["no"]) or self._joined == "NOT"
        name, quoted = found["field"] or found["name"], found["quoted"]
        value = found["value"] if quoted is None else quoted
        field = _FIELDS.get(fold_text(name or ""), "")
        if field == "words":
            name = None
        elif field and value and is_excluded:
            self._exclude_filter(
                field, value.strip(), found.group() if found["no"] else f"NOT {found.group()}"
            )
            self._joined = ""
            return
        elif field and value and self._narrow(field, value.strip()):
            self._joined = ""
            return
        text = found["plain"] or (f"{name}:{value}" if name else value or "")
        if quoted is None and (text in _EITHER or text in ("AND", "NOT")):
            self._joined = text
        elif any(map(str.isalnum, text.replace(_AND_SO_ON, ""))):
            if is_excluded:
                self._exclude(text, is_exact=quoted is not None)
            else:
                self._add(text, is_exact=quoted is not None)
            self._joined = ""

    def take_lone_operator(self) -> None:
        """Adds an operator that stands alone as a word to find: NOT. A ``|`` is no word."""
        if self.is_empty and any(map(str.isalnum, self._joined)):
            self._add(self._joined, is_exact=False)

    def _exclude(self, text: str, *, is_exact: bool = True) -> None:
        self.without.append(TypedChunk(fold_text(text), is_exact, text))
        self.understood.append(query_notes.EXCLUDED.with_values(text))

    def _exclude_filter(self, name: str, value: str, typed: str) -> None:
        """Excludes a facet's value or a document number; notes that anything else was not understood."""
        folded = fold_text(value)
        facet = FACETS_BY_NAME.get(name)
        excluded = _facet_value(facet, value, folded) if facet else None
        if facet and excluded is not None:
            self._exclude_value(facet, excluded)
        elif name == "number":
            self.take_number(folded, is_excluded=True)
        else:
            self.understood.append(query_notes.NOT_UNDERSTOOD.with_values(typed))

    def _exclude_value(self, facet: Facet, value: DocumentKind | int | str) -> None:
        """Excludes a value that is not excluded yet, up to ``_MOST_EXCLUDED``: each costs a look at all."""
        excluded = ExcludedValue(facet.name, value)
        if excluded in self.filters.excluded:
            return
        if len(self.filters.excluded) >= _MOST_EXCLUDED:
            note = query_notes.MOST_EXCLUDED.with_values(_MOST_EXCLUDED)
            self.understood += [note] if note not in self.understood else []
            return
        self.filters = replace(self.filters, excluded=(*self.filters.excluded, excluded))
        self.understood.append(query_notes.facet_exclusion_note(facet, value))

    def _add(self, text: str, *, is_exact: bool) -> None:
        self.ends_with_wanted_text = True
        chunk = TypedChunk(fold_text(text), is_exact, text)
        if self._joined in _EITHER and self.chunks:
            first = self.chunks.pop()
            self.chunks.append(replace(first, others=(*first.others, chunk)))
            self.understood.append(
                query_notes.alternatives_note([one.raw for one in (first, *first.others, chunk)])
            )
        else:
            self.chunks.append(chunk)

    def _narrow(self, name: str, value: str) -> bool:
        """Sets the filter ``name``; returns False when the value makes no sense for that filter."""
        folded = fold_text(value)
        if (facet := FACETS_BY_NAME.get(name)) is not None:
            return self._choose(facet, value, folded)
        match name:
            case "from_date" | "to_date":
                return self._day(name, folded)
            case "number":
                self.take_number(folded)
                return True
            case _:
                return False

    def _choose(self, facet: Facet, value: str, folded: str) -> bool:
        """Sets the filter of a facet; returns False when the value makes no sense for it."""
        if (chosen := _facet_value(facet, value, folded)) is not None:
            return self._set(facet.name, chosen, query_notes.facet_note(facet, chosen))
        years = _YEARS.fullmatch(folded) if facet.type is FacetType.YEAR else None
        return years is not None and self._years(
            *(written_year_as_buddhist(int(year)) for year in years.groups())
        )

    def _years(self, first: int, last: int) -> bool:
        if self._chosen.from_date or self._chosen.to_date:
            return True
        first, last = sorted((first, last))
        days = dt.date(first - ERA, 1, 1), dt.date(last - ERA, 12, 31)
        self.filters = replace(self.filters, from_date=days[0], to_date=days[1])
        self.understood.append(query_notes.years_note(first, last))
        return True

    def _day(self, name: str, value: str) -> bool:
        try:
            day = parse_date(value)
        except Invalid:
            return False
        return self._set(
            name, day, query_notes.since_note(day) if name == "from_date" else query_notes.until_note(day)
        )

    def _set(self, name: str, value: object, understood: BilingualNote) -> bool:
        if getattr(self._chosen, name) is None:
            self.filters = replace(self.filters, **{name: value})  # type: ignore[arg-type]
            self.understood.append(understood)
        return True


def _facet_value(facet: Facet, value: str, folded: str) -> DocumentKind | int | str | None:
    """Returns the value that a typed one means; None when it makes no sense for the facet."""
    match facet.type:
        case FacetType.NAME:
            return value if searchable_bytes(folded).data else None
        case FacetType.KIND:
            return _kind(folded)
        case FacetType.YEAR if _YEAR.fullmatch(folded):
            return written_year_as_buddhist(int(folded))
        case FacetType.VILLAGE:
            return parse_village_number(folded)
        case _:
            return None


def _kind(value: str) -> DocumentKind | None:
    for kind, names in KIND_NAMES.items():
        if value == kind.value or value in names:
            return kind
    return None
