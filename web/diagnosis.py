"""Looks for what is missing, wrongly set, unsafe or slow on this machine; names the command that mends it."""

from __future__ import annotations

import datetime as dt
import os
import resource
import shutil
import stat
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from archive.errors import Invalid, PrakatError, SettingsError
from archive.model import Role
from indexer.extraction import sandbox
from indexer.extraction.ocr.tesseract import OWN_MODEL, SYSTEM_MODELS
from indexer.inbox import is_passed_over
from indexer.processors import count_processors
from indexer.reindex import count_left_out, is_rebuild_needed
from indexer.scrub import attachments_with_faulty_file, faulty_originals
from web import settings
from web.adapters import backup_keys
from web.archive_traces import USUAL_DATA, is_archive_elsewhere, may_hold_archive
from web.background_worker import inbox_targets, watched_folder_command
from web.backup_restore import backup_generations, last_backup_place, plain_generations
from web.bootstrap import Services, build_services
from web.database_connection import data_open_to_others, libraries_command, wheel_name
from web.nightly import OVERDUE, REHEARSAL_OVERDUE, NightlyResult, NightlyStep, read_nightly
from web.organisations import is_front_host
from web.serving.health import CHECKS, LEAST_FREE
from web.settings import LOCAL_ADDRESS, Settings, postmaster_address

LEAST_MEMORY = 2 << 30
"""Bytes of memory below which reading scans swaps: a page needs up to 1 GiB, the web processes 0.4 GB."""

SLOW_SYNC = 0.05
"""Seconds for one fsync above which saving is slow: a disk of 2010 needs 0.02 s, an SSD 0.002 s."""

LEAST_OPEN_FILES = 1024  # descriptors; each waiting client and each part of the index takes one

MOST_CLOCK_DIFFERENCE = 5.0
"""Seconds between this clock and the database server's: two machines may then differ by the ten seconds of a
duty's lease (``indexer.leader_leases.LEASE``), and both do it."""

_SYNCS = 7  # measured; the middle one counts
_NETWORK_DISKS = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"}
"""File systems on which SQLite's locks and write-ahead log are not reliable (sqlite.org/wal.html)."""

