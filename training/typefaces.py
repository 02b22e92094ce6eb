"""The typefaces that made lines are drawn in."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

TLWG = Path("/usr/share/fonts/truetype/tlwg")  # Debian's fonts-thai-tlwg
SARABUN = {
    "Regular": 90, "Bold": 45, "SemiBold": 12, "Medium": 12, "Light": 20, "ExtraLight": 4,
    "Italic": 8, "BoldItalic": 5,
}  # fmt: skip
TLWG_FAMILIES = {
    "Garuda": 5, "Kinnari": 4, "Laksaman": 9, "Loma": 5, "Norasi": 6, "TlwgMono": 2, "TlwgTypewriter": 2,
    "TlwgTypist": 3, "TlwgTypo": 3, "Umpush": 4, "Waree": 4, "Sawasdee": 1, "Purisa": 1,
}  # fmt: skip
OFFICE_FONTS = {"THSarabun": 160, "THSarabunNew": 160, "THNiramitAS": 20, "THSrisakdi": 1, "THCharmofAU": 1}
TLWG_STYLES = {"": 3, "-Bold": 2, "-Italic": 1, "-Oblique": 1, "-Light": 1}


def fonts(more: Path | None = None) -> list[tuple[Path, int]]:
    """Returns the font files with the weight of each. ``more``: a directory of further ones.

    The typefaces of Thai offices are drawn most, ornamental ones rarely.
    """
    chosen = [(_packaged("sarabun") / f"Sarabun-{style}.ttf", weight) for style, weight in SARABUN.items()]
    for family, weight in TLWG_FAMILIES.items():
        for style, share in TLWG_STYLES.items():
            path = TLWG / f"{family}{style}.ttf"
            if path.exists():
                chosen.append((path, weight * share))
    for name in ("Kanit", "Prompt"):
        folder = _packaged(name.lower())
        chosen += [(folder / f"{name}-{style}.ttf", 3) for style in ("Light", "Regular", "Medium")]
    if more is not None:
        chosen += [(path, OFFICE_FONTS.get(path.stem, 4)) for path in sorted(more.glob("*.ttf"))]
    return chosen


def _packaged(family: str) -> Path:
    """Returns the directory of a typeface that a package brings."""
    return Path(import_module(f"fontpkg_{family}").__path__[0]) / "files"
