"""Consistency check: compares records, files, jobs and index on a running service, and repairs faults.

Nothing is deleted but what was to be erased by order. Work that a running service is only about to do is
not reported as a fault: an index entry that looks wrong is checked again once the index is level with the
records.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial

from archive.eraser import Eraser
from archive.errors import DatabaseDamaged, PrakatError
from archive.hashing import sha256_of_stream
from archive.model import Attachment, ReadingStatus
from archive.ports import Database, Examination, Files, Jobs, Progress, StoredFile
from archive.repositories import Records
from indexer.index_sync import BATCH_SIZE, load_public, sync_batch
from indexer.reindex import NO_LIMIT, is_ahead_of_records, rebuild
from indexer.search.ports import SearchIndex
from indexer.worker import LEASE

PATIENCE = 10.0
"""Seconds without any progress after which the index is reported as behind, or a job as stuck."""

_LOOKS = 3  # number of repeated checks of an index entry before it is reported as wrong


_THEN_ACCEPT = "หาว่าใครทำ เทียบกับข้อมูลสำรอง แล้วยอมรับทุกอย่างที่พบด้วย prakat check --acknowledge ชื่อ"
MESSAGES = {
    "database-damaged": "ฐานข้อมูลเสียหาย กรุณากู้คืนจากข้อมูลสำรอง (database is damaged: restore a backup)",
    "unreadable": "อ่านไม่ได้ (cannot be read)",
    "open-to-others": "ผู้ใช้อื่นในเครื่องอ่านข้อมูลได้ ใช้คำสั่ง prakat check --repair เพื่อปิด"
    " (others on this machine can read the data: check --repair closes it)",
    "file-missing": "ไม่พบไฟล์ต้นฉบับ คัดลอกไฟล์นี้คืนจากข้อมูลสำรอง หรือแนบไฟล์เดิมอีกครั้ง"
    " (original is missing: copy this file back from a backup, or attach it again)",
    "file-damaged": "ไฟล์ต้นฉบับเสียหาย คัดลอกไฟล์นี้คืนจากข้อมูลสำรอง หรือแนบไฟล์เดิมอีกครั้ง"
    " (original is damaged: copy this file back from a backup, or attach it again)",
    "pages-missing": "ข้อความของบางหน้าหายไป ต้องแปลงใหม่ (text of some pages is missing: to be read again)",
    "job-stuck": "การอ่านค้าง ไม่มีตัวอ่านใดทำต่อ (reading is stuck)",
    "index-missing": "ยังไม่มีดัชนีค้นหา (there is no index)",
    "index-damaged": "ดัชนีค้นหาเสียหาย (index is damaged)",
    "index-outdated": "ดัชนีทำด้วยกฎหรือคำชุดเก่า (index was made with older rules or words)",
    "index-ahead": "ดัชนีใหม่กว่าฐานข้อมูล ฐานข้อมูลอาจสูญการเปลี่ยนแปลงล่าสุด"
    " (index knows changes that the database has lost)",
    "index-behind": "ดัชนีตามทะเบียนไม่ทัน (index does not follow the records)",
    "index-lacks": "ประกาศที่เผยแพร่ไม่อยู่ในดัชนี (published, but not in the index)",
    "index-extra": "ดัชนีมีประกาศที่ไม่ได้เผยแพร่ (in the index, but not published)",
    "index-differs": "ดัชนีไม่ตรงกับทะเบียน (index differs from the record)",
    "changes-lost": "ดัชนีเคยใหม่กว่าฐานข้อมูล การเปลี่ยนแปลงล่าสุดสูญหายไป กรุณาเทียบกับข้อมูลสำรอง แล้วรับทราบด้วย"
    " prakat check --acknowledge ชื่อ (the index was ahead: changes were lost; acknowledge it)",
    "record-damaged": "รายการนี้ในฐานข้อมูลอ่านไม่ได้ หน้าเว็บแสดงรายการอื่นต่อไปโดยไม่มีรายการนี้ กรุณากู้คืนจากข้อมูลสำรอง"
    " (a row cannot be read; pages go on without it: restore it from a backup)",
    "words-encoding": "words.txt ไม่ได้บันทึกเป็น UTF-8 ระบบอ่านเป็น TIS-620 กรุณาบันทึกใหม่เป็น UTF-8"
    " (words.txt is not UTF-8 and was read as TIS-620: save it as UTF-8)",
    "record-inserted": f"มีข้อมูลที่ไม่ได้บันทึกผ่านระบบ {_THEN_ACCEPT} (inserted behind the archive's back)",
    "record-deleted": f"ข้อมูลถูกลบโดยไม่ผ่านระบบ {_THEN_ACCEPT} (deleted behind the archive's back)",
    "record-altered": f"ข้อมูลถูกแก้ไขโดยไม่ผ่านระบบ {_THEN_ACCEPT} (altered behind the archive's back)",
    "audit-broken": f"ห่วงโซ่บันทึกการเปลี่ยนแปลงขาดหรือถูกแก้ไข {_THEN_ACCEPT} (the audit chain is broken)",
    "archive-went-back": "คลังมีน้อยกว่าข้อมูลสำรองล่าสุด ฐานข้อมูลอาจสูญหายหรือถูกแทนที่ด้วยของเก่า"
    " (the archive has less than its last backup)",
    "backup-altered": "ข้อมูลสำรองล่าสุดไม่ใช่อย่างที่สำรองไว้ กรุณาสำรองใหม่ที่อื่นและตรวจดูว่าใครแก้ไข"
    " (the last backup is not what was made)",
    "erased-file-left": "ไฟล์ที่มีคำสั่งให้ลบถาวรยังอยู่ ใช้คำสั่ง prakat check --repair เพื่อลบ"
    " (something of a file that was erased by order is still there: check --repair deletes it)",
    "file-unused": "ไฟล์ที่ไม่มีประกาศใดใช้ เก็บไว้ตามเดิม (used by no announcement; kept)",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault that was found.

    ``code`` is a key of ``MESSAGES``, ``subject`` names the faulty object, ``detail`` says what was seen.
    ``announcement_ids``: the announcements of the attachments that either names, ascending.
    """

    code: str
    subject: str
    detail: str = ""
    mended: bool = False
    announcement_ids: tuple[int, ...] = ()

    @property
    def sha256(self) -> str:
        """SHA-256 of the original that is damaged or missing; "" for any other finding."""
        return {"file-damaged": self.subject, "file-missing": self.detail}.get(self.code, "")


