"""Place names of an archive: what stands behind ตำบล, บ้าน or วัด in several titles that staff published.

No word list has the villages and roads of a municipality. A recognised page is corrected with those that its
own archive knows well: a name in one title may be a misreading that nobody noticed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from archive.thai.characters import WORD_LETTERS

LEAST_TITLES = 3  # titles, all different, that have a name
MOST_NAMES = 500  # of which the most frequent are kept, of attested and of other names each
SIZES = range(4, 17)  # code points of a name
_PLACE = "เทศบาลตำบล|เทศบาลเมือง|เทศบาลนคร|ตำบล|อำเภอ|จังหวัด|หมู่บ้าน|บ้าน|วัด|โรงเรียน|ถนน|ซอย|ชุมชน|คลอง|ลำห้วย|แม่น้ำ"
_NAME = re.compile(rf"(?:{_PLACE})(?P<name>(?:(?!{_PLACE}|หมู่)[{WORD_LETTERS}])+)")
_NO_NAME = tuple(
    "ใน และ หรือ ที่ นี้ ของ ทุก อย่าง ให้ เพื่อ โดย ตาม ต่อ สาย เรือน พัก เลข เดิม ได้ มี จาก กับ ประจำ ซึ่ง แห่ง เรา ทั้ง"
    " พื้นที่ จำนวน ภายใน สำหรับ เดียวกัน ดังกล่าว".split()
)
"""Beginnings of text behind such a word that is no name: บ้านและที่ดิน."""


class PlaceNames(NamedTuple):
    """Place names of an archive, the most frequent first.

    ``attested`` may replace misread text. ``others``, of fewer titles, only stay as they are read:
    a village may be one letter off another.
    """

    attested: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


NO_PLACE_NAMES = PlaceNames()


def find_place_names(titles: Iterable[str]) -> PlaceNames:
    """Returns the place names in the titles: those in ``LEAST_TITLES`` different ones, and the others."""
    counts = Counter(name for title in set(titles) for name in set(_names(title))).most_common()
    return PlaceNames(
        tuple(name for name, count in counts if count >= LEAST_TITLES)[:MOST_NAMES],
        tuple(name for name, count in counts if count < LEAST_TITLES)[:MOST_NAMES],
    )


def _names(title: str) -> Iterable[str]:
    for match in _NAME.finditer(title):
        if len(match["name"]) in SIZES and not match["name"].startswith(_NO_NAME):
            yield match["name"]
