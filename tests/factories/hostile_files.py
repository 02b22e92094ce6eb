"""Makes broken and hostile files, each with the ends that are right for it.

``ready`` means that something of the file can be read or seen; every other word is a failure code.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

HELLO = b"BT /F 20 Tf 72 700 Td (Hello, reader) Tj ET"


@dataclass(frozen=True)
class HostileCase:
    """``ends``: any of these is right. ``sees``: the text that page 1 must have, if it has any."""

    make: Callable[[], bytes]
    ends: frozenset[str]
    sees: str


CASES: dict[str, HostileCase] = {}


def case(*ends: str, sees: str = "") -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        CASES[make.__name__.replace("_", " ")] = HostileCase(make, frozenset(ends), sees)
        return make

    return keep


def write(name: str, folder: Path) -> Path:
    path = folder / (name.replace(" ", "-") + ".pdf")
    path.write_bytes(CASES[name].make())
    return path


# Building blocks


def raw(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of the given objects, numbered from 1; object 1 is the catalog."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        start,
    )
    return bytes(out)


def stream(data: bytes, keys: bytes = b"") -> bytes:
    return b"<<%s /Length %d>>\nstream\n%s\nendstream" % (keys, len(data), data)


FONT = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"


def one_page(
    content: bytes = HELLO,
    *more: bytes,
    keys: bytes = b"/MediaBox [0 0 595 842]",
    resources: bytes = b"/Font <</F 5 0 R>>",
    content_keys: bytes = b"",
) -> bytes:
    """A page whose content is object 4 and font object 5; ``more`` objects start at 6."""
    return raw(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R %s /Resources <<%s>> /Contents 4 0 R>>" % (keys, resources),
        stream(content, content_keys),
        FONT,
        *more,
    )


def changed(change: Callable[[pikepdf.Pdf], None], **saving: object) -> bytes:
    with pikepdf.open(io.BytesIO(one_page())) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, **saving)  # type: ignore[arg-type]
        return out.getvalue()


def zeros(size: int) -> bytes:
    """Returns the given number of zero bytes, compressed.

    They are made from one compressed block, as compressing gigabytes takes long.
    """
    block = 10_000_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(size % block)) + packer.flush()
    checksum = (size % 65521) << 16 | 1  # Adler-32 of zeros
    return b"\x78\xda" + packed * (size // block) + rest + struct.pack(">I", checksum)


def picture(form: str, size: tuple[int, int] = (400, 600), **saving: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(out, form, **saving)
    return out.getvalue()


# Files that are no PDF


@case("empty")
def empty_file() -> bytes:
    return b""


@case("not-a-pdf")
def one_byte() -> bytes:
    return b"%"


@case("not-a-pdf")
def an_error_page() -> bytes:
    return b"<!DOCTYPE html><html><body>404 Not Found</body></html>"


@case("not-a-pdf")
def a_word_document() -> bytes:
    return b"PK\x03\x04" + bytes(500)


@case("not-a-pdf")
def a_stored_zip_of_pdfs() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in ("a.pdf", "b.pdf"):
            archive.writestr(name, one_page())
    return packed.getvalue()


@case("not-a-pdf")
def a_gif() -> bytes:
    return picture("GIF")


@case("not-a-pdf")
def a_header_too_late() -> bytes:
    return b" " * 2000 + one_page()


@case("truncated")
def noise_after_the_header() -> bytes:
    return b"%PDF-1.4\n" + random.Random(1).randbytes(50_000)


@case("truncated")
def only_a_header() -> bytes:
    return b"%PDF-1.7\n"


# Locked


@case("password")
def a_password() -> bytes:
    return changed(lambda _: None, encryption=pikepdf.Encryption(owner="o", user="u", R=4))


@case("password")
def a_password_with_aes_256() -> bytes:
    return changed(lambda _: None, encryption=pikepdf.Encryption(owner="o", user="u", R=6))


@case("ready", sees="Hello")
def an_owner_password_only() -> bytes:
    return changed(lambda _: None, encryption=pikepdf.Encryption(owner="o", user="", R=6))


@case("ready", "password", "damaged")
def an_unknown_encryption() -> bytes:
    return raw(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [] /Count 0>>",
        b"<</Filter /Nobody /V 9 /R 9>>",
        trailer=b"/Encrypt 3 0 R /ID [<00> <00>]",
    )


# Damaged


@case("ready", sees="Hello")
def a_missing_cross_reference() -> bytes:
    return one_page().partition(b"xref")[0]


@case("ready", sees="Hello")
def a_wrong_cross_reference() -> bytes:
    return one_page().replace(b"startxref\n", b"startxref\n9")


@case("ready", sees="Hello")
def junk_before_the_header() -> bytes:
    return b"HTTP/1.1 200 OK\r\n\r\n" + one_page()


@case("ready", sees="Hello")
def a_cut_off_end() -> bytes:
    return one_page()[:-120]


@case("truncated", "ready")
def a_cut_off_half() -> bytes:
    whole = one_page()
    return whole[: len(whole) // 2]


@case("ready", sees="Hello")
def a_wrong_stream_length() -> bytes:
    return one_page().replace(b"/Length %d" % len(HELLO), b"/Length 99999")


@case("ready", "damaged", "timeout")
def a_length_that_refers_to_itself() -> bytes:
    return one_page().replace(b"/Length %d" % len(HELLO), b"/Length 4 0 R")


@case("ready", "empty", "damaged")
def a_cross_reference_that_loops() -> bytes:
    whole = one_page()
    start = whole.index(b"xref")
    return whole.replace(b"/Root", b"/Prev %d /Root" % start)


@case("empty")
def no_pages() -> bytes:
    return raw(b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [] /Count 0>>")


@case("empty", "damaged")
def no_page_tree() -> bytes:
    return raw(b"<</Type /Catalog>>")


@case("ready", sees="Hello")
def pages_that_are_not_there() -> bytes:
    return one_page().replace(b"/Kids [3 0 R]", b"/Kids [3 0 R 77 0 R null 5 (x)]")


@case("ready", "empty", "damaged")
def a_page_tree_that_loops() -> bytes:
    return one_page().replace(b"/Kids [3 0 R]", b"/Kids [3 0 R 2 0 R]")


@case("ready", "empty", "damaged")
def a_very_deep_page_tree() -> bytes:
    levels = 3_000
    nodes = [b"<</Type /Pages /Kids [%d 0 R] /Count 1>>" % (number + 3) for number in range(levels)]
    leaf = b"<</Type /Page /Parent %d 0 R /MediaBox [0 0 595 842]>>" % (levels + 1)
    return raw(b"<</Type /Catalog /Pages 2 0 R>>", *nodes, leaf)


@case("too-many-pages")
def fifty_thousand_pages() -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 50_003))
    page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>"
    return raw(
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [%s] /Count 50000>>" % kids,
        *[page] * 50_000,
    )


@case("too-many-pages", "ready")
def a_count_of_a_thousand_million() -> bytes:
    return one_page().replace(b"/Count 1", b"/Count 1000000000")


@case("ready", sees="Hello")
def a_negative_count() -> bytes:
    return one_page().replace(b"/Count 1", b"/Count -7")


# Loops and bombs


@case("ready", "damaged", "timeout", "crashed")
def an_object_that_is_itself() -> bytes:
    return one_page(HELLO, b"6 0 R", keys=b"/MediaBox 6 0 R /Rotate 6 0 R")


@case("ready", "damaged", "timeout", "crashed")
def objects_that_chase_each_other() -> bytes:
    return one_page(HELLO, b"7 0 R", b"6 0 R", resources=b"/Font <</F 6 0 R>> /XObject 7 0 R")


@case("ready", sees="Hello")
def a_form_that_draws_itself() -> bytes:
    form = stream(
        b"/X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources <</XObject <</X 6 0 R>>>>"
    )
    return one_page(HELLO + b" /X Do", form, resources=b"/Font <</F 5 0 R>> /XObject <</X 6 0 R>>")


@case("ready", "too-big", "timeout", "crashed")
def forms_within_forms() -> bytes:
    forms = [
        stream(
            b"/X Do " * 10,
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources <</XObject <</X %d 0 R>>>>"
            % (7 + level),
        )
        for level in range(12)
    ]
    return one_page(b"/X Do", *forms, stream(HELLO), resources=b"/XObject <</X 6 0 R>>")


@case("ready", "too-big", "timeout", "memory")
def fifteen_million_characters() -> bytes:
    content = zlib.compress(b"BT /F 9 Tf " + b"(%s) Tj " % (b"x" * 15_000) * 1_000 + b"ET", 9)
    return one_page(content, content_keys=b"/Filter /FlateDecode")


@case("ready", "too-big", "timeout", "memory")
def ten_million_operators() -> bytes:
    return one_page(zlib.compress(b"q " * 10_000_000, 9), content_keys=b"/Filter /FlateDecode")


@case("memory", "too-big", "ready")
def a_stream_packed_twice() -> bytes:
    return one_page(zlib.compress(zeros(2**31), 9), content_keys=b"/Filter [/FlateDecode /FlateDecode]")


@case("ready", "too-big", "memory", "crashed")
def a_picture_of_900_million_pixels() -> bytes:
    keys = b"/Subtype /Image /Width 30000 /Height 30000 /BitsPerComponent 8 /ColorSpace /DeviceGray "
    image = stream(zeros(900_000_000), keys + b"/Filter /FlateDecode")
    return one_page(b"q 595 0 0 842 0 0 cm /I Do Q", image, resources=b"/XObject <</I 6 0 R>>")


@case("ready", "damaged", "timeout", "crashed", "memory")
def brackets_a_hundred_thousand_deep() -> bytes:
    return one_page(HELLO, b"[" * 100_000 + b"]" * 100_000, keys=b"/MediaBox [0 0 595 842] /Deep 6 0 R")


@case("ready", sees="Hello")
def brackets_deep_in_the_content() -> bytes:
    return one_page(HELLO + b" " + b"[" * 100_000 + b"]" * 100_000 + b" TJ")


@case("ready", sees="Hello")
def parentheses_deep_in_the_content() -> bytes:
    return one_page(HELLO + b" " + b"(" * 100_000 + b" Tj")


@case("ready", sees="Hello")
def replacement_text_of_ten_megabytes() -> bytes:
    actual = b"/Span <</ActualText (%s)>> BDC (x) Tj EMC" % (b"y" * 10_000_000)
    return one_page(
        zlib.compress(HELLO.replace(b"ET", actual + b" ET")), content_keys=b"/Filter /FlateDecode"
    )


@case("ready", sees="Hello")
def an_appearance_that_draws_itself() -> bytes:
    look = b"/Subtype /Form /BBox [0 0 0 0] /Resources <</XObject <</X 6 0 R>>>>"
    return one_page(
        HELLO,
        stream(b"/X Do", look),
        b"<</Type /Annot /Subtype /Stamp /Rect [0 0 9 9] /AP <</N 6 0 R>>>>",
        keys=b"/MediaBox [0 0 595 842] /Annots [7 0 R 7 0 R null 99 0 R]",
    )


# Odd pages


@case("ready", sees="Hello")
def a_page_three_kilometres_wide() -> bytes:
    return one_page(keys=b"/MediaBox [0 0 9000000 9000000]")


@case("ready", sees="Hello")
def a_page_without_size() -> bytes:
    return one_page(keys=b"")


@case("ready", sees="Hello")
def a_page_of_no_width() -> bytes:
    return one_page(keys=b"/MediaBox [0 0 0 0]")


@case("ready", sees="Hello")
def a_page_given_backwards() -> bytes:
    return one_page(keys=b"/MediaBox [595 842 -595 -842]")


@case("ready", sees="Hello")
def a_page_of_nan() -> bytes:
    return one_page(keys=b"/MediaBox [0 0 NaN inf]")


@case("ready", sees="Hello")
def a_page_of_names() -> bytes:
    return one_page(keys=b"/MediaBox [/a /b /c /d] /CropBox (x) /Rotate /Left")


@case("ready", sees="Hello")
def a_page_turned_by_45_degrees() -> bytes:
    return one_page(keys=b"/MediaBox [0 0 595 842] /Rotate 45")


@case("ready", sees="Hello")
def a_thin_strip() -> bytes:
    return one_page(keys=b"/MediaBox [0 0 1 14400]")


@case("ready")
def a_page_without_content() -> bytes:
    return one_page().replace(b"/Contents 4 0 R", b"/Contents [null 99 0 R (x)]")


# Odd content


@case("ready", sees="Hello")
def operators_that_do_not_match() -> bytes:
    return one_page(
        b"Q Q EMC ET ] >> } " + HELLO + b" EMC EMC Q BT BT q q q BDC Tj TJ Tf Td /Nope Do /Nope gs"
    )


@case("ready", sees="Hello")
def numbers_beyond_all_bounds() -> bytes:
    huge = b"9" * 400
    return one_page(
        HELLO + b" BT /F %s Tf %s 0 Td (far) Tj 1e400 0 0 --5 0..5 .-. Tm (x) Tj ET" % (huge, huge)
    )


@case("ready", sees="Hello")
def an_inline_picture_without_end() -> bytes:
    return one_page(HELLO + b" BI /W 9 /H 9 ID " + bytes(range(256)) * 20)


@case("ready", sees="Hello")
def a_string_without_end() -> bytes:
    return one_page(HELLO + b" BT (abc" + b"\\" * 5001)


@case("ready", "damaged", "crashed")
def an_unknown_filter() -> bytes:
    return one_page(content_keys=b"/Filter /Nobody")


@case("ready", "damaged", "crashed")
def wrong_filter_parameters() -> bytes:
    return one_page(
        zlib.compress(HELLO),
        content_keys=b"/Filter /FlateDecode /DecodeParms <</Predictor 15 /Columns -4 /Colors 0>>",
    )


@case("ready", "memory", "timeout", "crashed")
def a_fax_of_impossible_width() -> bytes:
    keys = b"/Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceGray /BitsPerComponent 1 "
    keys += b"/Filter /CCITTFaxDecode /DecodeParms <</K -1 /Columns 2000000000>>"
    return one_page(
        b"q 595 0 0 842 0 0 cm /I Do Q", stream(b"\x00\x10" * 99, keys), resources=b"/XObject <</I 6 0 R>>"
    )


@case("ready")
def a_broken_jbig2_picture() -> bytes:
    keys = b"/Subtype /Image /Width 99 /Height 99 /ColorSpace /DeviceGray /BitsPerComponent 1 "
    keys += b"/Filter /JBIG2Decode"
    noise = random.Random(2).randbytes(5000)
    return one_page(b"q 595 0 0 842 0 0 cm /I Do Q", stream(noise, keys), resources=b"/XObject <</I 6 0 R>>")


@case("ready", sees="Hello")
def scripts_and_embedded_files() -> bytes:
    def arm(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.launchURL('http://example.org')")
        pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["x", pdf.Root.OpenAction])))
        pdf.attachments["virus.exe"] = b"MZ" + bytes(1000)

    return changed(arm)


# Odd fonts


@case("ready", sees="Hello")
def a_font_that_is_missing() -> bytes:
    return one_page(resources=b"")


@case("ready")
def a_font_that_is_a_number() -> bytes:
    return one_page(resources=b"/Font <</F 42>>")


@case("ready", sees="Hello")
def a_garbage_unicode_map() -> bytes:
    font = b"<</Type /Font /Subtype /TrueType /BaseFont /A /ToUnicode 6 0 R>>"
    return one_page(HELLO, stream(random.Random(3).randbytes(9000))).replace(FONT, font)


@case("ready", "timeout", "memory")
def a_unicode_map_of_four_thousand_million() -> bytes:
    cmap = b"begincmap 1 beginbfrange <00000000> <ffffffff> <0041> endbfrange endcmap"
    font = b"<</Type /Font /Subtype /TrueType /BaseFont /A /ToUnicode 6 0 R>>"
    return one_page(HELLO, stream(cmap)).replace(FONT, font)


@case("ready")
def a_drawn_font_that_draws_itself() -> bytes:
    font = (
        b"<</Type /Font /Subtype /Type3 /FontBBox [0 0 0 0] /FontMatrix [0 0 0 0 0 0] /FirstChar 72"
        b" /LastChar 72 /Widths [9] /Encoding <</Differences [72 /a]>> /CharProcs <</a 6 0 R>>"
        b" /Resources <</Font <</F 5 0 R>>>>>>"
    )
    return one_page(HELLO, stream(b"9 0 d0 BT /F 9 Tf (H) Tj ET")).replace(FONT, font)


@case("ready")
def a_composite_font_without_parts() -> bytes:
    return one_page().replace(
        FONT, b"<</Type /Font /Subtype /Type0 /BaseFont /A /DescendantFonts [] /Encoding 7>>"
    )


@case("ready")
def a_broken_font_file() -> bytes:
    font = b"<</Type /Font /Subtype /TrueType /BaseFont /A /FontDescriptor <</FontName /A /Flags 4"
    font += b" /FontFile2 6 0 R>>>>"
    return one_page(HELLO, stream(b"\x00\x01\x00\x00" + random.Random(4).randbytes(3000))).replace(FONT, font)


# Pictures


@case("ready")
def a_photograph() -> bytes:
    return picture("JPEG")


@case("ready")
def a_scan_of_three_pages() -> bytes:
    frames = [Image.new("1", (1653, 2339), 1) for _ in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], compression="group4", dpi=(200, 200))
    return out.getvalue()


@case("damaged")
def a_photograph_cut_short() -> bytes:
    return picture("JPEG")[:5000]


@case("damaged")
def a_picture_of_noise() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + random.Random(5).randbytes(9000)


@case("too-big")
def a_png_bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
