"""Settings → services: the only place that picks adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from archive.intake import Intake
from archive.ports import Files, Jobs, People, Records
from indexer.index import SearchIndex
from indexer.pictures import Pictures
from web.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that pages, API and commands work with, wired once per process."""

    settings: Settings
    records: Records
    jobs: Jobs
    people: People
    files: Files
    index: SearchIndex
    intake: Intake
    pictures: Pictures


def services() -> Services:
    """The services of the running application."""
    return cast(Services, current_app.extensions["prakat"])


def build(settings: Settings) -> Services:
    """Open (and where needed create) everything that the settings name."""
    raise NotImplementedError
