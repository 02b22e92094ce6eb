"""The sample archive: announcements from ``announcements.toml`` with their documents."""

from __future__ import annotations

import datetime as dt
import io
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from typing import Any

from archive.changes import SAMPLE
from archive.model import Announcement, CollectionLine, DocumentKind, Draft, RelationKind, Status
from archive.site_profile import SiteProfile
from web.bootstrap import Services
from web.disclosure_overview import suggested_entries
from web.sample.documents import SampleDocumentText, make_document
from web.sample.scans import ScanLook, make_scan

_FILLER = 9  # paragraphs that fill a page of a long document


def complete_sample(services: Services, progress: Callable[[int, int], None]) -> int:
    """Add what the archive lacks of the sample; return the number of announcements of the sample.

    A second call adds nothing twice.
    """
    listed: list[dict[str, Any]] = _written("announcements")["announcement"]
    missing = [
        (seed, given)
        for seed, given in enumerate(listed)
        if services.announcements.by_external_ref(_ref(given)) is None
    ]
    asked = [(given, file, seed) for seed, given in missing for file in given.get("files", ())]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        made = iter(pool.map(_document, asked))
        for done, (_seed, given) in enumerate(missing, start=1):
            _add(services, given, [(file, next(made)) for file in given.get("files", ())])
            progress(done, len(missing))
    _introduce(services)
    known = {each["title"]: services.announcements.by_external_ref(_ref(each)) for each in listed}
    _relate(services, listed, known)
    _collect(services, known)
    _disclose(services, known.values())
    return len(listed)


def sample_document_text(values: Mapping[str, Any], file: Mapping[str, Any]) -> SampleDocumentText:
    """Returns the text of one of a sample announcement's files, for ``make_document``."""
    paragraphs = [line for line in values["body"].split("\n") if line.strip()]
    paragraphs += [file["says"]] if "says" in file else []
    if "pages" in file:
        paragraphs += [_budget_line(number) for number in range(1, _FILLER * file["pages"])]
    more = {name: file[name] for name in ("to",) if name in file}
    return SampleDocumentText(
        kind=DocumentKind(file["kind"]),
        number=file["number"],
        date=values["date"],
        subject=file["subject"],
        paragraphs=paragraphs,
        **more,
    )


def _document(asked: tuple[Mapping[str, Any], Mapping[str, Any], int]) -> bytes:
    given, file, seed = asked
    pdf = make_document(sample_document_text(given, file))
    return make_scan(pdf, ScanLook(**file["scan"]), seed=seed) if "scan" in file else pdf


def _add(services: Services, given: Mapping[str, Any], made: list[tuple[Mapping[str, Any], bytes]]) -> None:
    draft = Draft(
        ref=_ref(given),
        title=given["title"],
        body=given["body"].strip(),
        author=given["author"],
        published_on=given["date"],
        kind=DocumentKind(given.get("kind", DocumentKind.ANNOUNCEMENT)),
        category=given["category"],
        views=given["views"],
        old_url=given.get("old_url"),
    )
    announcement = services.commands.announcements.create(draft, actor=SAMPLE)
    for file, data in made:
        services.commands.attachments.attach(
            announcement.id,
            io.BytesIO(data),
            filename=f"{file['label']}.pdf",
            label=file["label"],
            kind=DocumentKind(file["kind"]),
            actor=SAMPLE,
        )
    if given.get("status") != Status.DRAFT:
        services.commands.publication.publish(announcement.id, actor=SAMPLE)
    if given.get("status") == Status.WITHDRAWN:
        services.commands.publication.withdraw(announcement.id, actor=SAMPLE, reason=given["reason"])


def _introduce(services: Services) -> None:
    """Give the municipality a contact, unless somebody gave it one."""
    if not services.site_profiles.current().has_contact:
        services.commands.site_profiles.save(SiteProfile(**_written("contact")), actor=SAMPLE)


def _relate(
    services: Services, listed: list[dict[str, Any]], known: Mapping[str, Announcement | None]
) -> None:
    """Confirm which announcements of the sample cancel which. ``known``: by title."""
    for given in listed:
        newer, older = known[given["title"]], known.get(given.get("cancels", ""))
        if newer and older:
            services.commands.announcements.decide_relation(
                newer.id, older.id, RelationKind.CANCELS, actor=SAMPLE
            )


def _collect(services: Services, known: Mapping[str, Announcement | None]) -> None:
    """Create the year's disclosure page, unless there are collections already."""
    if services.collections.all():
        return
    given = _written("collection")
    items = []
    for line in given["items"]:
        found = known[line["title"]] if "title" in line else None
        items.append(CollectionLine(line["label"], found.id if found else None))
    services.commands.collections.save(
        None, title=given["title"], body=given["body"], items=items, actor=SAMPLE
    )


def _disclose(services: Services, known: Iterable[Announcement | None]) -> None:
    """Put each published announcement under the item to disclose that its title suggests."""
    for announcement in known:
        if announcement is None or announcement.status is not Status.PUBLISHED:
            continue
        if not services.disclosure.by_announcement(announcement.id):
            for entry in suggested_entries(services, announcement)[:1]:
                services.commands.disclosure.assign(entry, actor=SAMPLE)


def _written(name: str) -> dict[str, Any]:
    return tomllib.loads((files("web.sample") / f"{name}.toml").read_text(encoding="utf-8"))


def _ref(given: Mapping[str, Any]) -> str:
    return f"sample:{given['date'].isoformat()}:{given['title']}"


def _budget_line(number: int) -> str:
    amount = 18_500 + (number * 7_919) % 480_000
    start = dt.date(2023, 10, 1)
    return (
        f"แผนงานที่ {number} โครงการลำดับที่ {1000 + number} ตั้งไว้ {amount:,} บาท เพื่อจ่ายเป็นค่าวัสดุ ค่าจ้างเหมาบริการ"
        f" และค่าใช้จ่ายอื่นที่จำเป็น ปรากฏในแผนพัฒนาท้องถิ่นหน้า {number % 97 + 3} เริ่มปีงบประมาณ {start.year + 544}"
    )
