"""Commands that bring documents into the archive and show its content."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import NotFound, Unavailable
from archive.importers.paperless import MANIFEST as PAPERLESS_MANIFEST
from archive.importers.site_rules import KINDS, load_site
from indexer.lazy_import import lazy_import
from web.commands.terminal import (
    ALL,
    InputPath,
    open_existing_services,
    open_services_of,
    organisation_option,
    print_table,
    progress_bar,
)

if TYPE_CHECKING:
    from indexer import reindex, scrub
    from indexer.extraction import attachment_reader
    from web import bagit_packages, importing
    from web.bootstrap import Services
    from web.importing import ImportReport
else:
    reindex = lazy_import("indexer.reindex")
    scrub = lazy_import("indexer.scrub")
    attachment_reader = lazy_import("indexer.extraction.attachment_reader")
    bagit_packages = lazy_import("web.bagit_packages")
    importing = lazy_import("web.importing")


@click.command("import")
@click.argument("path", type=InputPath())
@organisation_option
def import_(path: Path, organisation: str | None) -> None:
    """นำเข้าประกาศพร้อมไฟล์ · Import a JSON Lines manifest, a bag or a paperless-ngx export; safe to run again.

    PATH: a manifest beside its files, or a directory: a bag that prakat export made, or an export of
    paperless-ngx, whose documents become drafts. A manifest has one JSON object a line, with ref, title and
    published_on; the manual's page on installation (/help/officer-install) has a table of all fields.

    \b
    ตัวอย่าง · example:
      prakat import old-archive/manifest.jsonl
      prakat import bag-2026/
    """
    take = importer_of(path)
    services = open_services_of(organisation)
    with progress_bar("นำเข้า") as progress:
        report = take(services, path, progress)
    _tell(services, report)


def importer_of(path: Path) -> Callable[[Services, Path, Callable[[int, int], None]], ImportReport]:
    """Returns the importer of a manifest, bag or paperless-ngx export. Raises ``UsageError`` for others."""
    if path.is_file():
        return importing.import_manifest
    if bagit_packages.is_bag(path):
        return bagit_packages.import_bag
    if (path / PAPERLESS_MANIFEST).is_file():
        return importing.import_paperless
    raise click.UsageError(
        f"{path} ไม่ใช่ไฟล์ JSON Lines ถุงข้อมูล หรือชุดส่งออกของ paperless-ngx หน้าเว็บเดิมใช้ prakat import-site"
        " (neither a manifest, a bag nor an export of paperless-ngx; saved pages: prakat import-site)"
    )


@click.command("import-site")
@click.argument("path", type=InputPath())
@click.option(
    "--rules",
    metavar="KIND|FILE",
    help=f"ชนิดเว็บไซต์เดิม หรือไฟล์กฎของตน · kind of site ({', '.join(KINDS)}), or a rule file",
)
@organisation_option
def import_site(path: Path, rules: str | None, organisation: str | None) -> None:
    """นำเข้าและเผยแพร่หน้าเว็บเดิม · Import and publish an older site's pages; those with personal data as drafts.

    PATH: a directory with all that lies below it, or a single page, as saved; their files come too.

    \b
    ตัวอย่าง · example:
      prakat import-site saved-pages/
      prakat import-site saved-posts/ --rules wordpress
    """
    site = load_site(rules)
    services = open_services_of(organisation)
    with progress_bar("นำเข้า") as progress:
        report = importing.import_site(services, path, site, progress)
    _tell(services, report)


def _tell(services: Services, report: ImportReport) -> None:
    click.echo(f"เพิ่ม {report.added:,} เรื่อง มีอยู่แล้ว {report.already_present:,} เรื่อง แนบ {report.files:,} ไฟล์")
    if reindex.is_rebuild_needed(services.records, services.index):
        click.echo(
            "ยังค้นไม่พบ เพราะยังไม่มีดัชนีหรือดัชนีเก่า เริ่มบริการ หรือใช้คำสั่ง prakat reindex --if-needed"
            " (not found by search yet: the index is missing or outdated; start the service, or run this)",
            err=True,
        )
    for where, why in report.problems:
        click.echo(f"{where}: {why}", err=True)
    if report.problems:
        click.echo(
            f"พบปัญหา {len(report.problems):,} รายการ แก้แล้วใช้คำสั่งนี้ซ้ำได้ (problems; mend, run again)", err=True
        )
        sys.exit(1)


@click.command()
@click.argument("attachment_ids", nargs=-1, type=int)
@click.option("--failed", is_flag=True, help="ที่อ่านไม่สำเร็จ · those that failed")
@click.option("--if-needed", is_flag=True, help="ที่อ่านด้วยกฎเก่า · those read with older rules")
def reread(attachment_ids: tuple[int, ...], failed: bool, if_needed: bool) -> None:
    """อ่านเอกสารใหม่ในเบื้องหลัง · Read attachments again, in the background.

    \b
    ตัวอย่าง · example:
      prakat reread --failed
    """
    if not (attachment_ids or failed or if_needed):
        raise click.UsageError("ระบุเลขเอกสาร หรือ --failed หรือ --if-needed (say which)")
    services = open_existing_services()
    for attachment_id in attachment_ids:  # an unknown one is named before anything is done
        try:
            services.attachments.get(attachment_id)
        except NotFound as error:
            raise NotFound(f"ไม่พบเอกสารแนบ {attachment_id} (no such attachment)") from error
    ids: set[int] = set()
    if failed:
        ids |= set(services.jobs.list_failed())
    if if_needed:
        ids |= set(services.jobs.list_outdated(attachment_reader.RULES))
    count = services.jobs.queue_again(attachment_ids, should_reread_good_pages=True)
    count += services.jobs.queue_again(sorted(ids.difference(attachment_ids)))
    click.echo(f"รอแปลงใหม่ เอกสาร {count:,} ฉบับ")


@click.command("stats")
@click.option("--json", "as_json", is_flag=True, help="สำหรับโปรแกรม · for programs")
@organisation_option
def archive_contents(as_json: bool, organisation: str | None) -> None:
    """สิ่งที่เก็บไว้ · What the archive holds.

    \b
    ตัวอย่าง · example:
      prakat stats --json
    """
    services = open_services_of(organisation, default_when_several=ALL, opened=open_existing_services)
    held: dict[str, dict[str, Any]] = {
        "announcements": services.announcements.count_by_status(),
        "attachments": services.jobs.count_by_status(),
        "pages": services.pages.count_by_source(),
        "followers": {"confirmed": services.subscriptions.count_confirmed()},
    }
    if services.is_whole_installation:  # files and index are all organisations'
        files = list(services.files.all())
        held["files"] = {"count": len(files), "bytes": sum(file.size for file in files)}
        held["index"] = _index_figures(services)
        state = scrub.read_scrub_record(services.settings.data)
        held["scrub"] = {
            "index_checked_at": state.index_checked_at or None,
            "files_finished_at": state.files_finished_at or None,
            "files_checked": state.files_checked,
            "bytes_checked": state.bytes_checked,
            "damaged_files": state.damaged_files,
        }
    if as_json:
        click.echo(json.dumps(held, ensure_ascii=False))
        return
    for title, rows in held.items():
        print_table(_TITLES[title], {_NAMES[name]: _in_words(value) for name, value in rows.items()})


def _index_figures(services: Services) -> dict[str, int | None]:
    """Returns the figures of the index; None for those of an index that another version made."""
    damaged = len(services.index.noted_damage())
    try:
        behind = services.history.last_change() - services.index.position()
        return {"announcements": services.index.count(), "behind": behind, "damaged": damaged}
    except Unavailable:
        return {"announcements": None, "behind": None, "damaged": damaged}


def _in_words(value: Any) -> object:
    """Returns a value of ``stats`` for a table: the number of entries of a dict, a dash for None."""
    return len(value) if isinstance(value, dict) else "-" if value is None else value


_TITLES = {
    "announcements": "ประกาศ · announcements",
    "attachments": "เอกสารแนบ · attachments",
    "pages": "หน้า · pages",
    "followers": "ผู้ติดตามทางอีเมล · followers by email",
    "files": "ไฟล์ต้นฉบับ · files",
    "index": "ดัชนี · index",
    "scrub": "การอ่านทวนอย่างช้า · slow scrub",
}
_NAMES = {
    "announcements": "ประกาศ",
    "draft": "ฉบับร่าง",
    "published": "เผยแพร่",
    "confirmed": "ยืนยันแล้ว",
    "withdrawn": "ถอนแล้ว",
    "trashed": "ถังขยะ",
    "waiting": "รอแปลงข้อความ",
    "reading": "กำลังแปลงข้อความ",
    "ready": "แปลงแล้ว",
    "failed": "แปลงไม่ได้",
    "embedded": "มีข้อความในไฟล์",
    "ocr": "อ่านจากภาพ",
    "none": "ไม่มีข้อความ",
    "count": "จำนวน",
    "bytes": "ไบต์",
    "behind": "การเปลี่ยนแปลงที่ยังไม่เข้าดัชนี",
    "damaged": "ส่วนที่เสียหาย",
    "index_checked_at": "อ่านทวนดัชนีครบล่าสุด",
    "files_finished_at": "อ่านทวนไฟล์ครบล่าสุด",
    "files_checked": "ไฟล์ที่อ่านทวนแล้ว",
    "bytes_checked": "ไบต์ที่อ่านทวนแล้ว",
    "damaged_files": "ไฟล์ที่เสียหายหรือหายไป",
}

COMMANDS = (import_, import_site, reread, archive_contents)
