"""The work of every night: back up, check, look at the slow scrub, rehearse a restore, keep the result.

The result is one JSON file in the data directory. The readiness check, the metrics and the pages of staff
read it from there.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from archive.durable_files import replace_durably
from archive.errors import PrakatError
from indexer.scrub import FILES_EVERY, faulty_originals, read_scrub_record
from web.backup_restore import (
    compare_stored_backup,
    is_last_backup_gone,
    is_newest_backup_encrypted,
    rehearse_restore,
)
from web.bootstrap import Services
from web.settings import Settings

log = logging.getLogger("prakat.nightly")

RESULT = "nightly.json"

OVERDUE = dt.timedelta(days=2)  # age of the last result above which a nightly run has been missed

REHEARSAL_OVERDUE = dt.timedelta(days=60)  # age of the last restore above which the backup is unproved

_SCRUB_OVERDUE = 2 * FILES_EVERY  # a pass over large originals may take longer than its period
_MOST_NAMED = 5  # findings named in one line

STEP_NAMES = {
    "backup": "สำรองข้อมูล",
    "check": "ตรวจคลัง",
    "scrub": "อ่านทวนไฟล์",
    "restore": "ซ้อมกู้คืน",
}


class StepFoundFaults(Exception):
    """Raised by a step that ran to its end and found something that a person must look at."""


class StepSkipped(Exception):
    """Raised by a step that found no fault, but could not do its work on this machine."""


@dataclass(frozen=True, slots=True)
class NightlyStep:
    """Outcome of one step. ``detail`` is one line for the officer; ``name`` is a key of ``STEP_NAMES``.

    A step that was skipped found no fault: ``is_ok`` is True. ``code``: that of the error that stopped it.
    """

    name: str
    is_ok: bool
    detail: str
    seconds: float
    is_skipped: bool = False
    code: str = ""

    @property
    def sign(self) -> str:
        """Sign of the outcome in lists: done, skipped or failed."""
        return "✗" if not self.is_ok else "–" if self.is_skipped else "✓"


@dataclass(frozen=True, slots=True)
class NightlyResult:
    """Outcome of one night. Times are in UTC.

    ``rehearsed_at``: when a backup was last restored and compared, in this night or an earlier one; None for
    never.
    """

    began_at: dt.datetime
    finished_at: dt.datetime
    steps: tuple[NightlyStep, ...]
    rehearsed_at: dt.datetime | None = None

    @property
    def is_ok(self) -> bool:
        """True when no step failed; a skipped one did not."""
        return all(step.is_ok for step in self.steps)

    @property
    def is_overdue(self) -> bool:
        """True two days after the run ended: a later run has been missed."""
        return dt.datetime.now(dt.UTC) - self.finished_at > OVERDUE

    @property
    def is_rehearsal_overdue(self) -> bool:
        """True where no backup was restored and compared for sixty days."""
        return self.rehearsed_at is None or dt.datetime.now(dt.UTC) - self.rehearsed_at > REHEARSAL_OVERDUE


def run_nightly(services: Services, destination: Path, *, identity: Path | None = None) -> NightlyResult:
    """Run all steps in order, whatever fails, and store the result; mails nothing.

    ``identity``: age private key with which the rehearsal opens an encrypted backup. Without it the rehearsal
    of one is skipped: its stored bytes are compared.
    """
    earlier = read_nightly(services.settings)
    began_at = dt.datetime.now(dt.UTC)
    work: dict[str, Callable[[], str]] = {
        "backup": lambda: _back_up(services, destination),
        "check": lambda: _check(services),
        "scrub": lambda: _look_at_scrub(services),
        "restore": lambda: _rehearse(services, destination, identity),
    }
    steps = tuple(_run(name, step) for name, step in work.items())
    rehearsed_at = earlier.rehearsed_at if earlier else None
    if any(step.name == "restore" and step.is_ok and not step.is_skipped for step in steps):
        rehearsed_at = began_at
    result = NightlyResult(began_at, dt.datetime.now(dt.UTC), steps, rehearsed_at)
    _write_result(result, services.settings.data / RESULT)
    return result


def read_nightly(settings: Settings) -> NightlyResult | None:
    """Returns the result of the last night; None before the first or when it cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((settings.data / RESULT).read_text(encoding="utf-8"))
        return NightlyResult(
            dt.datetime.fromisoformat(kept["began_at"]),
            dt.datetime.fromisoformat(kept["finished_at"]),
            tuple(NightlyStep(**step) for step in kept["steps"]),
            dt.datetime.fromisoformat(moment) if (moment := kept.get("rehearsed_at")) else None,
        )
    return None