_LIBRARIES = {"postgresql": "psycopg", "postgres": "psycopg", "s3": "boto3", "opensearch": "opensearchpy"}
_SECRET_LENGTH = 32  # characters of a key that nobody guesses
_ALL_ADDRESSES = {"0.0.0.0/0", "::/0"}
_INSTALL_MODELS = "apt-get install tesseract-ocr-tha tesseract-ocr-eng tesseract-ocr-osd"
_PIP = Path(sys.executable).with_name("pip")
_SERVE_HTTPS = (
    "ทำตามหัวข้อ “เปิดให้ใช้ผ่าน https” ในคู่มือหน้า “ติดตั้งและปรับรุ่น”: nginx ใบรับรอง และ nginx.conf"
    " (follow 'Serve it over https' in the manual)"
)
_BEGIN_OR_RESTORE = (
    "เริ่มครั้งแรก: systemctl start prakat; หลังดิสก์เสีย: prakat restore /var/backups/prakat"
    " (the first start; after a loss: restore)"
)
_ASK_ABOUT_USUAL_DATA = f"runuser -u prakat -- env PRAKAT_DATA={USUAL_DATA} prakat doctor"
_RUN_NIGHTLY = "systemctl enable --now prakat-nightly.timer && systemctl start prakat-nightly"
_NIGHT_REMEDIES = {
    "backup": (
        "df -h {place}; ls -ld {place}; journalctl -u prakat-nightly -n 50;"
        " แก้ตามข้อความแล้ว systemctl start prakat-nightly"
    ),
    "check": (
        "prakat check --repair; ที่ยังเหลือ ทำตามตาราง “สิ่งที่ prakat check พบได้” ในคู่มือ"
        " (what is left: see the manual); systemctl start prakat-nightly"
    ),
    "scrub": "systemctl status prakat; prakat check; systemctl start prakat-nightly",
    "restore": (
        "prakat backup {place}/ --verify; systemctl start prakat-nightly"
        " (เข้ารหัสไว้: prakat nightly {place}/ --identity identity.txt)"
    ),
}
"""Name of a nightly step → the commands that show why it failed, mend it and run it again."""
_DELETABLE = (
    "ลบได้โดยปลอดภัย (may be deleted, are made again): pictures/ pictures-marked/ copies/ open-data/"
    " ห้ามลบ (never) files/ prakat.sqlite"
)
_MOVE_DATA = (
    "ทำตามหัวข้อ “ย้ายเครื่อง ย้ายที่เก็บ” ในคู่มือหน้า “ย้าย ส่งออก เข้ารหัส” (follow 'Move the archive' in the manual)"
)
_MOVE_BACKUPS = (
    "ต่อดิสก์อื่นเข้าที่ /var/backups ตามหัวข้อ “สำรองข้อมูลและตรวจทุกคืน” ในคู่มือหน้า “งานทุกคืนและเมื่อเกิดเหตุ”"
    " (mount another disk at /var/backups: 'The nightly backup and checks' in the manual)"
)
_NO_ROOM = (
    "df -h {data}; การซ้อมต้องมีที่ว่างเท่าข้อมูลสำรองหนึ่งชุด ขยายดิสก์ หรือย้ายข้อมูลสำรองออกจากดิสก์นี้"
    " (a rehearsal takes as much room as one backup: enlarge the disk, or move the backups off it);"
    f" {_DELETABLE}; systemctl start prakat-nightly"
)
_COPY_ORIGINALS_BACK = (
    "prakat check; แล้วทำตามหัวข้อ “ไฟล์เดียวหายหรือเสีย” ในคู่มือหน้า “สิ่งที่การตรวจพบได้”"
    " (then follow 'One file is missing or damaged' in the manual)"
)
_MOVE_PLAIN = (
    "mkdir {place}/plain;"
    " mv {place}/generations {place}/files {place}/state {place}/manifest.json {place}/plain/;"
    " prakat backup {place}/; สำรองสำเร็จแล้ว (after that backup succeeded): rm -r {place}/plain"
)
_BACKUPS = Path("/var/backups/prakat")  # place of the backups in the manual and of the nightly unit
_MEND_DEVNULL = "rm -f /dev/null && mknod -m 666 /dev/null c 1 3"
_MOST_NAMED = 10  # announcements named in one line
_SANDBOX_SECONDS = 30.0  # for a call that does nothing, on a busy machine
_SETTINGS_FILE = "แก้ไข {file} ในที่เก็บข้อมูล: {line}"


