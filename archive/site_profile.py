"""Site profile: contact, statements and emblem that a municipality shows on its pages; checks and port."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, fields
from typing import Protocol

from archive import thai, validation
from archive.errors import Invalid, gettext_noop

MOST_EMBLEM_BYTES = 200_000  # largest emblem: every page loads it, also over a slow network

_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_LONGEST_LINE = 300  # characters of the address, of the telephone numbers, and of the office hours
_LONGEST_STATEMENT = 20_000  # characters


@dataclass(frozen=True, slots=True)
class Emblem:
    """A picture of the municipality's emblem, as it was uploaded."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProfile:
    """Contact, statements and emblem of a municipality, not its name; an empty field is not shown.

    Empty statements stand for those that come with the program. ``emblem_id``: id of the version with which
    the emblem was uploaded; None where there is no emblem.
    """

    address: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""
    privacy: str = ""
    accessibility: str = ""
    emblem_id: int | None = None

    @property
    def has_contact(self) -> bool:
        """True when an address, a telephone number, an e-mail address or office hours are given."""
        return bool(self.address or self.phone or self.email or self.hours)


@dataclass(frozen=True, slots=True)
class SiteProfileVersion:
    """A profile as it was saved, with who saved it and when."""

    id: int
    profile: SiteProfile
    saved_at: dt.datetime
    saved_by: str


class SiteProfiles(Protocol):
    """The site profile of an organisation, with all its versions."""

    def current(self) -> SiteProfile:
        """Return the version that was saved last; an empty profile before the first."""

    def save(self, profile: SiteProfile, *, emblem: Emblem | None = None, actor: str) -> None:
        """Save a version unless equal; without ``emblem`` and ``profile.emblem_id`` it has no emblem.

        The emblem is ``emblem``, or else that of ``profile.emblem_id``. Raises ``NotFound`` when
        ``profile.emblem_id`` has no emblem.
        """

    def versions(self, *, limit: int) -> list[SiteProfileVersion]:
        """Return saved versions, the newest first."""

    def get(self, id: int) -> SiteProfileVersion:
        """Return a version. Raises ``NotFound`` for an unknown one."""

    def emblem_uploaded_with(self, id: int) -> Emblem:
        """Return the emblem that was uploaded with version ``id``. Raises ``NotFound``."""


TEXT_FIELDS = tuple(field.name for field in fields(SiteProfile) if field.name != "emblem_id")


def checked_profile(profile: SiteProfile) -> SiteProfile:
    """Return the profile with tidy texts; ``Invalid`` for a bad e-mail address or a text too long."""
    email = validation.one_line(profile.email)
    if email and not re.fullmatch(r"[^@\s<>]{1,64}@[^@\s<>]{1,180}\.[^@\s<>.]{2,}", email):
        raise Invalid("อีเมลไม่ถูกต้อง กรุณาพิมพ์ใหม่ เช่น saraban@example.go.th", field="email")
    return SiteProfile(
        address=_line(profile.address, "address", gettext_noop("ที่อยู่")),
        phone=_line(profile.phone, "phone", gettext_noop("โทรศัพท์")),
        email=email,
        hours=_line(profile.hours, "hours", gettext_noop("เวลาทำการ")),
        privacy=_statement(profile.privacy, "privacy", gettext_noop("นโยบายความเป็นส่วนตัว")),
        accessibility=_statement(profile.accessibility, "accessibility", gettext_noop("เว็บไซต์ที่ทุกคนเข้าถึงได้")),
        emblem_id=profile.emblem_id,
    )


def checked_emblem(content: bytes) -> Emblem:
    """Return the emblem with its type; ``Invalid`` unless it is PNG or JPEG of at most 200 KB."""
    if len(content) > MOST_EMBLEM_BYTES:
        raise Invalid("ภาพตราใหญ่เกินไป กรุณาย่อให้ไม่เกิน 200 KB", field="emblem", code="too-large")
    for media_type, signature in _SIGNATURES.items():
        if content.startswith(signature):
            return Emblem(media_type, content)
    raise Invalid("ภาพตราต้องเป็นไฟล์ PNG หรือ JPEG", field="emblem", code="media-type")


def _line(text: str, field: str, said: str) -> str:
    return validation.checked_length(validation.one_line(text), field, said, _LONGEST_LINE)


def _statement(text: str, field: str, said: str) -> str:
    lines = (line.rstrip() for line in thai.canonical_text(text).split("\n"))
    return validation.checked_length("\n".join(lines).strip(), field, said, _LONGEST_STATEMENT)
