"""Keys of backups: one signs, one encrypts. Both keys are kept apart from the archive.

Both keys have formats that other programs read: an Ed25519 key in PEM
(``openssl genpkey -algorithm ed25519``), and the public key or identity of age (``age-keygen``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pyrage
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from archive.errors import Invalid, SettingsError
from archive.hashing import HashingReader
from storage.backup.disk import write_through_to_disk
from storage.backup.manifest import BackupManifest

_UNSIGNED = "ข้อมูลสำรองนี้ไม่มีลายมือชื่อ ทั้งที่ตั้ง PRAKAT_BACKUP_SIGNING_KEY ไว้ (the backup is not signed)"
_FORGED = "ลายมือชื่อของข้อมูลสำรองไม่ถูกต้อง ข้อมูลถูกแก้ไข หรือใช้กุญแจผิด (the signature of the backup is wrong)"


class BackupKeys:
    """Keys that sign, encrypt and read backups; without them, these are neither signed nor encrypted.

    ``recipient`` is the age public key for which backups are encrypted. ``identity`` is the age private key
    that reads an encrypted backup.
    """

    def __init__(self, *, signing_key: str = "", recipient: str = "", identity: Path | None = None) -> None:
        """Load the keys. Raises ``SettingsError`` for a key that cannot be used.

        ``signing_key``: path of a PEM file with the private key, or with the public key for reading only.
        """
        self._private: Ed25519PrivateKey | None = None
        self._public: Ed25519PublicKey | None = None
        if signing_key:
            self._private, self._public = _load_signing_key(Path(signing_key))
        self.recipient = _parse_recipient(recipient) if recipient else None
        self.identity = _load_identity(identity) if identity else None

    @property
    def sign(self) -> Callable[[bytes], bytes] | None:
        """The signing function; None without a key. Raises ``SettingsError`` for a public key alone."""
        if self._public and not self._private:
            raise SettingsError(
                "PRAKAT_BACKUP_SIGNING_KEY เป็นกุญแจสาธารณะ ใช้ลงลายมือชื่อไม่ได้ (a public key cannot sign)"
            )
        return self._private.sign if self._private else None

    def verify(self, manifest: BackupManifest) -> None:
        """Raise ``Invalid`` (code ``backup-signature``) when a key is set and has not signed the manifest."""
        if self._public is None:
            return
        if manifest.signature is None:
            raise Invalid(_UNSIGNED, code="backup-signature")
        try:
            self._public.verify(manifest.signature, manifest.digest.encode())
        except InvalidSignature:
            raise Invalid(_FORGED, code="backup-signature") from None

    def is_left_unverified(self, manifest: BackupManifest) -> bool:
        """Return True for a signed manifest where no key is set: ``verify`` then looks at no signature."""
        return self._public is None and manifest.signature is not None

    def encrypt(self, stream: BinaryIO, into: Path) -> str:
        """Encrypt a stream into a synced file; return the SHA-256 of the plain bytes. Needs ``recipient``."""
        hashing = HashingReader(stream)
        with into.open("wb") as encrypted:
            pyrage.encrypt_io(hashing, encrypted, [self.recipient])
            write_through_to_disk(encrypted)
        return hashing.sha256()

    def decrypt(self, stream: HashingReader, into: BinaryIO) -> None:
        """Decrypt an age file. Raises ``Invalid`` without the identity, or when the age file is damaged."""
        if self.identity is None:
            raise Invalid(
                "ข้อมูลสำรองนี้เข้ารหัสไว้ ต้องระบุ --identity FILE (the backup is encrypted: give --identity)",
                code="backup-encrypted",
            )
        try:
            pyrage.decrypt_io(stream, into, [self.identity])
        except pyrage.DecryptError as error:
            raise Invalid(
                f"ถอดรหัสข้อมูลสำรองไม่ได้ (cannot be decrypted): {error}", code="backup-encrypted"
            ) from error


def _load_signing_key(path: Path) -> tuple[Ed25519PrivateKey | None, Ed25519PublicKey]:
    try:
        text = path.read_bytes()
        private = load_pem_private_key(text, password=None) if b"PRIVATE" in text else None
        public = private.public_key() if private else load_pem_public_key(text)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(
            f"อ่านกุญแจ PRAKAT_BACKUP_SIGNING_KEY ที่ {path} ไม่ได้ (cannot read it): {error}"
        ) from error
    if not isinstance(public, Ed25519PublicKey) or not isinstance(private, Ed25519PrivateKey | None):
        raise SettingsError(f"กุญแจ PRAKAT_BACKUP_SIGNING_KEY ที่ {path} ต้องเป็นชนิด Ed25519 (not an Ed25519 key)")
    return private, public


def _parse_recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise SettingsError(
            f"PRAKAT_BACKUP_RECIPIENT ต้องเป็นกุญแจสาธารณะของ age ที่ขึ้นต้นด้วย age1 (no key of age): {error}"
        ) from error


def _load_identity(path: Path) -> pyrage.x25519.Identity:
    try:
        lines = path.read_text(encoding="utf-8").split()
        return pyrage.x25519.Identity.from_str(
            next(line for line in lines if line.startswith("AGE-SECRET-KEY-"))
        )
    except (OSError, UnicodeDecodeError, StopIteration, pyrage.IdentityError) as error:
        raise SettingsError(f"อ่านกุญแจ age ที่ {path} ไม่ได้ (no age identity in it): {error}") from error
