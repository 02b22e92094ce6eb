"""Mappers between rows of the database and the archive's value objects."""

from __future__ import annotations

import datetime as dt
import json
import logging
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from archive.disclosure import DisclosureEntry, DisclosureItem
from archive.erasure import Erasure
from archive.errors import RecordDamaged
from archive.holding import HoldState
from archive.model import (
    Announcement,
    ApiToken,
    Attachment,
    Change,
    Collection,
    DocumentKind,
    ExtractedField,
    Failure,
    FileVersion,
    HoldReason,
    IntegrityIncident,
    Line,
    LowConfidenceSpan,
    Organisation,
    Page,
    Person,
    PersonalDataSpan,
    ReadingResults,
    ReadingStatus,
    Relation,
    RelationKind,
    ScanAdvice,
    Scope,
    Session,
    Signature,
)
from archive.reports import Report
from archive.site_profile import TEXT_FIELDS, SiteProfile, SiteProfileVersion
from archive.subscriptions import Subscription
from storage.engine import Row

DETACHED = "detached"
"""Status of an attachment that was taken off its announcement. Its row stays for ``reattach``."""

ERASED = "erased-"
"""Beginning of what an erased attachment, a detached one without data, has in the place of its SHA-256."""

log = logging.getLogger("prakat.storage")

_T = TypeVar("_T")
_NOT_AS_WRITTEN = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    struct.error,
    zlib.error,
)
_reported: set[str] = set()


@dataclass(frozen=True, slots=True)
class Mapper(Generic[_T]):
    """Returns the record of a row of ``table``; raises ``RecordDamaged`` for one that cannot be read."""

    table: str
    _read: Callable[[Row], _T]

    def __call__(self, row: Row) -> _T:
        try:
            return self._read(row)
        except _NOT_AS_WRITTEN as error:
            raise RecordDamaged from error


def mapper_of(table: str) -> Callable[[Callable[[Row], _T]], Mapper[_T]]:
    """Decorates a function of a row, which becomes the mapper of a table."""
    return lambda read: Mapper(table, read)


def map_readable_rows(mapper: Mapper[_T], rows: Iterable[Row]) -> Iterator[_T]:
    """Map rows, logging each damaged one once and leaving it out, so that no whole list fails.

    Each process logs a damaged row once. ``prakat check`` and the readiness check list damaged rows.
    """
    for row in rows:
        try:
            yield mapper(row)
        except RecordDamaged as error:
            name = _name_of_row(row, mapper.table)
            if name not in _reported:
                _reported.add(name)
                log.error("damaged row", extra={"row": name, "why": str(error.__cause__)})


def readable_text(value: object) -> str:
    """Return a text as the database has it; "" for one that is damaged, which ``prakat check`` names."""
    return value if isinstance(value, str) else ""


def _name_of_row(row: Row, table: str) -> str:
    """Return how the log names a row: by its table and id, or else by its attachment and number there."""
    key = ("id",) if "id" in row.keys() else ("attachment_id", "number")  # noqa: SIM118  # sqlite3.Row
    return " ".join([table, *(str(row[column]) for column in key)])


def _mapper(record: type[_T], table: str, **others: Callable[[Row], object]) -> Mapper[_T]:
    """Return the mapper that reads each field of a record from the column of its name, by the field's type.

    ``others``: how to read the fields that a column does not hold in that form.
    """
    types = get_type_hints(record)
    names = [field.name for field in fields(record)]  # type: ignore[arg-type]
    readers = {name: others.get(name) or _column(name, types[name]) for name in names}

    return Mapper(table, lambda row: record(**{name: read(row) for name, read in readers.items()}))


def _column(name: str, type_of_field: Any) -> Callable[[Row], object]:
    """Return the function that reads a field from the column of its name; NULL gives None where allowed."""
    is_optional = NoneType in get_args(type_of_field)
    kind = next(one for one in (*get_args(type_of_field), type_of_field) if one is not NoneType)
    convert = _CONVERTERS.get(kind, kind)
    return lambda row: None if is_optional and row[name] is None else convert(row[name])


def _organisation_of(row: Row) -> object:
    return row["organisation_id"]


def _text(value: object) -> str:
    """Return a value that must be text. Raises ``TypeError`` for any other value.

    The database driver returns text that is not UTF-8 as bytes.
    """
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


_CONVERTERS: Mapping[Any, Callable[[Any], object]] = {
    str: _text,
    bool: lambda value: bool(int(value)),
    dt.date: dt.date.fromisoformat,
    dt.datetime: dt.datetime.fromisoformat,
}


