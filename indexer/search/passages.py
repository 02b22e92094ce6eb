"""Passages: where a passage of a text begins and ends, so that it reads as people write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, takewhile

from archive.thai.characters import LETTERS_AND_SIGNS, MARKS, characters_of_class

LINE_OF_PHRASE = "\0"
"""Stands for the end of a line of paper inside a phrase or word; no archived text has it."""
_FULL = 0.65  # share of the longest line that a line fills at least when its sentence goes on in the next
_FULL_BEHIND_LABEL = 0.85  # the same of a line with a label such as เรียน: most fill one line only
_LEAST_WIDTH = 50  # letters of the longest line of paper; those of lists are shorter
_LEAST_LINES = 3  # of a text whose lines are those of paper
_LOOKED_BACK = 30  # characters before a passage in which the beginning of its phrase is looked for
_LOOKED_BACK_FROM_END = 20  # characters at the end of a passage in which the end of a phrase is looked for
_LOOKED_BEHIND = 40  # characters behind a border that are looked at
_MARKS = re.compile(f"[{MARKS}]")  # above and below the letters: they take no room
_EACH_MARK = characters_of_class(MARKS)
_THAI = re.compile(f"[{LETTERS_AND_SIGNS}]")
_LABEL = re.compile(r"(?:เรื่อง|เรียน|อ้างถึง|สิ่งที่ส่งมาด้วย|ส่วนราชการ)")
_BEGINS_PARAGRAPH = re.compile(
    rf"{_LABEL.pattern}|ที่\s|วันที่|โทร|จึง(?:ขอ)?(?:เรียน|ประกาศ)|ขอแสดง|ทั้งนี้|ข้อ\s*\d|\(?\d{{1,3}}[.)]"
    r"|นาย(?!กเทศมนตรี|กองค์การ)|นาง|น\.ส\.|วาระที่"
)
_BEGINS_ITEM = re.compile(
    r"(?:จัด|สอบราคา|ประกวดราคา|เสนอราคา)?(?:ซื้อ|จ้าง|เช่า|ซ่อม|ปรับปรุง|ก่อสร้าง|ขุด|วางท่อ|โครงการ|ค่า|วัสดุ|ครุภัณฑ์)"
)  # of a list of purchases, if the line before or after begins so too
_BEGINS_TEXT = re.compile(r"ด้วย|ตามที่|โดยที่|อาศัยอำนาจ|เทศบาล\S{0,30}?(?:มีความ|ได้|จะ|ขอ|ประกาศ|รับ|จัด|กำหนด)")
"""Begins the text below the subject of a letter or announcement."""
_SAME_BEGINNING = 4  # letters by which two lines in a row are items of a list
_ENDS_PHRASE = re.compile(r"(?:บาท|ดังนี้)$")
_PHRASE_BORDER = re.compile(
    r"""\n\s*\n\s*                                        # between paragraphs
      | \s*\n\s*(?=\(?\d{1,2}[.)]\s)                      # before an item of a list
      | (?<=\d)\s+(?=จึง|ขอ|ให้|โดย|ซึ่ง|เพื่อ|หาก|แต่|ส่วน|ผู้)
      | (?<![\d\s])\s+(?=[^\s\d])                         # numbers have a space on both sides
        (?!พ\.\s?ศ\.|ค\.\s?ศ\.|น\.|บาท|คน|[ๆฯ)”]|(?:ที่|เลขที่|วันที่|ฉบับที่|ถึง|และ|หรือ|กับ)\s?[\w/.]*\d)""",
    re.VERBOSE,
)
_LINE_BREAK = "\n"  # one that ends a paragraph: others are joined before
_IN_NUMBER = re.compile(r"\d+(?:[.,/:-]\d+)*")


def with_lines_joined(text: str) -> str:
    """Returns the text with ``LINE_OF_PHRASE`` for each end of a full line between two Thai letters.

    Thai has no space between words: shown as one, the end of a line would cut a word in two.
    """
    lines = text.split("\n")
    if len(lines) < _LEAST_LINES:
        return text
    longest, joined = _longest_width(lines), [lines[0]]
    if longest < _LEAST_WIDTH:
        return text
    for place, (line, following) in enumerate(pairwise(lines)):
        is_broken = _THAI.match(line[-1:]) and _THAI.match(following) and _is_full(line, longest)
        goes_on = is_broken and not _begins_anew(lines, place + 1)
        joined += [LINE_OF_PHRASE if goes_on else "\n", following]
    return "".join(joined)


def _longest_width(lines: list[str]) -> int:
    """Returns the letters of the widest line; marks only make a line narrower, so most need no count."""
    longest = 0
    for line in sorted(lines, key=len, reverse=True):
        if len(line) <= longest:
            break
        longest = max(longest, _width(line))
    return longest


def _width(line: str) -> int:
    """Returns the letters of a line without marks, counted mark by mark: a tenth of the time of a pattern."""
    return len(line) - sum(map(line.count, _EACH_MARK))


def _is_full(line: str, longest: int) -> bool:
    """Returns True for a line whose sentence goes on in the next; ``longest``: letters of the widest line."""
    full = (_FULL_BEHIND_LABEL if _LABEL.match(line) else _FULL) * longest
    return len(line) >= full and _width(line) >= full


def _begins_anew(lines: list[str], place: int) -> bool:
    """Returns True for a line that begins a paragraph, an item of a list, or the text below a subject."""
    before, line = lines[place - 1], lines[place]
    if line[:_SAME_BEGINNING] == before[:_SAME_BEGINNING]:
        return True
    if _ENDS_PHRASE.search(before) or _BEGINS_PARAGRAPH.match(line):
        return True
    if _LABEL.match(before) and _BEGINS_TEXT.match(line):
        return True
    neighbours = (before, *lines[place + 1 : place + 2])
    return _BEGINS_ITEM.match(line) is not None and any(map(_BEGINS_ITEM.match, neighbours))


def end_of_letters(text: str, letters: int) -> int:
    """Returns the offset behind so many letters of a text; marks above and below take no room, nor count."""
    for end, char in enumerate(text):
        letters -= not _MARKS.match(char)
        if letters < 0:
            return end
    return len(text)


def phrase_start(text: str, hit: int, start: int) -> int:
    """Returns the first phrase start from ``start`` to the hit, else the last one shortly before it.

    Thai has a space or a new line between phrases. Without any, ``start`` stays, but not in a number. Nothing
    of the paragraph before that of the hit is kept: a telephone shows two lines of a passage.
    """
    paragraph = text.rfind(_LINE_BREAK, start, hit)
    if paragraph >= 0:
        return paragraph + len(_LINE_BREAK)
    if start == 0:
        return 0
    borders = [border.end() for border in _borders(text, start - _LOOKED_BACK, hit)]
    after = [border for border in borders if start <= border]
    return (after or borders[-1:] or [_outside_number(text, start)])[0]


def phrase_end(text: str, last_hit: int, end: int) -> int:
    """Returns the last phrase end shortly before ``end``, behind the last hit; else ``end``, in no number."""
    borders = [border.start() for border in _borders(text, end - _LOOKED_BACK_FROM_END, end + 1)]
    return borders[-1] if borders and borders[-1] > last_hit else _outside_number(text, end)


def _borders(text: str, first: int, last: int) -> Iterator[re.Match[str]]:
    """Yields the borders of phrases that begin at ``first`` or later and end at ``last`` or earlier."""
    found = _PHRASE_BORDER.finditer(text, max(first, 0), last + _LOOKED_BEHIND)
    return takewhile(lambda border: border.end() <= last, found)


def _outside_number(text: str, place: int) -> int:
    """Returns the place; the start of the number in which it is."""
    for number in _IN_NUMBER.finditer(text, max(0, place - _LOOKED_BACK_FROM_END), place + _LOOKED_BEHIND):
        if number.start() < place < number.end():
            return number.start()
    return place
