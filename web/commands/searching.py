"""Commands for search from the shell, and for the search index."""

from __future__ import annotations

import json
from dataclasses import replace

import click
from rich.console import Console
from rich.text import Text

from archive import thai
from indexer.processors import count_processors
from indexer.reindex import is_rebuild_needed, rebuild
from indexer.search.explanations import SearchExplanation
from indexer.search.query import parser as queries
from web.api import schemas
from web.app import create_app
from web.commands.terminal import (
    ALL,
    open_existing_services,
    open_or_begin_services,
    open_services_of,
    organisation_option,
    progress_bar,
)
from web.search_service import Result, search


@click.command("search")
@click.argument("typed", metavar="QUERY")
@click.option("--json", "as_json", is_flag=True, help="สำหรับโปรแกรม · for programs, as the API answers")
@click.option(
    "--limit",
    default=10,
    show_default=True,
    type=click.IntRange(1, schemas.MOST_PER_PAGE),
    help="แสดงไม่เกินกี่เรื่อง · announcements at most",
)
@click.option("--explain", is_flag=True, help="แสดงที่มาของลำดับและคะแนน · show how order and scores came about")
@organisation_option
def search_command(typed: str, as_json: bool, limit: int, explain: bool, organisation: str | None) -> None:
    """ค้นหาประกาศที่เผยแพร่ · Search published announcements.

    \b
    ตัวอย่าง · example:
      prakat search "ภาษีที่ดิน 2564"
    """
    services = open_services_of(organisation, default_when_several=ALL, opened=open_existing_services)
    answer = search(services, replace(queries.parse_query(typed, per_page=limit), explain=explain))
    if as_json:
        with create_app(services).test_request_context(base_url=services.settings.base_url):
            said = schemas.SearchOut().dump(schemas.as_answer(answer, services))
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for result in answer.results:
        _show(console, result)
    click.echo(f"พบ {answer.total:,} เรื่อง ({answer.took_ms:.0f} ms)", err=True)
    if answer.related:
        console.print("ใกล้เคียง · related:")
    for result in answer.related:
        _show(console, result)
    for part in (answer, *answer.subquery_results):
        if part.explanation is not None:
            _explain(console, part.explanation)


def _explain(console: Console, explanation: SearchExplanation) -> None:
    console.print(f"coverage {explanation.coverage:.2f}, nothing found below {explanation.min_coverage:.2f}")
    for each in explanation.interpretations:
        read_as = ", ".join(each.interpretations) or "as it stands"
        said = "; ".join(note.value.english for note in (*each.steps, each.outcome))
        line = f"read {read_as}: {each.words}: {each.total:,} found, coverage {each.coverage:.2f}: {said}"
        console.print(Text(line), soft_wrap=True)
    for clause in explanation.clauses:
        ways = ", ".join(f"{terms} × {weight:g}" for terms, weight in clause.alternatives)
        statistics = f"df {clause.document_frequency:,}, idf {clause.idf:.2f}"
        console.print(Text(f"clause {clause.typed}: {statistics}: {ways}"), soft_wrap=True)
    for hit in explanation.hits:
        parts = " + ".join(f"{part.value:.3f} {part.name}" for part in hit.parts)
        line = f"{hit.announcement_id}: {hit.score:.3f} (covers {hit.coverage:.2f}) = {parts}"
        console.print(Text(line), soft_wrap=True)
        console.print(Text(f"   tier {hit.standing.tier}: {hit.standing.note.english}"), soft_wrap=True)


def _show(console: Console, result: Result) -> None:
    announcement = result.announcement
    console.print(Text(f"{announcement.id}  {announcement.title}", style="bold"), soft_wrap=True)
    published_on = thai.format_date(announcement.published_on)
    console.print(
        Text(f"   {announcement.author}  {published_on}  อ่าน {announcement.views:,}"), soft_wrap=True
    )
    for segments in (result.segments, *(page.segments for page in result.pages)):
        line = Text("   ")
        for segment in segments:
            line.append(" ".join(segment.text.split("\n")), style="reverse" if segment.is_hit else "")
        console.print(line, soft_wrap=True)  # a break between cells may fall within a Thai cluster


@click.command()
@click.option("--if-needed", is_flag=True, help="เฉพาะเมื่อจำเป็น · only when rules or words have changed")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=count_processors,
    show_default="จำนวนหน่วยประมวลผล · number of processors",
    help="ทำพร้อมกันกี่งาน · processes at the same time",
)
def reindex(if_needed: bool, jobs: int) -> None:
    """สร้างดัชนีค้นหาใหม่ขณะเปิดบริการ · Rebuild the search index while the service runs.

    \b
    ตัวอย่าง · example:
      prakat reindex --if-needed
    """
    services = open_or_begin_services()
    if if_needed and not is_rebuild_needed(services.records, services.index):
        click.echo("ดัชนีเป็นปัจจุบันแล้ว ไม่ต้องสร้างใหม่ (index is current)")
        return
    with progress_bar("สร้างดัชนี") as progress:
        count = rebuild(services.records, services.index, jobs=jobs, progress=progress)
    click.echo(f"ดัชนีใหม่มี {count:,} เรื่อง")


COMMANDS = (search_command, reindex)
