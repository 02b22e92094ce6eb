"""Styles and scripts can be edited: as the formatter writes them, in lines that a screen shows whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STATIC = ROOT / "web" / "static"
OXFMT = Path(sys.executable).parent / "oxfmt"
LONGEST_LINE = 120  # columns, as .oxfmtrc.json says; the formatter does not break strings and comments


def test_styles_and_scripts_are_as_the_formatter_writes_them() -> None:
    """``make format`` mends what this finds."""
    checked = subprocess.run(
        [OXFMT, "--check", STATIC], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_styles_and_scripts_have_lines_that_a_screen_shows_whole() -> None:
    files = [*STATIC.glob("*.css"), *STATIC.glob("*.js")]
    assert files
    assert [
        f"{path.name}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ] == []