class TroubleKind(StrEnum):
    """Kind of trouble."""

    MISSING = "missing"
    WRONG = "wrongly-set"
    UNSAFE = "unsafe"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to mend. ``remedy`` is the command, or the line of the settings, that mends it.

    ``is_advice``: the service runs well without it, but a careful officer would do it.
    """

    code: str
    kind: TroubleKind
    message: str  # Thai, English in brackets
    remedy: str
    is_advice: bool = False


def open_and_diagnose_archive() -> list[Trouble]:
    """Opens (and thereby migrates) the archive of this machine, and returns its troubles, worst kind first.

    The settings are loaded first, with the keys that they name. Opening, as a start does, migrates a database
    of an earlier version, and takes other users' permissions from the data.
    """
    try:
        given = settings.load_settings()
        backup_keys(given)
    except SettingsError as error:
        return [Trouble("settings", TroubleKind.WRONG, error.message, "prakat serve --help; แก้ prakat.toml")]
    found = [trouble for look in MACHINE for trouble in look(given)]
    if not may_hold_archive(given):
        missing = f"ยังไม่มีคลังที่ {given.data.absolute()} (there is no archive; PRAKAT_DATA names its place)"
        remedy = _ASK_ABOUT_USUAL_DATA if is_archive_elsewhere(given) else _BEGIN_OR_RESTORE
        found.append(Trouble("no-archive", TroubleKind.MISSING, missing, remedy))
        return _sorted(found)
    try:
        services = build_services(given)
    except PrakatError as error:
        found.append(Trouble("cannot-open", TroubleKind.WRONG, error.message, _how_to_open(given)))
        return _sorted(found)
    for look in ARCHIVE:
        try:
            found += look(services)
        except PrakatError as error:
            found.append(Trouble("cannot-ask", TroubleKind.WRONG, error.message, "prakat check"))
    return _sorted(found)


def _how_to_open(given: Settings) -> str:
    """Returns the command that restores the newest backup that this version can restore."""
    place = last_backup_place(given) or _BACKUPS
    own: list[str] = []
    with suppress(PrakatError, OSError):
        own = [name for name, problem in backup_generations(place) if not problem]
    if not own:
        return f"ทำตามข้อความ ที่ {place} ไม่มีชุดสำรองที่รุ่นนี้กู้คืนได้ (this version can restore no backup there)"
    return (
        f"ทำตามข้อความก่อน หรือลงที่ว่าง (or, into an empty place): prakat restore {place} --generation {own[-1]}"
    )


def _sorted(found: list[Trouble]) -> list[Trouble]:
    return sorted(found, key=lambda trouble: (trouble.is_advice, list(TroubleKind).index(trouble.kind)))


def _line(line: str) -> str:
    return _SETTINGS_FILE.format(file=settings.FILE, line=line)


def _models(_given: Settings) -> Iterator[Trouble]:
    if not OWN_MODEL.exists():
        said = "ไม่มีแบบจำลองอ่านภาพของประกาศ ติดตั้งไม่ครบ (the recognition model is missing: install again)"
        yield Trouble(
            "own-model",
            TroubleKind.MISSING,
            said,
            f"{_PIP} install --force-reinstall --no-deps {wheel_name()}",
        )
    absent = [
        name
        for name in ("tha", "eng", "osd")
        if not any((place / f"{name}.traineddata").exists() for place in SYSTEM_MODELS)
    ]
    if absent:
        said = (
            f"ไม่มีแบบจำลอง Tesseract {', '.join(absent)} อ่านสแกนไม่ได้หรืออ่านได้ไม่ดี (models for scans are missing)"
        )
        yield Trouble("models", TroubleKind.MISSING, said, _INSTALL_MODELS)


def _libraries(given: Settings) -> Iterator[Trouble]:
    schemes = {
        urlsplit(each).scheme.partition("+")[0] for each in (given.database, given.files, given.search)
    }
    for scheme in sorted(schemes & _LIBRARIES.keys()):
        if find_spec(_LIBRARIES[scheme]) is None:
            said = f"ไม่มีไลบรารี {_LIBRARIES[scheme]} ที่ {scheme} ต้องใช้ (a library is missing)"
            yield Trouble("library", TroubleKind.MISSING, said, libraries_command())


def _names(given: Settings) -> Iterator[Trouble]:
    if given.site_name == Settings().site_name:
        said = "ยังไม่ได้ตั้งชื่อหน่วยงาน (the municipality's name is not set)"
        yield Trouble("site-name", TroubleKind.WRONG, said, _line('site_name = "เทศบาลตำบล…"'))
    if given.base_url == LOCAL_ADDRESS:
        said = "ยังไม่ได้ตั้งที่อยู่เว็บ ลิงก์ในฟีด อีเมล และแผนผังเว็บอาจใช้ไม่ได้ (the public address is not set)"
        yield Trouble("base-url", TroubleKind.WRONG, said, _line('base_url = "https://…"'))
    here = Path(settings.FILE)
    if (
        here.exists()
        and (given.data / settings.FILE).exists()
        and not here.samefile(given.data / settings.FILE)
    ):
        said = f"มี {settings.FILE} สองไฟล์ ไฟล์ในโฟลเดอร์นี้บังไฟล์ในที่เก็บข้อมูล (this one hides the other)"
        yield Trouble("two-settings", TroubleKind.WRONG, said, f"mv {here.resolve()} {here.resolve()}.bak")


def _guards(given: Settings) -> Iterator[Trouble]:
    address = urlsplit(given.base_url)
    if address.scheme == "http" and given.base_url != LOCAL_ADDRESS:
        said = "เว็บไม่ใช้ https รหัสผ่านเจ้าหน้าที่ถูกดักอ่านได้ (passwords travel in the clear)"
        yield Trouble("no-tls", TroubleKind.UNSAFE, said, _SERVE_HTTPS)
    if 0 < len(given.secret_key) < _SECRET_LENGTH:
        said = "PRAKAT_SECRET_KEY สั้นเกินไป เดาได้ (the key of sign-ins is too short)"
        yield Trouble("secret-key", TroubleKind.UNSAFE, said, "ลบบรรทัด secret_key หรือใช้ openssl rand -hex 32")
    if _ALL_ADDRESSES & set(given.trusted_proxies):
        said = "เชื่อ X-Forwarded-For จากทุกที่ ผู้เดารหัสผ่านปลอมที่อยู่ได้ (every address is a trusted proxy)"
        yield Trouble("proxies", TroubleKind.UNSAFE, said, _line('trusted_proxies = "127.0.0.1"'))
    if os.geteuid() == 0:
        said = "กำลังใช้สิทธิ์ root บริการควรมีผู้ใช้ของตัวเอง (running as root)"
        data = USUAL_DATA if is_archive_elsewhere(given) else given.data.absolute()
        command = f"runuser -u prakat -- env PRAKAT_DATA={data} prakat doctor"
        yield Trouble("root", TroubleKind.UNSAFE, said, command, is_advice=True)


def _permissions(given: Settings) -> Iterator[Trouble]:
    if not given.data.is_dir():
        return
    if open_ones := data_open_to_others(given):
        said = f"ผู้ใช้อื่นในเครื่องอ่าน {open_ones[0]} ได้ (others may read {len(open_ones)} paths)"
        yield Trouble("open-to-others", TroubleKind.UNSAFE, said, "prakat check --repair")


def _disk(given: Settings) -> Iterator[Trouble]:
    place = given.data if given.data.is_dir() else Path()
    free = shutil.disk_usage(place).free
    if free < 8 * LEAST_FREE:
        said = (
            f"พื้นที่ดิสก์เหลือ {free >> 20:,} MB ที่ {place.resolve()} ควรเหลือ {8 * LEAST_FREE >> 20:,} MB"
            " (disk is almost full)"
        )
        remedy = f"df -h {place.resolve()}; ขยายดิสก์หรือย้ายข้อมูลสำรองออก; {_DELETABLE}"
        yield Trouble("disk-space", TroubleKind.MISSING, said, remedy)
    if shutil.disk_usage(tempfile.gettempdir()).free < (given.max_upload_mb << 20) * 4:
        said = f"พื้นที่ชั่วคราวไม่พอสำหรับไฟล์ใหญ่สุดที่รับ {given.max_upload_mb} MB (no room for uploads)"
        yield Trouble(
            "temporary-space",
            TroubleKind.MISSING,
            said,
            f"df -h {tempfile.gettempdir()}; ตั้ง TMPDIR ไปดิสก์ที่ว่าง",
        )
    if given.database == "sqlite" and _file_system(place) in _NETWORK_DISKS:
        said = f"ที่เก็บข้อมูลอยู่บนดิสก์เครือข่าย ({_file_system(place)}) ฐานข้อมูลเสียหายได้ (database on a network disk)"
        yield Trouble("network-disk", TroubleKind.UNSAFE, said, _MOVE_DATA)


def _inbox(services: Services) -> Iterator[Trouble]:
    """Yields each watched folder that the worker cannot use, and scans that lie where nobody takes them."""
    folders = inbox_targets(services)
    for folder in folders:
        if not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
            said = f"โฟลเดอร์รับสแกน {folder} ไม่มีหรือเขียนไม่ได้ (the watched folder is missing or closed)"
            yield Trouble("inbox", TroubleKind.WRONG, said, watched_folder_command(folder))
    upper = Path(services.settings.inbox).expanduser()
    with suppress(OSError):
        left = [path for path in upper.iterdir() if path.is_file() and not is_passed_over(path)]
        if left and len(folders) > 1:
            said = (
                f"ไฟล์ {len(left):,} ไฟล์ค้างใน {upper} ไม่มีใครรับ เพราะแต่ละหน่วยงานมีโฟลเดอร์ย่อยของตน"
                " (scans lie above the organisations' folders: nobody takes them)"
            )
            remedy = f"mv {upper}/FILE {next(iter(folders))}/; เครื่องสแกนส่งลงที่นั่น (the scanner writes there)"
            yield Trouble("inbox", TroubleKind.WRONG, said, remedy)


def _organisations(services: Services) -> Iterator[Trouble]:
    """Yields an organisation whose host name is that of the settings: the province's front has none then."""
    known = services.organisations.all()
    for each in known if len(known) > 1 else ():
        if is_front_host(each.host, services.settings):
            said = (
                f"{each.name} ใช้ชื่อเว็บ {each.host} ซึ่งเป็นของ base_url หน้ารวมจึงไม่มีที่อยู่"
                " (an organisation has the host of base_url: the front of all has no address)"
            )
            yield Trouble(
                "front-address", TroubleKind.WRONG, said, _line('base_url = "https://ชื่อเว็บของหน้ารวม"')
            )


