"""Line-break opportunities between Thai words, as ``<wbr>`` in HTML.

Unicode's line breaking (UAX #14) leaves Thai to a dictionary, and browsers' dictionaries part words that
people read as one (Chromium: ``กระจายอำ|นาจ``, ``มีส่วน|ร่วม``). Each line of text therefore stands in an
element that does not wrap (``.words`` in ``static/site.css``), with a ``<wbr>`` at each place where it may.
``<wbr>`` adds nothing to the text: it is copied, searched and read aloud as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import unescape
from itertools import pairwise

from markupsafe import Markup, escape

from archive import thai
from archive.thai.characters import LETTERS_AND_SIGNS, WORD_LETTERS
from archive.thai.words import cut_words
from indexer.search.highlighting import TextSegment

_MAX_UNBROKEN = 20  # letters without a break opportunity: about what a phone's narrowest column holds
_COMPOUNDS = frozenset(  # that the dictionary lacks
    "เข้าใช้ คำค้น เบอร์โทร เบอร์โทรศัพท์ หมอกควัน โคโรนา องค์การบริหาร ส่วนตำบล ส่วนจังหวัด".split()
)
_PREFIXES = frozenset(("การ", "ความ", "ผู้", "นัก", "ไม่", "ประจำ"))  # stay with the word that follows
_PLACE_KINDS = frozenset("บ้าน ชุมชน ตำบล อำเภอ จังหวัด ถนน ซอย วัด หนอง ห้วย คลอง เทศบาลตำบล".split())
_NAMED_APART = "บ้าน"  # begins a name of its own: ชุมชนเข้มแข็ง บ้านท่ากระดาน
_WORDS_OF_A_NAME = 2  # dictionary words of most places' names: ท่า กระดาน in บ้านท่ากระดาน
_THAI_RUN = re.compile(rf"([{WORD_LETTERS}]+)([ ]?ๆ|ฯ)?")  # ๆ and ฯ never begin a line
_LETTER_OR_SIGN = re.compile(f"[{LETTERS_AND_SIGNS}]")
_MONTH = "|".join(map(re.escape, (*thai.MONTHS, *thai.SHORT_MONTHS)))
_DIGIT = "[0-9๐-๙]"
_KEPT = re.compile(  # “น้ำปะปา” of a note, หมู่ 7, หน้า 1, (พ.ศ. 2566–2570), (2–5 สิงหาคม 2568), 08.00 น.
    rf"“[^”\n]{{1,18}}”|(?:หมู่(?:ที่)?|หน้า) {_DIGIT}{{1,3}}(?!{_DIGIT})"
    rf"|\(?พ\.ศ\. {_DIGIT}{{4}}(?:[–-]{_DIGIT}{{4}})?\)?"
    rf"|\(?(?<![0-9๐-๙–-]){_DIGIT}{{1,2}}(?:[–-]{_DIGIT}{{1,2}})? (?:{_MONTH})(?: {_DIGIT}{{4}})?[),]?"
    rf"|(?<!{_DIGIT}){_DIGIT}{{1,2}}[.:]{_DIGIT}{{2}} น\.[),]?"
)
_ENDINGS = " \tๆฯ"  # characters after which a line may end before a word
_AFTER_SPACE = re.compile(r"(?<=\s)(?=\S)")
_LONG_TOKEN = re.compile(rf"\S{{{_MAX_UNBROKEN}}}(?=\S)")
_TAG_OR_TEXT = re.compile(
    r"""<(?P<code>pre|code)\b.*?</(?P=code)> | <(?:[^<>"']|"[^"]*"|'[^']*')*> | (?P<text>[^<]+)""",
    re.VERBOSE | re.DOTALL,
)
_LINE = Markup('<span class="words">%s</span>')
_MARK = Markup("<mark>%s</mark>")
_OPPORTUNITY = Markup('<wbr aria-hidden="true">')  # unhidden, Chromium names a heading with a space at each


@lru_cache(maxsize=2_000)
def with_break_opportunities(text: str, local_words: frozenset[str]) -> Markup:
    """Returns ``text`` escaped, with marks where its lines may break.

    ``local_words`` are the place's own words.
    """
    return segments_with_break_opportunities((TextSegment(text, is_hit=False),), local_words)


@lru_cache(maxsize=64)
def html_with_break_opportunities(content: Markup, local_words: frozenset[str]) -> Markup:
    """Returns HTML with marks where the lines of its texts may break; code stays as it is."""

    def kept_whole(found: re.Match[str]) -> str:
        text = found["text"]
        return with_break_opportunities(unescape(text), local_words) if text and text.strip() else found[0]

    return Markup(_TAG_OR_TEXT.sub(kept_whole, content))  # noqa: S704  # its texts are escaped again


def segments_with_break_opportunities(segments: Iterable[TextSegment], local_words: frozenset[str]) -> Markup:
    """Returns the segments escaped, with break opportunities, and hits in ``<mark>``."""
    lines: list[list[TextSegment]] = [[]]
    for segment in segments:
        first, *others = segment.text.split("\n")
        lines[-1].append(TextSegment(first, segment.is_hit))
        lines += [[TextSegment(other, segment.is_hit)] for other in others]
    return Markup("\n").join(_line([part for part in line if part.text], local_words) for line in lines)


def _line(parts: Sequence[TextSegment], local_words: frozenset[str]) -> Markup:
    shown = Markup()
    for number, part in enumerate(parts):
        is_short_hit = part.is_hit and len(part.text) <= _MAX_UNBROKEN
        pieces = (
            escape(part.text) if is_short_hit else _OPPORTUNITY.join(breakable_pieces(part.text, local_words))
        )
        before_part = parts[number - 1].text[-1] if number else "x"
        if number and (before_part.isspace() or (_is_thai(before_part) and _is_thai(part.text[0]))):
            shown += _OPPORTUNITY
        shown += _MARK % pieces if part.is_hit else pieces
    return _LINE % shown if shown else shown


def _is_thai(char: str) -> bool:
    return _LETTER_OR_SIGN.match(char) is not None


def breakable_pieces(text: str, local_words: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yields the pieces of the text between which a line may break; joined, the pieces are the text."""
    end = 0
    for kept in _KEPT.finditer(text):
        yield from _pieces_of_words(text[end : kept.start()], local_words)
        yield kept.group()
        end = kept.end()
    yield from _pieces_of_words(text[end:], local_words)


def _pieces_of_words(text: str, local_words: frozenset[str]) -> Iterator[str]:
    pending = ""  # text before the next break opportunity
    end = 0
    for run in _THAI_RUN.finditer(text):
        first, *others = _other_pieces(text[end : run.start()])
        *whole, pending = [pending + first, *others]
        yield from whole
        words = unbreakable_words(run[1], local_words)
        if run[2]:
            words[-1] += run[2]
        for number, word in enumerate(words):
            if pending and (number or len(pending) + len(word) > _MAX_UNBROKEN or pending[-1] in _ENDINGS):
                yield pending
                pending = ""
            *parts, last = _fitting(word, local_words)
            for part in parts:
                yield pending + part
                pending = ""
            pending += last
        end = run.end()
    first, *others = _other_pieces(text[end:])
    yield from filter(None, [pending + first, *others])


def _other_pieces(text: str) -> list[str]:
    """Returns text before or after a run of Thai, in pieces.

    A piece ends after white space, and inside a token too long for a line.
    """
    pieces = _AFTER_SPACE.split(text)
    return [part for piece in pieces for part in _LONG_TOKEN.sub(r"\g<0>\n", piece).split("\n")]


@lru_cache(maxsize=20_000)
def _fitting(word: str, local: frozenset[str]) -> tuple[str, ...]:
    """Returns the word as one piece, or one too long for a line in its words, and else in clusters."""
    if len(word) <= _MAX_UNBROKEN:
        return (word,)
    parts = cut_words(word, local | _COMPOUNDS, longest=_MAX_UNBROKEN)
    if len(parts) > 1:
        return tuple(piece for part in parts for piece in _fitting(part, local))
    return tuple(word[start:end] for start, end in pairwise(thai.cluster_borders(word)))


def unbreakable_words(run: str, local: frozenset[str]) -> list[str]:
    """Returns a run of Thai letters cut into words, prefixes and kinds of place joined to the next.

    Such are การ, which stays with the word that follows, and บ้าน, with the name of the place.
    """
    words: list[str] = []
    following = 0  # words that stay with the last one
    for word in cut_words(run, local | _COMPOUNDS):
        if following and word != _NAMED_APART and len(words[-1]) + len(word) <= _MAX_UNBROKEN:
            words[-1] += word
            following = 0 if word in local else following - 1
        else:
            words.append(word)
            following = _WORDS_OF_A_NAME if word in _PLACE_KINDS else 0
        if word in _PREFIXES:
            following = max(following, 1)
    return words
