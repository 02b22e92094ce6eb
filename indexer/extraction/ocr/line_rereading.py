"""Line rereading: reads doubtful stretches of a recognised line again, and takes the likeliest letters.

Sparse layout analysis takes the marks of some rows for specks and cuts the row below them, so a row is read
again level and with room for its marks: smaller and softer, which joins strokes that a copier broke. Where
the two readings differ and known words do not tell which is right, it is read once more without the specks of
a copier or a fax. Reading takes time by the length of a picture, so a row that is fairly sure is read again
only around letters and words that are not.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from PIL import Image, ImageFilter
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from indexer.extraction.image.median_filter import median_of_nine
from indexer.extraction.ocr.correction import UNKNOWN, doubtful_words, word_evidence
from indexer.extraction.ocr.date_number_correction import malformed_numbers
from indexer.extraction.ocr.line_image import (
    HEIGHT_PERCENTILE,
    Baseline,
    LineImage,
    cut_line,
    measure_baseline,
)
from indexer.extraction.ocr.line_layout import Symbol, row_text
from indexer.extraction.ocr.line_voting import begins_with_thai, vote_on_readings
from indexer.extraction.ocr.noise import mean_confidence, probable_accuracy
from indexer.extraction.ocr.tesseract import read_line
from indexer.extraction.pdf.text_repair import repair_text
from indexer.extraction.reading_errors import UnreadableFile
from indexer.extraction.text_quality import dictionary_coverage, thai_letters, without_marks

FEW_LETTERS = 6  # Thai letters; a row with fewer is not judged by its marks and words
LEAST_MARKS = 0.11  # share of marks among the Thai letters of a row: a quarter is usual
LEAST_COVERAGE = 0.85  # share of a row's Thai letters in words, below which the row is read again
SAME_ROW = 60  # of 100: lowest similarity of two readings of one row, without marks
CERTAIN = 0.99  # mean confidence of a row whose letters are all sure; rows without an error have 0.990–0.995
UNSURE = 0.98  # mean confidence of a row below which the whole row is read again (0.985 is no better)
CERTAIN_LETTER = 0.98  # confidence below which a letter of a row between the two is read again
CERTAIN_DIGIT = 0.97  # confidence of a digit that is not doubted (0.98 is as good); a misread one had 0.93
LEAST_HEIGHT = 11  # pixels: lower letters (of the pattern of a form, say) take long and are read no better
MOST_OF_FIGURE = 0.6  # share of digits, or of Latin letters, in a figure or a Latin name
UNREADABLE = 0.975  # mean confidence of a row below which only its pieces are read again
UNREAD_STRETCH = 2.0  # heights of a row that one unsure letter takes where many were not read
PIECE_GAP = 1.0  # heights of a symbol between two pieces of an unreadable row
PIECE_PERCENTILES = (HEIGHT_PERCENTILE, 40)  # of the boxes' heights: specks are lower, strokes higher
SAME_PICTURE = 0.08  # share of a height by which another differs if the pictures of a line are read alike
NO_PRINT = 0.945  # mean confidence of a piece below which it is no print: wrong turns had 0.90–0.943
PRINT = 0.965  # mean confidence of a piece that is print; handwriting taken for words had 0.957 at most
MARGIN = 12.0  # nats by which a piece's new reading is likelier than the old one
SOFT_SCALE, SOFT_RADIUS = 0.6, 1.5  # size and blur (pixels) of the softened picture of a line
CONTEXT = 12  # symbols read again on either side of a doubtful one: with 5, letters at the ends are misread
TO_A_SPACE = 4  # symbols more, at most, where the stretch then ends at a space
GAP = 4  # symbols between two stretches that are read as one
MOST_OF_ROW = 0.9  # share of a row in stretches from which on the whole row is read


def reread_line(row: list[Symbol], page_image: Image.Image, deadline: float) -> list[Symbol]:
    """Returns the most likely text of a row; what was doubtful in its first reading is read again.

    Nothing is read after ``deadline`` (``time.monotonic()``).
    """
    if mean_confidence(row) < UNREADABLE:
        return _reread_pieces(row, page_image, deadline)
    if _has_unread_stretch(row):
        row = _reread_pieces(row, page_image, deadline)
    baseline = measure_baseline(row)
    stretches = _doubtful_stretches(row) if baseline.height >= LEAST_HEIGHT else []
    if not stretches:
        return row
    readings, voted = [row], None
    for change in CHANGES:
        if len(readings) > 1:
            voted = vote_on_readings(readings)
            stretches = _around(readings[-1], _unsettled_places(row, readings[-1], voted))
        if not stretches:
            break
        again = _read_again(readings[-1], stretches, page_image, baseline, change, deadline)
        if again:
            readings, voted = [*readings, again], None
    return voted or vote_on_readings(readings)


def _reread_pieces(row: Sequence[Symbol], page_image: Image.Image, deadline: float) -> list[Symbol]:
    """Returns an unreadable row, its pieces as they are read each level by itself where that is likelier.

    On a form, print stands in one row with handwriting, ornaments and rules, and on a photograph a row bends:
    together the pieces have no common slope and height of letters. In a long row that layout analysis cut too
    high, a stretch may be unread.
    """
    line: list[Symbol] = []
    for piece in _pieces(row):
        best = _likeliest_reading(piece, page_image, deadline) if _may_be_print(piece) else piece
        if best is not piece and mean_confidence(best) >= UNREADABLE:
            best = reread_line(best, page_image, deadline)
        line += [
            replace(symbol, has_space_before=bool(line) and piece[0].has_space_before) for symbol in best[:1]
        ] + best[1:]
    return line


def _may_be_print(piece: Sequence[Symbol]) -> bool:
    has_letters = len(thai_letters(row_text(piece))) >= FEW_LETTERS or _is_figure(row_text(piece))
    is_unread = mean_confidence(piece) < UNREADABLE or _has_unread_stretch(piece)
    return has_letters and is_unread and mean_confidence(piece) >= NO_PRINT


def _has_unread_stretch(row: Sequence[Symbol]) -> bool:
    """Returns True for a row with an unsure letter so wide that it stands for several.

    The box of a sure letter may hold the space behind it.
    """
    widest = UNREAD_STRETCH * median(symbol.bottom - symbol.top for symbol in row)
    return any(
        symbol.confidence < NO_PRINT and symbol.right - symbol.left > widest and symbol.text.isalnum()
        for symbol in row
    )


def _is_figure(text: str) -> bool:
    """Returns True for text that is mostly digits, as an amount or a date, or mostly Latin letters."""
    solid = text.replace(" ", "")
    digits, latin = (
        sum(map(str.isdigit, solid)),
        sum(letter.isascii() and letter.isalpha() for letter in solid),
    )
    return max(digits, latin) >= max(FEW_LETTERS, MOST_OF_FIGURE * len(solid))


def _pieces(row: Sequence[Symbol]) -> Iterator[list[Symbol]]:
    """Yields the pieces of a row between its wide gaps."""
    gap = PIECE_GAP * median(symbol.bottom - symbol.top for symbol in row)
    ends = [place for place, (left, right) in enumerate(pairwise(row), 1) if right.left - left.right > gap]
    for start, end in pairwise((0, *ends, len(row))):
        yield list(row[start:end])


def _likeliest_reading(piece: list[Symbol], page_image: Image.Image, deadline: float) -> list[Symbol]:
    """Returns the piece as it is read with a height that its letters may have, or as it is."""
    best, most = piece, _likelihood(piece) + MARGIN
    read_heights: list[float] = []
    for baseline in (measure_baseline(piece, percentile) for percentile in PIECE_PERCENTILES):
        is_read = any(abs(baseline.height - height) < SAME_PICTURE * height for height in read_heights)
        if is_read or baseline.height < LEAST_HEIGHT:
            continue
        read_heights.append(baseline.height)
        readings = _readings(cut_line(page_image, piece, baseline), deadline)
        for reading in (*readings, vote_on_readings(readings)) if readings else ():
            if mean_confidence(reading) >= PRINT and _likelihood(reading) >= most:
                best, most = reading, _likelihood(reading)
        if best is not piece and mean_confidence(best) >= UNREADABLE:
            break
    return best


def _readings(line: LineImage, deadline: float) -> list[list[Symbol]]:
    """Returns what is read on the picture of a line: once if that is certain, else changed too."""
    readings: list[list[Symbol]] = []
    for scale, changed in PIECE_CHANGES:
        try:
            found = line.on_page(read_line(changed(line.image), deadline - time.monotonic()), scale)
        except UnreadableFile:  # time is up: the line was read before
            break
        readings += [found] if found else []
        if mean_confidence(found) >= CERTAIN:
            break
    return readings


def _likelihood(row: Sequence[Symbol]) -> float:
    """Returns by how much (nats) words are evidence for a reading, less its probably wrong letters."""
    wrong = (1 - probable_accuracy(row)) * len(row)
    return word_evidence(repair_text(row_text(row))) - UNKNOWN * wrong


def _doubtful_stretches(row: Sequence[Symbol]) -> list[range]:
    """Returns the stretches of the row in which letters, digits or words may be misread.

    No word vouches for a digit.
    """
    sure = mean_confidence(row)
    if sure < UNSURE:
        return [range(len(row))]
    least = CERTAIN_LETTER if sure < CERTAIN else 0.0
    doubtful = _in_doubtful_words(row) | {
        place
        for place, symbol in enumerate(row)
        if symbol.confidence < (CERTAIN_DIGIT if symbol.text.isdigit() else least)
    }
    if not doubtful and _lacks_marks_or_words(repair_text(row_text(row))):
        return [range(len(row))]
    return _around(row, doubtful)


def _lacks_marks_or_words(text: str) -> bool:
    letters = thai_letters(text)
    if len(letters) < FEW_LETTERS:
        return False
    marks = len(letters) - len(without_marks(letters))
    return marks < LEAST_MARKS * len(letters) or dictionary_coverage(text) < LEAST_COVERAGE


def _in_doubtful_words(row: Sequence[Symbol]) -> set[int]:
    """Returns the places of the row's symbols in stretches that are no word or look like a more usual one.

    Numbers that break the grammar of numbers are such stretches too.
    """
    owners = [place for place, symbol in enumerate(row) for _ in " " * symbol.has_space_before + symbol.text]
    text = row_text(row)
    stretches = (*doubtful_words(text), *malformed_numbers(text))
    return {place for start, end in stretches for place in owners[start:end]}


def _unsettled_places(before: Sequence[Symbol], after: Sequence[Symbol], voted: Sequence[Symbol]) -> set[int]:
    """Returns the places of ``after`` where its text differs from that of ``before`` and words do not decide.

    Words decide between Thai letters where one of the two readings has known words and the other does not, if
    ``voted``, the vote of all readings, is a row of known words.
    """
    doubtful_before, doubtful_after = _in_doubtful_words(before), _in_doubtful_words(after)
    is_in_words = not _in_doubtful_words(voted)
    unsettled: set[int] = set()
    for old, new in _differences(before, after):
        texts = [before[place].text for place in old] + [after[place].text for place in new]
        is_one_in_words = doubtful_before.isdisjoint(old) != doubtful_after.isdisjoint(new)
        if not (is_in_words and is_one_in_words and all(map(begins_with_thai, texts))):
            unsettled.update(new)
    return unsettled


def _differences(before: Sequence[Symbol], after: Sequence[Symbol]) -> Iterator[tuple[range, range]]:
    """Yields the places of both rows where their texts differ.

    Where a row lacks symbols of the other, the symbol after them stands for their place.
    """
    for step in Levenshtein.opcodes([symbol.text for symbol in before], [symbol.text for symbol in after]):
        if step.tag != "equal":
            yield (
                _at_least_one(step.src_start, step.src_end, len(before)),
                _at_least_one(step.dest_start, step.dest_end, len(after)),
            )


def _at_least_one(start: int, stop: int, size: int) -> range:
    """Returns the range, or the place at its start (the last of ``size`` places at most) if it is empty."""
    first = min(start, size - 1)
    return range(first, max(stop, first + 1))


def _around(row: Sequence[Symbol], places: Iterable[int]) -> list[range]:
    """Returns stretches of the row around the places, which end at spaces where one is near."""
    stretches: list[range] = []
    reach = CONTEXT + TO_A_SPACE
    for place in sorted(places):
        before = range(place - 1, max(0, place - reach), -1)
        after = range(place + 2, min(len(row), place + reach))
        start = next((near for near in before if row[near].has_space_before), max(0, place - CONTEXT))
        stop = next(
            (near for near in after if row[near].has_space_before), min(len(row), place + CONTEXT + 1)
        )
        while start > 0 and _is_mark(row[start]):
            start -= 1
        while stop < len(row) and _is_mark(row[stop]):
            stop += 1
        if stretches and start <= stretches[-1].stop + GAP:
            stretches[-1] = range(stretches[-1].start, max(stop, stretches[-1].stop))
        else:
            stretches.append(range(start, stop))
    if sum(map(len, stretches)) > MOST_OF_ROW * len(row):
        return [range(len(row))]
    return stretches


def _is_mark(symbol: Symbol) -> bool:
    return unicodedata.category(symbol.text[0]) == "Mn"


def _read_again(
    row: Sequence[Symbol],
    stretches: Sequence[range],
    image: Image.Image,
    baseline: Baseline,
    change: Change,
    deadline: float,
) -> list[Symbol] | None:
    """Returns the row as read in the changed picture; None if no stretch was read the same, or time is up."""
    scale, changed = change
    again, is_read = list(row), False
    for stretch in reversed(stretches):
        if time.monotonic() >= deadline:
            return None
        line = cut_line(image, row, baseline, stretch)
        try:
            found = read_line(changed(line.image), deadline - time.monotonic())
        except UnreadableFile:  # time is up: the row was read before
            return None
        symbols = line.on_page(found, scale)
        before = row[stretch.start : stretch.stop]
        if symbols and _is_same_line(before, symbols):
            symbols[0] = replace(symbols[0], has_space_before=before[0].has_space_before)
            again[stretch.start : stretch.stop] = symbols
            is_read = True
    return again if is_read else None


def _is_same_line(one: Sequence[Symbol], other: Sequence[Symbol]) -> bool:
    return fuzz.ratio(without_marks(_solid(one)), without_marks(_solid(other))) >= SAME_ROW


def _solid(row: Sequence[Symbol]) -> str:
    return "".join(symbol.text for symbol in row)


def _softened(picture: Image.Image) -> Image.Image:
    soft = picture.filter(ImageFilter.GaussianBlur(SOFT_RADIUS))
    smaller = (max(1, round(soft.width * SOFT_SCALE)), max(1, round(soft.height * SOFT_SCALE)))
    return soft.resize(smaller, Image.Resampling.LANCZOS)


def _without_specks(picture: Image.Image) -> Image.Image:
    return median_of_nine(picture)


Change = tuple[float, Callable[[Image.Image], Image.Image]]
CHANGES: tuple[Change, ...] = ((SOFT_SCALE, _softened), (1.0, _without_specks))
"""Ways in which the picture of a line is changed before it is read again, and their scales."""
PIECE_CHANGES: tuple[Change, ...] = ((1.0, lambda picture: picture), (SOFT_SCALE, _softened))
"""The same for the pieces of an unreadable row, which have no first reading to be compared with."""