def _sandbox(_given: Settings) -> Iterator[Trouble]:
    try:
        sandbox.run_in_sandbox(os.getpid, seconds=_SANDBOX_SECONDS)
    except sandbox.CannotStart as error:
        said = "เปิดโปรเซสอ่านเอกสารไม่ได้ ทุกไฟล์จะแปลงไม่ได้ (the reading process cannot start: no file is read)"
        is_device = stat.S_ISCHR(Path(os.devnull).stat().st_mode) and os.access(os.devnull, os.W_OK)
        remedy = f"journalctl -u prakat; {error.__cause__!r}" if is_device else _MEND_DEVNULL
        yield Trouble("sandbox", TroubleKind.WRONG, said, remedy)


def _speed(given: Settings) -> Iterator[Trouble]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if memory < LEAST_MEMORY:
        said = f"หน่วยความจำ {memory >> 20:,} MB อ่านสแกนจะช้า ควรมี {LEAST_MEMORY >> 30} GB (little memory)"
        yield Trouble("memory", TroubleKind.SLOW, said, _line("ocr_jobs = 1"))
    processors = count_processors()
    if given.ocr_jobs > processors:
        said = f"อ่านพร้อมกัน {given.ocr_jobs} หน้า แต่มี {processors} หน่วยประมวลผล (more jobs than processors)"
        yield Trouble("ocr-jobs", TroubleKind.SLOW, said, _line(f"ocr_jobs = {processors}"))
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < LEAST_OPEN_FILES:
        said = f"เปิดไฟล์พร้อมกันได้เพียง {soft} ไฟล์ (few open files)"
        yield Trouble("open-files", TroubleKind.SLOW, said, "systemctl edit prakat: LimitNOFILE=8192")
    if given.data.is_dir() and (seconds := _sync_seconds(given.data)) > SLOW_SYNC:
        said = f"ดิสก์ใช้ {seconds * 1000:.0f} ms ต่อการบันทึก การรับไฟล์และนำเข้าจะช้า (the disk syncs slowly)"
        yield Trouble("slow-disk", TroubleKind.SLOW, said, _MOVE_DATA)


