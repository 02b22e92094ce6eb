"""Passwords: strong enough to be worth guessing at, and kept as Argon2id hashes only."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from archive.errors import Invalid

SHORTEST = 10
"""Characters; length is what counts (NIST SP 800-63B), so nothing else is asked for."""

LONGEST = 256

_hasher = PasswordHasher()  # argon2-cffi's defaults follow RFC 9106
_NOBODY = _hasher.hash("nobody has this password")


def check_strength(password: str) -> None:
    """Raises ``Invalid`` when it is too short or too long."""
    if len(password) < SHORTEST:
        raise Invalid(f"รหัสผ่านต้องยาวอย่างน้อย {SHORTEST} ตัวอักษร (too short)", field="password")
    if len(password) > LONGEST:
        raise Invalid(f"รหัสผ่านยาวเกิน {LONGEST} ตัวอักษร (too long)", field="password")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; takes as long for a person that does not exist (None)."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password[:LONGEST]) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False
