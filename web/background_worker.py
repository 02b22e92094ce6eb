"""Wires the worker that reads, indexes and maintains in the background."""

from __future__ import annotations

import socket
from pathlib import Path

from indexer.extraction.attachment_reader import AttachmentReader
from indexer.inbox import Inbox, InboxTarget
from indexer.leader_leases import COLLECT_SCANS, MAINTAIN, SYNC_INDEX, LeaderLeases, lease_holder_name
from indexer.scrub import Scrubber
from indexer.worker import Worker
from web.adapters import engine_address_or_directory
from web.bootstrap import Services
from web.follower_mail import FollowerMailer


def build_worker(services: Services) -> Worker:
    """Returns the worker that reads and indexes in the background on the same services."""
    reader = AttachmentReader(services.records, services.files, ocr_jobs=services.settings.ocr_jobs)
    return Worker(
        services.records,
        services.jobs,
        services.commands.publication,
        services.index,
        reader,
        leader_leases(services, lease_holder_name()),
        Scrubber(services.records, services.files, services.index, services.settings.data),
        Inbox(lambda: inbox_targets(services)),
        services.pictures,
        services.eraser,
        FollowerMailer(services).send_due_and_delete_unconfirmed if services.settings.smtp_url else None,
    )


def inbox_targets(services: Services) -> dict[Path, InboxTarget]:
    """Returns the watched folders, which may be missing, with where their scans go; {} without an inbox.

    Where there are several organisations, each has a folder of its own, named by its slug.
    """
    if not services.settings.inbox:
        return {}
    folder, known = Path(services.settings.inbox).expanduser(), services.organisations.all()
    if len(known) == 1:
        return {folder: InboxTarget(services.records, services.commands)}
    scoped = {town.slug: services.for_organisation(town, known) for town in known}
    return {folder / slug: InboxTarget(each.records, each.commands) for slug, each in scoped.items()}


def watched_folder_command(folder: Path) -> str:
    """Returns the command that makes a watched folder as the manual does: the scanner's group may write."""
    return f"install -d -o prakat -g scanner -m 2770 {folder}"


def leader_leases(services: Services, holder: str) -> LeaderLeases:
    """Returns the leases for duties that one worker at a time does for all workers.

    An index in a directory, and a watched folder, belong to a worker on the same machine.
    """
    place = engine_address_or_directory(services.settings.search, services.settings.data)
    index = "" if isinstance(place, str) else f" {socket.gethostname()}:{place}"
    names = {SYNC_INDEX: f"{SYNC_INDEX}{index}", MAINTAIN: MAINTAIN}
    if services.settings.inbox:
        names[COLLECT_SCANS] = f"{COLLECT_SCANS} {socket.gethostname()}:{services.settings.inbox}"
    return LeaderLeases(services.leases, names, holder)
