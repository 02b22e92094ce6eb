"""Styles and scripts can be edited: as the formatter writes them, in lines that a screen shows whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
OXFMT = Path(sys.executable).parent / "oxfmt"
LONGEST_LINE = 120  # columns, as .oxfmtrc.json says; the formatter does not break strings and comments


def test_styles_are_as_the_formatter_writes_them() -> None:
    """``make format`` mends what this finds."""
    formatted = subprocess.run(
        [OXFMT, "--check", "web/static/*.css"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr


def test_styles_have_lines_that_a_screen_shows_whole() -> None:
    assert _long_lines("web/static/*.css") == []


def _long_lines(pattern: str) -> list[str]:
    return [
        f"{path.name}:{number}"
        for path in ROOT.glob(pattern)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]
