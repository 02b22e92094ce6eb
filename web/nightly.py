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

from archive.errors import PrakatError
from indexer.scrub import FILES_EVERY, read_scrub_record
from web.backup_restore import rehearse_restore
from web.bootstrap import Services
from web.settings import Settings

log = logging.getLogger("prakat.nightly")

RESULT = "nightly.json"

OVERDUE = dt.timedelta(days=2)  # age of the last result above which a nightly run has been missed

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


@dataclass(frozen=True, slots=True)
class NightlyStep:
    """Outcome of one step. ``detail`` is one line for the officer; ``name`` is a key of ``STEP_NAMES``."""

    name: str
    is_ok: bool
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True)
class NightlyResult:
    """Outcome of one night. Times are in UTC."""

    began_at: dt.datetime
    finished_at: dt.datetime
    steps: tuple[NightlyStep, ...]

    @property
    def is_ok(self) -> bool:
        """True when every step succeeded."""
        return all(step.is_ok for step in self.steps)

    @property
    def is_overdue(self) -> bool:
        """True two days after the run ended: a later run has been missed."""
        return dt.datetime.now(dt.UTC) - self.finished_at > OVERDUE


def run_nightly(services: Services, destination: Path, *, identity: Path | None = None) -> NightlyResult:
    """Run all steps in order, whatever fails, and store the result; mails nothing.

    A step that fails does not stop the others. ``identity``: age private key with which the rehearsal opens
    an encrypted backup.
    """
    began_at = dt.datetime.now(dt.UTC)
    work: dict[str, Callable[[], str]] = {
        "backup": lambda: _back_up(services, destination),
        "check": lambda: _check(services),
        "scrub": lambda: _look_at_scrub(services),
        "restore": lambda: _rehearse(services, destination, identity),
    }
    steps = tuple(_run(name, step) for name, step in work.items())
    result = NightlyResult(began_at, dt.datetime.now(dt.UTC), steps)
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
        )
    return None


def _run(name: str, step: Callable[[], str]) -> NightlyStep:
    began = time.monotonic()
    try:
        is_ok, detail = True, step()
    except StepFoundFaults as found:
        is_ok, detail = False, str(found)
    except PrakatError as error:
        is_ok, detail = False, error.message
    except Exception as error:
        log.exception("step failed", extra={"step": name})
        is_ok, detail = False, f"{type(error).__name__}: {error}"
    return NightlyStep(name, is_ok, detail, round(time.monotonic() - began, 1))


def _back_up(services: Services, destination: Path) -> str:
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
    state = read_scrub_record(services.settings.data)
    if state.damaged_files:
        raise StepFoundFaults(
            f"ไฟล์ต้นฉบับเสียหายหรือหายไป (damaged originals): {_first(list(state.damaged_files))}"
        )
    last = state.files_finished_at or state.files_began_at
    if last and dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(last) > _SCRUB_OVERDUE:
        raise StepFoundFaults(
            f"อ่านทวนครบครั้งล่าสุดเมื่อ {last[:10]} ตรวจว่า prakat worker ทำงานอยู่ (scrub is overdue)"
        )
    return f"อ่านทวนแล้ว {state.files_checked:,} ไฟล์ (files read again)"


def _rehearse(services: Services, destination: Path, identity: Path | None) -> str:
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
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)
