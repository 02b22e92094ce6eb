"""Value objects of a municipal archive: frozen dataclasses and enums that every package uses.

Times are aware UTC datetimes, dates are ISO (C.E.) ``date`` values; the Buddhist era appears
only on screen and in what people type (``archive.thai``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """Status of an announcement. Residents only ever see announcements that are ``PUBLISHED``."""

    DRAFT = "draft"  # also one with a time at which it is to be published
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    TRASHED = "trashed"


class DocumentKind(StrEnum):
    """Kinds of official documents, after the Prime Minister's Office regulation on correspondence."""

    LETTER = "letter"
    MEMO = "memo"
    STAMPED = "stamped"
    ORDER = "order"
    RULE = "rule"
    BYLAW = "bylaw"
    ANNOUNCEMENT = "announcement"
    STATEMENT = "statement"
    NEWS = "news"
    CERTIFICATE = "certificate"
    MINUTES = "minutes"
    NOTE = "note"
    OTHER = "other"

    @property
    def has_legal_force(self) -> bool:
        """True for orders, rules, bylaws and announcements, which bind until another one cancels them."""
        return self in (DocumentKind.ORDER, DocumentKind.RULE, DocumentKind.BYLAW, DocumentKind.ANNOUNCEMENT)

    @property
    def thai(self) -> str:
        """Thai name of the kind, as official documents have it."""
        return _KIND_NAMES[self][0]

    @property
    def english(self) -> str:
        """English name of the kind."""
        return _KIND_NAMES[self][1]


_KIND_NAMES = {
    DocumentKind.LETTER: ("หนังสือภายนอก", "Official letter"),
    DocumentKind.MEMO: ("บันทึกข้อความ", "Memorandum"),
    DocumentKind.STAMPED: ("หนังสือประทับตรา", "Stamped letter"),
    DocumentKind.ORDER: ("คำสั่ง", "Order"),
    DocumentKind.RULE: ("ระเบียบ", "Rule"),
    DocumentKind.BYLAW: ("ข้อบังคับ/เทศบัญญัติ", "Bylaw"),
    DocumentKind.ANNOUNCEMENT: ("ประกาศ", "Announcement"),
    DocumentKind.STATEMENT: ("แถลงการณ์", "Statement"),
    DocumentKind.NEWS: ("ข่าว", "News"),
    DocumentKind.CERTIFICATE: ("หนังสือรับรอง", "Certificate"),
    DocumentKind.MINUTES: ("รายงานการประชุม", "Minutes"),
    DocumentKind.NOTE: ("บันทึก", "Note"),
    DocumentKind.OTHER: ("อื่น ๆ", "Other"),
}


class ReadingStatus(StrEnum):
    """Reading status of an attachment. This status is the job queue: there is no second queue."""

    WAITING = "waiting"
    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class TextSource(StrEnum):
    """Origin of a page's text as it was read: held by the file, from OCR, or no text was read.

    ``Page.corrected`` tells whether a person changed it since.
    """

    EMBEDDED = "embedded"  # the file holds the text
    OCR = "ocr"
    NONE = "none"  # the program read no text


class Role(StrEnum):
    """Role of a person, staff or admin: staff publish, admins also manage people and settings."""

    STAFF = "staff"
    ADMIN = "admin"


class Scope(StrEnum):
    """Permission of an API token: read what is not public, write drafts, or publish."""

    READ = "read"  # see records that are not public
    WRITE = "write"  # make and change drafts, and attach files to them
    PUBLISH = "publish"  # show to the public, change what is public, and withdraw it


ALL_SCOPES = frozenset(Scope)

PROVINCE = 0  # organisation id of people and programs that work in all organisations


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A municipality that keeps its records here. Where there is only one, users see no sign of it."""

    id: int
    slug: str  # in addresses: lower-case letters, digits, hyphens
    name: str  # "" for the only organisation, which the settings name
    host: str | None  # host name of its site, if it has one of its own


THE_PROVINCE = Organisation(id=PROVINCE, slug="", name="", host=None)
"""Pseudo-organisation whose services and pages cover all organisations, where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Input for a new announcement: all fields but its status, time to publish and person in charge.

    A person gives it, or a line of an import manifest.
    """

    title: str
    body: str = ""
    author: str = ""
    published_on: dt.date
    kind: DocumentKind = DocumentKind.ANNOUNCEMENT
    category: str = ""
    views: int = 0  # baseline: views that an older site counted
    ref: str | None = None  # identifier in the source of the import, unique there
    old_url: str | None = None  # path of the announcement on an older site
    expires_on: dt.date | None = None  # last day on which bids, applications and the like are accepted
    noindex: bool = False  # True: search engines of the web are asked not to list the announcement


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One announcement. ``views`` is the baseline plus the counted visits."""

    id: int
    title: str
    body: str
    author: str
    published_on: dt.date
    kind: DocumentKind
    category: str
    views: int
    status: Status
    ref: str | None = None
    old_url: str | None = None
    expires_on: dt.date | None = None
    noindex: bool = False
    publish_at: dt.datetime | None = None  # time of scheduled publication
    assigned_to: str = ""  # name of the person who looks after the record
    reason: str = ""  # reason of the withdrawal
    change: int = 0  # archive-wide counter; raised by every change that the index must follow
    created_at: dt.datetime
    updated_at: dt.datetime
    organisation: int = 1  # id of the organisation that the announcement belongs to


