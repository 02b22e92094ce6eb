"""Cells of CSV files that a spreadsheet shows as they are, and never computes."""

from __future__ import annotations

from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Spreadsheets in East Asian settings also take the full-width signs for the beginning of a formula."""


def spreadsheet_cell(value: Any) -> Any:
    """Returns the value for a cell of a CSV file.

    A text that a spreadsheet would compute gets an apostrophe in front, by which spreadsheets know text
    (OWASP, "CSV Injection").
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
