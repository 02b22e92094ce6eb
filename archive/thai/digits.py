"""Thai and Arabic digits."""

from __future__ import annotations

THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"

_TO_ARABIC = str.maketrans(THAI_DIGITS, "0123456789")
_TO_THAI = str.maketrans("0123456789", THAI_DIGITS)


def arabic_digits(text: str) -> str:
    """Convert Thai digits to Arabic digits: ๑๒๓ → 123. The length stays the same."""
    return text.translate(_TO_ARABIC)


def thai_digits(text: str) -> str:
    """Convert Arabic digits to Thai digits: 123 → ๑๒๓. The length stays the same."""
    return text.translate(_TO_THAI)