def _run(name: str, step: Callable[[], str]) -> NightlyStep:
    began = time.monotonic()
    is_skipped, code = False, ""
    try:
        is_ok, detail = True, step()
    except StepSkipped as skipped:
        is_ok, is_skipped, detail = True, True, str(skipped)
    except StepFoundFaults as found:
        is_ok, detail = False, str(found)
    except PrakatError as error:
        is_ok, detail, code = False, error.message, error.code
    except Exception as error:
        log.exception("step failed", extra={"step": name})
        is_ok, detail = False, f"{type(error).__name__}: {error}"
    return NightlyStep(name, is_ok, detail, round(time.monotonic() - began, 1), is_skipped, code)


def _back_up(services: Services, destination: Path) -> str:
    if is_last_backup_gone(services.settings, destination):
        raise StepFoundFaults(
            f"ยังไม่สำรอง ข้อมูลสำรองครั้งก่อนอยู่ที่ {destination} แต่ตอนนี้ไม่อยู่ที่นั่น ดิสก์สำรองคงไม่ได้ต่อ"
            " หรือเป็นคนละดิสก์ ต่อแล้วใช้"
            f" systemctl start prakat-nightly ถ้าตั้งใจเริ่มดิสก์ใหม่ ใช้คำสั่ง prakat backup {destination}/ หนึ่งครั้ง"
            " (the last backup is not there: mount its disk, or begin a new one with prakat backup)"
        )
    destination.mkdir(mode=0o700, parents=True, exist_ok=True)
    report = services.backups.make_backup(destination, lambda _step, _done, _total: None)
    harmed = [
        *report.damaged_in_archive,
        *report.missing_in_archive,
        *report.copied_again,
        *report.lost_in_both,
    ]
    said = f"{report.files:,} ไฟล์ ใหม่ {report.copied:,} ไฟล์ ({report.generations:,} ชุด) ที่ {destination}"
    if harmed:
        raise StepFoundFaults(f"{said} ไฟล์เสียหายหรือหายไป {len(harmed):,} ไฟล์ (damaged): {_first(harmed)}")
    return said


def _check(services: Services) -> str:
    report = services.check_consistency()
    open_findings = [finding for finding in report.findings if not finding.mended]
    if open_findings:
        named = _first([f"{finding.code} {finding.subject}" for finding in open_findings])
        raise StepFoundFaults(f"พบ {len(open_findings):,} รายการ (findings): {named} ดูด้วย prakat check")
    checked = report.checked
    return f"{checked['announcements']:,} เรื่อง {checked['files']:,} ไฟล์ ไม่พบสิ่งผิดปกติ (clean)"


def _look_at_scrub(services: Services) -> str:
    if damaged := faulty_originals(services.settings.data):
        raise StepFoundFaults(f"ไฟล์ต้นฉบับเสียหายหรือหายไป (damaged originals): {_first(sorted(damaged))}")
    state = read_scrub_record(services.settings.data)
    last = state.files_finished_at or state.files_began_at
    if last and dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(last) > _SCRUB_OVERDUE:
        raise StepFoundFaults(
            f"อ่านทวนครบครั้งล่าสุดเมื่อ {last[:10]} ตรวจว่า prakat worker ทำงานอยู่ (scrub is overdue)"
        )
    return f"อ่านทวนแล้ว {state.files_checked:,} ไฟล์ (files read again)"


def _rehearse(services: Services, destination: Path, identity: Path | None) -> str:
    if identity is None and is_newest_backup_encrypted(destination):
        manifest = compare_stored_backup(services.settings, destination)
        raise StepSkipped(
            f"ข้าม: ชุด {manifest.generation} เข้ารหัสไว้ เครื่องนี้ไม่มีกุญแจ"
            f" อ่านครบ {len(manifest.members):,} ไฟล์ ไม่เสียหาย"
            f" ซ้อมเองเดือนละครั้ง: prakat nightly {destination}/ --identity identity.txt"
            " (skipped: encrypted, and no key here; every stored byte is as it was)"
        )
    manifest = rehearse_restore(services.settings, destination, identity)
    return f"กู้คืนชุด {manifest.generation} ได้ครบ {len(manifest.members):,} ไฟล์ (restored and compared)"


def _first(names: list[str]) -> str:
    more = f" … (+{len(names) - _MOST_NAMED:,})" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _write_result(result: NightlyResult, path: Path) -> None:
    content = {
        "began_at": result.began_at.isoformat(timespec="seconds"),
        "finished_at": result.finished_at.isoformat(timespec="seconds"),
        "steps": [asdict(step) for step in result.steps],
        "rehearsed_at": result.rehearsed_at and result.rehearsed_at.isoformat(timespec="seconds"),
    }
    replace_durably(path, json.dumps(content, ensure_ascii=False, indent=1))
