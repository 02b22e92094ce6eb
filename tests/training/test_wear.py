"""Pages worn as copiers and scanners wear them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from training.lineset import HEIGHT, scale
from training.wear import Wear


def _page() -> Image.Image:
    page = Image.new("L", (850, 1100), 255)
    draw = ImageDraw.Draw(page)
    for y in range(100, 1000, 40):
        draw.rectangle((80, y, 770, y + 12), fill=0)
    return page


def test_a_worn_page_keeps_its_size_and_its_ink_is_where_it_was() -> None:
    page = np.asarray(_page())
    readable = 0
    for seed in range(30):
        wear = Wear(np.random.default_rng(seed), 100)
        worn = wear.wear(page)
        assert worn.shape == page.shape
        assert wear.kinds or (worn == page).all()
        if "black-and-white" in wear.kinds and "jpeg" not in wear.kinds:
            assert len(np.unique(worn)) == 2
        assert worn.dtype == np.uint8
        readable += worn[page == 0].mean() + 20 < worn[page == 255].mean()
    assert readable >= 27


def test_the_same_seed_wears_alike() -> None:
    first, second = (Wear(np.random.default_rng(4), 100).wear(np.asarray(_page())) for _ in range(2))
    assert (first == second).all()


def test_bend_says_by_how_much_it_moved_each_column() -> None:
    page = np.asarray(_page())
    for seed in range(20):
        bent, shifts = Wear(np.random.default_rng(seed), 100).bend(page)
        for x in range(100, 750, 50):
            inked = np.flatnonzero(bent[:, x] == 0)
            assert inked[0] == 100 + shifts[x]


def test_a_line_is_scaled_to_the_networks_height() -> None:
    line = np.full((96, 300), 255, np.uint8)
    line[40:56, 20:280] = 0
    for height in (12, 30, 48, 60, 96):
        scaled = scale(np.asarray(Image.fromarray(line).resize((300 * height // 96, height))))
        assert scaled.shape[0] == HEIGHT
        assert abs(scaled.shape[1] - 150) <= 6
        assert scaled[24, 75] < 60
        assert scaled[2, 75] > 200


def test_the_rules_of_a_cell_stand_around_its_ink() -> None:
    for seed in range(20):
        page = Image.new("L", (400, 200), 255)
        wear = Wear(np.random.default_rng(seed), 200)
        wear.draw_cell(ImageDraw.Draw(page), (100, 80, 300, 120))
        assert (np.asarray(page)[81:120, 101:300] == 255).all()
        sides = [(80, 60, 320, 80), (80, 121, 320, 140), (80, 60, 100, 140), (301, 60, 320, 140)]
        drawn = [np.asarray(page.crop(side)).min() < 255 for side in sides]
        assert any(drawn) or (np.asarray(page) == 255).all()


def test_letters_that_lean_stay_in_a_line_as_high() -> None:
    line = np.full((60, 300), 240, np.uint8)
    line[10:50, 140:160] = 20
    slanted = [Wear(np.random.default_rng(seed), 200).slant(line) for seed in range(40)]
    assert all(picture.shape[0] == 60 and picture.min() < 60 for picture in slanted)
    changed = [picture for picture in slanted if picture is not line]
    assert 3 <= len(changed) <= 25
    assert all(abs(picture.shape[1] - 300) <= 46 for picture in changed)
    assert any(picture[12].argmin() != picture[48].argmin() for picture in changed)
