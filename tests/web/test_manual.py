"""The manual: whole, readable in the program, found by words, and true to the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

from archive.fields import ANNOUNCEMENT_FIELDS
from archive.importers.manifest import MANIFEST_FIELDS
from archive.model import DocumentKind
from web.cli import main

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "manual"
PAGES = sorted(path.stem for path in MANUAL.glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_shown_with_links_and_pictures_that_lead_somewhere(
    client: FlaskClient, page: str
) -> None:
    text = client.get(f"/help/{page}").get_data(as_text=True)
    article = text[text.index("<article") : text.index("</article>")]
    assert article.count("<h1") == 1
    targets = re.findall(r'(?:href|src)="(/[^"#]*)', article)
    assert ".md" not in "".join(targets)
    assert all(client.get(target).status_code == 200 for target in set(targets))


def test_commands_are_shown_line_by_line(client: FlaskClient) -> None:
    text = client.get("/help/officer-install").get_data(as_text=True)
    assert re.search(r"<pre[^>]*><code>umask 022\napt-get", text)
    assert "```" not in text


def test_an_engineer_is_told_of_every_field_that_a_new_announcement_takes() -> None:
    told = (MANUAL / "api.md").read_text(encoding="utf-8")
    given = {each.name for each in ANNOUNCEMENT_FIELDS if each.is_given_at_creation and each.is_public}
    assert {name for name in given if f"`{name}`" not in told} == set()


def test_there_is_no_other_page(client: FlaskClient) -> None:
    assert client.get("/help/nothing").status_code == 404
    assert client.get("/help/..%2f..%2foperation").status_code == 404
    assert client.get("/help/pictures/nothing.png").status_code == 404


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("ลืมรหัสผ่าน", "staff"),
        ("แผ่นคั่นสแกน", "staff"),
        ("ดิสก์เสีย", "officer-care"),
        ("ถอยกลับรุ่นเดิม", "officer-install"),
        ("audit-broken", "officer-findings"),
        ("กู้คืน", "officer-care"),
        ("restore", "officer-care"),
        ("backup", "officer-care"),
        ("ถอนประกาศ", "staff"),
        ("ลบประกาศ", "staff"),
        ("เปลี่ยนชื่อไฟล์", "staff"),
    ],
)
def test_the_manual_is_searched_as_the_archive_is(client: FlaskClient, typed: str, page: str) -> None:
    text = client.get("/help", query_string={"q": typed}).get_data(as_text=True)
    found = re.findall(r'href="/help/([a-z-]+)#', text)
    assert found[:1] == [page]
    assert "index" not in found
    assert "<mark>" in text


def test_a_section_has_all_words_and_its_heading_counts_most(client: FlaskClient) -> None:
    text = client.get("/help", query_string={"q": "กู้คืน ดิสก์"}).get_data(as_text=True)
    text = text.replace('<span class="words">', "")
    assert 'href="/help/officer-care#' in text
    headings = re.findall(r'(?s)<a href="/help/[a-z-]+#[^"]*">(.*?)</a>', text)
    passages = re.findall(r'(?s)<p class="passage" lang="th">(.*?)</p>', text)
    assert headings[0].startswith("กู้คืนเมื่อดิสก์เสีย")
    assert all("<mark>" in passage for passage in passages)
    assert not passages[0].startswith(headings[0])


def test_a_search_without_result_says_so(client: FlaskClient) -> None:
    assert "พบในคู่มือ 0 หัวข้อ" in client.get("/help?q=ทุเรียนกวน").get_data(as_text=True)


NO_NAMES = {  # set in bold as well: what a paragraph of the manual is about
    *("ทำหลายเรื่องพร้อมกัน", "ลืมรหัสผ่าน", "จะลบประกาศ", "ขึ้นปีใหม่", "สแกนหลายเรื่องในกองเดียว"),
    *("เอกสารขึ้นว่าแปลงไม่ได้", "ขึ้นว่าเครื่องอ่านเอกสารไม่ได้", "สแกนกลับหัวหรือเอียง", "ระบบขึ้นว่าให้รอสักครู่"),
    *("มีผู้อื่นแก้ช่องเดียวกันไปก่อนแล้ว", "ปิดข้อมูลในเอกสาร", "เรียงเอกสารแนบ"),
}


@pytest.mark.parametrize("page", ["residents", "staff"])
def test_every_name_in_bold_is_on_a_page(page: str) -> None:
    """The manual names buttons, links and fields as the pages do."""
    with (ROOT / "web/translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        shown = {text for each in read_po(file) for text in (each.id, *each.id) if isinstance(text, str)}
    said = re.findall(r"\*\*(.+?)\*\*", (MANUAL / f"{page}.md").read_text(encoding="utf-8"))
    names = {name.strip("+ ") for bold in said for name in bold.split(" → ")} - NO_NAMES - {""}
    assert len(names) > 10
    missing = [
        name
        for name in sorted(names)
        if not any(re.fullmatch(re.escape(name).replace("…", ".+"), text.strip("+ ")) for text in shown)
    ]
    assert missing == []


def test_what_is_no_name_is_still_in_bold() -> None:
    said = "".join((MANUAL / f"{page}.md").read_text(encoding="utf-8") for page in ("residents", "staff"))
    assert NO_NAMES.issubset(re.findall(r"\*\*(.+?)\*\*", said))


@pytest.mark.parametrize(
    "other_word",
    [
        "ลายเซ็น",
        "ไม่เข้าใจปลายทาง",
        "โฟลเดอร์ที่เรียกคำสั่ง",
        "ของท่าน",
        " e-mail",
        "document's name was",
        "the attachment “",
    ],
)
def test_one_thing_has_one_word(other_word: str) -> None:
    """These are ลายมือชื่อ, อ่านไม่ออก, ใช้คำสั่ง, คุณ, email and document (title) elsewhere."""
    folders = {
        "docs/manual": ".md",
        "web": ".py .html .md .po",
        "storage/backup": ".py",
        "archive/commands": ".py",
    }
    texts = [
        path
        for folder, endings in folders.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in endings.split() and "sample" not in path.parts
    ]
    assert [path.name for path in texts if other_word in path.read_text(encoding="utf-8")] == []


def test_every_field_of_an_import_manifest_is_described() -> None:
    text = (MANUAL / "officer-install.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"(?s)\| ช่อง · field \|.*?\n\n", text)
    named = set(re.findall(r"`([a-z_]+)`", table))
    assert {*MANIFEST_FIELDS, *DocumentKind, "path", "label"} - named == set()


def test_the_backup_before_an_upgrade_is_told_for_the_version_that_had_another_unit() -> None:
    text = (MANUAL / "officer-install.md").read_text(encoding="utf-8")
    before_the_commands = text.split("## ปรับรุ่น")[1].split("```")[0]
    assert "0.1.0" in before_the_commands
    assert "`prakat-backup`" in before_the_commands


def test_the_privacy_statement_tells_what_the_access_log_keeps() -> None:
    nginx = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    kept = re.findall(r"\$\w+", nginx.split("log_format prakat ")[1].split(";")[0])
    assert not {"$request", "$request_uri", "$uri", "$args", "$http_referer"} & {*kept}
    assert "$remote_addr" in kept
    for language, said in (
        ("th", "**บันทึกการเข้าใช้เว็บ** เก็บหมายเลขไอพี (IP)"),
        ("en", "**The access log** keeps the IP address"),
    ):
        statement = (ROOT / "web" / "statements" / f"privacy.{language}.md").read_text(encoding="utf-8")
        assert said in statement


def test_every_command_of_the_manual_exists() -> None:
    text = "".join((MANUAL / f"{page}.md").read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"\bprakat ([a-z][a-z-]+)(?=[ `\n])", text)) - {"prakat"}
    known = set(main.list_commands(None))  # type: ignore[arg-type]  # it needs no context
    assert named <= known
    assert {"nightly", "restore", "doctor", "check"} <= named


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("officer")])
def test_every_part_for_officers_is_in_thai_and_english_with_its_commands_once(page: str) -> None:
    text = (MANUAL / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?s)```\n(.*?)```", text)
    assert [block for block in blocks if not block.strip() or "\n## " in block] == []
    assert text.count("```") == 2 * len(blocks)
    assert len(set(blocks)) == len(blocks)  # both languages share one block of commands
    prose = re.sub(r"(?s)```.*?```|`[^`]*`", "", text)
    for part in re.split(r"(?m)^## ", prose)[1:]:
        heading, _, body = part.partition("\n")
        assert re.search(r"[ก-๛].* · .*[A-Za-z]{3}", heading), heading
        assert len(re.findall(r"[ก-๛]", body)) >= 60, heading
        assert len(re.findall(r"[A-Za-z]{3,}", body)) > 5, heading


def test_the_site_is_thai_and_asks_no_other_host(tmp_path: Path) -> None:
    command = [Path(sys.executable).parent / "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert {path.stem for path in tmp_path.glob("*.html")} == set(PAGES)
    for path in tmp_path.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert '<html lang="th">' in text
        assert re.findall(r'(?:src|href)="(?:https?:)?//|<script', text) == []
        frame = re.sub(r"(?s)<style>.*</style>|<details>.*</details>|<main>.*</main>", "", text)
        assert re.findall(r">[^<]*[A-Za-z][^<]*<", frame) == []
