"""Signed backups cannot be replaced unnoticed; encrypted ones are read with the identity alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from archive.errors import PrakatError
from storage.backup import manifest
from storage.backup.manifest import BackupManifest
from tests.factories.archives import add
from tests.operation.archives import close, everything, flip, opened
from web.bootstrap import Services
from web.cli import main


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with the keys, apart from archive and backup."""
    folder = tmp_path / "keys"
    folder.mkdir()
    key = Ed25519PrivateKey.generate()
    (folder / "private.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "public.pem").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    identity = pyrage.x25519.Identity.generate()
    (folder / "identity.txt").write_text(f"# public key: {identity.to_public()}\n{identity}\n")
    (folder / "recipient").write_text(str(identity.to_public()))
    return folder


def run(data: Path, *arguments: str | Path, signing_key: Path | None = None, recipient: str = "") -> Result:
    environment = {
        "PRAKAT_DATA": str(data),
        "PRAKAT_BACKUP_SIGNING_KEY": str(signing_key or ""),
        "PRAKAT_BACKUP_RECIPIENT": recipient,
    }
    return CliRunner().invoke(main, [*map(str, arguments)], env=environment)


@pytest.fixture(params=["file", "directory"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "backup"
    if request.param == "directory":
        path.mkdir()
    return path


def test_a_signed_backup_is_restored_with_the_public_key(data: Path, destination: Path, keys: Path) -> None:
    assert run(data, "backup", destination, signing_key=keys / "private.pem").exit_code == 0
    other = data.with_name("other")
    assert run(other, "restore", destination, signing_key=keys / "public.pem").exit_code == 0


def test_a_backup_that_was_summed_again_is_refused(data: Path, tmp_path: Path, keys: Path) -> None:
    """The database is swapped for another, and the checksums are made right."""
    destination = tmp_path / "backup"
    destination.mkdir()
    assert run(data, "backup", destination, signing_key=keys / "private.pem").exit_code == 0
    sum_again(destination)
    result = run(tmp_path / "other", "restore", destination, signing_key=keys / "public.pem")
    assert result.exit_code == 1
    assert "signature" in result.stderr
    assert not (tmp_path / "other").exists()
    assert "backup-altered" in run(data, "check").stdout  # without any key


def test_a_signature_that_no_key_verified_is_told(data: Path, destination: Path, keys: Path) -> None:
    """On a new machine nothing names the key: the settings that do are in the backup itself."""
    assert run(data, "backup", destination, signing_key=keys / "private.pem").exit_code == 0
    unverified = run(data.with_name("other"), "restore", destination)
    assert unverified.exit_code == 0
    assert "not verified" in unverified.stderr
    verified = run(data.with_name("third"), "restore", destination, signing_key=keys / "public.pem")
    assert "not verified" not in verified.stderr


def sum_again(destination: Path) -> None:
    path = destination / "manifest.json"
    manifest = BackupManifest.from_bytes(path.read_bytes())
    forged = b"f" * 64
    manifest.members["secret-key"] = hashlib.sha256(forged).hexdigest()
    (destination / "state" / manifest.members["secret-key"]).write_bytes(forged)
    signature = manifest.signature or b""
    text = manifest.seal_to_bytes(lambda _digest: signature)
    for each in (path, *(destination / "generations").iterdir()):
        each.write_bytes(text)


def test_an_unsigned_backup_is_refused_where_signatures_are_expected(
    data: Path, destination: Path, keys: Path
) -> None:
    assert run(data, "backup", destination).exit_code == 0
    result = run(data.with_name("other"), "restore", destination, signing_key=keys / "public.pem")
    assert result.exit_code == 1
    assert "not signed" in result.stderr


def test_another_key_does_not_do(data: Path, destination: Path, keys: Path, tmp_path: Path) -> None:
    assert run(data, "backup", destination, signing_key=keys / "private.pem").exit_code == 0
    other = tmp_path / "other.pem"
    other.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    result = run(data.with_name("other"), "restore", destination, signing_key=other)
    assert result.exit_code == 1


def test_an_encrypted_backup_shows_nothing_and_comes_back(
    services: Services, data: Path, destination: Path, keys: Path, tmp_path: Path
) -> None:
    recipient = (keys / "recipient").read_text()
    assert run(data, "backup", destination, recipient=recipient).exit_code == 0
    add(services, 30)
    assert run(data, "backup", destination, recipient=recipient).exit_code == 0
    kept = (
        [destination]
        if destination.is_file()
        else [path for path in destination.rglob("*") if path.is_file()]
    )
    assert not any(b"SQLite format" in path.read_bytes() for path in kept)
    assert not any(b"%PDF" in path.read_bytes() for path in kept)
    refused = run(tmp_path / "other", "restore", destination)
    assert refused.exit_code == 1
    assert "--identity" in refused.stderr
    result = run(tmp_path / "other", "restore", destination, "--identity", keys / "identity.txt")
    assert result.exit_code == 0, result.stderr
    other = opened(tmp_path / "other")
    assert everything(other) == everything(services)
    close(other)


def test_damage_in_an_encrypted_backup_is_mended(data: Path, keys: Path, tmp_path: Path) -> None:
    destination = tmp_path / "backup"
    destination.mkdir()
    recipient = (keys / "recipient").read_text()
    assert run(data, "backup", destination, recipient=recipient).exit_code == 0
    before = sorted(path.stat().st_ino for path in destination.glob("files/*/*"))
    victim = sorted(destination.glob("files/*/*.age"))[2]
    flip(victim, 300)
    damaged = run(data, "backup", destination, recipient=recipient)
    assert damaged.exit_code == 1
    assert victim.stem in damaged.stderr
    assert run(data, "backup", destination, recipient=recipient).exit_code == 0
    after = sorted(path.stat().st_ino for path in destination.glob("files/*/*"))
    assert len(set(before) & set(after)) >= len(before) - 1  # what is there is not encrypted again
    assert run(tmp_path / "other", "restore", destination, "--identity", keys / "identity.txt").exit_code == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("BACKUP_SIGNING_KEY", "/nowhere"), ("BACKUP_RECIPIENT", "age1wrong"), ("BACKUP_SIGNING_KEY", __file__)],
)
def test_a_wrong_key_stops_the_start(data: Path, name: str, value: str) -> None:
    environment = {"PRAKAT_DATA": str(data), f"PRAKAT_{name}": value}
    result = CliRunner().invoke(main, ["stats"], env=environment)
    assert result.exit_code == 2
    assert f"PRAKAT_{name}" in result.stderr


@pytest.mark.parametrize(("name", "value"), [("archive", {"unknown": 1}), ("signature", "A")])
def test_a_manifest_with_odd_values_is_damaged(name: str, value: object) -> None:
    content = {"format": 1, "made_at": "2026-11-30T00:00:00+00:00", "members": {}, name: value}
    text = json.dumps(content | {"sum": manifest._digest(content)})
    with pytest.raises(PrakatError):
        BackupManifest.from_bytes(text.encode())
