"""Training lines of pages that are typeset from made text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.factories.documents import SARABUN
from training.documents import worn_lines
from training.lineset import HEIGHT, LineSet
from training.typeset import Typesetter

RUNNING = ["คณะรัฐมนตรีมีมติเห็นชอบโครงการพัฒนาคุณภาพชีวิตของประชาชน วงเงิน 1,250 ล้านบาท"]
TYPEFACES = [(Path(SARABUN), 1)]


def test_a_piece_stands_where_its_ink_is() -> None:
    picture, pieces = Typesetter(3, RUNNING, TYPEFACES).page(200)
    ink = np.asarray(picture) < 128
    height, width = ink.shape
    assert len(pieces) > 20
    for piece in pieces:
        left, right = round(piece.left * width), round(piece.right * width)
        baseline, em = piece.baseline * height, piece.em * height
        assert ink[round(baseline - 0.5 * em) : round(baseline + 0.15 * em), left:right].any()
        assert piece.ceiling < piece.baseline < piece.floor


def test_running_text_is_cut_between_words() -> None:
    _, pieces = Typesetter(5, RUNNING, TYPEFACES).page(200)
    found = [piece.text for piece in pieces if piece.text in RUNNING[0]]
    assert any("โครงการ" in text for text in found)
    assert not any(text[0] in "ะาำิีึืุู็่้๊๋์" for text in found)


def test_the_same_seed_gives_the_same_lines() -> None:
    first, second = LineSet(), LineSet()
    Typesetter(4, RUNNING, TYPEFACES).add_page(first, "typeset_4")
    Typesetter(4, RUNNING, TYPEFACES).add_page(second, "typeset_4")
    assert first.texts == second.texts
    assert len(first.texts) > 20
    assert all((one == other).all() for one, other in zip(first.pictures, second.pictures, strict=True))
    assert {picture.shape[0] for picture in first.pictures} == {HEIGHT}


def test_a_page_without_pieces_gives_no_lines() -> None:
    assert not list(worn_lines(Image.new("L", (400, 300), 255), [], 100, np.random.default_rng(1)))