def _sync_seconds(folder: Path) -> float:
    """Returns the median seconds of a small durable write; 0 where nothing can be written."""
    taken = []
    with suppress(OSError), tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) if taken else 0.0


def _file_system(place: Path) -> str:
    """Returns the type of the file system that a path is on; "" where it is not known."""
    mounts = []
    with suppress(OSError):
        for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
            _device, mount, kind, *_rest = line.split()
            if place.resolve().is_relative_to(mount):
                mounts.append((len(mount), kind))
    return max(mounts)[1] if mounts else ""


def _clock(services: Services) -> Iterator[Trouble]:
    difference = services.database.clock_difference()
    if abs(difference) > MOST_CLOCK_DIFFERENCE:
        said = (
            f"นาฬิกาของเครื่องนี้ต่างจากเครื่องฐานข้อมูล {abs(difference):,.0f} วินาที หลายเครื่องจะแย่งงานกัน"
            " (this clock differs from the database server's: machines would take each other's work)"
        )
        remedy = "ทุกเครื่อง (on every machine): apt-get install chrony && chronyc tracking"
        yield Trouble("clock", TroubleKind.WRONG, said, remedy)


def _people(services: Services) -> Iterator[Trouble]:
    active = [person for person in services.people.accounts.everyone() if not person.disabled]
    admins = [person for person in active if person.role is Role.ADMIN]
    if not admins:
        said = "ยังไม่มีผู้ดูแลระบบที่ลงชื่อเข้าใช้ได้ (nobody can administer)"
        yield Trouble("no-admin", TroubleKind.MISSING, said, "prakat user add ชื่อ --role admin")
    lacking = [person.name for person in admins if services.people.second_factors.get(person.id) is None]
    if lacking and services.settings.second_factor != "admins":
        said = f"ผู้ดูแลระบบไม่ใช้การยืนยันตัวตนสองขั้น: {', '.join(lacking)} (administrators without a second factor)"
        yield Trouble(
            "second-factor", TroubleKind.UNSAFE, said, _line('second_factor = "admins"'), is_advice=True
        )
    note = services.settings.data / "sample-sign-in.txt"
    if note.exists() and any(f": {person.name} /" in note.read_text(encoding="utf-8") for person in active):
        said = "บัญชีตัวอย่าง demo ยังใช้ได้ และรหัสผ่านอยู่ในไฟล์ (the sample's account is still there)"
        yield Trouble("sample-account", TroubleKind.UNSAFE, said, "prakat user disable demo", is_advice=True)


