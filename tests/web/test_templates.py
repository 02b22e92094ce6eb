"""Templates can be edited: one block element a line, indented by djhtml, and lines that a screen shows whole.

djhtml changes what stands before a line and nothing else, so that no page shows a space less or more. djlint
takes the space before "·" out of ``{%- if ... %} · ``, which residents see.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parent.parent.parent / "web" / "templates"
DJHTML = Path(sys.executable).parent / "djhtml"
LONGEST_LINE = 120
BLOCK = re.compile(
    r"<(?:article|aside|dd|details|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|legend|li|main|nav|noscript|"
    r"ol|p|section|summary|table|tbody|td|th|thead|tr|ul)\b"
)
ONE_TEXT = re.compile(r"""(?:<\w+[^>]*>)?\{\{-? _\((["']).*?\1[^"']*\)(?:\|unbroken)? -?\}\}(?:</\w+>)?""")

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


def test_templates_are_as_the_indenter_writes_them() -> None:
    """``make format`` mends what this finds."""
    checked = subprocess.run(
        [DJHTML, "--check", "--tabwidth", "2", TEMPLATES], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_link_of_staff_to_a_new_tab_says_so() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (TEMPLATES / "staff").rglob("*.html")]
    links = [each for text in texts for each in re.findall(r'(?s)<a\s[^>]*target="_blank".*?</a>', text)]
    assert links
    assert [link for link in links if "เปิดในแท็บใหม่" not in link] == []


def test_who_did_something_is_named_as_people_know_it() -> None:
    """A program has a code, which the filter ``actor`` replaces by its name."""
    code = re.compile(r"\{\{ [\w.]+\.(?:actor|done_by|saved_by|updated_by|replaced_by) \}\}")
    assert [path.name for path in TEMPLATES.rglob("*.html") if code.search(path.read_text("utf-8"))] == []
