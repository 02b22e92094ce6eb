"""Every address is built with its root: nobody writes one down where it is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import url_for

from tests.factories.memos import memo
from tests.web.conftest import Site

WEB = Path(__file__).parent.parent.parent / "web"
WRITTEN = re.compile(r"""(?:["'`(]|(?<!; path)=)\s*/(?![/*>]| "";$)|\brequest\.path\b|\bbase_url\b""")
"""An address that begins at the host, or one put together of parts. What a reader chose for the look of pages
is a cookie of the whole host; a slash and an empty text end what a style draws without a name."""

KNOWN = {"/api/", "/staff", "/proc/mounts", "/var/backups/prakat", "/var/lib/prakat"}
"""Strings by which code recognises an address, and files of the system; these lead nowhere."""

MESSAGES = "*_mail.py"
"""Modules of the worker, which has no request: they add paths to the site's own address."""


@pytest.mark.parametrize("kind", ["html", "xml", "js", "css"])
def test_no_template_script_or_style_writes_an_address_down(kind: str) -> None:
    files = [path for room in ("templates", "static") for path in (WEB / room).rglob(f"*.{kind}")]
    assert files
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not WRITTEN.search(line), f"{path.name}:{number}: {line.strip()}"


@pytest.mark.parametrize(
    "line",
    [
        '<a href="/search">',
        "<a href=/search>",
        "{{ '/staff/%s'|format(id) }}",
        '<a href="{{ base_url }}/search">',
        '<a href="{{ request.path }}/file">',
        'fetch("/api/v1/suggest")',
        "fetch(`/api/${x}`)",
        "url(/fonts/x.woff2)",
    ],
)
def test_the_guard_knows_an_address(line: str) -> None:
    assert WRITTEN.search(line)


def test_no_view_writes_an_address_down() -> None:
    for path in set(WEB.rglob("*.py")) - set(WEB.rglob(MESSAGES)):
        for line, address in _written_down(path):
            assert address in KNOWN, f"{path.name}:{line}: {address}"


def test_an_address_in_a_message_leads_to_a_page(site: Site) -> None:
    pages = site.client().application.url_map.bind("localhost")
    written = [address for path in WEB.rglob(MESSAGES) for _line, address in _written_down(path)]
    assert written
    for address in written:
        pages.match(f"{address}1" if address.endswith("/") else address)  # raises if there is no such page


def _written_down(path: Path) -> Iterator[tuple[int, str]]:
    """Yields line and text of all strings of a module that look like an address, routes excepted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    routes = {id(each) for each in _in_routes(tree)}
    for each in ast.walk(tree):
        is_text = isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in routes
        if is_text and re.match(r"/[a-z]", each.value):
            yield each.lineno, each.value


def _in_routes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yields all syntax nodes in decorators and in the making of blueprints."""
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef):
            for decorator in each.decorator_list:
                yield from ast.walk(decorator)
        if (
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Name)
            and each.func.id.lower().endswith("blueprint")
        ):
            yield from ast.walk(each)


def test_a_page_offers_its_picture_in_several_sizes_whatever_was_typed(site: Site) -> None:
    """A comma at an address's end would end it for a browser."""
    made = site.announcement("ซ่อมถนน")
    attachment = site.attach(made.id, memo("ข้อความ"))
    site.work()
    client = site.client()
    page = client.get(f"/announcements/{made.id}/attachments/{attachment.id}?q={quote('ถนน,')}").text
    [several] = re.findall('srcset="([^"]*)"', page)
    sizes = [candidate.split() for candidate in re.split(r"(?<=w), ", several)]
    assert [size for _address, size in sizes] == ["480w", "1000w", "1600w"]
    for address, _size in sizes:
        assert not address.endswith(",")
        assert client.get(address.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("root", ["", "/offices/prakat"])
def test_all_that_is_named_is_below_the_root(site: Site, root: str) -> None:
    """The root is the path at which WSGI says that the application begins."""
    made = site.announcement("ซ่อมถนน")
    site.work()
    below = {"SCRIPT_NAME": root}
    client = site.client()
    page = client.get(f"/announcements/{made.id}", environ_overrides=below).text
    named = re.findall(r'(?:\s(?:href|src|action|data-suggest)="|url\(")(/[^"]*)"', page)
    assert len(named) > 15
    assert any("/fonts/" in each for each in named)
    for each in named:
        assert each.startswith(f"{root}/"), each
        answer = client.get(
            each.removeprefix(root).replace("&amp;", "&"), environ_overrides=below, buffered=True
        )
        assert answer.status_code in (200, 302), each
        assert answer.headers.get("Location", f"{root}/").startswith(f"{root}/"), each
    found = client.get("/api/v1/search", environ_overrides=below).json["results"]
    assert [each["url"] for each in found] == [f"{root}/announcements/{made.id}"]
    described = client.get("/openapi.json", environ_overrides=below).json
    assert described.get("servers", []) == ([{"url": root}] if root else [])


def test_an_address_with_several_values_of_one_name_is_built(site: Site) -> None:
    with site.app.test_request_context():
        assert url_for("public.results", kind=["order", "memo"]) == "/search?kind=order&kind=memo"
        assert url_for("public.results", page=1) == "/search?page=1"
        assert url_for("public.results", page=True) == "/search?page=True"
