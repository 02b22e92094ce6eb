"""CSV files whose cells a spreadsheet shows as they are, and never computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Spreadsheets in East Asian settings also take the full-width signs for the beginning of a formula."""


def escape_formula(value: Any) -> Any:
    """Returns the value; a text that a spreadsheet would compute gets an apostrophe in front.

    By it spreadsheets know text (OWASP, "CSV Injection").
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def csv_lines(header: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yields the lines of a CSV file, the header first; each value becomes a ``escape_formula``.

    The file begins with a mark by which spreadsheets know that the text is UTF-8.
    """
    line = io.StringIO()
    line.write("\ufeff")
    writer = csv.writer(line)
    for row in chain([header], rows):
        writer.writerow(map(escape_formula, row))
        yield line.getvalue()
        line.seek(0)
        line.truncate()
