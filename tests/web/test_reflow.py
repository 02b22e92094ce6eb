"""The text of a page as headings, paragraphs and tables, whatever the lines of the paper."""

from __future__ import annotations

from archive.model import Line, Page, TextSource
from tests.factories.memos import memo
from tests.web.conftest import Site
from web.reflow import Block, reflow

LEFT, RIGHT = 1000, 9000


def page(*rows: tuple[str, int, int] | str) -> Page:
    """A page of lines ``(text, left, right)``, or text alone for a full line."""
    lines, texts, offset = [], [], 0
    for top, row in enumerate(rows):
        text, left, right = row if isinstance(row, tuple) else (row, LEFT, RIGHT)
        if text:
            step = (right - left) / len(text)
            edges = [round(left + step * at) for at in range(len(text) + 1)]
            lines.append(Line(offset, top * 100, top * 100 + 90, tuple(edges)))
        texts.append(text)
        offset += len(text) + 1
    return Page(
        attachment_id=1,
        number=1,
        text="\n".join(texts),
        raw="",
        source=TextSource.OCR,
        confidence=0.9,
        lines=tuple(lines),
    )


def test_lines_of_the_paper_become_paragraphs() -> None:
    found = reflow(
        page(
            ("ประกาศเทศบาล", 4000, 6000),
            ("เรื่อง น้ำประปา", 4100, 5900),
            "..............................",
            ("ด้วยเทศบาลจะหยุด", 1700, RIGHT),
            "จ่ายน้ำประปาใน",
            ("หมู่ที่ 3", LEFT, 3000),
            ("จึงประกาศให้ทราบ", 1700, 5000),
            ("1. เริ่มเก้าโมง", 1700, RIGHT),
            ("2. จบเที่ยง", 1700, 4000),
            ("- 2 -", 4900, 5100),
        )
    )
    assert found == [
        Block("heading", "ประกาศเทศบาล เรื่อง น้ำประปา"),
        Block("paragraph", "ด้วยเทศบาลจะหยุดจ่ายน้ำประปาในหมู่ที่ 3"),
        Block("paragraph", "จึงประกาศให้ทราบ"),
        Block("paragraph", "1. เริ่มเก้าโมง"),
        Block("paragraph", "2. จบเที่ยง"),
    ]


def test_a_wide_title_or_a_spot_beside_the_text_parts_no_paragraph() -> None:
    found = reflow(
        page(
            (
                "เรื่อง แต่งตั้งคณะกรรมการพิจารณาผลการประกวดราคาและคณะกรรมการตรวจรับพัสดุของเทศบาลตำบลหนองปลาดุก",
                100,
                9900,
            ),
            (".", 20, 40),
            ("ด้วยเทศบาลจะหยุด", 1700, RIGHT),
            "จ่ายน้ำประปาในหมู่",
            ("บ้านท่ากระดานและหมู่", LEFT + 20, 8600),
            ("สาม", LEFT - 20, 3000),
        )
    )
    assert found[-1] == Block("paragraph", "ด้วยเทศบาลจะหยุดจ่ายน้ำประปาในหมู่บ้านท่ากระดานและหมู่สาม")


def test_a_sentence_that_happens_to_stand_in_the_middle_is_no_heading() -> None:
    """The first line begins where paragraphs do; the second is short because its next word was long."""
    found = reflow(
        page(
            ("ประกาศเทศบาล", 4000, 6000),
            ("เรื่อง งบประมาณ", 3000, 7000),
            ("สภาเทศบาลให้ความเห็นชอบ และ", 2200, 7900),
            ("ผู้ว่าราชการจังหวัดอนุมัติเทศบัญญัติ", LEFT, 7100),
            ("งบประมาณรายจ่าย", LEFT, 3200),
            ("งบประมาณแบ่งเป็นด้าน", 2200, RIGHT),
            ("ต่าง ๆ", LEFT, 2000),
            ("รูปที่ 1 แผนผังของงบประมาณ", 2200, 7000),
            ("ที่มา : กองคลัง", LEFT, 4000),
        )
    )
    assert found == [
        Block("heading", "ประกาศเทศบาล เรื่อง งบประมาณ"),
        Block("paragraph", "สภาเทศบาลให้ความเห็นชอบ และผู้ว่าราชการจังหวัดอนุมัติเทศบัญญัติงบประมาณรายจ่าย"),
        Block("paragraph", "งบประมาณแบ่งเป็นด้านต่าง ๆ"),
        Block("paragraph", "รูปที่ 1 แผนผังของงบประมาณ"),
        Block("paragraph", "ที่มา : กองคลัง"),
    ]


