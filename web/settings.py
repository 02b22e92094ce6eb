"""Declares every setting once, with name, default and help; the only module that reads the environment.

A setting is an environment variable ``PRAKAT_NAME`` or a line ``name = …`` in ``prakat.toml`` (in the current
directory, or else in the data directory). The environment wins.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from archive.errors import SettingsError
from indexer.processors import count_processors

FILE = "prakat.toml"
_PREFIX = "PRAKAT_"


LOCAL_ADDRESS = "http://127.0.0.1:8000"
"""Default of the public address; while none is set, ``web.serving.request_address`` finds one."""


def _directory(text: str) -> Path:
    return Path(text).expanduser()


def _matching(pattern: str, said: str) -> Callable[[str], str]:
    """Returns a function that returns its text; it raises ``ValueError(said)`` unless ``pattern`` matches."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text, re.DOTALL):
            raise ValueError(said)
        return text

    return read


_database = _matching(
    "sqlite|postgres(ql)?://.*",
    "ต้องเป็น sqlite หรือ postgresql://… (sqlite, or the address of a PostgreSQL database)",
)
_search = _matching(
    r"whoosh|opensearch\+https?://.*",
    "ต้องเป็น whoosh หรือ opensearch+http(s)://… (whoosh, or the address of an OpenSearch cluster)",
)
_files = _matching(
    "local|s3://[a-z0-9].*",
    "ต้องเป็น local หรือ s3://bucket?endpoint=… (local, or a bucket of an S3 store)",
)
_scanner = _matching(
    r"|/[^\n]+|[^\s:/]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}",
    "ต้องเป็น host:port หรือ /ตำแหน่ง/ของ/socket (host:port, or the path of a socket)",
)
_second_factor = _matching(
    "optional|admins",
    "ต้องเป็น optional หรือ admins (optional, or required of administrators: admins)",
)


