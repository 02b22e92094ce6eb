"""API tokens as they are made and kept."""

from __future__ import annotations

import hashlib
import secrets

_TOKEN_BYTES = 32  # 256 bits: nobody guesses one


def new_token() -> str:
    """Returns a new API token, to be shown once."""
    return f"prakat_{secrets.token_urlsafe(_TOKEN_BYTES)}"


def token_hash(token: str) -> str:
    """Returns the hash under which a token is kept.

    Plain SHA-256 suffices: tokens are random, not chosen by people.
    """
    return hashlib.sha256(token.encode()).hexdigest()
