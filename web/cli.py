"""The ``prakat`` command: results to stdout, messages to stderr; exit 0 done, 1 could not, 2 wrong use."""

from __future__ import annotations

import ast
import errno
import importlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from archive.errors import PrakatError, SettingsError
from storage.permissions import PRIVATE_UMASK
from web.commands.terminal import FullHelpGroup

_COMMANDS = Path(__file__).parent / "commands"

_ONE_LINE = 1_000  # characters: more than any command has to say

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
"""Error numbers of a disk that refuses; any other error with files is a fault of this program."""


@dataclass(frozen=True, slots=True)
class _Command:
    """A command of a module that is not loaded."""

    module: str
    short_help: str


class Prakat(FullHelpGroup):
    """The ``prakat`` command group; reports each ``PrakatError`` in one clear line.

    Loads a command only when it is used: most need dictionaries and libraries that take a second.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Returns all command names, sorted, without loading a command."""
        return sorted(_found_commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command, loaded; None for a name that is no command."""
        if cmd_name not in self.commands and (found := _found_commands().get(cmd_name)):
            for command in importlib.import_module(found.module).COMMANDS:
                self.add_command(command)
        return super().get_command(ctx, cmd_name)

    def describe(self, name: str) -> str:
        """Returns a command's help in one line, read from the source of its module; nothing is loaded."""
        return _found_commands()[name].short_help

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; wrong settings end it with 2, refusals and disk errors with 1, in one line."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            click.echo(f"prakat: {error.message}", err=True)
            sys.exit(2)
        except PrakatError as error:
            click.echo(f"prakat: {error.message}", err=True)
            sys.exit(1)
        except OSError as error:
            if error.errno not in _DISK:
                raise
            where = f": {error.filename}" if error.filename else ""
            click.echo(f"prakat: ใช้ดิสก์ไม่ได้ ({error.strerror}){where}", err=True)
            sys.exit(1)


@click.group(cls=Prakat, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="prakat")
def main() -> None:
    """ประกาศ — คลังเอกสารและค้นหาสำหรับท้องถิ่น · document archive and search for Thai local government.

    \b
    ตัวอย่าง · example:
      prakat serve
    """
    os.umask(PRIVATE_UMASK)  # this process and its children make files and directories for their owner alone


@cache
def _found_commands() -> dict[str, _Command]:
    """Returns, by name, the commands that the modules of ``web/commands`` list as ``COMMANDS``.

    The source is parsed, not imported: importing all modules took four seconds, to show the names.
    """
    found = {}
    for path in _COMMANDS.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in tree.body:
            if not isinstance(node, ast.Assign) or ast.unparse(node.targets[0]) != "COMMANDS":
                continue
            for listed in ast.walk(node.value):
                if isinstance(listed, ast.Name):
                    function = functions[listed.id]
                    name, help = _command_name(function), ast.get_docstring(function)
                    said = click.Command(name, help=help).get_short_help_str(limit=_ONE_LINE)
                    found[name] = _Command(f"web.commands.{path.stem}", said)
    return found


def _command_name(function: ast.FunctionDef) -> str:
    """Returns the command's name as click forms it: from the decorator, or from the function's name."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in (
            "click.command",
            "click.group",
        ):
            for given in decorator.args:
                return str(ast.literal_eval(given))
    return function.name.replace("_", "-").removesuffix("-command").removesuffix("-group")


if __name__ == "__main__":
    main()
