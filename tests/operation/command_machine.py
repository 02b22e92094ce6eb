"""Plays random sequences of commands against an archive on real engines, beside the model of what is public.

A rule carries out one command as pages, API and worker do. What the archive refuses changes nothing; what it
does is told to the model. After every rule all that ``check_archive`` lists is compared.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from archive import privacy
from archive.bulk_commands import apply_as_one_bulk
from archive.changes import WORKER
from archive.commands.status_rules import EDITABLE
from archive.disclosure import DisclosureEntry
from archive.erasure import ErasureScope
from archive.errors import Conflict, NotFound, PrakatError
from archive.fields import FIELDS_BY_NAME, read_column
from archive.model import (
    Attachment,
    Change,
    CollectionLine,
    DocumentKind,
    Draft,
    HoldReason,
    Organisation,
    ReadingStatus,
    RelationKind,
    Status,
)
from archive.thai import arabic_digits
from archive.undo import Undo, restored_publication_time
from indexer.reindex import is_rebuild_needed, rebuild
from indexer.worker import LEASE
from storage import mappers
from storage.engine import Engine
from tests.contracts.stored_rows import rows_of
from tests.factories.memos import memo
from tests.operation.archives import close, level
from tests.operation.public_model import (
    NUMBER,
    Document,
    ModelAttachment,
    ModelRecord,
    PublicModel,
    positions,
)
from tests.web.conftest import Site, open_site
from web.background_worker import build_worker
from web.bootstrap import Services

T = TypeVar("T")

WORD = re.compile(r"kw[a-p]{8}")
"""Words that only one text of a test has, so that any page that shows one tells where it is from."""

CLERK, OTHER_CLERK, PROGRAM = "สมศรี ใจดี", "สมชาย ตั้งใจ", "scanner"
DAY = dt.date(2021, 6, 9)
YEAR = 2564  # fiscal year of the list of what is to be disclosed
IDS = ("1101700207030", "3100500123458", "1456789012341")
REASON = "กฎหมายกำหนดให้ประกาศ"
TOWN, NEIGHBOUR = "pladuk", "bangkhen"
MOST_RECORDS = 3

pick = st.integers(0, 7)
"""Which of the things that are there a rule takes; there are rarely more than eight."""


def word(name: str) -> str:
    """Return a word of its own for a name."""
    return "kw" + "".join(
        "abcdefghijklmnop"[int(digit, 16)] for digit in sha256(name.encode()).hexdigest()[:8]
    )


def _document(name: str, number: str = "", *, is_readable: bool = True) -> Document:
    return Document(f"{word(name)}.pdf", f"{word(name + ' text')} {number}".strip(), is_readable=is_readable)


DOCUMENTS = (
    _document("clean"),
    _document("with an id", IDS[0]),
    _document("other clean"),
    _document("with another id", IDS[1]),
    _document("damaged", is_readable=False),
)
COPIES = (_document("copy"), _document("other copy"))
BY_NAME = {each.name: each for each in (*DOCUMENTS, *COPIES)}


@cache
def content(document: Document) -> bytes:
    """Return the bytes of a document; a damaged one has the signature of a PDF and nothing else."""
    if not document.is_readable:
        return b"%PDF-1.7\nnothing follows\n"
    return memo(document.text, subject="ขออนุมัติจัดซื้อหลอดไฟ")


@cache
def _documents_by_sha256() -> Mapping[str, str]:
    return {sha256(content(each)).hexdigest(): each.name for each in BY_NAME.values()}


@cache
def filled_archive() -> Path:
    """Return the directory of an archive of two organisations, the second of which has a few records.

    To be made before Hypothesis begins: it makes random numbers come again in each sequence, and the index
    names its files by them.
    """
    data = Path(tempfile.mkdtemp(prefix="sequences-")) / "data"
    site = open_site(data)
    kept = site.services.organisations
    kept.change("main", to=Organisation(id=1, slug=TOWN, name="เทศบาลตำบลหนองปลาดุก", host=None))
    kept.add(NEIGHBOUR, "เทศบาลเมืองบางเขน", None)
    neighbour = _of(site.services, NEIGHBOUR)
    for number in range(2):
        made = neighbour.commands.announcements.create(
            Draft(title=f"ประกาศ {word(f'neighbour {number}')}", published_on=DAY), actor=CLERK
        )
        stream = io.BytesIO(content(DOCUMENTS[number]))
        neighbour.commands.attachments.attach(made.id, stream, filename="a.pdf", label="ก", actor=CLERK)
        while claimed := site.services.jobs.claim("w", lease=LEASE, now=dt.datetime.now(dt.UTC)):
            build_worker(site.services)._read(claimed, "w")
        neighbour.commands.publication.publish(made.id, actor=CLERK, reason=REASON)
    _follow(site.services)
    close(site.services)
    return data


def _of(services: Services, slug: str) -> Services:
    known = services.organisations.all()
    return services.for_organisation(next(each for each in known if each.slug == slug), known)


def _follow(services: Services) -> None:
    """Bring the index level with the records, as the worker does."""
    if is_rebuild_needed(services.records, services.index):
        rebuild(services.records, services.index)
    level(services)


class CommandMachine(RuleBasedStateMachine):
    """Random commands on the records of one organisation."""

    @initialize(
        documents=st.lists(st.sampled_from(DOCUMENTS), max_size=2, unique=True), is_public=st.booleans()
    )
    def begin(self, documents: Sequence[Document], is_public: bool) -> None:
        """Begin with two records: one with documents that are read, published or not, and a new draft."""
        self.open_archive()
        self.create(has_number=False)
        for document in documents:
            self.attach(0, document, is_from_person=True, has_number=False)
        self.read_all()
        if is_public:
            self.publish(0, reason=REASON, should_show=True)
        self.create(has_number=False)

    def open_archive(self) -> None:
        """Begin with a copy of an archive in which a neighbour has records, and this organisation none."""
        self.folder = Path(tempfile.mkdtemp(prefix="sequence-"))
        shutil.copytree(filled_archive(), self.folder / "data")
        self.site: Site = open_site(self.folder / "data")
        self.whole = self.site.services
        self.town, self.neighbour = _of(self.whole, TOWN), _of(self.whole, NEIGHBOUR)
        self.commands, self.records = self.town.commands, self.town.records
        self.undo = Undo(self.records, self.commands)
        self.worker = build_worker(self.whole)
        self.client = self.site.client()
        self.token = Site(self.town, self.site.app).token()
        self.model = PublicModel()
        self.claimed: Attachment | None = None
        self.now = dt.datetime.now(dt.UTC)
        self.count = 0
        self.bulks: list[str] = []
        self.is_refused = False  # the command of the last rule
        self.tags: dict[int, tuple[str, object]] = {}
        self.public: dict[str, object] = {}
        self.neighbours_rows = self._neighbours_rows()

    # what the rules share

    def _new_word(self) -> str:
        self.count += 1
        return word(f"new {self.count}")

    def _text(self, has_number: bool) -> str:
        return f"ข้อความ {self._new_word()}" + (f" เลขประจำตัว {IDS[2]}" if has_number else "")

    def _record(self, number: int) -> ModelRecord:
        known = [*self.model.records.values()]
        return known[number % len(known)]

    def _attachment(
        self, number: int, is_right: Callable[[ModelAttachment], bool] = lambda each: not each.is_detached
    ) -> ModelAttachment | None:
        """Return one of the attachments that fit, of a record that can be edited where there is one."""
        all_fitting = [
            (record, each)
            for record in self.model.records.values()
            for each in record.attachments.values()
            if not each.is_erased and is_right(each)
        ]
        in_editable = [each for record, each in all_fitting if record.status in EDITABLE]
        fitting = in_editable or [each for _record, each in all_fitting]
        return fitting[number % len(fitting)] if fitting else None

    def _carry_out(self, command: Callable[[], T], tell: Callable[[T], object]) -> bool:
        """Carry a command out and tell the model; False where it was refused and, so, changed nothing."""
        before, self.is_refused = self._written(), False
        try:
            result = command()
        except PrakatError:
            self.is_refused = True
            self._require_nothing_written_since(before)
            return False
        tell(result)
        return True

    def _require_nothing_written_since(self, before: object) -> None:
        assert self._written() == before, "a refused command wrote"

    def _written(self) -> object:
        return self.whole.history.last_change(), self.whole.audit.last_entry()

    def _neighbours_rows(self) -> object:
        return rows_of(cast(Engine, self.whole.database), self.neighbour.organisation.id)  # type: ignore[union-attr]

    # records

    @precondition(lambda self: len(self.model.records) < MOST_RECORDS)
    @rule(has_number=st.booleans(), has_title=st.booleans())
    def create(self, has_number: bool, has_title: bool = True) -> None:
        values = {
            "title": f"ประกาศ {self._new_word()}" if has_title else "",
            "body": self._text(has_number),
            "category": self._new_word(),
        }
        draft = Draft(author="กองช่าง", published_on=DAY, **values)  # type: ignore[arg-type]
        made = self.commands.announcements.create(draft, actor=CLERK, may_lack_title=not has_title)
        self.model.records[made.id] = ModelRecord(made.id, values)

    @rule(
        number=pick,
        name=st.sampled_from(("title", "body", "category")),
        has_number=st.booleans(),
        reason=st.sampled_from((REASON, "")),
    )
    def revise(self, number: int, name: str, has_number: bool, reason: str) -> None:
        record = self._record(number)
        text = self._text(has_number and name != "category")
        before = record.numbers

        def tell(_made: object) -> None:
            record.values[name] = text
            is_new = record.status is Status.PUBLISHED and record.numbers - before
            assert reason or not is_new, "public personal data without a reason"

        self._carry_out(
            lambda: self.commands.announcements.revise(record.id, {name: text}, actor=CLERK, reason=reason),
            tell,
        )

    @rule(number=pick, reason=st.sampled_from((REASON, "")), should_show=st.booleans())
    def publish(self, number: int, reason: str, should_show: bool) -> None:
        record = self._record(number)
        self._carry_out(
            lambda: self.commands.publication.publish(
                record.id, actor=CLERK, reason=reason, should_show_unconfirmed=should_show
            ),
            lambda _made: self._tell_published(record, reason=reason, should_show=should_show),
        )

    def _tell_published(self, record: ModelRecord, *, reason: str, should_show: bool) -> None:
        """Tell the model; what an untitled draft got from its files it takes from the archive."""
        if not record.values["title"]:
            self._tell_filled(record)
        record.publish(reason=reason, should_show_unconfirmed=should_show)

    def _tell_filled(self, record: ModelRecord) -> None:
        now = self.records.announcements.get(record.id)
        for name in record.values:
            assert not record.values[name] or getattr(now, name) == record.values[name], "a text was replaced"
            record.values[name] = getattr(now, name)
        for each in self._listed(record.id):
            record.attachments[each.id].label = each.label

    @rule(number=pick, hours=st.sampled_from((None, 0, 1, 2)))
    def schedule(self, number: int, hours: int | None) -> None:
        """Set a time, publish when all is read (0), or cancel the time."""
        record = self._record(number)
        at = None if hours is None else dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)

        def command() -> object:
            if at is None or not hours:
                return self.commands.announcements.revise(record.id, {"publish_at": at}, actor=CLERK)
            return self.commands.announcements.schedule(record.id, at, actor=CLERK)

        self._carry_out(command, lambda _made: setattr(record, "publish_at", at))

    @rule(hours=st.integers(0, 2))
    def move_clock_on(self, hours: int) -> None:
        """Let the worker publish what is due by then."""
        self.now = max(self.now, dt.datetime.now(dt.UTC)) + dt.timedelta(hours=hours)
        published = self.whole.commands.publication.publish_due_or_unschedule(self.now, actor=WORKER)
        for record in self.model.records.values():
            if not record.values["title"]:
                self._tell_filled(record)
        assert sorted(published) == [
            each.id for each in self.model.records.values() if each.come_due(self.now)
        ]

    @rule(number=pick, is_thrown_away=st.booleans(), reason=st.sampled_from((REASON, "")))
    def change_status(self, number: int, is_thrown_away: bool, reason: str) -> None:
        """Take one of the steps from the status of a record; ``test_states.py`` takes all the others."""
        status = self._record(number).status
        if status is Status.PUBLISHED:
            self.withdraw(number)
        elif is_thrown_away and status is not Status.TRASHED:
            self.trash(number)
        elif status is Status.DRAFT:
            self.publish(number, reason=reason, should_show=True)
        else:
            self.restore(number)

    def withdraw(self, number: int) -> None:
        record, reason = self._record(number), f"ลงผิดเรื่อง {self._new_word()}"
        self._carry_out(
            lambda: self.commands.publication.withdraw(record.id, actor=CLERK, reason=reason),
            lambda _made: record.withdraw(reason),
        )

    def restore(self, number: int) -> None:
        record = self._record(number)
        self._carry_out(
            lambda: self.commands.publication.restore_as_draft(record.id, actor=CLERK),
            lambda _made: record.restore(),
        )

    def trash(self, number: int) -> None:
        record = self._record(number)
        self._carry_out(
            lambda: self.commands.publication.trash(record.id, actor=CLERK), lambda _made: record.trash()
        )

    @rule(newer=pick, older=pick, kind=st.sampled_from((None, *RelationKind)))
    def relate(self, newer: int, older: int, kind: RelationKind | None) -> None:
        one, other = self._record(newer).id, self._record(older).id

        def tell(_made: object) -> None:
            assert kind is None or not self.model.relations.get((other, one)), "two records change each other"
            self.model.relations[one, other] = kind

        self._carry_out(
            lambda: self.commands.announcements.decide_relation(one, other, kind, actor=CLERK), tell
        )

    def _erase_text(self, record: ModelRecord) -> None:
        def tell(_made: object) -> None:
            assert record.status is not Status.PUBLISHED
            record.values = {"title": "(ลบตามคำสั่ง)", "body": "", "category": ""}
            record.publish_at = None

        self._carry_out(
            lambda: self.town.eraser.erase_announcement_fields(
                record.id, ordered_by="ศาลปกครอง", reason="ละเมิด", actor=CLERK
            ),
            tell,
        )

    # files

    @rule(
        number=pick,
        document=st.sampled_from(DOCUMENTS),
        is_from_person=st.booleans(),
        has_number=st.booleans(),
    )
    def attach(self, number: int, document: Document, is_from_person: bool, has_number: bool) -> None:
        record, label = self._record(number), self._text(has_number)
        self._carry_out(
            lambda: self.commands.attachments.attach(
                record.id,
                io.BytesIO(content(document)),
                filename=document.name,
                label=label,
                actor=CLERK if is_from_person else PROGRAM,
                is_from_person=is_from_person,
            ),
            lambda made: (
                made[1] and record.attach(made[0].id, document.name, label, is_from_person=is_from_person)
            ),
        )

    @precondition(lambda self: self.claimed is None)
    @rule()
    def claim(self) -> None:
        """A worker takes a file to read; commands may come before it is read."""
        self.claimed = self.whole.jobs.claim("w", lease=LEASE, now=dt.datetime.now(dt.UTC))

    @precondition(lambda self: self.claimed is not None)
    @rule()
    def read_claimed(self) -> None:
        """The worker reads the file that it took, unless somebody changed or took off the attachment."""
        assert self.claimed is not None
        taken, self.claimed = self.claimed, None
        is_held = self.whole.jobs.renew(taken.id, "w", lease=LEASE, now=dt.datetime.now(dt.UTC))
        before = self._written()
        with suppress(Conflict):
            self.worker._read(taken, "w")
        if is_held:
            document = BY_NAME[_documents_by_sha256()[taken.sha256]]
            self.model.record_of(taken.id).finish_reading(taken.id, document)
        else:
            assert self._written() == before

    @rule()
    def read_all(self) -> None:
        """The worker reads everything that waits."""
        if self.claimed is not None:
            self.read_claimed()
        self.claim()
        while self.claimed is not None:
            self.read_claimed()
            self.claim()

    @precondition(lambda self: self._attachment(0))
    @rule(number=pick, document=st.sampled_from(DOCUMENTS))
    def replace(self, number: int, document: Document) -> None:
        attachment = self._attachment(number)
        assert attachment is not None
        self._carry_out(
            lambda: self.commands.file_versions.replace(
                attachment.id,
                io.BytesIO(content(document)),
                filename=document.name,
                actor=CLERK,
                is_from_person=True,
            ),
            lambda made: self._tell_replaced(attachment.id, made.id, document.name),
        )

    def _tell_replaced(self, id: int, changed: int, document: str, *, is_redacted: bool = False) -> None:
        record = self.model.record_of(id)
        hold = record.new_file_hold(is_from_person=True)
        record.replace(id, changed, document, hold=hold, is_redacted=is_redacted)

    @precondition(lambda self: self._attachment(0))
    @rule(number=pick, document=st.sampled_from(COPIES))
    def redact(self, number: int, document: Document) -> None:
        attachment = self._attachment(number)
        assert attachment is not None
        record = self.model.record_of(attachment.id)
        made_from = self.records.attachments.get(attachment.id).sha256
        self._carry_out(
            lambda: self.commands.file_versions.replace_by_redacted_copy(
                attachment.id, io.BytesIO(content(document)), (), made_from=made_from, actor=CLERK
            ),
            lambda made: record.replace(
                attachment.id, made.id, document.name, hold=HoldReason.UNREAD, is_redacted=True
            ),
        )

    @precondition(lambda self: self._attachment(0, lambda each: bool(each.earlier)))
    @rule(number=pick, version=pick)
    def restore_earlier_file(self, number: int, version: int) -> None:
        attachment = self._attachment(number, lambda each: bool(each.earlier) and not each.is_detached)
        if attachment is None:
            return
        place = version % len(attachment.earlier)
        document, is_redacted = attachment.earlier[place]
        number = self.records.file_versions.by_attachment(attachment.id)[place].number
        self._carry_out(
            lambda: self.commands.file_versions.restore(attachment.id, number, actor=CLERK),
            lambda made: self._tell_replaced(attachment.id, made.id, document, is_redacted=is_redacted),
        )

    @precondition(lambda self: self._attachment(0))
    @rule(number=pick)
    def detach(self, number: int) -> None:
        attachment = self._attachment(number)
        assert attachment is not None
        self._carry_out(
            lambda: self.commands.attachments.detach(attachment.id, actor=CLERK),
            lambda _made: self.model.record_of(attachment.id).detach(attachment.id),
        )

    @precondition(lambda self: self._attachment(0, lambda each: each.is_detached))
    @rule(number=pick)
    def reattach(self, number: int) -> None:
        attachment = self._attachment(number, lambda each: each.is_detached)
        assert attachment is not None
        self._carry_out(
            lambda: self.commands.attachments.reattach(attachment.id, actor=CLERK),
            lambda _made: self.model.record_of(attachment.id).reattach(attachment.id),
        )

    @precondition(lambda self: self._attachment(0))
    @rule(number=pick, has_number=st.booleans(), reason=st.sampled_from((REASON, "")))
    def relabel(self, number: int, has_number: bool, reason: str) -> None:
        attachment, label = self._attachment(number), self._text(has_number)
        assert attachment is not None
        self._carry_out(
            lambda: self.commands.attachments.relabel(
                attachment.id, label=label, kind=DocumentKind.OTHER, actor=CLERK, reason=reason
            ),
            lambda _made: self.model.record_of(attachment.id).relabel(attachment.id, label, reason=reason),
        )

    @rule(number=pick, seed=st.randoms(use_true_random=False))
    def reorder(self, number: int, seed: Any) -> None:
        record = self._record(number)
        order = [*record.order]
        seed.shuffle(order)
        self._carry_out(
            lambda: self.commands.attachments.reorder(record.id, order, actor=CLERK),
            lambda _made: setattr(record, "order", order),
        )

    @precondition(lambda self: self._attachment(0))
    @rule(number=pick, text_number=st.sampled_from(("", *IDS[:2])))
    def correct(self, number: int, text_number: str) -> None:
        attachment = self._attachment(number)
        assert attachment is not None
        text = f"หน้าที่แก้ {self._new_word()} {text_number}".strip()
        self._carry_out(
            lambda: self.commands.pages.correct(attachment.id, 1, text, actor=CLERK),
            lambda _made: self.model.record_of(attachment.id).correct(attachment.id, text),
        )

    @precondition(lambda self: self._attachment(0, lambda each: not each.is_pending and not each.is_detached))
    @rule(number=pick)
    def read_again(self, number: int) -> None:
        attachment = self._attachment(number, lambda each: not each.is_pending and not each.is_detached)
        assert attachment is not None
        self._carry_out(
            lambda: self.commands.attachments.read_again(attachment.id, actor=CLERK),
            lambda _made: self.model.record_of(attachment.id).read_again(attachment.id),
        )

    @precondition(lambda self: self._attachment(0))
    @rule(number=pick)
    def release(self, number: int) -> None:
        attachment = self._attachment(number)
        assert attachment is not None
        self._carry_out(
            lambda: self.commands.attachments.release_with_reason(attachment.id, actor=CLERK, reason=REASON),
            lambda _made: self.model.record_of(attachment.id).decide(attachment.id),
        )

    @precondition(lambda self: self._attachment(0))
    @rule(number=pick, reason=st.sampled_from((REASON, "")))
    def confirm(self, number: int, reason: str) -> None:
        """A person has looked at a file that came into a published record."""
        attachment = self._attachment(number)
        assert attachment is not None

        def tell(_made: object) -> None:
            if attachment.hold is HoldReason.UNCONFIRMED:
                assert attachment.is_read
                assert reason or not attachment.undecided
                self.model.record_of(attachment.id).decide(attachment.id)

        self._carry_out(
            lambda: self.commands.attachments.show_unconfirmed_file(
                attachment.id, actor=CLERK, reason=reason
            ),
            tell,
        )

    @precondition(
        lambda self: self._attachment(0, lambda each: bool(each.undecided) and not each.is_detached)
    )
    @rule(number=pick)
    def hide_undecided(self, number: int) -> None:
        """A person hides a file until its finds are decided; decisions about others stay."""
        attachment = self._attachment(number, lambda each: bool(each.undecided) and not each.is_detached)
        assert attachment is not None
        self._carry_out(
            lambda: self.commands.attachments.hide_undecided(attachment.id, actor=CLERK),
            lambda _made: setattr(attachment, "hold", HoldReason.PERSONAL_DATA),
        )

    # lists of records

    @rule(has_number=st.booleans(), reason=st.sampled_from((REASON, "")))
    def save_collection(self, has_number: bool, reason: str) -> None:
        """Make or replace the one collection, of all records, also those that residents may not see."""
        texts = {"title": f"ชุด {self._new_word()}", "body": self._text(has_number), "label": self._new_word()}
        lines = [CollectionLine(texts["label"], id) for id in self.model.records]
        before = self.model.collection
        known = [each.id for each in self.records.collections.all()]

        def tell(_made: object) -> None:
            new = set(NUMBER.findall(texts["body"])) - set(NUMBER.findall(" ".join(before)))
            assert reason or not new, "public personal data without a reason"
            self.model.collection = [*texts.values()]

        self._carry_out(
            lambda: self.commands.collections.save(
                known[0] if known else None,
                title=texts["title"],
                body=texts["body"],
                items=lines,
                actor=CLERK,
                reason=reason,
            ),
            tell,
        )

    @rule(number=pick, is_assigned=st.booleans())
    def disclose(self, number: int, is_assigned: bool) -> None:
        """Put a record among what the law asks to publish, or take it out."""
        entry = DisclosureEntry(year=YEAR, item="structure", part=0, announcement_id=self._record(number).id)
        disclosure = self.commands.disclosure
        command = disclosure.assign if is_assigned else disclosure.unassign
        self._carry_out(lambda: command(entry, actor=CLERK), lambda _made: None)

    @rule(number=pick, scope=st.sampled_from(ErasureScope))
    def erase(self, number: int, scope: ErasureScope) -> None:
        attachment = self._attachment(number, lambda _each: True)
        if scope is ErasureScope.TEXT or attachment is None:
            self._erase_text(self._record(number))
        else:
            self._erase_file(attachment, scope)

    def _erase_file(self, attachment: ModelAttachment, scope: ErasureScope) -> None:
        record = self.model.record_of(attachment.id)

        def tell(_made: object) -> None:
            if scope is ErasureScope.ATTACHMENT:
                record.erase(attachment.id)
            else:
                attachment.earlier = []

        self._carry_out(
            lambda: self.town.eraser.erase_attachment_or_versions(
                attachment.id, scope, ordered_by="ศาลปกครอง", reason="ละเมิด", actor=CLERK
            ),
            tell,
        )

    # many at once, and the way back

    @rule(what=st.sampled_from(("publish", "category", "trash")))
    def change_many(self, what: str) -> None:
        """Change all records at once, as the worklist does."""
        category = self._new_word()
        commands: dict[str, tuple[Callable[[int], object], Callable[[ModelRecord], object]]] = {
            "publish": (
                lambda one: self.commands.publication.publish(one, actor=CLERK),
                lambda record: self._tell_published(record, reason="", should_show=True),
            ),
            "category": (
                lambda one: self.commands.announcements.revise(one, {"category": category}, actor=CLERK),
                lambda record: record.values.update(category=category),
            ),
            "trash": (
                lambda one: self.commands.publication.trash(one, actor=CLERK),
                lambda record: record.trash(),
            ),
        }
        command, tell = commands[what]
        outcome = apply_as_one_bulk(self.records, [*self.model.records], command)
        for id in outcome.done:
            tell(self.model.records[id])
        self.bulks.append(outcome.bulk)

    @precondition(lambda self: self.bulks)
    @rule(number=pick)
    def undo_many(self, number: int) -> None:
        bulk = self.bulks[-1 - number % len(self.bulks)]
        changes = self.records.changes.list_bulk(bulk)
        before = self._written()
        try:
            outcome = self.undo.undo_bulk(bulk, actor=CLERK)
        except NotFound:
            assert not changes
            return
        for change in changes:
            if change.announcement_id in [ids[0] for ids in outcome.done]:
                self._tell_undone(change)
        assert outcome.done or self._written() == before

    @rule(number=pick, back=st.integers(0, 1))
    def undo_one_of_the_last(self, number: int, back: int) -> None:
        self.undo_one(number, back)

    @rule(number=pick, back=st.integers(0, 15))
    def undo_one(self, number: int, back: int) -> None:
        """Undo any entry of a history: what is offered works or says why not, the rest is refused."""
        record = self._record(number)
        entries = self.records.history.entries(record.id)
        change = entries[-1 - back % len(entries)]
        is_offered = self.undo.is_undoable_kind(change) and not self.undo.is_refused(change, record.status)

        before = self._written()

        def tell(_made: object) -> None:
            if not is_offered:
                assert self._written() == before, f"what is not offered was undone: {change}"
                return
            self._tell_undone(change)
            self._check_brought_back(change)

        self._carry_out(lambda: self.undo.undo(change, actor=CLERK), tell)

    def _tell_undone(self, change: Change) -> None:
        """Tell the model of an undo by the commands that it stands for."""
        record, before = self.model.records[change.announcement_id or 0], change.before
        if change.action == "create":
            record.trash()
        elif change.action == "revise":
            record.values |= {name: str(value) for name, value in before.items() if name in record.values}
            if "publish_at" in before:
                record.publish_at = restored_publication_time(change)
        elif change.action in ("publish", "withdraw", "trash", "restore"):
            self._tell_status_undone(record, change)
        elif change.action == "order":
            record.order = [int(str(each)) for each in cast(list[object], before["order"])]
        elif change.action == "disclose":
            pass  # what fills an item is no part of the model
        elif change.action == "relate":
            self.model.relations = {
                (each.newer_id, each.older_id): each.kind
                for one in self.model.records
                for each in self.records.relations.list_decisions(one)
            }
        else:
            self._tell_attachment_undone(record, change)

    def _tell_attachment_undone(self, record: ModelRecord, change: Change) -> None:
        before, id = change.before, _id(change.before or change.after)
        if change.action in ("attach", "reattach"):
            record.detach(id)
        elif change.action == "detach":
            record.reattach(id)
            if record.attachments[id].replaces is None:
                record.move(id, int(str(before["position"])))
        elif change.action == "label":
            record.relabel(id, str(before.get("label", record.attachments[id].label)), reason="")
        elif change.action in ("replace", "redact"):
            self._tell_file_undone(record, change)
        elif change.action == "release":
            record.cancel_decision(id)
        else:
            record.correct(id, arabic_digits(str(before["text"])), is_corrected=bool(before["corrected"]))

    def _tell_status_undone(self, record: ModelRecord, change: Change) -> None:
        if change.action == "publish":
            record.withdraw("")
            record.restore()
        elif change.before["status"] == Status.PUBLISHED:
            record.restore()
            record.publish(reason="", should_show_unconfirmed=False)
        elif change.before["status"] == Status.WITHDRAWN:
            record.withdraw(self.records.announcements.get(record.id).reason)
        elif change.before["status"] == Status.TRASHED:
            record.trash()
        else:
            record.restore()

    def _tell_file_undone(self, record: ModelRecord, change: Change) -> None:
        id, changed = _id(change.before), _id(change.after)
        if id != changed:
            record.detach(changed)
            return
        file = str(change.before["sha256"])
        document = _documents_by_sha256()[file]
        known = [is_redacted for name, is_redacted in record.attachments[id].earlier if name == document]
        waiting = self.records.attachments.replacements([id]).values()
        has_file = [each for each in (self.records.attachments.get(id), *waiting) if each.sha256 == file]
        self._tell_replaced(id, has_file[0].id, document, is_redacted=known[-1])

    def _check_brought_back(self, change: Change) -> None:
        """Require that all is again as an undone change says it was before."""
        now = self.records.announcements.get(change.announcement_id or 0)
        if change.action == "revise":
            assert {name: getattr(now, name) for name in change.before} == {
                name: read_column(FIELDS_BY_NAME[name], value) for name, value in change.before.items()
            }
        if change.action in ("publish", "withdraw", "trash", "restore"):
            assert now.status == change.before["status"], (change, now.status)
        if change.action == "order":
            assert [each.id for each in self._listed(now.id)] == change.before["order"]
        if change.action == "label":
            attachment = self.records.attachments.get(_id(change.before))
            assert {name: getattr(attachment, name) for name in change.before if name != "attachment_id"} == {
                name: value for name, value in change.before.items() if name != "attachment_id"
            }
        if change.action in ("correct", "reread"):
            assert self.records.pages.get(_id(change.before), 1).text == change.before["text"]
        if change.action == "detach" and (
            known := [each for each in self._listed(now.id) if each.id == _id(change.before)]
        ):
            assert known[0].position == min(int(str(change.before["position"])), len(self._listed(now.id)))

    def _listed(self, id: int) -> list[Attachment]:
        return self.records.attachments.by_announcement([id])[id]

    @rule(number=pick, back=st.integers(0, 15))
    def be_refused_as_a_stranger(self, number: int, back: int) -> None:
        """The neighbour's clerk knows the numbers of these records, and can do nothing to them."""
        record = self._record(number)
        change = self.records.history.entries(record.id)
        their, undo = self.neighbour.commands, Undo(self.neighbour.records, self.neighbour.commands)
        tried: list[Callable[[], object]] = [
            lambda: their.announcements.revise(record.id, {"title": "ก"}, actor=OTHER_CLERK),
            lambda: their.publication.publish(record.id, actor=OTHER_CLERK, reason=REASON),
            lambda: their.publication.withdraw(record.id, actor=OTHER_CLERK, reason=REASON),
            lambda: undo.undo(change[-1 - back % len(change)], actor=OTHER_CLERK),
            *(lambda one=one: their.attachments.detach(one, actor=OTHER_CLERK) for one in record.attachments),
        ]
        before = self._written()
        for command in tried:
            with suppress(PrakatError):
                command()
                raise AssertionError("a stranger's command was carried out")
        assert self._written() == before

    @rule()
    def follow(self) -> None:
        """The index follows the records; then it finds what is public, and counts it."""
        _follow(self.whole)
        answer = self._get("/api/v1/search").get_json()
        public = self._public_records()
        assert sorted(each["id"] for each in answer["results"]) == sorted(public)
        assert answer["total"] == len(public)
        categories = {each.values["category"] for each in public.values()} - {""}
        assert {each["value"] for each in answer["facets"]["category"]} == categories
        for record in public.values():
            searched = record.values["title"], record.values["body"], *(each.text for each in record.shown)
            for found in WORD.findall(" ".join(searched)):
                hits = self._get(f"/api/v1/search?q={found}").get_json()["results"]
                assert record.id in [each["id"] for each in hits], f"{found} is not found"

    def _public_records(self) -> dict[int, ModelRecord]:
        return {id: each for id, each in self.model.records.items() if each.status is Status.PUBLISHED}

    # what holds after every rule

    def _get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/{TOWN}{path}", headers=headers)

    @invariant()
    def check_archive(self) -> None:
        """Compare what staff, residents, programs, the history and the neighbour have."""
        self.staff_see_what_the_model_says()
        self.residents_see_what_the_model_says()
        self.history_agrees_with_the_record()
        self.program_is_told_of_every_change()
        self.neighbour_is_as_before()

    def staff_see_what_the_model_says(self) -> None:
        for record in self.model.records.values():
            now = self.records.announcements.get(record.id)
            assert (now.status, now.publish_at) == (record.status, record.publish_at)
            assert {name: getattr(now, name) for name in record.values} == record.values
            listed = self._listed(record.id)
            assert [each.id for each in listed] == record.order
            assert [each.position for each in listed] == [*positions(record.order).values()]
            waiting = self.records.attachments.replacements([each.id for each in listed]).values()
            for each in (*listed, *waiting):
                self._check_attachment(record.attachments[each.id], each)
            known = {
                each.id for each in record.attachments.values() if each.is_detached and not each.is_erased
            }
            assert {each.id for each in self.records.attachments.detached(record.id)} == known

    def _check_attachment(self, expected: ModelAttachment, now: Attachment) -> None:
        pages = " ".join(text for _number, text in self.records.pages.texts_by_attachment([now.id])[now.id])
        document = _documents_by_sha256()[now.sha256]
        assert (document, now.label, now.hold) == (expected.document, expected.label, expected.hold), now.id
        reading = ReadingStatus.WAITING if now.status is ReadingStatus.READING else now.status
        assert reading is expected.reading
        assert expected.is_in_drawn_state, (expected.hold, expected.reading)
        assert len(privacy.undecided_finds(now)) == len(expected.undecided), (expected, now)
        if not expected.is_pending:
            assert set(NUMBER.findall(arabic_digits(pages))) == set(NUMBER.findall(expected.text))
            assert set(WORD.findall(expected.text)) <= set(WORD.findall(pages))
        if expected.hold is None and self.model.record_of(now.id).status is Status.PUBLISHED:
            assert expected.may_be_shown or expected.replaces, "residents see what nobody decided to show"

    def residents_see_what_the_model_says(self) -> None:
        shown: dict[str, object] = {}
        for record in self.model.records.values():
            answer = self._get(f"/api/v1/announcements/{record.id}")
            expected = {Status.PUBLISHED: 200, Status.WITHDRAWN: 410}.get(record.status, 404)
            assert answer.status_code == expected
            if expected == 200:
                self._check_answer(record, answer.get_json())
            if "ETag" in answer.headers:
                shown[f"record {record.id}"] = answer.headers["ETag"], answer.get_data()
            self._check_leaks(answer)
            public = {each.id for each in record.shown}
            for id in record.attachments:
                file = f"/announcements/{record.id}/attachments/{id}/file"
                assert (self._get(file).status_code == 200) is (id in public), file
        for path in ("/", f"/api/v1/search?q={word('clean text')}", "/api/v1/suggest?q=ประกาศ"):
            self._check_leaks(self._get(path))
        for name, (tag, body) in shown.items():  # type: ignore[misc]
            before = self.public.get(name)
            assert before is None or before[0] != tag or before[1] == body, f"{name}: the same ETag"  # type: ignore[index]
        self.public = shown

    def _check_answer(self, record: ModelRecord, answer: Mapping[str, Any]) -> None:
        assert {name: answer[name] for name in record.values} == record.values
        shown = [(each.id, each.label, each.document) for each in record.shown]
        files = [(each["id"], each["label"], each["sha256"]) for each in answer["attachments"]]
        assert [(id, label, _documents_by_sha256()[file]) for id, label, file in files] == shown
        relations = {(each["relation"], each["announcement_id"]) for each in answer["relations"]}
        assert relations == self.model.published_relations(record.id)
        ended = any(name in ("cancelled-by", "replaced-by") for name, _other in relations)
        assert answer["in_force"] is not ended

    def _check_leaks(self, answer: Any, typed: str = "") -> None:
        """No page has a word or a number that residents may not read."""
        text = answer.get_data(as_text=True)
        public = self.model.words_in_public(WORD) | {word("clean text"), typed}
        assert set(WORD.findall(text)) <= public, answer.request.path
        assert set(NUMBER.findall(arabic_digits(text))) & {*IDS} <= self.model.words_in_public(NUMBER), (
            answer.request.path
        )

    def history_agrees_with_the_record(self) -> None:
        for id in self.model.records:
            check_history(self.records.history.entries(id), self._values_now(id))

    def _values_now(self, id: int) -> dict[str, object]:
        now = self.records.announcements.get(id)
        values: dict[str, object] = {
            name: mappers.stored_value(getattr(now, name)) for name in ("status", *FIELDS_BY_NAME)
        }
        listed = self._listed(id)
        waiting = self.records.attachments.replacements(each.id for each in listed).values()
        for each in (*listed, *waiting):
            values |= {f"{name} {each.id}": str(getattr(each, name)) for name in ("label", "kind", "sha256")}
        return values

    def program_is_told_of_every_change(self) -> None:
        """A program's ETag names another state whenever what the program reads has changed."""
        for id in self.model.records:
            answer = self._get(f"/api/v1/announcements/{id}", **self.token)
            now = answer.headers["ETag"], answer.get_json()
            before = self.tags.get(id)
            if before is not None and before[0] == now[0]:
                assert _written_by_people(before[1]) == _written_by_people(now[1]), id
            self.tags[id] = now

    def neighbour_is_as_before(self) -> None:
        assert self._neighbours_rows() == self.neighbours_rows

    def teardown(self) -> None:
        """Look at everything once more, unless a rule has failed already."""
        try:
            if sys.exc_info()[0] is None:
                self._look_at_everything()
        finally:
            self.close_archive()

    def close_archive(self) -> None:
        """Close and delete the archive."""
        self.worker._reader.close()
        close(self.whole)
        shutil.rmtree(self.folder)

    def _look_at_everything(self) -> None:
        self._check_all_pages()  # while the index may be behind
        self.follow()
        self._check_all_pages()
        assert [*self.whole.audit.find_faults()] == []  # type: ignore[attr-defined]
        self.read_all()
        self.follow()
        report = self.whole.check_consistency()
        assert report.findings == [], report.findings
        for record in self.model.records.values():
            assert not any(each.is_reading_pending for each in self._listed(record.id)), "never read"

    def _all_texts(self) -> Iterator[str]:
        """Yield the texts of all records and files, also those that residents may not read."""
        for record in self.model.records.values():
            yield from record.values.values()
            for each in record.attachments.values():
                yield from (each.label, each.text)

    def _check_all_pages(self) -> None:
        harvest = "/oai?verb=ListRecords&metadataPrefix=oai_dc"
        open_data = "/open-data/announcements"
        disclosed = f"/disclosure/{YEAR}"
        paths = ["/", "/search", "/browse", "/collections", disclosed, f"{disclosed}.csv", "/feed.xml",
                 "/sitemap.xml", harvest, f"{open_data}.csv", f"{open_data}.jsonl",
                 "/api/v1/announcements"]  # fmt: skip
        paths += [f"/collections/{each.id}" for each in self.records.collections.all()]
        for path in paths:
            answer = self._get(path)
            assert answer.status_code == 200 or "announcements" not in path, path
            self._check_leaks(answer)
        for name in {
            *self.model.words_in_public(WORD),
            *(word(f"new {count + 1}") for count in range(self.count)),
        }:
            for path in (f"/api/v1/search?q={name}", f"/api/v1/suggest?q={name}"):
                self._check_leaks(self._get(path), name)
        public = self.model.words_in_public(WORD)
        for hidden in {found for text in self._all_texts() for found in WORD.findall(text)} - public:
            answer = self._get(f"/api/v1/search?q={hidden}&as_typed=true").get_json()
            assert answer["total"] == 0, f"{hidden} is found"
        for record in self.model.records.values():
            for place in ("", "/certificate"):
                self._check_leaks(self._get(f"/announcements/{record.id}{place}"))
            public = {each.id for each in record.shown}
            for id, each in record.attachments.items():
                for place in ("", "/text", "/pages/1.webp?width=240"):
                    answer = self._get(f"/announcements/{record.id}/attachments/{id}{place}")
                    assert answer.status_code < 300 or id not in public or not each.is_read, place
                    assert answer.status_code >= 400 or id in public, place


