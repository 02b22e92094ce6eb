"""The ``prakat`` command: results to stdout, messages to stderr; exit 0 done, 1 could not, 2 wrong use."""

from __future__ import annotations

import errno
import sys

import click

from archive.errors import PrakatError, SettingsError
from web.bootstrap import keep_files_private
from web.commands import archiving, finding, keeping, moving, organisations, people, sample, serving
from web.commands.terminal import Group

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
"""What a disk refuses; anything else that goes wrong with files is a fault of ours."""


class Prakat(Group):
    """Says every error of ours in one clear line."""

    def invoke(self, ctx: click.Context) -> object:
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
    keep_files_private()


for command in (
    *serving.COMMANDS,
    *people.COMMANDS,
    *organisations.COMMANDS,
    *archiving.COMMANDS,
    *finding.COMMANDS,
    *keeping.COMMANDS,
    *moving.COMMANDS,
    *sample.COMMANDS,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
