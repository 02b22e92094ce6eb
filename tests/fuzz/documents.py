"""PDFs and pictures whose structure was harmed, through the real sandbox."""

from __future__ import annotations

import io
import random
import re
import shutil
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Encryption, Name
from PIL import Image

from indexer.extraction import embedded_text
from indexer.extraction.reading_errors import MESSAGES
from tests.factories.documents import shaped
from tests.factories.hostile_files import CASES
from tests.factories.memos import memo
from tests.indexer.extraction.judge import judge

SECONDS = 6.0  # for each step in the child; a page takes some hundredths
SLOWEST = 120.0  # seconds for a case with its steps and second tries, on a busy machine
_GOOD_EVERY = 25  # cases, after each of which a sound file must still be read

_NUMBER = re.compile(rb"(?<![\w.])-?\d{1,6}(?![\w.])")
_HUGE = (b"0", b"-1", b"2147483648", b"99999999999999999999", b"1e400", b"200000", b"-0.0000001", b"null")
_XREF = re.compile(rb"\d{10} \d{5} [nf]")
_OBJECT = re.compile(rb"\d+ 0 obj.*?endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_NAMES = (
    b"/FlateDecode /LZWDecode /ASCII85Decode /DCTDecode /JPXDecode /CCITTFaxDecode /RunLengthDecode /Crypt"
    b" /Page /Pages /Catalog /Font /XObject /ObjStm /XRef /Type0 /Type3 /CIDFontType2 /ToUnicode /Kids"
    b" /Parent /Contents /Resources /MediaBox /Rotate /Annots /Length /Filter /DecodeParms /Predictor /W"
    b" /Index /Prev /Root /Encrypt"
).split()


class Documents:
    """Fuzzes documents: each file ends as read, or with a code that has a message.

    Each ends in time, and the next file is read.
    """

    suffix = ".pdf"

    def __init__(self, folder: Path, corpus: Path | None) -> None:
        self._folder = folder
        self._sound = _sound(folder, corpus)
        self._judged = 0
        self._limits = embedded_text.OPEN_SECONDS, embedded_text.PAGE_SECONDS
        embedded_text.OPEN_SECONDS = embedded_text.PAGE_SECONDS = SECONDS

    def make(self, chance: random.Random) -> bytes:
        data = chance.choice(self._sound)
        if data[:4] == b"%PDF" and chance.random() < 0.5:
            data = _rebuilt(chance, data)
        for _ in range(chance.choice((1, 1, 2, 5))):
            data = chance.choice(_HARMS)(chance, data, chance.choice(self._sound))
        return data

    def judge(self, case: bytes) -> None:
        path = self._folder / "case"
        path.write_bytes(case)
        began = time.monotonic()
        ending = judge(path, seconds=SECONDS)
        took = time.monotonic() - began
        assert took < SLOWEST, f"{took:.0f} s"
        assert ending.end == "ready" or ending.end in MESSAGES, ending
        assert not ending.problem or ending.problem in MESSAGES, ending
        assert path.read_bytes() == case, "the file itself was changed"
        self._judged += 1
        if self._judged % _GOOD_EVERY == 0:
            path.write_bytes(self._sound[0])
            assert "หลอดไฟ" in judge(path, seconds=SECONDS).text, "a sound file is no longer read"

    def close(self) -> None:
        embedded_text.OPEN_SECONDS, embedded_text.PAGE_SECONDS = self._limits
        shutil.rmtree(self._folder)


def _sound(folder: Path, corpus: Path | None) -> list[bytes]:
    """Files to begin with; the first can be read."""
    picture = Image.effect_noise((400, 560), 60).convert("RGB")

    def saved(format: str) -> bytes:
        out = io.BytesIO()
        picture.save(out, format)
        return out.getvalue()

    long = shaped(folder / "long.pdf", [[f"หน้าที่ {n} ประกาศเทศบาลเรื่องถนน"] * 9 for n in range(4)])
    own = [each.read_bytes() for each in sorted(corpus.glob("*.pdf"))] if corpus else []
    return [
        memo("ขออนุมัติจัดซื้อหลอดไฟฟ้าสำหรับถนน"),
        long.read_bytes(),
        *(saved(format) for format in ("PDF", "JPEG", "PNG", "TIFF")),
        *(CASES[name].make() for name in sorted(CASES) if "ready" in CASES[name].ends),
        *own,
    ]


# Harm to bytes