def _names_host(address: str) -> bool:
    """Returns True where an address names a host, with a valid port or none."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or brackets left open
        return False


def _mail_server(text: str) -> str:
    if text and not (text.startswith(("smtp://", "smtps://")) and _names_host(text)):
        raise ValueError("ต้องเป็น smtp://host:port หรือ smtps://… (the address of a mail server)")
    parts = urlsplit(text)
    if not unquote(f"{parts.username}{parts.password}").isascii():  # Python's smtplib sends no others
        raise ValueError("ชื่อผู้ใช้และรหัสต้องเป็นอักษรอังกฤษ ตัวเลข หรือเครื่องหมาย (user and password must be ASCII)")
    return text


def _sender(text: str) -> str:
    _name, address = parseaddr(text)
    if text and ("@" not in address or not text.isprintable()):
        raise ValueError("ต้องเป็นที่อยู่อีเมล เช่น no-reply@example.go.th (an email address)")
    return text


def _networks(text: str) -> tuple[str, ...]:
    named = tuple(each for each in re.split(r"[\s,]+", text) if each)
    for each in named:
        try:
            ip_network(each, strict=False)
        except ValueError as error:
            raise ValueError(
                f"{each} ไม่ใช่ที่อยู่หรือเครือข่าย เช่น 127.0.0.1, 10.1.0.0/24 (not an address or a network)"
            ) from error
    return named


def _count(text: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text):
        raise ValueError("ต้องเป็นจำนวนเต็มตั้งแต่ 1 (a whole number from 1)")
    return int(text)


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not all(re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name) for name in names):
        raise ValueError("ต้องเป็นชื่อโฮสต์ คั่นด้วยจุลภาค ไม่มีพอร์ต (host names without ports, separated by commas)")
    return names


def _address(text: str) -> str:
    if not (re.fullmatch(r"https?://[^\s?#@]+", text) and text.isprintable() and _names_host(text)):
        raise ValueError(
            "ต้องเป็น http:// หรือ https:// ตามด้วยชื่อโฮสต์ มีพอร์ตและตำแหน่งได้ ไม่มีผู้ใช้ ช่องว่าง ? หรือ #"
            " (an http or https address of a host; a port and a path may follow, no user, space, ? or #)"
        )
    return text.rstrip("/")


def _setting(default: Any, read: Callable[[str], object], explanation: str) -> Any:
    """Returns a field with its default, what reads its text, and what it is (Thai, English)."""
    return field(default=default, metadata={"read": read, "explanation": explanation})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one installation."""

    data: Path = _setting(  # noqa: RUF009  # a field
        Path("data"), _directory, "ที่เก็บข้อมูลทั้งหมด · directory of everything that is kept"
    )
    search: str = _setting(
        "whoosh", _search, "เครื่องมือค้นหา: whoosh หรือ opensearch+http(s)://… · search engine"
    )
    database: str = _setting("sqlite", _database, "ฐานข้อมูล: sqlite หรือ postgresql://… · database")
    files: str = _setting(
        "local", _files, "ที่เก็บไฟล์ต้นฉบับ: local หรือ s3://bucket?endpoint=… · store of the originals"
    )
    max_upload_mb: int = _setting(
        100,
        _count,
        "ขนาดไฟล์สูงสุดที่รับ (เมกะไบต์) ต้องไม่เกิน client_max_body_size ของ nginx และขีดจำกัดของ ClamAV"
        " · largest file taken, in megabytes; nginx's client_max_body_size and ClamAV's limits must allow it",
    )
    ocr_jobs: int = _setting(
        count_processors(), _count, "จำนวนหน้าที่อ่านพร้อมกัน · pages recognised at the same time"
    )
    site_name: str = _setting("เทศบาลตำบล", str, "ชื่อหน่วยงานบนหน้าเว็บ · the municipality's name on the pages")
    base_url: str = _setting(
        LOCAL_ADDRESS,
        _address,
        "ที่อยู่เว็บที่ประชาชนใช้ ถ้าไม่กำหนด ใช้ที่อยู่ที่ผู้ใช้เปิด"
        " · the public address of the site; unset, that of each request",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        _host_names,
        "ชื่อโฮสต์ที่ใช้เป็นที่อยู่เว็บได้เมื่อไม่กำหนด base_url นอกจากชื่อเครื่องนี้และหมายเลข IP คั่นด้วยจุลภาค"
        " · without a base_url: host names that a request may give as the site's address, besides this"
        " machine's name and IP addresses",
    )
    secret_key: str = _setting(
        "", str, "กุญแจลงชื่อเข้าใช้ สร้างเองถ้าไม่กำหนด · signs sessions; made and kept with the data when unset"
    )
    inbox: str = _setting(
        "",
        str,
        "โฟลเดอร์รับสแกน ไฟล์ที่เครื่องสแกนวางไว้เป็นฉบับร่างให้เอง เรื่องละหนึ่งฉบับ"
        " · watched folder: scans that a scanner drops there become drafts",
    )
    clamd: str = _setting(
        "",
        _scanner,
        "โปรแกรมตรวจไวรัส ClamAV: host:port หรือ /ตำแหน่ง/socket ไฟล์ใหม่ทุกไฟล์ถูกตรวจก่อนรับ ถ้าไม่ตอบจะยังไม่รับไฟล์"
        " · virus scanner that every new file must pass; while it does not answer, none is taken",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        ("127.0.0.1", "::1"),
        _networks,
        "ที่อยู่หรือเครือข่ายของพร็อกซีที่เชื่อ X-Forwarded-For ได้ คั่นด้วยจุลภาค"
        " · addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas",
    )
    second_factor: str = _setting(
        "optional",
        _second_factor,
        "ยืนยันตัวตนสองขั้น: optional หรือ admins ให้ผู้ดูแลระบบทุกคนต้องใช้"
        " · second factor; admins: every administrator needs one",
    )
    backup_signing_key: str = _setting(
        "",
        str,
        "ไฟล์กุญแจ Ed25519 (PEM) ที่เก็บแยกจากข้อมูล ใช้ลงลายมือชื่อในข้อมูลสำรองและตรวจเมื่อกู้คืน"
        " · file of an Ed25519 key, kept apart, that signs backups and verifies them",
    )
    backup_recipient: str = _setting(
        "",
        str,
        "กุญแจสาธารณะของ age (age1…) ที่ใช้เข้ารหัสข้อมูลสำรอง · public key of age that backups are encrypted for",
    )
    smtp_url: str = _setting(
        "",
        _mail_server,
        "เซิร์ฟเวอร์ส่งอีเมลให้ผู้ติดตาม: smtp://ผู้ใช้:รหัส@host:port (เข้ารหัสเมื่อเซิร์ฟเวอร์รับได้) หรือ smtps://…"
        " ต้องตั้ง smtp_sender และ base_url ด้วย ถ้าไม่กำหนด ติดตามได้ทางฟีดเท่านั้น"
        " · mail server for followers, needs smtp_sender and base_url; unset, they have the feed alone",
    )
    smtp_sender: str = _setting(
        "",
        _sender,
        "ที่อยู่ผู้ส่งอีเมล ถ้าไม่มีชื่อหน้าที่อยู่ ใช้ชื่อหน่วยงาน · sender of the messages to followers; needed with smtp_url",
    )
    nightly_mail: str = _setting(
        "",
        _sender,
        "อีเมลของผู้ดูแลเครื่อง ที่รับผลงานกลางคืนเมื่อตั้ง smtp_url · address that is told each night's result",
    )


