"""Settings → adapters: opens the file store, the search index and the backup keys that they name."""

from __future__ import annotations

from pathlib import Path

from archive.ports import Files
from indexer.analysis.dictionary import Dictionary
from indexer.engines.whoosh import WhooshIndex
from indexer.search.ports import SearchIndex
from storage import data_directory
from storage.backup.keys import BackupKeys
from storage.files.local import LocalFiles
from web.database_connection import require_library
from web.settings import Settings


def open_files(settings: Settings) -> Files:
    """Open the store of the original files. Raises ``SettingsError`` when its library is missing."""
    if settings.files == "local":
        return LocalFiles(settings.data / data_directory.FILES)
    with require_library("PRAKAT_FILES"):
        from storage.files.s3 import S3Files
    return S3Files(settings.files)


def open_index(settings: Settings, dictionary: Dictionary) -> SearchIndex:
    """Open the search index. Raises ``SettingsError`` when its library is missing."""
    if settings.search == "whoosh":
        return WhooshIndex(settings.data / "index", dictionary)
    with require_library("PRAKAT_SEARCH"):
        from indexer.engines.opensearch import OpenSearchIndex
    return OpenSearchIndex(settings.search, dictionary)


def backup_keys(settings: Settings, identity: Path | None = None) -> BackupKeys:
    """Return the keys of backups; only ``identity`` reads an encrypted one. ``SettingsError`` for a bad key.

    ``identity``: file of the age key; no setting has it.
    """
    return BackupKeys(
        signing_key=settings.backup_signing_key, recipient=settings.backup_recipient, identity=identity
    )


def engine_address_or_directory(setting: str, data: Path) -> str | Path:
    """Returns the address of the engine that a setting names; ``data``, resolved, for an embedded engine.

    Embedded engines keep their files in the data directory, each under a name of its own.
    """
    return setting if "://" in setting else data.resolve()
