"""Second factor of a sign-in: time-based codes (TOTP, RFC 6238) and recovery codes.

The secret of the codes is kept encrypted with a key made from the installation's secret key, which a copy
of the database does not hold. Recovery codes are random and kept as hashes.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import logging
import secrets

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from archive import thai
from archive.errors import Unavailable
from archive.model import Person, SecondFactor
from web.bootstrap import services

log = logging.getLogger("prakat.security")

RECOVERY_CODES = 10  # for one sign-in each
_RECOVERY_BYTES = 10  # 80 bits: more than can be guessed from a hash
_STEP = 30  # seconds for which a code is shown (RFC 6238)
_CLOCK_STEPS = (0, -1, 1)  # a telephone's clock may be off by half a minute, and typing takes time


def new_secret() -> str:
    """Returns a random secret in the form that authenticator applications take."""
    return pyotp.random_base32()


def encrypt_secret(secret: str) -> str:
    """The secret as it is kept."""
    return _cipher().encrypt(secret.encode()).decode()


def decrypt_secret(factor: SecondFactor) -> str:
    """Returns the secret of a second factor. Raises ``Unavailable`` when the secret key has changed since."""
    try:
        return _cipher().decrypt(factor.sealed_secret.encode()).decode()
    except InvalidToken as error:
        log.error("second factor cannot be decrypted: PRAKAT_SECRET_KEY is not the one that it was made with")
        raise Unavailable(
            "รหัสจากโทรศัพท์ใช้ไม่ได้ เพราะกุญแจของระบบเปลี่ยนไป ใช้รหัสสำรองที่จดไว้แทน"
            " หรือให้ผู้ดูแลเครื่องใช้คำสั่ง prakat user reset-second-factor"
        ) from error


def has_readable_secret(factor: SecondFactor) -> bool:
    """Returns False once the secret key is another than the one that the second factor was set up with."""
    try:
        decrypt_secret(factor)
    except Unavailable:
        return False
    return True


def enrolment_address(person: Person, secret: str) -> str:
    """Returns the ``otpauth:`` address that an authenticator application reads from the QR code."""
    site = services().settings.site_name
    return pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=site)


def enrolment_qr_code(address: str) -> str:
    """Returns the address as an SVG picture, dark on light in either theme."""
    code = segno.make(address, error="l")  # a Thai name makes it dense; what is on a screen has no stains
    return str(code.svg_inline(omitsize=True, border=4, dark="#000000", light="#ffffff"))


def time_step(secret: str, typed: str, now: dt.datetime) -> int | None:
    """Returns the time step (now, just before or just after) of the typed code; None for a wrong code."""
    code = _plain(typed)
    current = int(now.timestamp()) // _STEP
    totp = pyotp.TOTP(secret)
    for step in (current + off for off in _CLOCK_STEPS):
        if hmac.compare_digest(totp.generate_otp(step), code.encode("ascii", "replace").decode()):
            return step
    return None


def use_code(person: Person, factor: SecondFactor, typed: str, now: dt.datetime) -> bool:
    """Uses up a valid code of the telephone or a recovery code. Returns False if it is wrong or used.

    Recovery codes need no secret key. Raises ``Unavailable`` for anything else once the key has changed.
    """
    factors = services().people.second_factors
    if factors.use_recovery_code(person.id, recovery_hash(typed), now=now):
        return True
    step = time_step(decrypt_secret(factor), typed, now)
    return step is not None and factors.use_code(person.id, step=step)


def generate_recovery_codes() -> list[str]:
    """Returns new recovery codes to write down, each in groups of four letters and digits."""
    made = [
        base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)
    ]
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in made]


def recovery_hash(typed: str) -> str:
    """Returns the hash under which a recovery code is kept; SHA-256 suffices, since the codes are random."""
    return hashlib.sha256(_plain(typed).lower().encode()).hexdigest()


def _plain(typed: str) -> str:
    """Returns the typed code without spaces and hyphens, with Arabic digits."""
    return "".join(thai.arabic_digits(typed).replace("-", "").split())


def _cipher() -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"prakat: secrets of second factors")
    return Fernet(base64.urlsafe_b64encode(derive.derive(services().secret_key.encode())))
