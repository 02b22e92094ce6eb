"""Makes small Office files for tests: whole ones, and ones that a program would never write."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument."


def package(parts: Mapping[str, str | bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    """Returns a ZIP file of the parts in their order. ``stored``: parts that are not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            method = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, method)
    return out.getvalue()


def docx(body: str, **others: str | bytes) -> bytes:
    """Returns a Word document with the given XML as its body. ``others``: more parts, ``__`` for ``/``."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
        f'ContentType="{_MAIN}wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
        f'Type="{R}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'{_HEAD}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>',
    }
    return package(parts | {name.replace("__", "/"): content for name, content in others.items()})


def paragraph(text: str) -> str:
    """Returns a paragraph of a Word document, for ``docx``."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def docx_part(kind: str, text: str) -> str:
    """Returns a further part of a Word document: comments, header1 and the like."""
    return f'{_HEAD}<w:{kind} xmlns:w="{W}">{paragraph(text)}</w:{kind}>'


def xlsx(sheets: Mapping[str, list[list[str]]], *, hidden: tuple[str, ...] = (), **others: str) -> bytes:
    """Returns an Excel file with cells of text. ``hidden``: names of its hidden sheets."""
    numbered = list(enumerate(sheets.items(), 1))
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{_MAIN}spreadsheetml.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
            f'ContentType="{_MAIN}spreadsheetml.worksheet+xml"/>'
            for n, _ in numbered
        )
        + "</Types>",
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
        f'Type="{R}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{S}" xmlns:r="{R}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"{_state(name in hidden)}/>'
            for n, (name, _) in numbered
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{R}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n, _ in numbered
        )
        + "</Relationships>",
    }
    for n, (_, rows) in numbered:
        parts[f"xl/worksheets/sheet{n}.xml"] = _sheet(rows)
    return package(parts | others)


def _state(is_hidden: bool) -> str:
    return ' state="hidden"' if is_hidden else ""


def _sheet(rows: list[list[str]]) -> str:
    lines = "".join(
        f'<row r="{r}">'
        + "".join(
            f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{text}</t></is></c>' for c, text in enumerate(row)
        )
        + "</row>"
        for r, row in enumerate(rows, 1)
    )
    return f'{_HEAD}<worksheet xmlns="{S}"><sheetData>{lines}</sheetData></worksheet>'


def opendocument(kind: str, body: str, *, manifest: str = "", **others: str) -> bytes:
    """Returns an OpenDocument file. ``kind``: text or spreadsheet."""
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    entries = (
        f'<m:file-entry m:full-path="/" m:media-type="{media_type}"/>'
        f'<m:file-entry m:full-path="content.xml" m:media-type="text/xml">{manifest}</m:file-entry>'
    )
    parts = {
        "mimetype": media_type,
        "META-INF/manifest.xml": f'{_HEAD}<m:manifest xmlns:m="{ODF}manifest:1.0">{entries}</m:manifest>',
        "content.xml": f'{_HEAD}<office:document-content xmlns:office="{ODF}office:1.0" '
        f'xmlns:text="{ODF}text:1.0" xmlns:table="{ODF}table:1.0" office:version="1.2">'
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
    }
    return package(
        parts | {name.replace("__", "/"): text for name, text in others.items()}, stored=("mimetype",)
    )


def ods(rows: list[list[str]]) -> bytes:
    """Returns an OpenDocument spreadsheet with one sheet of text."""
    lines = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
            for text in row
        )
        + "</table:table-row>"
        for row in rows
    )
    return opendocument("spreadsheet", f'<table:table table:name="งบประมาณ">{lines}</table:table>')


def compound(*names: str) -> bytes:
    """Returns a compound file (MS-CFB) with empty streams of the given names: at most three."""
    return compound_file(dict.fromkeys(names, b""))


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """Returns a compound file with at most three streams, of 4,096 bytes or more unless they are empty.

    All together have 7 MB at most.
    """
    sectors_of_all = sum(-(-len(content) // 512) for content in streams.values())
    tables = -(-(sectors_of_all + 1) // 127)  # sectors of 128 entries, which have an entry themselves
    free, end, fat_mark = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", *range(tables), *[free] * (109 - tables))
    fat = [fat_mark] * tables + [end]
    entries = [_entry("Root Entry", 5, free, 1)]
    for at, (name, content) in enumerate(streams.items(), start=1):
        right = at + 1 if at < len(streams) else free
        entries.append(_entry(name, 2, right, free, len(fat) if content else end, len(content)))
        sectors = -(-len(content) // 512)
        fat += [*range(len(fat) + 1, len(fat) + sectors), end] if sectors else []
    entries += [bytes(128)] * (4 - len(entries))
    body = b"".join(content + bytes(-len(content) % 512) for content in streams.values())
    fat += [free] * (128 * tables - len(fat))
    return header + struct.pack(f"<{len(fat)}I", *fat) + b"".join(entries) + body


def _entry(name: str, kind: int, right: int, child: int, first: int = 0xFFFFFFFE, size: int = 0) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, right, child)
        + bytes(36)
        + struct.pack("<IQ", first, size)
    )


WORD_97 = 0xC1  # number of its format


def word_document(
    *pieces: str | bytes,
    comments: str = "",
    version: int = WORD_97,
    flags: int = 0x0200,
    place: int | None = None,
    cut: int | None = None,
) -> bytes:
    """Returns a Word 97 document of pieces of text: strings in 16 bits a character, bytes in 8.

    ``comments`` follow the text. ``flags`` and ``version`` are those of its header. ``place``: where the
    first piece is said to be. ``cut``: the size that the piece table is said to have.
    """
    stories = [*pieces, comments] if comments else list(pieces)
    body, places, borders = bytearray(2048), [], [0]
    for each in stories:
        is_8_bit = isinstance(each, bytes)
        places.append(len(body) * 2 | 1 << 30 if is_8_bit else len(body))
        body += each if isinstance(each, bytes) else each.encode("utf-16-le")
        borders.append(borders[-1] + len(each))
        body += bytes(len(body) % 2)
    if place is not None:
        places[0] = place
    plc = struct.pack(f"<{len(borders)}I", *borders)
    plc += b"".join(struct.pack("<HIH", 0, each, 0) for each in places)
    formatting = b"\x01\x02\x00\x00\x00"
    size = len(plc) if cut is None else cut
    table = formatting + b"\x02" + struct.pack("<I", size) + plc
    struct.pack_into("<HH6xH", body, 0, 0xA5EC, version, flags)
    struct.pack_into("<I", body, 0x4C, borders[-1] - len(comments))
    struct.pack_into("<I", body, 0x5C, len(comments))
    struct.pack_into("<II", body, 0x1A2, 0, len(table))
    return compound_file({"WordDocument": bytes(body).ljust(4096, b"\0"), "1Table": table.ljust(4096, b"\0")})
