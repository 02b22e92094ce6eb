"""Format of a backup: the names of its members, and the manifest that holds the SHA-256 of each.

A backup holds the database, the small files beside it, and every original that the database names, under
the names that they have in the data directory. It is one tar file with ``manifest.json`` as its last
member. Or it is a directory, which holds many generations: originals lie under their names, everything
else in ``state`` under its SHA-256, one manifest a generation in ``generations``, and ``manifest.json`` is
a copy of the newest. Page pictures and the index are not in a backup: both are made again.

An encrypted member is an age file (age-encryption.org) with ``.age`` after its name.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from archive.errors import Invalid
from storage.archive_figures import ArchiveCounts
from storage.data_directory import DATABASE, FILES, SECRET, SETTINGS, WORDS

MANIFEST = "manifest.json"
GENERATIONS = "generations"
STATE = "state"
AGE = ".age"
GENERATION_FORMAT = "%Y-%m-%dT%H%M%SZ"  # name of a generation, from the time in UTC

_PLAIN_FORMAT = 1  # of a backup without encryption
_ENCRYPTED_FORMAT = 2  # versions without encryption refuse this format as newer

NAME = re.compile(
    rf"{re.escape(DATABASE)}|{re.escape(WORDS)}|{SECRET}|{re.escape(SETTINGS)}"
    rf"|{FILES}/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}"
)
"""Names of members that may be unpacked. A member with any other name is never unpacked."""


@dataclass(kw_only=True)
class BackupManifest:
    """Members of one backup or generation with their SHA-256, and figures, digest and signature.

    ``members``: SHA-256 of each member's content by name. ``sha256_of_encrypted``: that of the age file that
    is kept in its place, for each member that is encrypted. ``archive`` is None, and ``last_migration``, the
    newest one of the database, is "", in manifests of versions that did not note it. ``digest`` is the text
    that is signed; a manifest that was written or read has it. ``signature`` is the Ed25519 signature of
    ``digest``; None where there is none.
    """

    made_at: dt.datetime
    members: dict[str, str] = field(default_factory=dict)
    sha256_of_encrypted: dict[str, str] = field(default_factory=dict)
    archive: ArchiveCounts | None = None
    last_migration: str = ""
    digest: str = ""
    signature: bytes | None = None

    def seal_to_bytes(self, sign: Callable[[bytes], bytes] | None = None) -> bytes:
        """Set ``digest`` and return the JSON text with a checksum, signed with ``sign`` where it is given.

        ``digest``, the text that is signed, is the SHA-256, in hexadecimal, of the manifest without checksum
        and signature.
        """
        content: dict[str, Any] = {
            "format": _ENCRYPTED_FORMAT if self.sha256_of_encrypted else _PLAIN_FORMAT,
            "made_at": self.made_at.isoformat(),
            "members": self.members,
        }
        if self.sha256_of_encrypted:
            content["encrypted"] = self.sha256_of_encrypted
        if self.archive:
            content["archive"] = asdict(self.archive)
        if self.last_migration:
            content["last_migration"] = self.last_migration
        self.digest = _digest(content)
        if sign:
            content["signature"] = base64.b64encode(sign(self.digest.encode())).decode()
        return json.dumps(content | {"sum": _digest(content)}, indent=0).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> BackupManifest:
        """Read a manifest. Raises ``Invalid`` when it is damaged or of a newer format."""
        try:
            content: dict[str, Any] = json.loads(text)
            if content.pop("sum") != _digest(content):
                raise ValueError
            signature = content.pop("signature", None)
            made_at = dt.datetime.fromisoformat(content["made_at"])
            members: dict[str, str] = content["members"]
            known = content["format"] in (_PLAIN_FORMAT, _ENCRYPTED_FORMAT)
            counts = ArchiveCounts(**content["archive"]) if known and "archive" in content else None
            signed = None if signature is None else base64.b64decode(signature)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise damaged_members([MANIFEST]) from error
        if not known:
            raise Invalid("ข้อมูลสำรองนี้ทำด้วยรุ่นที่ใหม่กว่า กรุณาปรับรุ่นก่อน (made by a newer version)")
        return cls(
            made_at=made_at,
            members=members,
            sha256_of_encrypted=content.get("encrypted", {}),
            archive=counts,
            last_migration=content.get("last_migration", ""),
            digest=_digest(content),
            signature=signed,
        )

    @property
    def generation(self) -> str:
        """Name of the generation: the time, in UTC, at which the backup was made."""
        return self.made_at.astimezone(dt.UTC).strftime(GENERATION_FORMAT)

    def paths(self) -> Iterator[str]:
        """Yield the path of each member inside a backup directory."""
        return (self.path_of_member(name) for name in self.members)

    def path_of_member(self, name: str) -> str:
        """Return where a member lies inside a backup directory: an original by name, others by content.

        An original that was damaged already when it was kept lies by its content too.
        """
        return member_path(name, self.members[name], is_encrypted=name in self.sha256_of_encrypted)


def member_path(name: str, sha256: str, *, is_encrypted: bool) -> str:
    """Return where a member with this content lies inside a backup directory."""
    return (name if name.endswith(sha256) else f"{STATE}/{sha256}") + (AGE if is_encrypted else "")


def _digest(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def damaged_members(names: list[str]) -> Invalid:
    """Return the error that lists the damaged members (at most 10 names)."""
    shown = ", ".join(names[:10]) + (f" … (+{len(names) - 10:,})" if len(names) > 10 else "")
    return Invalid(f"ข้อมูลสำรองเสียหายที่ (backup is damaged at) {shown}", code="backup-damaged")
