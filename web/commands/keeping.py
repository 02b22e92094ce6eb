"""Nothing lost: examination, backup and restore."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from indexer.check import MESSAGES, Finding, Report
from indexer.check import check as examine
from indexer.reindex import rebuild
from web import bootstrap, settings
from web.commands.terminal import bars, open_existing
from web.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="สำหรับโปรแกรม · for programs")
@click.option(
    "--repair", is_flag=True, help="ซ่อมสิ่งที่ซ่อมได้โดยไม่ลบอะไร · mend what can be mended; deletes nothing"
)
def check(as_json: bool, repair: bool) -> None:
    """ตรวจทุกไฟล์ ทะเบียน และดัชนีขณะเปิดบริการ · Check every byte, record and index entry; exit 1 on findings.

    \b
    ตัวอย่าง · example:
      prakat check --json
    """
    services = open_existing()
    with bars(_STEPS) as progress:
        report = examine(
            services.records,
            services.jobs,
            services.files,
            services.index,
            services.database,
            repair=repair,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(_described(report), ensure_ascii=False))
    else:
        _show(report)
    sys.exit(0 if report.clean else 1)


_STEPS = {
    "files": "ไฟล์ต้นฉบับ",
    "records": "ทะเบียน",
    "index": "ดัชนี",
    "rebuild": "สร้างดัชนีใหม่",
}


def _described(report: Report) -> dict[str, object]:
    return {
        "clean": report.clean,
        "checked": report.checked,
        "findings": [asdict(finding) | {"message": MESSAGES[finding.code]} for finding in report.findings],
        "notes": [asdict(note) | {"message": MESSAGES[note.code]} for note in report.notes],
    }


def _show(report: Report) -> None:
    if report.findings:
        _table("สิ่งที่พบ · findings", report.findings)
    if report.notes:
        _table("ข้อสังเกต · notes", report.notes)
    checked = report.checked
    click.echo(
        f"ตรวจ {checked['announcements']:,} เรื่อง {checked['attachments']:,} เอกสาร {checked['pages']:,} หน้า"
        f" {checked['files']:,} ไฟล์ {checked['bytes'] / 1_000_000:,.1f} MB",
        err=True,
    )
    if not report.findings:
        click.echo("ไม่พบสิ่งผิดปกติ (clean)", err=True)
    else:
        mended = sum(finding.mended for finding in report.findings)
        click.echo(f"พบ {len(report.findings):,} รายการ ซ่อมแล้ว {mended:,} รายการ (found, mended)", err=True)


def _table(title: str, findings: list[Finding]) -> None:
    shown = Table(title=title, title_justify="left")
    for heading in ("รหัส", "ที่", "ความหมาย", "ซ่อมแล้ว"):
        shown.add_column(heading)
    for finding in findings:
        what = f"{MESSAGES[finding.code]}\n{finding.detail}".strip()
        shown.add_row(finding.code, finding.subject, what, "✓" if finding.mended else "")
    Console().print(shown)


@click.command()
@click.argument("destination", metavar="DEST")
@click.option(
    "--verify",
    is_flag=True,
    help="อ่านไฟล์เดิมในโฟลเดอร์ปลายทางซ้ำทั้งหมด · read all of a directory again, not a share of it",
)
def backup(destination: str, verify: bool) -> None:
    """สำรองทั้งคลังขณะเปิดบริการ · Back up everything while the service runs.

    One file; or, into a directory (one that exists, or a name that ends in /), only what is new. Of what was
    there a share is read again each time, all of it within thirty backups; what is damaged is copied again.

    \b
    ตัวอย่าง · example:
      prakat backup /mnt/backup/prakat.tar
    """
    services = open_existing()
    if destination.endswith("/"):
        Path(destination).mkdir(mode=0o700, parents=True, exist_ok=True)
    with bars({"write": "สำรอง", "verify": "ตรวจสิ่งที่สำรอง"}) as progress:
        made = services.backups.make(Path(destination), progress, verify=verify)
    click.echo(f"สำรอง {made.files:,} ไฟล์ ใหม่ {made.copied:,} ไฟล์ ตรวจแล้ว (backed up and verified)", err=True)
    if made.verified:
        click.echo(f"อ่านไฟล์ที่สำรองไว้เดิมซ้ำ {made.verified:,} ไฟล์ (of those from before, read again)", err=True)
    troubles = {
        MESSAGES["file-damaged"]: made.damaged,
        MESSAGES["file-missing"]: made.missing,
        "เสียหายหรือหายไปจากที่เก็บสำรอง คัดลอกใหม่แล้ว กรุณาตรวจดิสก์นั้น (was damaged or gone in the backup,"
        " copied again: look at that disk)": made.mended,
        "เสียหายในที่เก็บสำรอง และในคลังก็ไม่มีแล้ว (damaged in the backup, and the archive has none)": made.spoiled,
    }
    for said, originals in troubles.items():
        for sha256 in originals:
            click.echo(f"{sha256}: {said}", err=True)
    if any(troubles.values()):
        sys.exit(1)


@click.command()
@click.argument("source", metavar="SRC", type=click.Path(exists=True, path_type=Path))
def restore(source: Path) -> None:
    """กู้คืนข้อมูลสำรองลงที่ว่าง · Restore a backup into an empty data directory (PRAKAT_DATA).

    With PRAKAT_DATABASE and PRAKAT_FILES it goes into those, which must be empty, by way of the directory.

    \b
    ตัวอย่าง · example:
      PRAKAT_DATA=/var/lib/prakat prakat restore /mnt/backup/prakat.tar
    """
    steps = {"restore": "กู้คืน", "files": "ย้ายไฟล์", "records": "ย้ายทะเบียน", "rebuild": "สร้างดัชนี"}
    given = settings.load()
    with bars(steps) as progress:
        services = bootstrap.restore(given, source, progress)
        count = rebuild(
            services.records, services.index, progress=lambda done, total: progress("rebuild", done, total)
        )
    click.echo(f"กู้คืนแล้วที่ {services.settings.data} ค้นหาได้ {count:,} เรื่อง (restored)", err=True)
    if _engines(settings.load(directory=given.data)) != _engines(given):
        click.echo(
            f"{settings.FILE} ที่กู้คืนมาชี้ไปที่อื่น เริ่มบริการด้วย (its settings name others: start with):", err=True
        )
        for name in ("data", "database", "files"):
            click.echo(f"PRAKAT_{name.upper()}={getattr(given, name)}")


def _engines(given: Settings) -> tuple[str, str]:
    return given.database, given.files


COMMANDS = (check, backup, restore)