_ATTACHMENT = re.compile(r"\battachment (\d+)")


@dataclass(slots=True)
class ConsistencyReport:
    """Result of a check. ``findings`` need action, ``notes`` do not; ``checked`` counts checked objects."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    checked: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("announcements", "attachments", "pages", "files", "bytes"), 0)
    )

    @property
    def needs_no_action(self) -> bool:
        """Returns True if there are no findings, or all of them were repaired."""
        return all(finding.mended for finding in self.findings)


@dataclass(slots=True)
class ConsistencyCheck:
    """A check of everything; ``should_repair`` mends what it can and deletes only what was to be erased."""

    _records: Records
    _jobs: Jobs
    _files: Files
    _index: SearchIndex
    _database: Database
    _eraser: Eraser
    _: KW_ONLY
    should_repair: bool
    examinations: Sequence[Examination] = ()
    progress: Progress = lambda _step, _done, _total: None
    _report: ConsistencyReport = field(default_factory=ConsistencyReport)
    _announcement_ids: dict[int, int] = field(default_factory=dict)  # by the id of each attachment

    def run(self) -> ConsistencyReport:
        """Checks once and returns the report. Takes about as long as reading every stored byte."""
        examinations = [(type(each).__name__, partial(self._examine, each)) for each in self.examinations]
        steps: list[tuple[str, Callable[[], None]]] = [
            ("database", self._check_database),
            *examinations,
            ("references", self._check_references),
            ("files", self._check_files),
            ("erasures", self._check_erasures),
            ("records", self._check_records),
            ("jobs", self._check_jobs),
            ("index", self._check_index),
            ("incidents", self._check_incidents),
        ]
        for subject, step in steps:
            with self._errors_as_findings(subject):
                step()
        self._report.findings = [*map(self._with_announcement_ids, self._report.findings)]
        return self._report

    def _with_announcement_ids(self, finding: Finding) -> Finding:
        named = map(int, _ATTACHMENT.findall(f"{finding.subject} {finding.detail}"))
        ids = {self._announcement_ids[id] for id in named if id in self._announcement_ids}
        return replace(finding, announcement_ids=tuple(sorted(ids)))

    @contextmanager
    def _errors_as_findings(self, subject: str) -> Iterator[None]:
        """Records an error that stops a step as a finding, so that the next step still runs."""
        try:
            yield
        except DatabaseDamaged as error:
            if not any(finding.code == "database-damaged" for finding in self._report.findings):
                self._find("database-damaged", "database", f"{subject}: {error.__cause__}")
        except PrakatError as error:
            self._find(_index_code(error, otherwise="unreadable"), subject, str(error))
        except OSError as error:
            self._find("unreadable", subject, str(error))

    def _find(self, code: str, subject: str, detail: str = "", *, mended: bool = False) -> None:
        self._report.findings.append(Finding(code, subject, detail, mended))

    # database and files

    def _check_database(self) -> None:
        for fault in self._database.find_faults():
            self._find("database-damaged", "database", fault)

    def _check_references(self) -> None:
        """Reports rows that refer to an absent row, with the finding of the absent row if there is one."""
        for absent, rows in self._database.find_dangling_rows_by_missing_row().items():
            detail = f"referred to by {', '.join(rows)}"
            for place, finding in enumerate(self._report.findings):
                if (finding.code, finding.subject) == ("record-deleted", absent):
                    self._report.findings[place] = replace(finding, detail=f"{finding.detail}\n{detail}")
                    break
            else:
                self._find("database-damaged", absent, detail)

    def _examine(self, examination: Examination) -> None:
        for fault in examination.find_faults():
            mended = self.should_repair and fault.mend is not None and fault.mend()
            self._find(fault.code, fault.subject, fault.detail, mended=mended)

    def _check_files(self) -> None:
        total = sum(1 for _ in self._files.all())
        for done, stored in enumerate(self._files.all(), start=1):
            self._check_file(stored)
            self._report.checked["files"] += 1
            self._report.checked["bytes"] += stored.size
            self.progress("files", done, max(done, total))

    def _check_file(self, stored: StoredFile) -> None:
        """Compares a file's SHA-256 with its name, and notes a file that no attachment uses."""
        users = [
            *(f"attachment {each.id}" for each in self._records.attachments.with_file(stored.sha256)),
            *(
                f"attachment {each.id}"
                for each in self._records.attachments.with_file(stored.sha256, is_detached=True)
            ),
            *(
                f"attachment {each.attachment_id} version {each.number}"
                for each in self._records.file_versions.with_file(stored.sha256)
            ),
        ]
        used_by = ", ".join(users)
        try:
            found = _hash(self._files, stored.sha256)
        except (OSError, PrakatError) as error:
            self._find("unreadable", stored.sha256, f"{used_by}: {error}")
            return
        if found != stored.sha256:
            self._find("file-damaged", stored.sha256, used_by)
        if not users:
            self._report.notes.append(Finding("file-unused", stored.sha256))

    def _check_erasures(self) -> None:
        """Reports files that were to be erased by order and of which something is left; erases them."""
        for erasure in self._records.erasures.all():
            left = self._eraser.files_still_to_erase(erasure)
            if left and self.should_repair:
                self._eraser.finish(erasure)
            for sha256 in left:
                self._find("erased-file-left", f"erasure {erasure.id}", sha256, mended=self.should_repair)

    # records

    def _check_records(self) -> None:
        ids = [id for id, _ in self._records.history.changed_since(0, limit=NO_LIMIT)]
        for done in range(0, len(ids), BATCH_SIZE):
            batch = ids[done : done + BATCH_SIZE]
            listed = [
                one for group in self._records.attachments.by_announcement(batch).values() for one in group
            ]
            waiting = self._records.attachments.replacements(one.id for one in listed)
            attachments = [*listed, *waiting.values()]
            texts = self._records.pages.texts_by_attachment(attachment.id for attachment in attachments)
            for attachment in attachments:
                self._check_attachment(attachment, len(texts.get(attachment.id, ())))
            for id in batch:
                self._check_detached(id)
            self._report.checked["announcements"] += len(batch)
            self._report.checked["attachments"] += len(attachments)
            self._report.checked["pages"] += sum(map(len, texts.values()))
            self.progress("records", min(done + BATCH_SIZE, len(ids)), len(ids))

    def _check_attachment(self, attachment: Attachment, pages: int) -> None:
        self._announcement_ids[attachment.id] = attachment.announcement_id
        subject = f"attachment {attachment.id}"
        if not self._files.exists(attachment.sha256):
            self._find("file-missing", subject, attachment.sha256)
        for version in self._records.file_versions.by_attachment(attachment.id):
            if not self._files.exists(version.sha256):
                self._find("file-missing", f"{subject} version {version.number}", version.sha256)
        if attachment.status is ReadingStatus.READY and pages != attachment.page_count:
            mended = self.should_repair and self._jobs.queue_again([attachment.id]) == 1
            self._find("pages-missing", subject, f"{pages}/{attachment.page_count}", mended=mended)

    def _check_detached(self, announcement_id: int) -> None:
        """Reports the missing files of detached attachments, which come back when they are attached again."""
        for attachment in self._records.attachments.detached(announcement_id):
            self._announcement_ids[attachment.id] = announcement_id
            if not self._files.exists(attachment.sha256):
                self._find("file-missing", f"attachment {attachment.id}", attachment.sha256)

    def _check_jobs(self) -> None:
        """Reports jobs that no worker continues.

        A running worker requeues abandoned jobs within a second or two, so the check waits for that.
        """
        stuck = self._lapsed()
        deadline = time.monotonic() + PATIENCE
        while stuck and time.monotonic() < deadline:
            time.sleep(0.2)
            stuck &= self._lapsed()
        if stuck and self.should_repair:
            self._jobs.settle_lapsed(lease=LEASE, now=dt.datetime.now(dt.UTC))
        for attachment_id in sorted(stuck):
            self._find("job-stuck", f"attachment {attachment_id}", mended=self.should_repair)

    def _lapsed(self) -> set[int]:
        return set(self._jobs.list_lapsed(lease=LEASE, now=dt.datetime.now(dt.UTC)))

    # index

    def _check_index(self) -> None:
        """Reports faults of the index that only a rebuild repairs; if there are none, wrong entries."""
        beyond = self._beyond_following()
        if not beyond:
            self._follow_up()
            self._check_entries()
            return
        mended = False
        if self.should_repair:
            rebuild(self._records, self._index, progress=self._step("rebuild"))
            mended = not self._beyond_following()
        for code, detail in beyond:
            self._find(code, "index", detail, mended=mended)

    def _beyond_following(self) -> list[tuple[str, str]]:
        try:
            if self._index.manifest() is None:
                return [("index-missing", "")] if self._records.history.last_change() else []
            found = [("index-damaged", name) for name in self._index.find_damage()]
            if not self._index.is_current():
                found.append(("index-outdated", ""))
            if is_ahead_of_records(self._records, self._index):
                found.append(
                    (
                        "index-ahead",
                        f"{self._index.position()} > {self._records.history.last_change()}",
                    )
                )
        except PrakatError as error:
            return [(_index_code(error, otherwise="index-damaged"), str(error))]
        return found

    def _follow_up(self) -> None:
        """Reports the index as behind when it does not catch up with the records within ``PATIENCE``."""
        wanted = self._records.history.last_change()
        behind = wanted - self._index.position()
        if self._reaches(wanted):
            return
        if self.should_repair:
            while sync_batch(self._records, self._index):
                pass
        self._find("index-behind", "index", f"{behind}", mended=self.should_repair)

    def _reaches(self, wanted: int) -> bool:
        """Waits until the index is at ``wanted``; False after ``PATIENCE`` seconds without any progress."""
        position, deadline = self._index.position(), time.monotonic() + PATIENCE
        while position < wanted:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
            if self._index.position() != position:
                position, deadline = self._index.position(), time.monotonic() + PATIENCE
        return True

    def _check_entries(self) -> None:
        public = {id for id, _ in self._records.history.changed_since(0, limit=NO_LIMIT)}
        wrong = self._wrong(public | set(self._index.ids()), self._step("index"))
        for _ in range(_LOOKS):
            if wrong:
                self._reaches(self._records.history.last_change())
                wrong = self._certain(wrong)
        left = self._mend(wrong) if wrong and self.should_repair else wrong
        for id, code in sorted(wrong.items()):
            self._find(code, f"announcement {id}", mended=id not in left)

    def _certain(self, ids: Iterable[int]) -> dict[int, str]:
        """Returns the faults of announcements that the index has followed and that are unchanged since."""
        position, before = self._index.position(), self._changes(ids)
        wrong = self._wrong(ids)
        after = self._changes(wrong)
        return {
            id: code
            for id, code in wrong.items()
            if before.get(id) == after.get(id) and after.get(id, 0) <= position
        }

    def _changes(self, ids: Iterable[int]) -> dict[int, int]:
        return {
            id: announcement.change for id, announcement in self._records.announcements.get_many(ids).items()
        }

    def _mend(self, wrong: Iterable[int]) -> dict[int, str]:
        """Syncs the wrong announcements again, rebuilds if that fails, and returns those still wrong."""
        self._records.history.queue_for_indexing(sorted(wrong))
        while sync_batch(self._records, self._index):
            pass
        left = self._wrong(wrong)
        if left:
            rebuild(self._records, self._index, progress=self._step("rebuild"))
            left = self._wrong(left)
        return left

    def _wrong(
        self, ids: Iterable[int], progress: Callable[[int, int], None] = lambda _done, _total: None
    ) -> dict[int, str]:
        """Returns the fault code of each announcement of ``ids`` that is wrong in the index."""
        wanted = sorted(ids)
        wrong: dict[int, str] = {}
        for done in range(0, len(wanted), BATCH_SIZE):
            batch = wanted[done : done + BATCH_SIZE]
            wrong |= self._wrong_in(batch)
            progress(min(done + BATCH_SIZE, len(wanted)), len(wanted))
        return wrong

    def _wrong_in(self, batch: list[int]) -> dict[int, str]:
        held = set(self._index.ids()).intersection(batch)
        entries = {entry.announcement.id: entry for entry in load_public(self._records, batch)}
        settled = [
            entry
            for id, entry in entries.items()
            if id in held and all(attachment.status in _SETTLED for attachment, _ in entry.attachments)
        ]
        return (
            dict.fromkeys(held - entries.keys(), "index-extra")
            | dict.fromkeys(entries.keys() - held, "index-lacks")
            | dict.fromkeys(self._index.find_differing(settled), "index-differs")
        )

    def _check_incidents(self) -> None:
        for incident in self._records.incidents.list_open():
            self._find(
                incident.code, incident.subject, f"{incident.detail}, {incident.found_at:%Y-%m-%d %H:%M}Z"
            )

    def _step(self, name: str) -> Callable[[int, int], None]:
        return lambda done, total: self.progress(name, done, total)


_SETTLED = {ReadingStatus.READY, ReadingStatus.FAILED}
"""States in which an attachment's text is final.

While an attachment is read its pages are saved one by one, and the index is synced when all are saved.
"""


def _index_code(error: PrakatError, *, otherwise: str) -> str:
    """Returns the finding of an error of the index, or ``otherwise``."""
    return error.code if error.code in ("index-damaged", "index-outdated") else otherwise


def _hash(files: Files, sha256: str) -> str:
    with files.open(sha256) as stream:
        return sha256_of_stream(stream)
