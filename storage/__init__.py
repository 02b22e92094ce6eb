"""Adapters of ``archive.ports``: storage of records, files, jobs and people, and backups."""
