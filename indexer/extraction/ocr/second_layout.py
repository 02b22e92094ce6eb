"""Second layout: reads a poorly read page again as one column, and takes the rows that have more words.

Sparse layout analysis looks for text in every part of a page, so on a page full of ornaments, hairs and
ruled lines it joins specks to rows and cuts rows apart. Analysis as one column finds other rows, and in a
smaller picture without specks thin strokes fade and most of the time is saved.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from indexer.extraction.image.median_filter import median_of_nine
from indexer.extraction.ocr.line_image import LineImage
from indexer.extraction.ocr.line_layout import Symbol, body_extent, join_rows, row_text
from indexer.extraction.ocr.noise import mean_confidence, without_noise
from indexer.extraction.ocr.tesseract import read_as_one_column
from indexer.extraction.pdf.text_repair import repair_text
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.text_quality import dictionary_coverage, thai_letters

# Measured on a land deed among curls and ornaments: wrong letters in 125 of five of its phrases, 55 before.
SCALE = 0.75  # size of the picture read as one column: leaves 34; 0.6 leaves 37, both after one another 34
FEW_LETTERS = 6  # Thai letters; a row with fewer has too few words to be preferred
LEAST_COVERAGE = 0.7  # share of the Thai letters of such a row in words
SURE = 0.975  # mean confidence of symbols that are read well; at 0.965 too few rows are replaced (two lost)
MARGIN = 3.0  # letters in words that a row has more than those it replaces: about one word
LEAST_DOUBTFUL = 60  # Thai letters in doubtful rows from which on the time is spent; a gazette's cover had 23


def is_second_layout_worthwhile(rows: Sequence[Sequence[Symbol]]) -> bool:
    """Returns True where many Thai letters of a page were not read well: reading it again may pay.

    At least ``LEAST_DOUBTFUL`` letters stand in rows with a mean confidence under ``SURE``.
    """
    doubtful = (row for row in rows if mean_confidence(row) < SURE)
    return sum(len(thai_letters(row_text(row))) for row in doubtful) >= LEAST_DOUBTFUL


def choose_rows(rows: Sequence[list[Symbol]], image: Image.Image, seconds: float) -> list[list[Symbol]]:
    """Returns the rows, some as a second layout reads them; as they are if ``seconds`` run out.

    The rows are from the top of the page. A row of the second layout replaces the symbols that it covers if
    these are doubtful and have fewer letters in words.
    """
    size = (max(1, round(image.width * SCALE)), max(1, round(image.height * SCALE)))
    picture = median_of_nine(image.resize(size, Image.Resampling.LANCZOS))
    chosen = list(rows)
    try:
        column = read_as_one_column(picture, seconds)
    except UnreadableFile:  # time is up: the page was read before
        return chosen
    whole = LineImage(picture, left=0, top=0.0, slope=0.0)
    for found in column:
        row = without_noise(whole.on_page(found, SCALE))
        if row and _has_words(row):
            chosen = _with_row(chosen, row)
    return join_rows(chosen)


def _has_words(row: Sequence[Symbol]) -> bool:
    text = repair_text(row_text(row))
    return len(thai_letters(text)) >= FEW_LETTERS and dictionary_coverage(text) >= LEAST_COVERAGE


def _letters_in_words(row: Sequence[Symbol]) -> float:
    text = repair_text(row_text(row))
    return dictionary_coverage(text) * len(thai_letters(text))


def _with_row(rows: Sequence[list[Symbol]], row: list[Symbol]) -> list[list[Symbol]]:
    """Returns the rows with ``row`` in place of the symbols that it covers, if it is the better reading."""
    top, bottom = body_extent(row)
    left, right = row[0].left, row[-1].right
    kept, covered = list[list[Symbol]](), list[Symbol]()
    for other in rows:
        piece: list[Symbol] = []
        for symbol in other:
            x, y = (symbol.left + symbol.right) / 2, (symbol.top + symbol.bottom) / 2
            if not (left <= x <= right and top <= y <= bottom):
                piece.append(symbol)
                continue
            covered.append(symbol)
            if piece:
                kept.append(piece)
                piece = []
        if piece:
            kept.append(piece)
    is_better = _letters_in_words(row) >= _letters_in_words(covered) + MARGIN
    return [*kept, row] if is_better and mean_confidence(covered) < SURE else list(rows)
