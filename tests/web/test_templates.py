"""Templates can be edited: one block element a line, indented by depth, and lines that a screen shows whole.

No formatter writes them. djlint 1.54 was tried: it takes the space before "·" out of ``{%- if ... %} · ``,
which residents see, and joins a tag whose attributes stand in ``if`` into one line of up to 320 columns.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parent.parent.parent / "web" / "templates"
LONGEST_LINE = 120
BLOCK = re.compile(
    r"<(?:article|aside|dd|details|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|legend|li|main|nav|noscript|"
    r"ol|p|section|summary|table|tbody|td|th|thead|tr|ul)\b"
)
ONE_TEXT = re.compile(r"""(?:<\w+[^>]*>)?\{\{-? _\((["']).*?\1[^"']*\)(?:\|unbroken)? -?\}\}(?:</\w+>)?""")
INDENT = 2  # columns a level
JINJA = re.compile(r"(?s)\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}")
STATEMENT = re.compile(r"\{%-?\s*(if|for|elif|else|endif|endfor)\b")
TAG = re.compile(r"""(?s)<(?P<closes>/?)(?P<name>\w+)(?:"[^"]*"|[^">])*?(?P<is_empty>/?)>""")
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
NOT_INDENTED = {"html", "body"}  # what is in them begins at the margin

templates = pytest.mark.parametrize(
    "name", sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
)


@templates
def test_a_template_has_one_block_element_a_line(name: str) -> None:
    wrong = []
    for number, line in enumerate((TEMPLATES / name).read_text(encoding="utf-8").splitlines(), start=1):
        is_one_text = ONE_TEXT.fullmatch(line.strip()) is not None  # a message is not split for its length
        if (len(line) > LONGEST_LINE and not is_one_text) or len(BLOCK.findall(line)) > 1:
            wrong.append(f"{number}: {line.strip()[:100]}")
    assert not wrong


@templates
def test_a_template_is_indented_by_the_depth_of_its_elements(name: str) -> None:
    """Statements of Jinja add no depth: elements in an ``if`` stand where they stand in the page."""
    lines = (TEMPLATES / name).read_text(encoding="utf-8").splitlines()
    depths = _depths("\n".join(lines))
    assert [
        f"{number}: {line.strip()[:100]} (by {INDENT * depths[number]} columns)"
        for number, line in enumerate(lines, start=1)
        if line and number in depths and len(line) - len(line.lstrip()) != INDENT * depths[number]
    ] == []


def test_wrong_indentation_is_found() -> None:
    text = """<ul>
{% if a %}
  <li class="a"><a
      href="/">
    a</a></li>
{% else %}
  <li>
{% endif %}
  </li>
</ul>"""
    assert _depths(text) == {1: 0, 2: 1, 3: 1, 4: 2, 5: 2, 6: 1, 7: 1, 8: 1, 9: 1, 10: 0}


def _depths(text: str) -> dict[int, int]:
    """Returns the depth at which each line of a template should begin, but for lines inside an expression.

    What several elements that begin in one line hold is one level deeper than that line.
    """
    expressions = list(JINJA.finditer(text))
    markup = JINJA.sub(lambda expression: re.sub(r"[^\n]", "~", expression[0]), text)  # as long as before
    statements = [each for each in expressions if STATEMENT.match(each[0])]
    depths: dict[int, int] = {}
    opened: list[int] = []  # the lines in which the elements begin that are open
    branches: list[list[int]] = []  # what was open at each ``if`` and ``for`` that is open
    for mark in sorted([*TAG.finditer(markup), *statements], key=re.Match.start):
        first, last = (text.count("\n", 0, position) + 1 for position in mark.span())
        depths |= dict.fromkeys(range(len(depths) + 1, first), len(set(opened)))
        begins_line = not text[text.rfind("\n", 0, mark.start()) + 1 : mark.start()].strip()
        within = len(set(opened))
        outside, opened = _followed(mark, first, opened, branches)
        depths.setdefault(first, len(outside) if begins_line else within)
        depths |= dict.fromkeys(range(len(depths) + 1, last + 1), len(outside | {first}))
    depths |= dict.fromkeys(range(len(depths) + 1, text.count("\n") + 2), len(set(opened)))
    for expression in expressions:
        first, last = (text.count("\n", 0, position) + 1 for position in expression.span())
        for inside in range(first + 1, last + 1):
            depths.pop(inside, None)
    return depths


def _followed(
    mark: re.Match[str], line: int, opened: list[int], branches: list[list[int]]
) -> tuple[set[int], list[int]]:
    """Returns the lines of the elements that hold a tag or statement, and of those that are open after it.

    ``branches`` is changed: each branch of an ``if`` begins with what was open before the first one.
    """
    if mark.re is JINJA:
        word = STATEMENT.match(mark[0])[1]
        if word in {"if", "for"}:
            branches.append(opened)
            return set(opened), opened
        before = branches.pop() if word.startswith("end") else branches[-1]
        return set(before), opened if word.startswith("end") else before
    name = mark["name"].lower()
    if name in VOID | NOT_INDENTED or mark["is_empty"]:
        return set(opened), opened
    if mark["closes"]:
        return set(opened) - {opened[-1]}, opened[:-1]
    return set(opened), [*opened, line]


def test_a_link_of_staff_to_a_new_tab_says_so() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (TEMPLATES / "staff").rglob("*.html")]
    links = [each for text in texts for each in re.findall(r'(?s)<a\s[^>]*target="_blank".*?</a>', text)]
    assert links
    assert [link for link in links if "เปิดในแท็บใหม่" not in link] == []


def test_who_did_something_is_named_as_people_know_it() -> None:
    """A program has a code, which the filter ``actor`` replaces by its name."""
    code = re.compile(r"\{\{ [\w.]+\.(?:actor|done_by|saved_by|updated_by|replaced_by) \}\}")
    assert [path.name for path in TEMPLATES.rglob("*.html") if code.search(path.read_text("utf-8"))] == []
