"""Helpers shared by commands on the terminal: services, tables, and progress bars that stay out of pipes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from archive.errors import NotFound
from archive.model import THE_PROVINCE, Organisation
from archive.ports import People
from web import settings

if TYPE_CHECKING:
    from web.bootstrap import Services


class FullHelpGroup(click.Group):
    """A command group that lists each command with its whole description.

    The usual list shows one line of each, which is the Thai alone.
    """

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of the group's commands to the formatter."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.describe(name)) for name in self.list_commands(ctx)])

    def describe(self, name: str) -> str:
        """Returns the whole description of a command in one line."""
        return self.commands[name].get_short_help_str(limit=1000)


BAR_AFTER = 2.0  # seconds of work before a bar appears: short work needs no bar
_REDRAW_SECONDS = 0.1  # between two pictures of a bar


def open_or_begin_services() -> Services:
    """Opens the archive, or begins one where none is; ``NotFound`` if the service's archive is meant.

    It is meant where nobody named a place, none is in the usual one, and the service has one elsewhere.
    """
    from web import bootstrap

    return bootstrap.build_services(_settings_of_archive())


def open_or_begin_services_of_settings() -> Services:
    """Opens the archive where the settings say, or begins one there, even if the service's is elsewhere."""
    from web import bootstrap

    return bootstrap.build_services(settings.load_settings())


def _settings_of_archive() -> settings.Settings:
    """Returns the settings in force, and says where an archive begins in a place that nobody named.

    Raises ``NotFound`` where that place has no archive and the service has one: it is meant then.
    """
    from web.database_connection import has_database_file

    given = settings.load_settings()
    is_named = "PRAKAT_DATA" in os.environ or given.data != settings.Settings().data
    if is_named or has_database_file(given):
        return given
    from web import archive_traces  # slow, and needed in an empty place alone

    _refuse_beside_service(given)
    if not archive_traces.may_hold_archive(given):
        place = given.data.absolute()
        click.echo(
            f"เริ่มคลังใหม่ที่ {place} ถ้าคลังอยู่ที่อื่น ตั้ง PRAKAT_DATA"
            " (an archive begins here; PRAKAT_DATA names another place)",
            err=True,
        )
    return given


def _refuse_beside_service(given: settings.Settings) -> None:
    from web import archive_traces

    if archive_traces.is_archive_elsewhere(given):
        raise NotFound(
            f"ไม่มีคลังที่ {given.data.absolute()} คลังของบริการอยู่ที่อื่น ใช้คำสั่ง"
            f" runuser -u prakat -- env PRAKAT_DATA={archive_traces.USUAL_DATA} prakat …"
            " (there is no archive here: name the service's)"
        )


def open_existing_services() -> Services:
    """Opens an archive and never begins one; ``NotFound`` where none is, or the service's is meant.

    The service's is meant where nobody named a place and the service has an archive elsewhere. For commands
    that would have nothing to say of an archive made a moment ago.
    """
    from web import archive_traces, bootstrap

    given = settings.load_settings()
    if "PRAKAT_DATA" not in os.environ:
        _refuse_beside_service(given)
    if not archive_traces.may_hold_archive(given):
        raise NotFound(f"ไม่พบคลังที่ {given.data.absolute()} กรุณาตรวจ PRAKAT_DATA (there is no archive)")
    return bootstrap.build_services(given)


class InputPath(click.Path):
    """A path that must exist. Tells that the user who calls the command may have no way to it."""

    def __init__(self, *, dir_okay: bool = True) -> None:
        super().__init__(exists=True, dir_okay=dir_okay, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Returns the path. Raises ``BadParameter`` where it is not seen, or is not of the kind needed."""
        if not os.path.exists(value):  # noqa: PTH110  # Path.exists raises where the folder may not be entered
            self.fail(
                f"ไม่พบ {value} หรือผู้ที่ใช้คำสั่งนี้เข้าโฟลเดอร์ไม่ได้"
                " (not there, or the user who calls this may not enter its folder)"
            )
        return super().convert(value, param, ctx)


ALL = "all"  # given instead of a slug: the province, whose people and programs work in every organisation

organisation_option = click.option(
    "--organisation",
    metavar="SLUG",
    help="หน่วยงานใด เมื่อมีหลายหน่วยงาน · which organisation, where there are several; all: the province",
)


def open_services_of(
    organisation: str | None,
    *,
    default_when_several: str | None = None,
    opened: Callable[[], Services] = open_or_begin_services,
) -> Services:
    """Returns the services of an organisation, given by its slug or ``ALL``.

    None stands for the only organisation. Where there are several, None stands for ``default_when_several``,
    or raises ``UsageError`` without it. Raises ``NotFound`` for an unknown slug.
    """
    services = opened()
    known = services.organisations.all()
    return services.for_organisation(
        _chosen(organisation or (default_when_several if len(known) > 1 else None), known), known
    )


def open_people_of(organisation: str | None) -> People:
    """Returns the people of an organisation, chosen as by ``open_services_of``.

    Opens the database alone: dictionaries and search take longer to load than these commands take.
    """
    from web.database_connection import open_people_alone

    return open_people_alone(_settings_of_archive(), partial(_chosen, organisation))


def _chosen(organisation: str | None, known: Sequence[Organisation]) -> Organisation | None:
    """Returns the organisation with this slug, or the province for ``ALL``; None for the only one."""
    if organisation == ALL:
        return THE_PROVINCE
    slugs = [each.slug for each in known]
    if organisation is None:
        if len(known) > 1:
            raise click.UsageError(f"ระบุ --organisation (which one: {', '.join(slugs)}, {ALL})")
        return None
    if organisation not in slugs:
        raise NotFound(f"ไม่พบหน่วยงาน {organisation} (no such organisation: {', '.join(slugs)})")
    return known[slugs.index(organisation)] if len(known) > 1 else None


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/วินาที" if task.speed else "")


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yields ``report(done, total)``, which draws a bar with rate and time left on a terminal's stderr."""
    with progress_bars({"": title}) as report:
        yield lambda done, total: report("", done, total)


@contextmanager
def progress_bars(titles: Mapping[str, str]) -> Iterator[Callable[[str, int, int], None]]:
    """Yields ``report(step, done, total)``, which draws a bar for each step of the work.

    The bar is drawn by ``report`` itself: a thread that drew it would keep ``reindex`` from sharing its
    dictionaries with forks.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    progress = Progress(*columns, console=console, disable=not console.is_terminal, auto_refresh=False)
    drawn = 0.0
    with progress:
        tasks = {
            step: progress.add_task(title, total=None, start=False, visible=False)
            for step, title in titles.items()
        }

        def report(step: str, done: int, total: int) -> None:
            nonlocal drawn
            task = progress.tasks[tasks[step]]
            if not task.started:
                progress.start_task(task.id)
            progress.update(task.id, completed=done, total=total, visible=(task.elapsed or 0.0) > BAR_AFTER)
            if time.monotonic() - drawn > _REDRAW_SECONDS:
                drawn = time.monotonic()
                progress.refresh()

        yield report


def print_table(title: str, rows: Mapping[str, object]) -> None:
    """Print names and values to stdout."""
    shown = Table(show_header=False)
    for name, value in rows.items():
        shown.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    console = Console()
    console.print(title, style="italic", soft_wrap=True)  # a table's own title is no wider than the table
    console.print(shown)