class RelationKind(StrEnum):
    """Relation of a newer announcement to an older one."""

    CANCELS = "cancels"
    AMENDS = "amends"
    REPLACES = "replaces"

    @property
    def ends(self) -> bool:
        """True when the older announcement is no longer in force."""
        return self is not RelationKind.AMENDS

    @property
    def passive_code(self) -> str:
        """Code of the relation as the older announcement has it, such as ``cancelled-by``."""
        return {"cancels": "cancelled-by", "amends": "amended-by", "replaces": "replaced-by"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A decision that one record changes an older one: the two ids, and the kind, or None if dismissed.

    A relation that was dismissed is not offered again.
    """

    newer_id: int  # of an announcement
    older_id: int  # of an announcement
    kind: RelationKind | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Reason why an attachment could not be read: a stable code and a Thai sentence for the clerk."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A digital signature (PAdES) in a PDF: its signer and time, whether it is intact and trusted."""

    signer: str
    signed_at: dt.datetime | None
    intact: bool  # the signed bytes are unchanged
    trusted: bool  # the signer's certificate leads to a configured root


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedField:
    """A value read for a field, and the confidence (0–1); the field's name is the key that it is under.

    It is a key of ``ReadingResults.fields``.
    """

    value: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataSpan:
    """Personal data in a page's text or in a field: its type, page (0 in a field), start, end and field.

    ``start`` and ``end`` are offsets into that text.
    """

    type: str  # one of the types that archive.privacy declares
    page: int  # page number, from 1; 0 for personal data in a field
    start: int
    end: int
    field: str = ""  # a field of the announcement, or ``label`` or ``filename``; "" in a page's text


@dataclass(frozen=True, slots=True)
class LocatedPersonalData:
    """A find with its attachment's id; None where it is in the announcement's own fields."""

    attachment_id: int | None
    data: PersonalDataSpan


class HoldReason(StrEnum):
    """Why residents do not see a file: unread, personal data in it, or not yet checked by a person.

    Only staff and tokens see a held attachment, whatever the announcement's status is.
    """

    UNREAD = "unread"
    PERSONAL_DATA = "personal-data"
    # Added or replaced by staff in a published announcement; nobody has checked it yet.
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class ScanAdvice:
    """Advice to a clerk about how a file was read: a stable code and the page numbers (1…).

    ``pages`` is empty when the advice concerns the file as a whole.
    """

    code: str
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingResults:
    """Results for a whole attachment: fields, signatures, personal data and advice about the scan.

    ``fields`` may hold kind, number, date (ISO), subject, from, to and urgency.
    """

    fields: dict[str, ExtractedField] = field(default_factory=dict)
    signatures: tuple[Signature, ...] = ()
    personal_data: tuple[PersonalDataSpan, ...] = ()
    advice: tuple[ScanAdvice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of an announcement, kept byte for byte, with its reading status and results."""

    id: int
    announcement_id: int
    position: int  # 1…, the order on the announcement
    label: str
    filename: str  # as uploaded, for the download
    kind: DocumentKind
    media_type: str
    size: int  # bytes
    sha256: str  # lower-case hexadecimal
    page_count: int | None  # None until the file was read
    status: ReadingStatus
    error: Failure | None
    signed: bool  # carries a digital signature
    details: ReadingResults
    rules: int  # version of the reading rules that made its pages; 0 before the first reading
    created_at: dt.datetime  # or the time at which an older site stored the file
    hold: HoldReason | None = None  # None: shown to everybody who may see the announcement
    decided: tuple[str, ...] = ()  # personal data decided to be shown (``privacy.type_and_place_key``)
    is_redacted: bool = False  # True: made here from another file, in which staff covered some places
    replaces: int | None = None  # id of the public attachment that gets this file once it is not held

    @property
    def is_reading_pending(self) -> bool:
        """True while the file waits to be read or is being read."""
        return self.status in (ReadingStatus.WAITING, ReadingStatus.READING)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """A file that an attachment had before another file replaced it. Only staff see earlier files."""

    attachment_id: int
    number: int  # 1 is the first file of the attachment
    filename: str
    media_type: str
    size: int  # bytes
    sha256: str  # lower-case hexadecimal
    is_redacted: bool
    replaced_at: dt.datetime
    replaced_by: str


@dataclass(frozen=True, slots=True)
class CollectionLine:
    """One line of a collection: a heading such as ``O1 โครงสร้าง``, an announcement, or both.

    Consecutive lines with the same heading are shown together under that heading.
    """

    label: str
    announcement_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """An ordered list of announcements with its own explanation, under a permanent address."""

    id: int
    title: str
    body: str
    items: tuple[CollectionLine, ...]
    updated_at: dt.datetime
    updated_by: str


PAGE_UNITS = 10_000
"""Parts of the upright page's width or height in which positions are given, from the top left corner."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page's text: its offset, and in ``PAGE_UNITS`` top, bottom and its letters' edges.

    Search hits are drawn there on the page's picture. ``start`` is an offset into ``Page.text``. ``edges``
    holds one x position, left to right, more than the line has code points, so the code points ``[a, b)`` of
    the text lie between ``edges[a - start]`` and ``edges[b - start]``. Positions are in ``PAGE_UNITS`` of the
    width (``edges``) or of the height (``top``, ``bottom``).
    """

    start: int
    top: int
    bottom: int
    edges: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """An area of the page by its left, top, right and bottom edges in ``PAGE_UNITS``."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class LowConfidenceSpan:
    """A span ``[start, end)`` of ``Page.text`` that the recogniser read with low confidence (0–1).

    ``alternatives`` are other readings of the span, the likeliest first.
    """

    start: int
    end: int
    confidence: float
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as read. ``text`` is shown and indexed; ``raw`` is the text that the file gave."""

    attachment_id: int
    number: int  # 1…
    text: str
    raw: str
    source: TextSource
    confidence: float | None  # confidence of the OCR, 0–1; None for embedded text
    turn: int = 0  # degrees clockwise (0, 90, 180, 270) that set the file's page upright
    lines: tuple[Line, ...] = ()
    doubts: tuple[LowConfidenceSpan, ...] = ()
    rules: int = 0  # version of the reading rules
    corrected: bool = False  # True: a person set the text, and a rereading does not change it
    problem: str = ""  # code of the problem that kept the page from being read; "" for none
    line_height: int = 0  # pixels of the scan: the median of its lines of print; 0: not measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who may sign in, unless ``disabled``, with role, organisation and division."""

    id: int
    name: str
    role: Role
    disabled: bool
    created_at: dt.datetime
    organisation: int = 1  # or ``PROVINCE``
    division: str = ""  # the person's office within the body, such as กองช่าง
    last_sign_in_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person's sign-in on one device: when it began and was seen last; it has no expiry of its own."""

    id: int
    person_id: int
    device: str  # as the browser describes itself
    started_at: dt.datetime
    seen_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimit:
    """Limit on guesses by key: after ``free`` failures a pause from 1 s doubles up to ``longest_pause``.

    It limits attempts to guess a secret. Each failure after the first ``free`` ones is followed by a pause.
    """

    key: str  # attempts are counted by this key: a name, an address, a device
    free: int
    longest_pause: dt.timedelta
    # Several people share the key: one's success does not clear the others' failures.
    is_shared: bool = False

    def pause_after(self, failures: int) -> dt.timedelta:
        """Return the pause after this number of failures."""
        beyond = failures - self.free
        if beyond <= 0:
            return dt.timedelta(0)
        return min(dt.timedelta(seconds=2 ** min(beyond - 1, 30)), self.longest_pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """A person's TOTP factor: its encrypted secret, whether it is confirmed, recovery codes left.

    Its time-based codes (RFC 6238) come from an application on the person's telephone.
    """

    sealed_secret: str  # encrypted: see web/accounts/second_factor.py
    is_confirmed: bool  # False during set-up
    recovery_codes_left: int  # unused codes


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token with which another program uses the API; its secret is stored only as a hash, not here."""

    name: str
    scopes: frozenset[Scope]
    created_at: dt.datetime
    expires_at: dt.datetime | None  # None: never
    last_used_at: dt.datetime | None  # to the minute; None: not used yet
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry of a history: who did what, when and why, with the changed fields before and after."""

    at: dt.datetime
    actor: str
    action: str  # create, revise, attach, label, order, publish, withdraw, trash, restore, correct …
    before: dict[str, object]
    after: dict[str, object]
    reason: str = ""
    id: int = 0  # within the history of announcements, of collections or of items to disclose
    bulk: str = ""  # the same for all changes that were made at once
    announcement_id: int | None = None  # None: a change of a collection or of an item to disclose
    collection_id: int | None = None
    disclosure_item_id: int | None = None  # of a change of a disclosure item


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityIncident:
    """Evidence of a loss or of tampering. An incident stays open until somebody acknowledges it."""

    id: int
    found_at: dt.datetime
    code: str  # as ``prakat check`` names it
    subject: str
    detail: str
    acknowledged_at: dt.datetime | None
    acknowledged_by: str  # "" while it is open