def _contacts(services: Services) -> Iterator[Trouble]:
    """Yields advice for each site that has no address for those who harvest it."""
    known = services.organisations.all()
    for organisation in known if len(known) > 1 else [None]:
        here = services.for_organisation(organisation, known)
        if not here.site_profiles.current().email:
            said = (
                f"{here.settings.site_name} ยังไม่มีอีเมลติดต่อ OAI-PMH จึงบอก {postmaster_address(here.settings)}"
                " (no contact address: harvesters are told this one, which may not exist)"
            )
            remedy = "หน้าเจ้าหน้าที่: อื่น ๆ → ข้อมูลหน่วยงาน → อีเมล (on the staff's pages: the site's profile)"
            yield Trouble("no-contact", TroubleKind.MISSING, said, remedy, is_advice=True)


def _backup(services: Services) -> Iterator[Trouble]:
    last = services.backups.last()
    command = "prakat nightly /var/backups/prakat/"
    if last is None:
        said = "ยังไม่เคยสำรองข้อมูล (there is no backup)"
        yield Trouble("no-backup", TroubleKind.MISSING, said, _RUN_NIGHTLY)
        return
    if dt.datetime.now(dt.UTC) - last.made_at > OVERDUE:
        said = f"สำรองครั้งล่าสุดเมื่อ {last.made_at:%Y-%m-%d} (the last backup is old)"
        yield Trouble("old-backup", TroubleKind.MISSING, said, command)
    with suppress(OSError):
        if last.destination.stat().st_dev == services.settings.data.stat().st_dev:
            said = "ข้อมูลสำรองอยู่บนดิสก์เดียวกับคลัง ดิสก์เสียจะหายทั้งคู่ (the backup is on the same disk)"
            yield Trouble("same-disk", TroubleKind.UNSAFE, said, _MOVE_BACKUPS, is_advice=True)
    if not services.settings.backup_recipient:
        said = "ข้อมูลสำรองไม่ได้เข้ารหัส ผู้ที่ได้ดิสก์ไปอ่านได้ทั้งหมด (backups are not encrypted)"
        yield Trouble(
            "plain-backup", TroubleKind.UNSAFE, said, _line('backup_recipient = "age1…"'), is_advice=True
        )
        return
    with suppress(OSError, Invalid):  # a damaged backup is told by the nightly run
        if last.destination.is_dir() and (plain := plain_generations(last.destination)):
            said = (
                f"ชุดสำรอง {len(plain):,} ชุดก่อนเข้ารหัสยังอ่านได้ที่ {last.destination}"
                " (generations from before the encryption can be read by anybody)"
            )
            remedy = _MOVE_PLAIN.format(place=last.destination)
            yield Trouble("plain-generations", TroubleKind.UNSAFE, said, remedy, is_advice=True)


def _night(services: Services) -> Iterator[Trouble]:
    last = read_nightly(services.settings)
    if last is None:
        said = "งานกลางคืน (สำรอง ตรวจ ซ้อมกู้คืน) ยังไม่เคยทำงาน (no nightly run yet)"
        yield Trouble("no-nightly", TroubleKind.MISSING, said, _RUN_NIGHTLY, is_advice=True)
        return
    place = kept.destination if (kept := services.backups.last()) else _BACKUPS
    for step in last.steps:
        if not step.is_ok:
            said = f"งานกลางคืนขั้น {step.name} ไม่สำเร็จ (a nightly step failed): {step.detail}"
            remedy = _NO_ROOM if step.code == "no-room" else _NIGHT_REMEDIES[step.name]
            remedy = remedy.format(place=place, data=services.settings.data)
            yield Trouble("nightly", TroubleKind.UNSAFE, said, remedy)
        elif step.is_skipped:
            yield _skipped(step, last, place)
    if last.is_overdue:
        said = "งานกลางคืนไม่ทำงานเกินสองวัน (the nightly run is overdue)"
        yield Trouble("old-nightly", TroubleKind.MISSING, said, "systemctl status prakat-nightly.timer")


