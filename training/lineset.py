"""Sets of line pictures with their text, for training: a few thousand lines in one ``.npz`` file."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Grey = NDArray[np.uint8]

HEIGHT = 48  # pixels: what the network takes


@dataclass(slots=True)
class LineSet:
    """Lines by number: picture (``HEIGHT`` × width), text, name of the document, kinds of wear."""

    pictures: list[Grey] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    wear: list[list[str]] = field(default_factory=list)

    def add(self, picture: Grey, text: str, source: str, wear: Iterable[str] = ()) -> None:
        if picture.shape[0] != HEIGHT:
            raise ValueError(f"a line of {picture.shape[0]} pixels")
        self.pictures.append(picture)
        self.texts.append(text)
        self.sources.append(source)
        self.wear.append(sorted(wear))

    def save(self, path: Path) -> None:
        """Write the set to a file in one step: a reader never sees a part of the set."""
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file,
                pixels=np.concatenate([np.zeros((HEIGHT, 0), np.uint8), *self.pictures], 1),
                widths=np.array([picture.shape[1] for picture in self.pictures], np.int32),
                texts=np.array(json.dumps([self.texts, self.sources, self.wear], ensure_ascii=False)),
            )
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path) as data:
            texts, sources, wear = json.loads(str(data["texts"]))
            pictures = np.split(data["pixels"], np.cumsum(data["widths"])[:-1], 1) if len(texts) else []
        return cls(pictures, texts, sources, wear)


def scale(picture: Grey) -> Grey:
    """Scale a line to ``HEIGHT`` as Leptonica's ``pixScale`` does: areas or interpolation, then sharpened."""
    factor = HEIGHT / picture.shape[0]
    width = max(3, round(picture.shape[1] * factor))
    method = Image.Resampling.BOX if factor < 0.7 else Image.Resampling.BILINEAR
    image = Image.fromarray(np.ascontiguousarray(picture)).resize((width, HEIGHT), method)
    if factor > 1.4 or factor < 0.2:
        return np.asarray(image)
    radius, strength = (1, 0.2) if factor < 0.7 else (2, 0.4)
    values = np.asarray(image, np.float32)
    blurred = np.asarray(image.filter(ImageFilter.BoxBlur(radius)), np.float32)
    return np.clip(values + strength * (values - blurred), 0, 255).astype(np.uint8)


def page(text: str, picture: bytes) -> bytes:
    """Returns one line in the layout of Tesseract's ``ImageData::Serialize``.

    The line has only picture and text, no boxes.
    """
    truth = text.encode()

    def sized(data: bytes) -> bytes:
        return struct.pack("<I", len(data)) + data

    return (
        b"\x01"
        + sized(b"")
        + struct.pack("<i", 0)
        + sized(picture)
        + sized(b"tha")
        + sized(truth)
        + sized(b"") * 2
        + b"\x00"
    )
