"""Commands that keep the archive safe: examination, backup and restore."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import DatabaseDamaged, Unavailable
from indexer.lazy_import import lazy_import
from web import settings
from web.commands.terminal import InputPath, open_existing_services, progress_bars

if TYPE_CHECKING:
    from indexer import consistency, reindex
    from indexer.consistency import ConsistencyReport, Finding
    from web import backup_restore
    from web.settings import Settings
else:
    consistency = lazy_import("indexer.consistency")
    reindex = lazy_import("indexer.reindex")
    backup_restore = lazy_import("web.backup_restore")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="สำหรับโปรแกรม · for programs")
@click.option(
    "--repair", is_flag=True, help="ซ่อมสิ่งที่ซ่อมได้โดยไม่ลบอะไร · mend what can be mended; deletes nothing"
)
@click.option(
    "--acknowledge",
    "acknowledged_by",
    metavar="NAME",
    help="รับทราบสิ่งที่สูญหายหรือถูกแก้ไขโดยไม่ผ่านระบบ บันทึกชื่อและเวลาไว้"
    " · acknowledge, under this name, what was lost or tampered with; then check",
)
def check(as_json: bool, repair: bool, acknowledged_by: str | None) -> None:
    """ตรวจทุกไฟล์ ทะเบียน และดัชนีขณะเปิดบริการ · Check every byte, record and index entry; exit 1 on findings.

    \b
    ตัวอย่าง · example:
      prakat check --json
    """
    try:
        report = _examined(should_repair=repair, acknowledged_by=acknowledged_by)
    except Unavailable as error:  # a database so damaged that it does not open is a finding, too
        click.echo(f"prakat: {error.message}", err=True)
        is_damaged = isinstance(error, DatabaseDamaged)
        finding = consistency.Finding(
            "database-damaged" if is_damaged else "unreadable",
            "database",
            str(error.__cause__ or error),
        )
        report = consistency.ConsistencyReport([finding])
    if as_json:
        click.echo(json.dumps(_described(report), ensure_ascii=False))
    else:
        _show(report)
    sys.exit(0 if report.needs_no_action else 1)


def _examined(*, should_repair: bool, acknowledged_by: str | None) -> ConsistencyReport:
    """Returns the report on the archive. Raises ``Unavailable`` if its database cannot be opened."""
    logging.getLogger("prakat.storage").addHandler(logging.NullHandler())  # the report names damaged rows
    services = open_existing_services()
    if acknowledged_by:
        for incident in services.audit.acknowledge_and_accept_all(acknowledged_by):
            click.echo(
                f"รับทราบแล้วโดย (acknowledged by) {incident.acknowledged_by}:"
                f" {incident.code} {incident.subject} {incident.detail}",
                err=True,
            )
    with progress_bars(_STEPS) as progress:
        return services.check_consistency(should_repair=should_repair, progress=progress)


_STEPS = {
    "files": "ไฟล์ต้นฉบับ",
    "records": "ทะเบียน",
    "index": "ดัชนี",
    "rebuild": "สร้างดัชนีใหม่",
}


def _described(report: ConsistencyReport) -> dict[str, object]:
    return {
        "clean": report.needs_no_action,
        "checked": report.checked,
        "findings": _with_messages(report.findings),
        "notes": _with_messages(report.notes),
    }


def _with_messages(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [asdict(finding) | {"message": consistency.MESSAGES[finding.code]} for finding in findings]


def _show(report: ConsistencyReport) -> None:
    if report.findings:
        _list("สิ่งที่พบ · findings", report.findings)
    if report.notes:
        _list("ข้อสังเกต · notes", report.notes)
    checked = report.checked
    click.echo(
        f"ตรวจ {checked['announcements']:,} เรื่อง เอกสาร {checked['attachments']:,} ฉบับ"
        f" {checked['pages']:,} หน้า {checked['files']:,} ไฟล์ {checked['bytes'] / 1_000_000:,.1f} MB",
        err=True,
    )
    if not report.findings:
        click.echo("ไม่พบสิ่งผิดปกติ (clean)", err=True)
    else:
        mended = sum(finding.mended for finding in report.findings)
        click.echo(f"พบ {len(report.findings):,} รายการ ซ่อมแล้ว {mended:,} รายการ (found, mended)", err=True)


def _list(title: str, findings: list[Finding]) -> None:
    click.echo(title)
    for finding in findings:
        mark = "✓" if finding.mended else "✗"
        click.echo(f"{mark} [{finding.code}] {finding.subject}\n    {consistency.MESSAGES[finding.code]}")
        for line in finding.detail.splitlines():
            click.echo(f"    {line}")
        if ids := ", ".join(map(str, finding.announcement_ids)):
            click.echo(f"    อยู่ในเรื่องที่ {ids} (of announcement {ids})")


@click.command()
@click.argument("destination", metavar="DEST")
@click.option(
    "--verify",
    is_flag=True,
    help="อ่านไฟล์เดิมในโฟลเดอร์ปลายทางซ้ำทั้งหมด · read all of a directory again, not a share of it",
)
@click.option(
    "--accept-loss",
    is_flag=True,
    help="สำรองแม้คลังมีน้อยกว่าข้อมูลสำรองก่อนหน้า · although the archive has less than the backup before",
)
@click.option(
    "--keep-days",
    default=30,
    show_default=True,
    type=click.IntRange(1),
    help="เก็บชุดสำรองรายวันกี่วัน · days of which a generation is kept",
)
@click.option(
    "--keep-months",
    default=12,
    show_default=True,
    type=click.IntRange(0),
    help="เก็บชุดสำรองรายเดือนกี่เดือน · months of which a generation is kept",
)
def backup(destination: str, verify: bool, accept_loss: bool, keep_days: int, keep_months: int) -> None:
    """สำรองทั้งคลังขณะเปิดบริการ · Back up to a file, or into a directory: one that exists or ends in /.

    The service runs meanwhile. Only what is new is copied to a directory, as a generation, and generations
    that need not be kept any longer are removed. An archive that has less than the backup before is refused.
    Exit 1 when a file is damaged. Each backup reads a part of the earlier files again, and thirty backups
    read all of them; damaged ones are copied again.

    \b
    ตัวอย่าง · example:
      prakat backup /mnt/backup/prakat/
    """
    services = open_existing_services()
    if destination.endswith("/"):
        Path(destination).mkdir(mode=0o700, parents=True, exist_ok=True)
    with progress_bars({"write": "สำรอง", "verify": "ตรวจสิ่งที่สำรอง"}) as progress:
        report = services.backups.make_backup(
            Path(destination),
            progress,
            should_verify_all=verify,
            should_accept_loss=accept_loss,
            keep_days=keep_days,
            keep_months=keep_months,
        )
    click.echo(
        f"สำรอง {report.files:,} ไฟล์ ใหม่ {report.copied:,} ไฟล์ ตรวจแล้ว (backed up and verified)", err=True
    )
    click.echo("audit head {} {}".format(*services.audit.last_entry()), err=True)
    if report.generations > 1:
        click.echo(f"ปลายทางมี {report.generations:,} ชุดสำรอง (generations there)", err=True)
    if report.verified:
        click.echo(
            f"อ่านไฟล์ที่สำรองไว้เดิมซ้ำ {report.verified:,} ไฟล์ (of those from before, read again)", err=True
        )
    damage = {
        consistency.MESSAGES["file-damaged"]: report.damaged_in_archive,
        consistency.MESSAGES["file-missing"]: report.missing_in_archive,
        "เสียหายหรือหายไปจากที่เก็บสำรอง คัดลอกใหม่แล้ว กรุณาตรวจดิสก์นั้น (was damaged or gone in the backup,"
        " copied again: look at that disk)": report.copied_again,
        "เสียหายในที่เก็บสำรอง และในคลังก็ไม่มีแล้ว (damaged in the backup,"
        " and the archive has none)": report.lost_in_both,
    }
    for message, originals in damage.items():
        for sha256 in originals:
            click.echo(f"{sha256}: {message}", err=True)
    if any(damage.values()):
        sys.exit(1)


@click.command()
@click.argument("source", metavar="SRC", type=InputPath())
@click.option(
    "--generation",
    metavar="WHEN",
    help="ชุดใด ระบุต้นของชื่อก็พอ เช่น 2026-11-28 · which generation, by the beginning of its name",
)
@click.option("--list", "listing", is_flag=True, help="แสดงชุดสำรองที่มี · list the generations, restore nothing")
@click.option(
    "--identity",
    metavar="FILE",
    type=InputPath(dir_okay=False),
    help="ไฟล์กุญแจลับของ age เมื่อข้อมูลสำรองเข้ารหัสไว้ · age identity, where the backup is encrypted",
)
def restore(source: Path, generation: str | None, listing: bool, identity: Path | None) -> None:
    """กู้คืนข้อมูลสำรองลงที่ว่าง · Restore a backup into an empty data directory (PRAKAT_DATA).

    With PRAKAT_DATABASE and PRAKAT_FILES it goes into those, which must be empty, by way of the directory.

    \b
    ตัวอย่าง · example:
      PRAKAT_DATA=/var/lib/prakat prakat restore /mnt/backup/prakat --generation 2026-11-28
    """
    if listing:
        for name, problem in backup_restore.backup_generations(source):
            click.echo(f"{name} {problem}".rstrip())
        return
    steps = {"restore": "กู้คืน", "files": "ย้ายไฟล์", "records": "ย้ายทะเบียน", "rebuild": "สร้างดัชนี"}
    given = settings.load_settings()
    with progress_bars(steps) as progress:
        restored = backup_restore.restore(
            given, source, progress, generation_prefix=generation, identity=identity
        )
        services = restored.services
        count = reindex.rebuild(
            services.records, services.index, progress=lambda done, total: progress("rebuild", done, total)
        )
    total = sum(services.announcements.count_by_status().values())
    click.echo(
        f"กู้คืนแล้วที่ {services.settings.data} {total:,} เรื่อง เผยแพร่และค้นหาได้ {count:,} เรื่อง"
        " (restored; of these, found by search)",
        err=True,
    )
    if restored.has_unverified_signature:
        click.echo(
            "ข้อมูลสำรองมีลายมือชื่อ แต่ไม่ได้บอกกุญแจ จึงยังไม่ได้ตรวจว่าเป็นของแท้ ถ้าไม่แน่ใจ ย้ายสิ่งที่กู้คืนออก แล้วกู้คืนอีกครั้งโดยตั้ง"
            " PRAKAT_BACKUP_SIGNING_KEY เป็นไฟล์กุญแจสาธารณะ (the backup is signed, but no key was given:"
            " not verified)",
            err=True,
        )
    click.echo(
        "สิ่งที่ถอน เพิกถอน ระงับ หรือเลิกติดตามหลังวันที่สำรอง กลับมาเป็นอย่างเดิม ก่อนเปิดเว็บ ตรวจประกาศในตารางงาน"
        " และ prakat user list, token list, stats (what was withdrawn, revoked, suspended or unsubscribed"
        " after the backup is back: look at these before residents do)",
        err=True,
    )
    _tell_other_places_in_restored_file(given)
    _tell_damaged_originals_and_fail(restored.damaged_originals)


def _tell_other_places_in_restored_file(given: Settings) -> None:
    """Print the settings that a restore went by where the restored ``prakat.toml`` has others."""
    places = ("database", "files", "search")
    environment = {
        name: text for name, text in os.environ.items() if name.removeprefix("PRAKAT_").lower() not in places
    }
    kept = settings.load_settings(environment, directory=given.data)
    if all(getattr(kept, name) == getattr(given, name) for name in places):
        return
    click.echo(
        f"{given.data / settings.FILE} ที่กู้คืนมาชี้ไปที่อื่น แก้ในไฟล์นั้น หรือเริ่มบริการด้วย"
        " (its settings name others: correct them there, or start with):",
        err=True,
    )
    for name in ("data", *places):
        click.echo(f"PRAKAT_{name.upper()}={getattr(given, name)}")


def _tell_damaged_originals_and_fail(paths: Sequence[Path]) -> None:
    """Name the originals that a backup holds damaged; the command then ends with 1."""
    for path in paths:
        said = "เสียหายในข้อมูลสำรอง จึงไม่ได้เข้าคลัง แนบไฟล์เดิมอีกครั้ง (damaged in the backup: attach it again)"
        click.echo(f"{path}: {said}", err=True)
    if paths:
        sys.exit(1)


COMMANDS = (check, backup, restore)