def _skipped(step: NightlyStep, last: NightlyResult, place: Path) -> Trouble:
    """Returns the advice on a rehearsal that was skipped; a trouble when no backup was restored for long."""
    said = f"งานกลางคืนขั้น {step.name} {step.detail}"
    if last.is_rehearsal_overdue:
        said += f" ไม่ได้ซ้อมกู้คืนจริงเกิน {REHEARSAL_OVERDUE.days} วัน (no restore was rehearsed for so long)"
    remedy = f"prakat nightly {place}/ --identity identity.txt"
    is_advice = not last.is_rehearsal_overdue
    return Trouble("skipped-rehearsal", TroubleKind.UNSAFE, said, remedy, is_advice=is_advice)


def _originals(services: Services) -> Iterator[Trouble]:
    """Yields the originals that are not in the store in their length, or that are known as damaged."""
    known = faulty_originals(services.settings.data)
    faulty = attachments_with_faulty_file(services.records, services.files, known)
    if not faulty:
        return
    announcements = sorted({each.announcement_id for each in faulty})
    named = ", ".join(map(str, announcements[:_MOST_NAMED])) + (
        " …" if len(announcements) > _MOST_NAMED else ""
    )
    said = (
        f"ไฟล์ต้นฉบับ {len({each.sha256 for each in faulty}):,} ไฟล์หายไปหรือเสียหาย ในเรื่องที่ {named}"
        " (originals are missing or damaged, in these announcements)"
    )
    yield Trouble("originals", TroubleKind.MISSING, said, _COPY_ORIGINALS_BACK)


def _service(services: Services) -> Iterator[Trouble]:
    if CHECKS["worker"](services):
        said = "ตัวอ่านเอกสารไม่ทำงาน เอกสารใหม่จะยังค้นไม่พบ (no worker is running)"
        yield Trouble("no-worker", TroubleKind.MISSING, said, "systemctl restart prakat")
    if is_rebuild_needed(services.records, services.index):
        said = "ดัชนีค้นหาไม่มี เก่า หรือเสียหาย (the index is missing, outdated or damaged)"
        yield Trouble("index", TroubleKind.MISSING, said, "prakat reindex --if-needed")
    elif left_out := count_left_out(services.records, services.index):
        said = f"ประกาศที่เผยแพร่ {left_out:,} เรื่องค้นไม่พบ (published records that cannot be indexed)"
        yield Trouble("left-out", TroubleKind.MISSING, said, "prakat check", is_advice=True)
    if failed := services.jobs.count_by_status().get("failed", 0):
        said = f"เอกสาร {failed:,} ฉบับอ่านไม่สำเร็จ (attachments could not be read)"
        yield Trouble("failed-reading", TroubleKind.MISSING, said, "prakat reread --failed", is_advice=True)
    if incidents := services.incidents.list_open():
        said = f"มีหลักฐานว่าข้อมูลสูญหาย {len(incidents)} เรื่อง (losses nobody has acknowledged)"
        yield Trouble("incidents", TroubleKind.UNSAFE, said, "prakat check")
    if services.scanner is not None:
        services.scanner.ping()
    elif not services.settings.clamd:
        said = "ไม่ได้ตั้งโปรแกรมตรวจไวรัส (no virus scanner is set)"
        remedy = "apt-get install clamav-daemon; " + _line('clamd = "/run/clamav/clamd.ctl"')
        yield Trouble("no-scanner", TroubleKind.UNSAFE, said, remedy, is_advice=True)


MACHINE = (
    _models,
    _libraries,
    _names,
    _guards,
    _permissions,
    _disk,
    _sandbox,
    _speed,
)
ARCHIVE = (_clock, _people, _contacts, _organisations, _inbox, _originals, _backup, _night, _service)
