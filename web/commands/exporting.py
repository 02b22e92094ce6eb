"""Commands that copy the archive, or a part of it, for others."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from web.bagit_packages import export_bag
from web.commands.terminal import (
    ALL,
    open_existing_services,
    open_services_of,
    organisation_option,
    progress_bar,
)
from web.importing import ImportReport
from web.static_copy import write_static_copy


@click.command("export")
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path))
@click.argument("announcement_ids", nargs=-1, type=int)
@organisation_option
def export(destination: Path, announcement_ids: tuple[int, ...], organisation: str | None) -> None:
    """ส่งออกเป็นถุงข้อมูล BagIt พร้อมต้นฉบับ ข้อความ และประวัติ · Export as a BagIt bag, for other archives.

    DEST: a new directory. Without numbers of announcements, all of them. prakat import takes the bag in
    again.

    \b
    ตัวอย่าง · example:
      prakat export bag-2026
      prakat export bag-of-three 12 17 23
    """
    services = open_services_of(organisation, default_when_several=ALL, opened=open_existing_services)
    with progress_bar("ส่งออก") as progress:
        report = export_bag(services, destination, announcement_ids, progress)
    _tell(report, destination)


@click.command("export-site")
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path))
@organisation_option
def export_site(destination: Path, organisation: str | None) -> None:
    """สำเนาหน้าเว็บของประชาชน เปิดจากแฟลชไดรฟ์ได้ · Copy the public side, to be read from a USB stick.

    DEST: a new directory. Open its index.html in any browser: no server and no network are needed.

    \b
    ตัวอย่าง · example:
      prakat export-site /media/usb/archive
    """
    services = open_services_of(organisation, default_when_several=ALL, opened=open_existing_services)
    with progress_bar("สำเนา") as progress:
        report = write_static_copy(services, destination, progress)
    _tell(report, destination)


def _tell(report: ImportReport, destination: Path) -> None:
    click.echo(f"ส่งออก {report.added:,} เรื่อง {report.files:,} ไฟล์ ที่ {destination}")
    for where, why in report.problems:
        click.echo(f"{where}: {why}", err=True)
    sys.exit(1 if report.problems else 0)


COMMANDS = (export, export_site)
