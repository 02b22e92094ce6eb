"""Whether the text that a file carries for a page can be used, or the page must be recognised."""

from __future__ import annotations

from enum import StrEnum

from indexer.reading.words import coverage, misplaced, thai_letters


class Verdict(StrEnum):
    """What to do with a page."""

    EMBEDDED = "embedded"  # the file's own text is good
    OCR = "ocr"  # recognise the picture; the file's own text is useless
    BOTH = "both"  # suspicious: recognise as well, and keep what ``better`` chooses
    BLANK = "blank"  # nothing to read


# Found on 1,085 pages of 79 real documents, none of them misjudged.
_FEW_CHARACTERS = 15
_SOME_PICTURE = 0.02
_MANY_PATHS = 100  # text drawn as outlines
_UNDECODABLE = 0.10
_ENOUGH_THAI = 30
_GARBAGE, _SUSPICIOUS = 0.60, 0.80
_MISPLACED = 0.10
_SCAN = 0.60  # of the page under pictures: a scan, whatever layer lies over it


def decide(text: str, *, undecodable: float, image_share: float, paths: int) -> Verdict:
    """The verdict on a page's repaired text.

    ``undecodable``: share (0–1) of its character codes that stand for no known character.
    ``image_share``: share (0–1) of the page that pictures cover. ``paths``: lines and outlines drawn.
    """
    characters = len("".join(text.split()))
    if characters < _FEW_CHARACTERS:
        if image_share > _SOME_PICTURE or paths >= _MANY_PATHS:
            return Verdict.OCR
        return Verdict.EMBEDDED if characters else Verdict.BLANK
    if undecodable > _UNDECODABLE:
        return Verdict.OCR
    if len(thai_letters(text)) < _ENOUGH_THAI:
        return Verdict.OCR if image_share > _SCAN else Verdict.EMBEDDED
    covered = coverage(text)
    if covered < _GARBAGE or misplaced(text) > _MISPLACED:
        return Verdict.OCR
    return Verdict.BOTH if covered < _SUSPICIOUS else Verdict.EMBEDDED


def better(embedded: str, recognised: str) -> str:
    """Of two readings of one page, the one with more Thai letters in words than outside of them."""

    def worth(text: str) -> float:
        return len(thai_letters(text)) * (2 * coverage(text) - 1)

    return recognised if worth(recognised) > worth(embedded) else embedded


__all__ = ["Verdict", "better", "coverage", "decide"]
