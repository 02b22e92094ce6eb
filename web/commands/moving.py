"""From the engines of one small server to those of many, and back."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from archive.errors import SettingsError
from indexer.consistency import MESSAGES
from indexer.reindex import rebuild
from web import settings
from web.archive_move import move_archive
from web.bootstrap import build_services
from web.commands.terminal import progress_bars
from web.settings import Settings


@click.command()
@click.option(
    "--to",
    "target_addresses",
    metavar="PLACE",
    multiple=True,
    required=True,
    help="postgresql://… · s3://… · หรือโฟลเดอร์ (a directory: SQLite and local files). "
    "ใช้ซ้ำได้ · may be given more than once",
)
def move(target_addresses: tuple[str, ...]) -> None:
    """คัดลอกทะเบียน ผู้ใช้ และไฟล์ไปที่อื่น · Copy the stopped archive to other engines or a directory.

    Records, people and files are copied, and every record and every byte is compared at the target. Killed
    at any moment, the same command goes on where it was. Stop the service first; what it kept here stays
    here, untouched. A new directory gets its own index.

    \b
    ตัวอย่าง · example:
      prakat move --to postgresql://prakat@db/prakat --to s3://prakat?endpoint=https://s3.example.go.th
      prakat move --to /var/lib/prakat-small
    """
    source = settings.load_settings()
    target = _target(source, target_addresses)
    with progress_bars({"files": "ย้ายไฟล์", "records": "ย้ายทะเบียน", "rebuild": "สร้างดัชนี"}) as progress:
        moved = move_archive(source, target, progress)
        if target.data != source.data:
            services = build_services(target)
            rebuild(
                services.records,
                services.index,
                progress=lambda done, total: progress("rebuild", done, total),
            )
    click.echo(
        f"ย้ายและตรวจแล้ว {moved.equal_files:,} ไฟล์ {moved.equal_records:,} รายการ"
        f" คัดลอกครั้งนี้ {moved.newly_copied:,}"
        " (moved and verified; copied this time)",
        err=True,
    )
    or_mounted = ""
    if target.data != source.data:
        or_mounted = f" หรือต่อที่ใหม่เข้าที่ชื่อ {source.data} ตามคู่มือ (or mount it at that name, as the manual says)"
    click.echo(f"เริ่มบริการด้วยการตั้งค่านี้ (start the service with){or_mounted}:", err=True)
    for name in ("data", "database", "files"):
        click.echo(f"PRAKAT_{name.upper()}={getattr(target, name)}")
    for sha256 in moved.damaged_sha256:
        click.echo(f"{sha256}: {MESSAGES['file-damaged']}", err=True)
    if moved.damaged_sha256:
        sys.exit(1)


def _target(source: Settings, places: Sequence[str]) -> Settings:
    """Returns the settings after the move; settings that are not named stay as they are."""
    target = source
    for place in sorted(places, key=lambda place: "://" in place):  # a directory stands for both engines
        if place.startswith("s3://"):
            target = replace(target, files=settings.read_setting("files", place))
        elif "://" in place:
            target = replace(target, database=settings.read_setting("database", place))
        elif re.match(r"[a-z][a-z0-9+]+:", place):  # s3:/x is a slip, hardly a directory
            raise SettingsError(f"อ่านปลายทาง “{place}” ไม่ออก (postgresql://…, s3://… or a directory)")
        else:
            target = replace(target, data=Path(place), database="sqlite", files="local")
    if target == source:
        raise SettingsError("ต้นทางและปลายทางเป็นที่เดียวกัน (there is nothing to move: it is there already)")
    return target


COMMANDS = (move,)
