"""Small real disks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[None]:
    """A file system of that size (``2m``) on the directory; the test is skipped where none can be had."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """The directory takes no writes, as a failed disk; the test is skipped where that cannot be had."""
    for options in (["--bind", directory], ["-o", "remount,bind,ro"]):
        mounted = subprocess.run(["mount", *options, directory], check=False, capture_output=True, text=True)
        if mounted.returncode:
            pytest.skip(f"nothing can be mounted read-only here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)