def test_short_lines_that_begin_and_end_together_are_paragraphs_of_their_own() -> None:
    """Nothing made them end there: a page's text can reach further."""
    lines = [f"วรรคที่ {number} ให้กรรมการประชุมทุกเดือน" for number in (24, 25, 26)]
    found = reflow(page(*((line, 2668, 6588) for line in lines)))
    assert found == [Block("paragraph", line) for line in lines]


def test_the_title_above_short_lines_is_a_heading() -> None:
    found = reflow(
        page(
            ("คำสั่งเทศบาล", 3215, 7255),
            ("ที่ 215/2564", 4471, 6000),
            *((f"วรรคที่ {number}", 2668, 6411) for number in range(3)),
        )
    )
    assert found[0] == Block("heading", "คำสั่งเทศบาล ที่ 215/2564")


def test_paragraphs_of_one_short_line_each_are_no_headings() -> None:
    """The first stands in the middle by chance: centred lines of different lengths do not begin together."""
    found = reflow(
        page(
            ("บันทึกข้อความ", 3924, 6406),
            ("ส่วนราชการ สำนักปลัด", 1418, 9557),
            ("เรื่อง ขออนุมัติ", 1430, 3961),
            ("เรียน นายกเทศมนตรี", 1438, 5483),
            ("ให้ใช้อาคารหลังเก่า", 2631, 7828),
            ("จึงเรียนมาเพื่อพิจารณา", 2627, 5504),
        )
    )
    assert [block.text for block in found if block.kind == "heading"] == ["บันทึกข้อความ"]
    assert found[-2:] == [Block("paragraph", "ให้ใช้อาคารหลังเก่า"), Block("paragraph", "จึงเรียนมาเพื่อพิจารณา")]


def test_rows_of_aligned_cells_become_a_table() -> None:
    rows = [
        ("ลำดับ\tรายการ\tบาท", LEFT, RIGHT),
        ("1\tหลอดไฟ\t500", LEFT, RIGHT),
        ("2\tสายไฟ\t900", LEFT, RIGHT),
    ]
    plain = Page(
        attachment_id=1,
        number=1,
        text="\n".join(text for text, _, _ in rows) + "\nรวม\t1,400",
        raw="",
        source=TextSource.EMBEDDED,
        confidence=None,
    )
    table, total = reflow(plain)
    assert table == Block(
        "table", rows=(("ลำดับ", "รายการ", "บาท"), ("1", "หลอดไฟ", "500"), ("2", "สายไฟ", "900"))
    )
    assert total.kind == "paragraph"


def test_a_document_can_be_read_without_its_pictures(site: Site) -> None:
    made = site.announcement("ประกาศ")
    paper = site.attach(made.id, memo("ด้วยกองช่างขอจัดซื้อหลอดไฟ เพื่อซ่อมแซมไฟทางสาธารณะ"))
    site.work()
    client = site.client()
    path = f"/announcements/{made.id}/attachments/{paper.id}/text"
    text = client.get(path).text
    assert '<h2 id="page-1">' in text
    assert "ด้วยกองช่างขอจัดซื้อหลอดไฟ" in text
    assert "<img" not in text
    assert client.get(f"{path}?page=9").status_code == 404
    past_the_end = client.get(f"{path.removesuffix('/text')}?page=9&q=หลอดไฟ")
    assert (
        past_the_end.location
        == f"{path.removesuffix('/text')}?page=1&q=%E0%B8%AB%E0%B8%A5%E0%B8%AD%E0%B8%94%E0%B9%84%E0%B8%9F"
    )
    assert path in client.get(f"/announcements/{made.id}").text
    assert f"{path}?page=1" in client.get(f"/announcements/{made.id}/attachments/{paper.id}").text


