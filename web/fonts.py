"""Serves Sarabun from the site's own address: the Thai and Latin letters of the package's files, as WOFF2."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import fontpkg_sarabun
from flask import Blueprint, Response, abort, make_response, request

pages = Blueprint("fonts", __name__)

_FILES = Path(fontpkg_sarabun.__file__).parent / "files"
WEIGHTS = {"regular": "Sarabun-Regular.ttf", "bold": "Sarabun-Bold.ttf"}
_LETTERS = [*range(0x20, 0x7F), 0xA0, 0xA9, 0xB7, 0xD7, *range(0xE01, 0xE5C), *range(0x2010, 0x2027), 0x25CC]


@pages.get("/fonts/sarabun-<weight>.woff2")
def font(weight: str) -> Response:
    """Send one weight of the font, about 25 KB; a browser asks once a year."""
    if weight not in WEIGHTS:
        abort(404)
    answer = make_response(woff2(weight))
    answer.mimetype = "font/woff2"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.add_etag()
    return answer.make_conditional(request)  # type: ignore[return-value]


@cache
def woff2(weight: str) -> bytes:
    """Returns the font reduced to ``_LETTERS``, once per process; the tables that shape Thai are kept.

    A process of its own does it, since fontTools takes 16 MB that this process would not use again.
    """
    with tempfile.TemporaryDirectory(prefix="prakat-") as folder:
        target = Path(folder) / "font.woff2"
        subprocess.run(  # noqa: S603  # our own font and options
            [
                *(sys.executable, "-m", "fontTools.subset", _FILES / WEIGHTS[weight]),
                f"--output-file={target}",
                f"--unicodes={','.join(f'{letter:x}' for letter in _LETTERS)}",
                "--flavor=woff2",
                "--layout-features=*",
                "--notdef-outline",
                "--no-hinting",
            ],
            check=True,
            capture_output=True,
        )
        return target.read_bytes()
