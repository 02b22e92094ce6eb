"""Normalisation of Thai text, and Thai dates, for the whole project. Pure functions.

``characters``, ``dates`` and ``sorting`` are offered here. ``words``, which loads a dictionary,
and ``keyboard`` are imported by their own names.
"""

from archive.thai.characters import (
    ELLIPSIS,
    THAI_DIGITS,
    arabic_digits,
    canonical_text,
    cluster_borders,
    shorten,
    thai_digits,
)
from archive.thai.dates import (
    BANGKOK,
    ERA,
    MONTHS,
    SHORT_MONTHS,
    buddhist_year,
    day_in_thailand,
    format_date,
    format_short_date,
    month_number,
    parse_date,
    today,
)
from archive.thai.sorting import natural_sort_key

__all__ = [
    "BANGKOK",
    "ELLIPSIS",
    "ERA",
    "MONTHS",
    "SHORT_MONTHS",
    "THAI_DIGITS",
    "arabic_digits",
    "buddhist_year",
    "canonical_text",
    "cluster_borders",
    "day_in_thailand",
    "format_date",
    "format_short_date",
    "month_number",
    "natural_sort_key",
    "parse_date",
    "shorten",
    "thai_digits",
    "today",
]
