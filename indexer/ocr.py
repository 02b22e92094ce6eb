from dataclasses import dataclass
from typing import Any

from archive.model import Doubt, Line

RULES = 1


@dataclass(frozen=True)
class OcrPage:
    text: str
    raw: str
    lines: tuple[Line, ...]
    confidence: float
    doubts: tuple[Doubt, ...]
    turn: int


def recognise(_image: Any) -> OcrPage:
    raise NotImplementedError