def _flip(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    harmed = bytearray(data)
    for _ in range(chance.choice((1, 3, 30, 300))):
        harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
    return bytes(harmed)


def _cut(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return (data[:at] + data[to:] if chance.random() < 0.5 else data[: max(at, 20)]) or data


def _double(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at = chance.randrange(len(data))
    piece = data[at : at + chance.randrange(1, 4000)]
    return data[:at] + piece * chance.choice((2, 20)) + data[at:]


def _splice(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Put an object of another file in the place of one of this file."""
    mine, theirs = _OBJECT.findall(data), _OBJECT.findall(other)
    if not mine or not theirs:
        return data[: len(data) // 2] + other[len(other) // 2 :]
    return data.replace(chance.choice(mine), chance.choice(theirs), 1)


def _renumber(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    """Change any number: a length, a box, a reference, a count."""
    places = [*_NUMBER.finditer(data)]
    for place in sorted(chance.sample(places, min(len(places), chance.choice((1, 2, 6)))), key=_start)[::-1]:
        number = chance.choice((*_HUGE, b"%d" % chance.randrange(50)))
        data = data[: place.start()] + number + data[place.end() :]
    return data


def _start(place: re.Match[bytes]) -> int:
    return place.start()


def _rename(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    old = chance.choice([name for name in _NAMES if name in data] or [b"/"])
    return data.replace(old, chance.choice(_NAMES), chance.choice((1, -1)))


def _harm_xref(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    def entry(found: re.Match[bytes]) -> bytes:
        wrong = b"%010d %05d n" % (chance.randrange(2 * len(data)), chance.randrange(3))
        return wrong if chance.random() < 0.3 else found[0]

    data = _XREF.sub(entry, data)
    return re.sub(rb"startxref\s+\d+", b"startxref\n%d" % chance.randrange(len(data)), data)


def _harm_stream(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    """Change the content of a compressed stream.

    The stream is compressed again, so that its content is harmed and not its compression.
    """
    packed = [*_STREAM.finditer(data)]
    if not packed:
        return data
    place = chance.choice(packed)
    try:
        said = zlib.decompress(place[1])
    except zlib.error:
        return data
    harm = chance.choice((_flip, _cut, _double, _renumber))
    return data[: place.start(1)] + zlib.compress(harm(chance, said or b" ", said)) + data[place.end(1) :]


_HARMS: tuple[Callable[[random.Random, bytes, bytes], bytes], ...] = (
    _flip,
    _cut,
    _double,
    _splice,
    _renumber,
    _renumber,
    _rename,
    _harm_xref,
    _harm_stream,
    _harm_stream,
)


# Harm to structure, by a library that writes what it is told


def _rebuilt(chance: random.Random, data: bytes) -> bytes:
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            _change(chance, pdf)
            return _written(chance, pdf)
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        return data  # too broken already, or refused by the library itself


def _change(chance: random.Random, pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[chance.randrange(len(pdf.pages))].obj
    kind = chance.randrange(7)
    if kind == 0:
        size = chance.choice((0, 1, 14_400, 200_000, 10**9, -600))
        page.MediaBox = Array([0, 0, size, chance.choice((size, 842))])
    elif kind == 1:
        _bury(pdf, depth=chance.choice((3, 60, 900)))
    elif kind == 2:
        pdf.attachments["ของแนบ.exe"] = b"MZ" + chance.randbytes(3000)
    elif kind == 3:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
        pdf.Root.AA = Dictionary(WC=Dictionary(S=Name.Launch, F="cmd.exe"))
    elif kind == 4:
        page.Rotate = chance.choice((90, 45, -90, 10**9))
        page.CropBox = Array([chance.choice((-(10**6), 0, 500)), 0, 100, chance.choice((100, 10**7))])
    elif kind == 5:
        page.Contents = Array([page.Contents] * chance.choice((2, 200)))
    else:
        page.Resources = Dictionary(XObject=Dictionary(X=page))  # a page that draws itself
        page.Contents = pdf.make_stream(b"q /X Do Q " * chance.choice((1, 5000)))


def _bury(pdf: pikepdf.Pdf, depth: int) -> None:
    """Put the page tree below the given number of further nodes."""
    inner = pdf.Root.Pages
    for _ in range(depth):
        inner = pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([inner]), Count=len(pdf.pages)))
    pdf.Root.Pages = inner


def _written(chance: random.Random, pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    locked = Encryption(owner="o", user=chance.choice(("", "secret")), R=chance.choice((4, 6)))
    streams = chance.choice((pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable))
    pdf.save(
        out,
        object_stream_mode=streams,
        encryption=locked if chance.random() < 0.25 else False,
        static_id=True,
    )
    return out.getvalue()
