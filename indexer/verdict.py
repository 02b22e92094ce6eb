"""Whether the text that a file carries for a page can be used, or the page must be recognised."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What to do with a page."""

    EMBEDDED = "embedded"  # the file's own text is good
    OCR = "ocr"  # recognise the picture; the file's own text is useless
    BOTH = "both"  # suspicious: recognise as well, and keep what covers better
    BLANK = "blank"  # nothing to read


def coverage(text: str) -> float:
    """Share (0–1) of the Thai letters that lie in dictionary words of two letters or more.

    Readable Thai has 0.84 and more, garbage 0.38 and less. 1.0 for a text without Thai letters.
    """
    raise NotImplementedError