def _id(side: Mapping[str, object]) -> int:
    return int(str(side["attachment_id"]))


def _written_by_people(answer: object) -> object:
    """Return what an answer has that commands write; reading a file in the background is no change."""
    record = cast(Mapping[str, Any], answer)
    files = [[each[name] for name in ("id", "label", "kind", "position")] for each in record["attachments"]]
    return files, [record[name] for name in ("status", "title", "body", "category", "kind")]


def check_history(entries: Sequence[Change], now: Mapping[str, object]) -> None:
    """Follow a history from its beginning: each entry begins where the one before ended, the last one now.

    The label of a file that waits to replace another one is the other one's, whose history has its changes.
    """
    told: dict[str, object] = {}
    labelled_with_others = {
        f"label {_id(each.after)}"
        for each in entries
        if each.action == "replace" and each.after.get("attachment_id") != each.before.get("attachment_id")
    }
    for entry in entries:
        if entry.action == "erase":
            told = {name: value for name, value in told.items() if name == "status"}
            continue
        before, after = (_told_values(side) for side in (entry.before, entry.after))
        if entry.action != "release":  # it names the file that was replaced, whose replacing is told already
            _require_same(told, before, labelled_with_others)
        told |= after | ({"publish_at": None} if "status" in after else {})  # a change of status clears it
    _require_same(told, now, labelled_with_others)


def _require_same(told: Mapping[str, object], values: Mapping[str, object], left_out: Set[str]) -> None:
    differing = {
        name: (told[name], values[name])
        for name in told.keys() & values.keys() - left_out
        if told[name] != values[name]
    }
    assert not differing, f"told by the history, and as it is: {differing}"


def _told_values(side: Mapping[str, object]) -> dict[str, object]:
    """Return what one side of an entry tells of the record's fields and of an attachment's."""
    if "attachment_id" in side:
        names = [name for name in ("label", "kind", "sha256") if name in side and "page" not in side]
        return {f"{name} {side['attachment_id']}": side[name] for name in names}
    return {name: value for name, value in side.items() if name == "status" or name in FIELDS_BY_NAME}
