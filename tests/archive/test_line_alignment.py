"""Corrected text keeps the places of its letters on the picture."""

from __future__ import annotations

from archive.line_alignment import align_lines
from archive.model import Line


def line(start: int, top: int, count: int, left: int = 0) -> Line:
    return Line(start, top, top + 50, tuple(range(left, left + 100 * count + 1, 100)))


def test_unchanged_lines_stay_where_they_were() -> None:
    lines = (line(0, 100, 3), line(4, 200, 3))
    assert align_lines("กขค\nงจฉ", lines, "กขค\nงจฉ") == lines


def test_a_changed_letter_takes_the_place_of_the_old_one_and_later_lines_move_on() -> None:
    first, second = align_lines("กขค\nงจฉ", (line(0, 100, 3), line(4, 200, 3)), "กขขค\nงจฉ")
    assert (first.start, first.top, first.edges) == (0, 100, (0, 100, 200, 200, 300))
    assert (second.start, second.top, second.edges) == (5, 200, (0, 100, 200, 300))


def test_new_letters_share_the_room_of_those_that_they_replace() -> None:
    (only,) = align_lines("กขค", (line(0, 100, 3),), "กมนค")
    assert only.edges == (0, 100, 150, 200, 300)


def test_a_line_in_pieces_becomes_one_and_a_new_line_has_no_place() -> None:
    pieces = (line(0, 100, 2), line(2, 110, 2, left=200))
    (only,) = align_lines("กขคง", pieces, "กขคงจ\nใหม่")
    assert (only.top, only.bottom, only.edges) == (100, 160, (0, 100, 200, 300, 400, 400))


def test_removed_lines_take_their_places_with_them() -> None:
    lines = (line(0, 100, 3), line(4, 200, 3))
    assert align_lines("กขค\nงจฉ", lines, "งจฉ") == (line(0, 200, 3),)
    assert align_lines("กขค\nงจฉ", lines, "") == ()