def time_text(at: dt.datetime) -> str:
    """Return a time as text in UTC. All times have the same width, so that times sort as text."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def now_text() -> str:
    """Return the present time in UTC, in the form in which columns have it."""
    return time_text(dt.datetime.now(dt.UTC))


def _time(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def stored_value(value: object) -> object:
    """Convert dates, times, enumerations and bools (to 0 or 1) to what the database and JSON have."""
    if isinstance(value, dt.datetime):
        return time_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bool):
        return int(value)
    return value


@mapper_of("attachment")
def attachment(row: Row) -> Attachment:
    """Return the attachment of a row. Raises ``RecordDamaged``."""
    details = _details(row["details"])
    return Attachment(
        id=row["id"],
        announcement_id=row["announcement_id"],
        position=row["position"],
        label=_text(row["label"]),
        filename=_text(row["filename"]),
        kind=DocumentKind(row["kind"]),
        media_type=_text(row["media_type"]),
        size=row["size"],
        sha256=_text(row["sha256"]),
        page_count=row["page_count"],
        status=_reading(row),
        error=Failure(row["error_code"], row["error_message"]) if row["error_code"] else None,
        signed=bool(details.signatures),
        details=details,
        rules=row["rules"],
        created_at=dt.datetime.fromisoformat(row["created_at"]),
        hold=HoldReason(row["hold"]) if row["hold"] else None,
        decided=tuple(json.loads(row["decided"] or "[]")),
        is_redacted=bool(row["is_redacted"]),
        replaces=row["replaces"],
    )


def pack_texts(texts: Sequence[str]) -> bytes:
    """Pack texts into bytes, as a JSON list compressed with zlib."""
    return zlib.compress(json.dumps(texts, ensure_ascii=False).encode())


@mapper_of("file_version")
def version_texts(row: Row) -> list[str]:
    """Return the texts of the pages of an earlier file. Raises ``RecordDamaged``."""
    return [_text(text) for text in json.loads(zlib.decompress(row["texts"]))]


def _reading(row: Row) -> ReadingStatus:
    """Return the reading status. A detached attachment has the status that it had before."""
    if row["status"] != DETACHED:
        return ReadingStatus(row["status"])
    if row["error_code"]:
        return ReadingStatus.FAILED
    return ReadingStatus.READY if row["rules"] else ReadingStatus.WAITING


def hold_columns(state: HoldState) -> dict[str, object]:
    """Return the columns of an attachment that say whether residents see it, by name."""
    return {
        "hold": state.hold.value if state.hold else "",
        "decided": decisions_json(state.decided),
        "has_undecided_finds": int(state.has_undecided_finds),
    }


def decisions_json(decided: Sequence[str]) -> str:
    """Return the decisions to show personal data as JSON; "" for none."""
    return json.dumps(list(decided)) if decided else ""


def details_json(details: ReadingResults) -> str:
    """Return details as JSON in ASCII: fields of a hostile file may hold characters that UTF-8 cannot."""
    return json.dumps(asdict(details), default=stored_value)


def _details(text: str) -> ReadingResults:
    if text == "{}":  # not read yet
        return ReadingResults()
    kept = json.loads(text)
    return ReadingResults(
        fields={name: ExtractedField(**field) for name, field in kept["fields"].items()},
        signatures=tuple(
            Signature(**{**signature, "signed_at": _time(signature["signed_at"])})
            for signature in kept["signatures"]
        ),
        personal_data=tuple(PersonalDataSpan(**found) for found in kept["personal_data"]),
        advice=tuple(ScanAdvice(each["code"], tuple(each["pages"])) for each in kept.get("advice", ())),
    )


def page_values(page: Page) -> dict[str, object]:
    """Return the columns of a page, by name."""
    return {field.name: stored_value(getattr(page, field.name)) for field in fields(page)} | {
        "raw": zlib.compress(page.raw.encode(errors="surrogatepass")),
        "lines": pack_lines(page.lines),
        "doubts": pack_doubts(page.doubts),
    }


def pack_lines(lines: Sequence[Line]) -> bytes:
    """Pack lines into bytes, compressed with zlib.

    A line is packed as start, top, bottom, number of edges, then the differences between its edges.
    """
    numbers: list[int] = []
    for line in lines:
        numbers += (line.start, line.top, line.bottom, len(line.edges))
        numbers += _steps(line.edges)
    return zlib.compress(struct.pack(f"<{len(numbers)}q", *numbers)) if numbers else b""


def unpack_lines(packed: bytes) -> tuple[Line, ...]:
    """Return the lines that ``pack_lines`` wrote."""
    numbers = [number for (number,) in struct.iter_unpack("<q", zlib.decompress(packed))] if packed else []
    lines = []
    place = 0
    while place < len(numbers):
        start, top, bottom, length = numbers[place : place + 4]
        place += 4
        lines.append(Line(start, top, bottom, _sums(numbers[place : place + length])))
        place += length
    return tuple(lines)


def _steps(edges: Sequence[int]) -> Iterable[int]:
    return (edge - before for before, edge in zip((0, *edges), edges, strict=False))


def _sums(steps: Iterable[int]) -> tuple[int, ...]:
    edges, at = [], 0
    for step in steps:
        at += step
        edges.append(at)
    return tuple(edges)


_WITH_ALTERNATIVES = struct.pack("<q", -1)
"""Begins packed doubts with alternatives, which follow as JSON. Doubts without them never start at -1."""


def pack_doubts(doubts: Sequence[LowConfidenceSpan]) -> bytes:
    """Return low-confidence spans as bytes for a column."""
    if any(doubt.alternatives for doubt in doubts):
        rows = [(doubt.start, doubt.end, doubt.confidence, doubt.alternatives) for doubt in doubts]
        return _WITH_ALTERNATIVES + json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join(struct.pack("<qqd", doubt.start, doubt.end, doubt.confidence) for doubt in doubts)


def unpack_doubts(packed: bytes) -> tuple[LowConfidenceSpan, ...]:
    """Return the spans that ``pack_doubts`` wrote."""
    if packed.startswith(_WITH_ALTERNATIVES):
        rows = json.loads(packed.removeprefix(_WITH_ALTERNATIVES))
        return tuple(LowConfidenceSpan(start, end, sure, tuple(others)) for start, end, sure, others in rows)
    return tuple(LowConfidenceSpan(*values) for values in struct.iter_unpack("<qqd", packed))


def readable_doubts(packed: object) -> tuple[LowConfidenceSpan, ...]:
    """Return the spans of a page's column of doubts; none where the column is damaged."""
    try:
        return unpack_doubts(bytes(packed)) if isinstance(packed, bytes | memoryview) else ()
    except (ValueError, TypeError, struct.error):
        return ()


