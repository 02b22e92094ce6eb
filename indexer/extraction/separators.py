"""Separator sheets in a stack of scans: finds their QR codes and cuts the stack. Runs in a sandbox child."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from indexer.extraction.image.input_normalization import write_repaired
from indexer.extraction.parsers import convert_if_not_pdf
from indexer.extraction.reading_errors import UnreadableFile
from indexer.lazy_import import lazy_import

if TYPE_CHECKING:
    import pikepdf
    import pypdfium2
else:
    pikepdf = lazy_import("pikepdf")
    pypdfium2 = lazy_import("pypdfium2")

SEPARATOR_TEXT = "prakat:separator"  # text of the QR code on a separator sheet

MAX_PAGES = 500  # of a stack; longer files are single documents
_DPI = 100  # the code is some 8 cm wide: ten pixels for each of its modules
_LARGEST_SIDE = 3_000  # pixels of a rendered page


def split_at_separators(path: Path, folder: Path) -> int:
    """Writes and counts the documents between separator sheets, 0 if none; in a sandbox child only.

    They are ``folder/1.pdf`` and so on. It is 0 also beyond ``MAX_PAGES`` pages, and nothing is written then.
    The same file always gives the same bytes. Raises ``UnreadableFile`` for a file that cannot be opened.
    """
    pdf = path
    wrapped = folder / "stack.pdf"
    if convert_if_not_pdf(path, wrapped):
        pdf = wrapped
    runs = _runs_between(_separator_pages(pdf))
    if runs is None:
        return 0
    repaired = folder / "repaired.pdf"
    write_repaired(pdf, repaired)
    with pikepdf.open(repaired) as stack:
        for number, pages in enumerate(runs, start=1):
            with pikepdf.new() as document:
                for page in pages:
                    document.pages.append(stack.pages[page])
                document.save(folder / f"{number}.pdf", deterministic_id=True)
    return len(runs)


def _separator_pages(path: Path) -> list[bool]:
    """Returns for each page: is it a separator sheet? Returns an empty list beyond ``MAX_PAGES`` pages."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            if len(document) > MAX_PAGES:
                return []
            return [_is_separator(document[number]) for number in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise UnreadableFile("damaged") from error


def _is_separator(page: pypdfium2.PdfPage) -> bool:
    import zxingcpp  # needed in the sandbox child alone

    scale = min(_DPI / 72, _LARGEST_SIDE / max(*page.get_size(), 1.0))
    picture = page.render(scale=scale, grayscale=True).to_numpy()
    wanted = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return any(code.text == SEPARATOR_TEXT for code in zxingcpp.read_barcodes(picture, formats=wanted))


def _runs_between(separators: list[bool]) -> list[list[int]] | None:
    """Returns the runs of page indexes between separators, empty ones left out; None without separators."""
    if not any(separators):
        return None
    runs: list[list[int]] = [[]]
    for number, is_separator in enumerate(separators):
        if is_separator:
            runs.append([])
        else:
            runs[-1].append(number)
    return [run for run in runs if run]