def test_a_row_of_a_table_may_lack_cells() -> None:
    """A cell stands in the column that it lies over, as right-aligned amounts and headings of sections do."""
    rows = [
        ((1000, "1 งานดิน"), (5000, "ตร.ม."), (7000, "1,002.00"), (8000, "1,821.28")),
        ((1000, "1.1 งานตัดดิน"), (5000, "ลบ.ม.")),
        ((1000, "2 งานผิวทาง"),),
        ((1000, "2.1 งานลาดยาง"), (5000, "ตร.ม."), (7300, "2.00"), (8300, "35.49")),
        ((7000, "1,004.00"), (8000, "1,856.77")),
    ]
    lines, texts, offset = [], [], 0
    for top, row in enumerate(rows):
        edges: list[int] = []
        for start, text in row:
            edges += [start + 100 * at for at in range(len(text) + 1)]  # a tab is as wide as its gap
        texts.append("\t".join(text for _, text in row))
        lines.append(Line(offset, top * 100, top * 100 + 90, tuple(edges)))
        offset += len(texts[-1]) + 1
    plain = Page(
        attachment_id=1,
        number=1,
        text="\n".join(texts),
        raw="",
        source=TextSource.EMBEDDED,
        confidence=None,
        lines=tuple(lines),
    )
    (table,) = reflow(plain)
    assert table.rows == (
        ("1 งานดิน", "ตร.ม.", "1,002.00", "1,821.28"),
        ("1.1 งานตัดดิน", "ลบ.ม.", "", ""),
        ("2 งานผิวทาง", "", "", ""),
        ("2.1 งานลาดยาง", "ตร.ม.", "2.00", "35.49"),
        ("", "", "1,004.00", "1,856.77"),
    )


def test_running_text_in_a_narrow_column_is_one_paragraph() -> None:
    """Its lines end together left of where those of a whole page do."""
    lines = [("เทศบาลตำบลจะหยุด", 1300, 4700), ("จ่ายน้ำประปาในหมู่", 900, 4700), ("บ้านท่ากระดานและ", 900, 4690)]
    found = reflow(page(*lines, ("หมู่บ้านใกล้เคียง", 900, 3000)))
    assert found == [Block("paragraph", "เทศบาลตำบลจะหยุดจ่ายน้ำประปาในหมู่บ้านท่ากระดานและหมู่บ้านใกล้เคียง")]


def test_the_centred_lines_of_a_cover_are_its_heading() -> None:
    cover = [("รายงานประจำปี", 3400, 6600), ("เทศบาลตำบล", 3800, 6200), ("พ.ศ. ๒๕๖๔", 4200, 5800)]
    assert [block.kind for block in reflow(page(*cover))][-1] == "heading"


def test_the_margin_of_a_short_order_is_where_its_running_text_goes_on() -> None:
    """More of its lines are set in than begin at the margin."""
    found = reflow(
        page(
            ("คำสั่งเทศบาล", 3255, 7293),
            ("เรื่อง แต่งตั้งคณะกรรมการชุมชน", 2772, 7768),
            ("เพื่อให้การพัฒนาชุมชนเป็นไปด้วย", 2695, 7691),
            ("ความเรียบร้อย จึงแต่งตั้งกรรมการ โดยมีนายบุญมา", 1491, 8735),
            ("ลำน้ำใส เป็นประธาน และนางคำปัน สวนกล้วย เป็นเลขานุการ", 1495, 7651),
            ("ทั้งนี้ ตั้งแต่วันที่ ๒๓ มกราคม ๒๕๖๓ เป็นต้นไป", 2679, 7313),
            ("สั่ง ณ วันที่ ๒๓ มกราคม พ.ศ. ๒๕๖๓", 2679, 6313),
            ("นายกเทศมนตรี", 5443, 8892),
        )
    )
    assert [block.text for block in found[:4]] == [
        "คำสั่งเทศบาล",
        "เรื่อง แต่งตั้งคณะกรรมการชุมชน",
        "เพื่อให้การพัฒนาชุมชนเป็นไปด้วยความเรียบร้อย จึงแต่งตั้งกรรมการ โดยมีนายบุญมา ลำน้ำใส เป็นประธาน "
        "และนางคำปัน สวนกล้วย เป็นเลขานุการ",
        "ทั้งนี้ ตั้งแต่วันที่ ๒๓ มกราคม ๒๕๖๓ เป็นต้นไป",
    ]


def test_a_line_that_lost_its_first_letters_goes_on_with_its_paragraph() -> None:
    found = reflow(
        page(
            ("ต้องรายงานความคืบหน้าใน", 2619, 8978),
            ("ะที่ ๑ จึงเห็นควรตั้งกรรมการ", 1817, 8900),
            ("ของศูนย์ และให้นายก", LEFT, RIGHT),
            ("เทศมนตรีลงนาม", LEFT, 3000),
        )
    )
    assert [block.text for block in found] == [
        "ต้องรายงานความคืบหน้าในะที่ ๑ จึงเห็นควรตั้งกรรมการของศูนย์ และให้นายกเทศมนตรีลงนาม"
    ]