EXPLANATIONS: Mapping[str, str] = {each.name: each.metadata["explanation"] for each in fields(Settings)}
"""Name of each setting → what it is, in Thai and English."""
_READERS: Mapping[str, Callable[[str], Any]] = {each.name: each.metadata["read"] for each in fields(Settings)}


def load_settings(environment: Mapping[str, str] = os.environ, *, directory: Path | None = None) -> Settings:
    """Returns the settings: environment over ``prakat.toml`` over defaults; ``SettingsError`` for one wrong.

    The file is that in ``directory``, by default the current one, else that in the data directory.
    ``SettingsError`` has one line, which names the wrong setting.
    """
    here = directory or Path()
    given = _from_file(here / FILE)
    named = {
        key.removeprefix(_PREFIX).lower(): text
        for key, text in environment.items()
        if key.startswith(_PREFIX)
    }
    if not given:
        data = _directory(named.get("data", str(Settings().data)))
        given = _from_file(data / FILE)
    values = {name: read_setting(name, text, FILE) for name, text in given.items() if name not in named}
    settings = Settings(**values, **{name: read_setting(name, text) for name, text in named.items()})
    if settings.smtp_url and (not settings.smtp_sender or settings.base_url == LOCAL_ADDRESS):
        raise SettingsError(
            "PRAKAT_SMTP_URL ต้องใช้ร่วมกับ PRAKAT_SMTP_SENDER และ PRAKAT_BASE_URL เพราะอีเมลต้องมีผู้ส่งและที่อยู่ของเว็บ"
            " (mail needs a sender and the site's address)"
        )
    return settings


def default_values() -> dict[str, str]:
    """Returns each setting's default, as text for the documentation."""
    shown = {
        each.name: ", ".join(each.default) if isinstance(each.default, tuple) else str(each.default)
        for each in fields(Settings)
    }
    return shown | {"ocr_jobs": "จำนวนหน่วยประมวลผล · number of processors"}


def _from_file(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError as error:
        if not os.access(
            path.parent, os.X_OK, effective_ids=True
        ):  # such as root's home, where the service's user was called
            return {}
        raise SettingsError(f"อ่าน {path} ไม่ได้ (cannot read it): {error}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"อ่าน {path} ไม่ได้ (cannot read it): {error}") from error
    return {name: str(value) for name, value in table.items()}


def postmaster_address(settings: Settings) -> str:
    """Returns ``postmaster@`` the site's host (RFC 2142): the contact for harvesters if no other is known."""
    return f"postmaster@{urlsplit(settings.base_url).hostname}"


def without_credentials(address: str) -> str:
    """Returns an address without its secrets: the account before ``@``, and a password."""
    return re.sub(r"(?i)(//).*@|(password=)[^&]*", r"\1\2…", address)


def read_setting(name: str, text: str, file: str = "") -> Any:
    """Returns the value of one setting, given as text from the environment or a ``file``.

    Raises ``SettingsError`` for an unknown setting or a wrong value.
    """
    where = f"{_PREFIX}{name.upper()}" + (f" ({name} ใน {file})" if file else "")
    if name not in _READERS:
        raise SettingsError(f"ไม่รู้จักการตั้งค่า {where} (unknown setting; known: {', '.join(_READERS)})")
    try:
        return _READERS[name](text)
    except ValueError as error:
        raise SettingsError(f"การตั้งค่า {where} เป็น {without_credentials(text)!r} ใช้ไม่ได้: {error}") from error
