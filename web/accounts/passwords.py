"""Password strength and hashing: easily guessed passwords are refused, and only Argon2id hashes are kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from archive.errors import Invalid
from archive.thai import keyboard
from archive.thai.word_list import thai_words

SHORTEST = 12  # characters (OWASP ASVS 2.1.1)
LONGEST = 128  # characters (OWASP ASVS 2.1.2)
"""Characters. Length is what counts, so no kinds of letters are asked for (NIST SP 800-63B, ASVS 2.1)."""

_FEWEST_GUESSES = 10**6
"""Guesses by someone who knows the passwords that leaked most often, names, Thai words and keyboards: a year,
at the pace that the pauses between attempts to sign in leave (web/accounts/sign_in_limits.py)."""

_LOOKED_AT = 72  # characters whose strength is estimated; the time of the estimate grows with them

HASHER = PasswordHasher()
"""The parameters of new hashes: argon2-cffi's defaults, which follow RFC 9106 (64 MiB, three passes)."""


@cache
def _hash_of_nobody() -> str:
    return HASHER.hash("nobody has this password")


def check_strength(password: str, *, guessable_words: Iterable[str] = ()) -> None:
    """Raises ``Invalid`` for fewer than 12 or over 128 characters, or under a million guesses to find it.

    ``guessable_words``: names that the guesser is taken to know. A long password may contain them.
    """
    if len(password) < SHORTEST:
        raise Invalid("รหัสผ่านต้องยาวอย่างน้อย %(least)s ตัวอักษร", field="password", least=SHORTEST)
    if len(password) > LONGEST:
        raise Invalid("รหัสผ่านยาวเกิน %(most)s ตัวอักษร", field="password", most=LONGEST)
    from zxcvbn import zxcvbn  # 12 MB of word lists, for the few who set a password

    known = [*filter(None, guessable_words), *sorted(thai_words())]
    for typed in (
        password,
        keyboard.switch_layout(password),
    ):  # Thai words are often typed with the other keyboard
        if zxcvbn(typed[:_LOOKED_AT], user_inputs=known)["guesses"] < _FEWEST_GUESSES:
            raise Invalid(
                "รหัสผ่านนี้เดาได้ง่าย กรุณาใช้คำที่ไม่เกี่ยวกันหลายคำ",
                field="password",
            )


def hash_password(password: str) -> str:
    """Returns the salted hash of a password, with the parameters of the hash function in it."""
    return HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Returns True when the password is right.

    For a person that does not exist (``password_hash`` None) the check takes as long as for one that does.
    """
    whole = len(password) <= LONGEST
    try:
        right = HASHER.verify(password_hash or _hash_of_nobody(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return right and whole and password_hash is not None
