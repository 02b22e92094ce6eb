"""One frozen dataclass of settings; the only reader of the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default; the names in the environment carry ``PRAKAT_`` in front."""

    data: Path = Path("data")
    search: str = "whoosh"
    database: str = "sqlite"
    files: str = "local"
    max_upload_mb: int = 100
    ocr_jobs: int = os.cpu_count() or 1
    site_name: str = "เทศบาล"
    base_url: str = "http://127.0.0.1:8000"
    secret_key: str = ""
