"""Reading of a PDF's embedded text as a person sees it: marks on their letters, whole words, right places."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from indexer.extraction.embedded_text import EmbeddedTextDocument
from indexer.extraction.ocr_policy import PageTextDecision, better_text
from indexer.extraction.pdf.parser import EmbeddedPage
from tests.factories.documents import Raw, shaped

LINES = [
    "ประกาศเทศบาลตำบลหนองปลาดุก",
    "เรื่อง การชำระภาษีที่ดินและสิ่งปลูกสร้าง ประจำปี ๒๕๖๗",
    "ด้วยน้ำท่วมพื้นที่หมู่ที่ ๓ จึงขอให้ผู้ประสบภัยยื่นคำร้องได้ทั้งสิ้น",
    "ณ สำนักงานเทศบาล ภายในวันที่ ๓๐ กันยายน ๒๕๖๗",
]


def read(path: Path, number: int = 1) -> EmbeddedPage:
    with EmbeddedTextDocument(path) as document:
        return document.read_page(number)


def drawn(raw: Raw, tmp_path: Path, content: str) -> str:
    return read(raw.save(tmp_path / "drawn.pdf", f"BT /F 20 Tf 50 700 Td {content} ET")).text


def test_shaped_thai_comes_back_as_written(tmp_path: Path) -> None:
    page = read(shaped(tmp_path / "a.pdf", [["หน้าแรก"], LINES]), 2)
    assert page.text.split("\n") == LINES
    assert page.page_text_decision is PageTextDecision.EMBEDDED


def test_every_letter_has_its_place(tmp_path: Path) -> None:
    page = read(shaped(tmp_path / "a.pdf", [LINES]))
    for line, row in zip(page.lines, LINES, strict=True):
        assert page.text[line.start : line.start + len(line.edges) - 1] == row
        assert list(line.edges) == sorted(line.edges)
        assert line.edges[0] == pytest.approx(70 / 595.28 * 10_000, abs=10)
    tops = [line.top for line in page.lines]
    assert tops[1] - tops[0] == pytest.approx(22 / 841.89 * 10_000, abs=2)
    assert page.lines[0].top < 80 / 841.89 * 10_000 < page.lines[0].bottom


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_turned_by_the_file_is_read_and_set_upright(tmp_path: Path, turn: int) -> None:
    path = shaped(tmp_path / "a.pdf", [LINES])
    upright = read(path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].rotate(turn, relative=False)
        pdf.save(path)
    page = read(path)
    assert page.text == upright.text
    assert page.turn == 360 - turn
    for line, expected in zip(page.lines, upright.lines, strict=True):
        assert line.edges == pytest.approx(expected.edges, abs=2)
        assert line.top == pytest.approx(expected.top, abs=2)


def test_places_are_of_the_visible_part_of_the_page(tmp_path: Path) -> None:
    path = shaped(tmp_path / "a.pdf", [LINES])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].CropBox = [50, 0, 595, 842]
        pdf.save(path)
    assert read(path).lines[0].edges[0] == pytest.approx(20 / 545 * 10_000, abs=10)


def test_a_mark_joins_the_letter_before_it_wherever_it_is_drawn(tmp_path: Path) -> None:
    raw = Raw(["ว", "ิ", "ช", "า"], {2: 0})
    content = f"{raw.show('ว')} [400 <02> -400] TJ {raw.show('ช', 'า')}"
    assert drawn(raw, tmp_path, content) == "วิชา"


def test_marks_drawn_after_their_line_find_their_letters(tmp_path: Path) -> None:
    raw = Raw(["ท", "ี", "่", "ด", "ิ", "น"], {2: 0, 3: 0, 5: 0})
    letters = raw.show("ท", "ด", "น", "ท", "น")
    marks = f"10 0 Td {raw.show('ี', '่')} 10 0 Td {raw.show('ิ')}"
    spread = f"{letters} ET BT /F 20 Tf 50 700 Td {marks}"
    assert drawn(raw, tmp_path, spread) == "ที่ดินทน"


MARKS_FIRST = {
    "before their row, below another": "{first} 20 -40 Td {mai_ek} -20 0 Td {word}",
    "before their row, above all others": "0 -40 Td {first} 20 40 Td {mai_ek} -20 0 Td {word}",
    "before the row above theirs": "20 -40 Td {mai_ek} -20 40 Td {first} 0 -40 Td {word}",
    "after all rows": "{first} 0 -40 Td {word} 0 -40 Td {last} 20 40 Td {mai_ek}",
    "between a vowel and its letter": "{first} 0 -40 Td {e} 20 0 Td {mai_ek} -10 0 Td {rest}",
    "raised, between a vowel and its letter": "{first} 0 -40 Td {e} 20 4 Td {mai_ek} -10 -4 Td {rest}",
    "over a vowel": "{first} 0 -40 Td {e} 10 0 Td {mai_ek} {rest}",
}


@pytest.mark.parametrize("order", MARKS_FIRST)
def test_a_mark_drawn_before_its_letter_is_placed_on_it(tmp_path: Path, order: str) -> None:
    raw = Raw(["เ", "ล", "ม", "่", "ก", "ข", "ค"], {4: 0})
    text = drawn(
        raw,
        tmp_path,
        MARKS_FIRST[order].format(
            first=raw.show("ก", "ข", "ค"),
            last=raw.show("ค", "ข", "ก"),
            word=raw.show("เ", "ล", "ม"),
            mai_ek=raw.show("่"),
            e=raw.show("เ"),
            rest=raw.show("ล", "ม"),
        ),
    )
    assert {"กขค", "เล่ม"} == set(text.split("\n")) - {"คขก"}


def test_a_mark_drawn_two_letters_before_its_own_waits_for_it(tmp_path: Path) -> None:
    raw = Raw(["บ", "ท", "ี", "่", "า", "น"], {3: 0, 4: 0})
    content = f"{raw.show('บ')} 30 0 Td {raw.show('ี', '่')} -20 0 Td {raw.show('า', 'ท', 'น')}"
    assert drawn(raw, tmp_path, content) == "บาที่น"


def test_marks_of_letters_without_widths_stay_in_the_order_drawn(tmp_path: Path) -> None:
    raw = Raw(["ท", "ี", "่", "น", "า"], dict.fromkeys(range(1, 6), 0))
    marks, *letters = (raw.show(*each) for each in ("ี่", "น", "า", "น", "า", "น", "า"))
    assert drawn(raw, tmp_path, f"{raw.show('ท')} 7 0 Td {marks} {' 7 0 Td '.join(letters)}") == "ที่นานานา"


def test_a_zero_width_space_before_aa_is_a_lost_am(tmp_path: Path) -> None:
    raw = Raw(["จ", " ", "า", "น", "ว", "้"], {2: 0, 6: 0})
    assert drawn(raw, tmp_path, raw.show("จ", " ", "า", "น", "ว", "น")) == "จำนวน"
    assert drawn(raw, tmp_path, raw.show("น", " ", "้", "า")) == "น้ำ"


def test_a_font_with_am_and_aa_swapped_is_set_right(tmp_path: Path) -> None:
    raw = Raw(["จ", " ", "ำ", "น", "ว", "ก", "ร"], {2: 0})
    content = raw.show("จ", " ", "ำ", "น", "ว", "น", "ก", "ำ", "ร")
    assert drawn(raw, tmp_path, content) == "จำนวนการ"


def test_text_printed_twice_is_read_once(tmp_path: Path) -> None:
    raw = Raw(["ป", "ร", "ะ", "ก", "า", "ศ"])
    word = raw.show("ป", "ร", "ะ", "ก", "า", "ศ")
    assert drawn(raw, tmp_path, f"{word} 0.4 0 Td {word}") == "ประกาศ"


def test_a_gap_is_a_space_and_a_wide_one_a_tab(tmp_path: Path) -> None:
    raw = Raw(["ก", "ข", "เ"])
    assert drawn(raw, tmp_path, "[<01> -100 <02> -400 <01> -3000 <02>] TJ") == "กข ก\tข"
    assert drawn(raw, tmp_path, "[<03> -400 <01>] TJ") == "เก"


def test_letters_set_apart_for_show_stay_one_word(tmp_path: Path) -> None:
    raw = Raw(["ป", "ร", "ะ", "ก", "า", "ศ"])
    assert drawn(raw, tmp_path, f"8 Tc {raw.show('ป', 'ร', 'ะ', 'ก', 'า', 'ศ')}") == "ประกาศ"


def test_actual_text_stands_for_its_glyphs(tmp_path: Path) -> None:
    raw = Raw(["ก", "x"])
    actual = "\ufeffกำ".encode("utf-16-be").hex()
    content = f"{raw.show('ก')} /Span <</ActualText <{actual}>>> BDC {raw.show('x')} EMC {raw.show('ก')}"
    assert drawn(raw, tmp_path, content) == "กกำก"


@pytest.mark.parametrize("kind", ["/Widget", "/FreeText", "/Stamp"])
def test_what_is_filled_into_a_form_written_or_stamped_on_a_page_is_read(tmp_path: Path, kind: str) -> None:
    raw = Raw(["ช", "ื", "่", "อ", "ก", "ำ"], {2: 0, 3: 0})
    form = raw.pdf.make_stream(f"BT /F 12 Tf 2 4 Td {raw.show('ก', 'ำ')} ET".encode())
    form.Subtype, form.BBox, form.Resources = pikepdf.Name.Form, [0, 0, 100, 20], raw.page.Resources
    shown = pikepdf.Dictionary(N=form)
    field = raw.pdf.make_indirect(
        pikepdf.Dictionary(Subtype=pikepdf.Name(kind), T="name", Rect=[200, 694, 300, 714], AP=shown)
    )
    raw.page.Annots = pikepdf.Array([field])
    raw.pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    assert drawn(raw, tmp_path, raw.show("ช", "ื", "่", "อ")) == "ชื่อ\tกำ"


def test_a_page_without_text_is_blank_or_a_scan(tmp_path: Path) -> None:
    raw = Raw(["ก"])
    assert read(raw.save(tmp_path / "blank.pdf", "")).page_text_decision is PageTextDecision.BLANK
    picture = "q 595 0 0 842 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI Q"
    page = read(raw.save(tmp_path / "scan.pdf", picture))
    assert page.page_text_decision is PageTextDecision.OCR
    assert page.image_share == pytest.approx(1.0)


SCAN = "q 595 0 0 842 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \xff EI Q"
NOTICE = "ประกาศเทศบาลตำบลหนองบัวเรื่องการรับสมัครบุคคลเป็นพนักงานจ้าง"


@pytest.mark.parametrize(
    ("order", "text", "decision"),
    [
        ("{scan} BT /F 9 Tf 50 700 Td {text} ET", NOTICE, PageTextDecision.EMBEDDED),  # on a tinted ground
        ("{scan} BT 3 Tr /F 9 Tf 50 700 Td {text} ET", NOTICE, PageTextDecision.BOTH),
        ("BT /F 9 Tf 50 700 Td {text} ET {scan}", NOTICE, PageTextDecision.BOTH),
        ("{scan} BT /F 9 Tf 50 700 Td {text} ET", f"{NOTICE} ๒5๖๗", PageTextDecision.BOTH),
        ("BT /F 9 Tf 50 700 Td {text} ET", f"{NOTICE} ๒5๖๗", PageTextDecision.EMBEDDED),
    ],
)
def test_the_text_that_another_recogniser_laid_over_a_scan_is_compared_with_a_reading(
    tmp_path: Path, order: str, text: str, decision: PageTextDecision
) -> None:
    raw = Raw(sorted(set(text)))
    page = read(raw.save(tmp_path / "a.pdf", order.format(scan=SCAN, text=raw.show(*text))))
    assert page.text.replace(" ", "") == text.replace(" ", "")
    assert page.page_text_decision is decision


WATERMARKS = {
    "soft mask": "/Picture Do",
    "stencil": "/Stencil Do",
    "half transparent": "/Pale gs /Scan Do",
    "multiplied": "/Over gs /Scan Do",
}


@pytest.mark.parametrize("drawn", WATERMARKS.values(), ids=WATERMARKS)
def test_text_under_a_transparent_watermark_needs_no_reading(tmp_path: Path, drawn: str) -> None:
    raw = Raw(sorted(set(NOTICE)))
    resources, pdf = raw.page.Resources, raw.pdf
    shape = {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": 1, "/Height": 1}
    grey = shape | {"/BitsPerComponent": 8, "/ColorSpace": pikepdf.Name.DeviceGray}
    mask = pdf.make_stream(b"\x20", grey)
    resources.XObject = pikepdf.Dictionary(
        Scan=pdf.make_stream(b"\xff", grey),
        Picture=pdf.make_stream(b"\x80", grey | {"/SMask": mask}),
        Stencil=pdf.make_stream(b"\x00", shape | {"/BitsPerComponent": 1, "/ImageMask": True}),
    )
    resources.ExtGState = pikepdf.Dictionary(
        Pale=pikepdf.Dictionary(ca=0.2), Over=pikepdf.Dictionary(BM=pikepdf.Name.Multiply)
    )
    text = f"BT /F 9 Tf 50 700 Td {raw.show(*NOTICE)} ET"
    page = read(raw.save(tmp_path / "a.pdf", f"{text} q 595 0 0 842 0 0 cm {drawn} Q"))
    assert page.page_text_decision is PageTextDecision.EMBEDDED
    page = read(raw.save(tmp_path / "b.pdf", f"{text} q 595 0 0 842 0 0 cm /Scan Do Q"))
    assert page.page_text_decision is PageTextDecision.BOTH


def test_of_two_readings_the_one_with_whole_numbers_is_better() -> None:
    stock = "ที่ มท 6๕6๘.๒/ว 9๒๓ ลงวันที่ ๑๒ มีนาคม ๒5๖4 จำนวน ๕99,999 บาท"
    read = "ที่ มท ๐๘๐๘.๒/ว ๙๒๓ ลงวันที่ ๑๒ มีนาคม ๒๕๖๔ จำนวน ๕๙๙,๙๙๙ บาท"
    assert better_text(stock, read) == read
    assert better_text(read, stock) == read
    assert better_text(read, read + " ") == read


def test_a_page_of_garbage_is_recognised_instead(tmp_path: Path) -> None:
    raw = Raw(list("กฬฆฌฒณฎฏฐฑฉฮ"))
    content = raw.show(*"ฬฆฌฒณฎฏฐฑฉฮก" * 5)
    assert (
        read(raw.save(tmp_path / "a.pdf", f"BT /F 9 Tf 50 700 Td {content} ET")).page_text_decision
        is PageTextDecision.OCR
    )