def _optional(name: str) -> Callable[[Row], object]:
    """Return the function that reads a field from a column, and gives None where the table lacks it."""
    return lambda row: row[name] if name in row.keys() else None  # noqa: SIM118  # sqlite3.Row


announcement = _mapper(
    Announcement,
    "announcement",
    views=lambda row: row["views"] + row["visits"],
    organisation=_organisation_of,
)
page = _mapper(
    Page,
    "page",
    raw=lambda row: zlib.decompress(row["raw"]).decode(errors="surrogatepass"),
    lines=lambda row: unpack_lines(row["lines"]),
    doubts=lambda row: unpack_doubts(row["doubts"]),
)
change, collection_change, disclosure_change = (
    _mapper(
        Change,
        table,
        before=lambda row: json.loads(row["before"]),
        after=lambda row: json.loads(row["after"]),
        announcement_id=_optional("announcement_id"),
        collection_id=_optional("collection_id"),
        disclosure_item_id=_optional("disclosure_item_id"),
    )
    for table in ("history", "collection_history", "disclosure_history")
)
collection = _mapper(Collection, "collection", items=lambda _row: ())  # the items are rows of another table
disclosure_item = _mapper(
    DisclosureItem,
    "disclosure_item",
    key=lambda row: _text(row["item"]),
    keywords=lambda row: tuple(_text(row["keywords"]).splitlines()),
)
file_version = _mapper(FileVersion, "file_version")
erasure = _mapper(Erasure, "erasure", files=lambda row: tuple(_text(row["files"]).split()))
incident = _mapper(IntegrityIncident, "incident", acknowledged_by=lambda row: row["acknowledged_by"] or "")
person = _mapper(Person, "person", organisation=_organisation_of)
organisation = _mapper(Organisation, "organisation")
session = _mapper(Session, "session")
token = _mapper(ApiToken, "token", scopes=lambda row: frozenset(map(Scope, row["scopes"].split(","))))
relation = _mapper(Relation, "relation", kind=lambda row: RelationKind(row["kind"]) if row["kind"] else None)
disclosure_entry = _mapper(DisclosureEntry, "disclosure_entry")
report = _mapper(Report, "report")
site_profile = _mapper(
    SiteProfileVersion,
    "site_profile",
    profile=lambda row: SiteProfile(
        **{name: _text(row[name]) for name in TEXT_FIELDS}, emblem_id=row["emblem_id"]
    ),
)
subscription = _mapper(Subscription, "subscription", organisation=_organisation_of)


def history_json(values: Mapping[str, object]) -> str:
    """Return values as JSON in the order given and with Thai letters, as the history has them."""
    return json.dumps({name: stored_value(value) for name, value in values.items()}, ensure_ascii=False)
