"""The weights of the shipped model, read out of it and put back."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.extraction.ocr.tesseract import OWN_MODEL
from tests.factories.documents import SARABUN
from training.lineset import page
from training.weights import in_floating_point, read_weights, replace_weights


@pytest.fixture(scope="module")
def component(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("model")
    subprocess.run(["combine_tessdata", "-u", OWN_MODEL, folder / "own."], check=True, capture_output=True)
    return (folder / "own.lstm").read_bytes()


def test_same_weights_give_the_same_file(component: bytes) -> None:
    assert replace_weights(component, read_weights(component)) == component


def test_new_weights_come_back_within_half_a_step(component: bytes) -> None:
    random = np.random.default_rng(1)
    wanted = [matrix + random.normal(0, 0.05, matrix.shape) for matrix in read_weights(component)]
    found = read_weights(replace_weights(component, wanted))
    for before, after in zip(wanted, found, strict=True):
        step = np.abs(before).max(1, keepdims=True) / 127
        assert (np.abs(before - after) <= step * 0.500001).all()


def test_an_empty_row_stays_empty(component: bytes) -> None:
    wanted = read_weights(component)
    wanted[0][3] = 0
    assert not read_weights(replace_weights(component, wanted))[0][3].any()


def test_a_matrix_of_another_shape_is_refused(component: bytes) -> None:
    wanted = read_weights(component)
    wanted[0] = wanted[0][:-1]
    with pytest.raises(ValueError, match="cannot replace"):
        replace_weights(component, wanted)


def test_a_network_in_floating_point_is_refused(component: bytes) -> None:
    with pytest.raises(ValueError, match="not an integer one"):
        read_weights(in_floating_point(component))


def test_lstmeval_reads_the_network_in_floating_point(component: bytes, tmp_path: Path) -> None:
    """Read one drawn line with both forms of the network: the same characters are wrong in it."""
    (tmp_path / "float.lstm").write_bytes(in_floating_point(component))
    (tmp_path / "integer.lstm").write_bytes(component)
    line = Image.new("L", (600, 56), 255)
    font = ImageFont.truetype(SARABUN, 36)
    ImageDraw.Draw(line).text((10, 0), "เทศบาลตำบลบ้านใหม่ ๒๕๖๗", 0, font)
    picture = io.BytesIO()
    line.save(picture, "PNG")
    lines = struct.pack("<I", 1) + page("เทศบาลตำบลบ้านใหม่ ๒๕๖๗", picture.getvalue())
    (tmp_path / "line.lstmf").write_bytes(lines)
    (tmp_path / "list").write_text(f"{tmp_path / 'line.lstmf'}\n")
    rates = [
        subprocess.run(
            [
                "lstmeval", "--model", tmp_path / f"{form}.lstm",
                "--traineddata", OWN_MODEL, "--eval_listfile", tmp_path / "list",
            ],
            check=True, capture_output=True, text=True,
        ).stderr.split("BCER eval=")[1]
        for form in ("float", "integer")
    ]  # fmt: skip
    assert rates[0] == rates[1]
    assert float(rates[0].split(",")[0].split()[0]) < 10


def test_a_network_cut_short_is_refused(component: bytes) -> None:
    with pytest.raises(ValueError, match="ends early"):
        read_weights(component[:5000])
