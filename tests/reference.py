"""Writes the reference of commands and settings from the code.

python -m tests.reference > docs/manual/reference.md
"""

from __future__ import annotations

import click

from web.cli import main
from web.settings import EXPLANATIONS, default_values

HEAD = """\
# คำสั่งและการตั้งค่า · Commands and settings

เอกสารนี้สร้างจากโปรแกรมโดยตรง (written from the code: `python -m tests.reference > docs/manual/reference.md`)

## การตั้งค่า · Settings

ตั้งเป็นตัวแปรระบบ หรือบรรทัด `ชื่อ = ค่า` (ตัวพิมพ์เล็ก ไม่มี `PRAKAT_`) ใน `prakat.toml`
ในโฟลเดอร์ที่ใช้คำสั่งหรือในที่เก็บข้อมูล ตัวแปรระบบมาก่อนไฟล์ · Environment variables, or lines of the
same name in lower case without `PRAKAT_` in `prakat.toml`, in the current directory or with the data; the
environment wins.

| ชื่อ · name | ค่าตั้งต้น · default | ความหมาย · meaning |
|---|---|---|
"""


def reference() -> str:
    """Returns the whole reference as Markdown."""
    shown = default_values()
    rows = [
        f"| `PRAKAT_{name.upper()}` | {_cell(shown[name])} | {explanation} |"
        for name, explanation in EXPLANATIONS.items()
    ]
    return HEAD + "\n".join(rows) + "\n\n## คำสั่ง · Commands\n" + _commands(main, "prakat")


def _cell(default: str) -> str:
    return f"`{default}`" if default else "–"


def _commands(group: click.Group, name: str) -> str:
    context = click.Context(group)
    found = {each: group.get_command(context, each) for each in sorted(group.list_commands(context))}
    return "".join(_command(command, f"{name} {each}") for each, command in found.items() if command)


def _command(command: click.Command, name: str) -> str:
    if isinstance(command, click.Group):
        return _commands(command, name)
    context = click.Context(
        command,
        info_name=name,
        max_content_width=100,
        terminal_width=100,
        help_option_names=main.context_settings["help_option_names"],
    )
    return f"\n### `{name}`\n\n```\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
