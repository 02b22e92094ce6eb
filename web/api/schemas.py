"""Schemas of the JSON API: they check requests, write answers, and become the OpenAPI description."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import url_for
from marshmallow import EXCLUDE, Schema, fields, post_load, pre_load, validate

from archive import thai
from archive.facets import FACETS, FACETS_BY_NAME, Facet, FacetType
from archive.fields import ANNOUNCEMENT_FIELDS
from archive.model import (
    PROVINCE,
    Announcement,
    Attachment,
    DocumentKind,
    ReadingStatus,
    Status,
    TextSource,
)
from archive.privacy import undecided_finds
from archive.relations import published_relations
from archive.villages import MOST_VILLAGES
from indexer.search.query.parser import Filters, Query, Sort, parse_query
from web.addresses import absolute_url, page_path
from web.api.announcement_relation_schemas import (
    IN_FORCE,
    UNCONFIRMED,
    RelationOut,
    as_published_relations,
)
from web.api.explanation_schemas import EXPLAIN, RELATED, ExplanationOut
from web.api.field_schemas import KINDS, Day, input_field, output_field
from web.api.personal_data_schemas import FindOut, HoldOut, PersonalDataReason
from web.bootstrap import Services, services
from web.search_service import Result, SearchResults

MOST_PER_PAGE = 50  # as the contract of the API says
_MOST_ATTACHMENTS = 500  # highest place among an announcement's attachments that can be asked for
_ORGANISATION = {"description": "เฉพาะเมื่อมีหลายหน่วยงาน · only where there are several"}


class _LenientArguments(Schema):
    """Base of arguments in an address or a form: unknown names and empty values are ignored."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def drop_empty(self, data: Any, **_: Any) -> dict[str, Any]:
        """Returns the arguments that have a value: a form sends every field, the empty ones too."""
        return {key: data[key] for key in data if data[key] != ""}


class PagingArgs(_LenientArguments):
    """A page of a list, from 1, of 1 to 50 entries; empty values are ignored, others out of range refused."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    per_page = fields.Integer(load_default=10, validate=validate.Range(1, MOST_PER_PAGE))


class _SearchArgs(PagingArgs):
    """The parameters of a search, in an address: the API's, the pages' and the feed's alike.

    Those of ``FACETS`` are added below.
    """

    q = fields.String(load_default="", metadata={"description": "คำค้น · what is looked for"})
    from_date = Day(load_default=None, data_key="from")
    to_date = Day(load_default=None, data_key="to")
    open = fields.Boolean(
        load_default=False,
        metadata={"description": "เฉพาะที่ยังไม่หมดเขต · only what has a closing day that is not over"},
    )
    in_force = fields.Boolean(
        load_default=False,
        metadata={"description": "เฉพาะที่ไม่ถูกยกเลิก · only what no published announcement cancels or replaces"},
    )
    any_time = fields.Boolean(
        load_default=False,
        metadata={
            "description": "ไม่จำกัดตามปีหรือวันที่ที่พิมพ์ไว้ในคำค้น · a time typed among the words narrows nothing"
        },
    )
    as_typed = fields.Boolean(
        load_default=False,
        metadata={"description": "ค้นตามที่พิมพ์ ไม่แก้คำผิด · no misspelling is corrected"},
    )
    sort = fields.Enum(Sort, by_value=True, load_default=Sort.RELEVANCE)
    explain = fields.Boolean(load_default=False, metadata=EXPLAIN)

    @post_load
    def query(self, data: dict[str, Any], **_: Any) -> Query:
        filters = Filters(
            **{facet.name: _filter(facet, data[facet.name]) for facet in FACETS},
            from_date=data["from_date"],
            to_date=data["to_date"],
            open_on=thai.today() if data["open"] or data["sort"] is Sort.CLOSING else None,
            in_force=data["in_force"],
        )
        query = parse_query(
            data["q"],
            filters=filters,
            sort=data["sort"],
            page=data["page"],
            per_page=data["per_page"],
            should_drop_dates_beside_words=data["any_time"],
        )
        return replace(query, as_typed=data["as_typed"], explain=data["explain"])


def _facet_argument(facet: Facet) -> fields.Field[Any]:
    match facet.type:
        case FacetType.KIND:
            return fields.Enum(DocumentKind, by_value=True, load_default=None)
        case FacetType.YEAR:
            described = {"description": "พ.ศ. · Buddhist era"}
            return fields.Integer(load_default=None, validate=validate.Range(1, 9999), metadata=described)
        case FacetType.VILLAGE:
            described = {"description": "หมู่ที่ · number of the village"}
            return fields.Integer(
                load_default=None, validate=validate.Range(1, MOST_VILLAGES), metadata=described
            )
        case FacetType.ORGANISATION:
            described = {"description": "เมื่อค้นหลายหน่วยงาน · the slug of one, where several are searched"}
            return fields.String(load_default=None, metadata=described)
        case FacetType.NAME:
            return fields.String(load_default=None)


SearchArgs = _SearchArgs.from_dict(
    {facet.name: _facet_argument(facet) for facet in FACETS}, name="SearchArgs"
)


def _filter(facet: Facet, given: Any) -> Any:
    return _number(given) if facet.type is FacetType.ORGANISATION else given


def _number(slug: str | None) -> int | None:
    """Returns the organisation's id; for an unknown slug ``PROVINCE``, which has no records."""
    towns = services().towns
    if slug is None or not towns:
        return None
    return next((id for id, each in towns.items() if each.slug == slug), PROVINCE)


class AnnouncementListArgs(PagingArgs):
    """A page of a list of announcements of one status, by default ``published``.

    Another status needs a token.
    """

    status = fields.Enum(
        Status,
        by_value=True,
        load_default=Status.PUBLISHED,
        metadata={"description": "อื่นนอกจาก published ต้องมี token"},
    )


class SuggestArgs(_LenientArguments):
    """The beginning of a query, for which suggestions are asked."""

    q = fields.String(load_default="")


class PagePictureArgs(_LenientArguments):
    """The picture of a page: ``width`` in pixels, hits of ``q``, ``crop=hit`` for their area alone."""

    q = fields.String(load_default="")
    width = fields.Integer(load_default=1000, validate=validate.OneOf([240, 480, 720, 1000, 1600]))
    crop = fields.String(
        load_default="",
        validate=validate.OneOf(["", "hit"]),
        metadata={"description": "hit: เฉพาะส่วนที่มีคำที่พบมากที่สุด · the piece with the most hits alone"},
    )


_PUBLIC = [field for field in ANNOUNCEMENT_FIELDS if field.is_public]
_IN_RESULTS = [field for field in _PUBLIC if field.is_in_results]

AnnouncementIn = PersonalDataReason.from_dict(
    {
        field.name: input_field(field, required=True)
        if field.is_required
        else input_field(field, load_default=field.default)
        for field in _PUBLIC
    }
    | {
        "status": fields.String(
            load_default=Status.DRAFT.value, validate=validate.OneOf([Status.DRAFT, Status.PUBLISHED])
        ),
    },
    name="AnnouncementIn",
)

AnnouncementChanges = PersonalDataReason.from_dict(
    {field.name: input_field(field) for field in _PUBLIC}, name="AnnouncementChanges"
)
"""Changes of an announcement; only the given fields change."""


class AttachmentChanges(PersonalDataReason):
    """Changes of an attachment; only the given fields change. ``position``: 1 is the first."""

    label = fields.String()
    kind = fields.Enum(DocumentKind, by_value=True)
    position = fields.Integer(strict=True, validate=validate.Range(1, _MOST_ATTACHMENTS))


class WithdrawalIn(_LenientArguments):
    """The reason for a withdrawal, which residents are told; it may be left out."""

    reason = fields.String(load_default="")


class PersonalDataReasonIn(_LenientArguments, PersonalDataReason):
    """The reason and the legal ground for which personal data is shown."""


class AttachmentIn(_LenientArguments):
    """The ``label`` and ``kind`` of an upload, beside its file; without ``kind`` it is ``other``."""

    label = fields.String(load_default="")
    kind = fields.Enum(DocumentKind, by_value=True, load_default=None)


class ReadingFailureOut(Schema):
    """The reason why a file could not be read: a stable code for programs, and a message in Thai."""

    code = fields.String()
    message = fields.String()


class AttachmentOut(Schema):
    """An attachment of an announcement. ``page_count`` is null until the file was read."""

    id = fields.Integer()
    announcement_id = fields.Integer()
    position = fields.Integer()
    label = fields.String()
    filename = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    size = fields.Integer(metadata={"description": "ไบต์ · bytes"})
    sha256 = fields.String()
    page_count = fields.Integer(allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in ReadingStatus]))
    error = fields.Nested(ReadingFailureOut, allow_none=True)
    signed = fields.Boolean(metadata={"description": "มีลายมือชื่อดิจิทัล · carries a digital signature"})
    held = fields.Nested(
        HoldOut,
        allow_none=True,
        metadata={"description": "ประชาชนยังไม่เห็น เพราะเหตุใด · why residents do not see it yet"},
    )


class ReplacementOut(Schema):
    """A new file that waits to replace an attachment's public file. ``held`` says what it waits for."""

    filename = fields.String()
    size = fields.Integer(metadata={"description": "ไบต์ · bytes"})
    sha256 = fields.String()
    page_count = fields.Integer(allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in ReadingStatus]))
    error = fields.Nested(ReadingFailureOut, allow_none=True)
    held = fields.Nested(HoldOut)


class AttachmentWithReplacementOut(AttachmentOut):
    """An attachment, and to those who may change it the new file that waits to replace its public file."""

    replacement = fields.Nested(
        ReplacementOut,
        allow_none=True,
        metadata={"description": "ไฟล์ใหม่ที่รอแทนไฟล์เดิม · null to residents, and where none waits"},
    )


AnnouncementOut = Schema.from_dict(
    {field.name: output_field(field) for field in _PUBLIC}
    | {
        "id": fields.Integer(),
        "status": fields.String(validate=validate.OneOf([status.value for status in Status])),
        "url": fields.String(),
        "organisation": fields.String(metadata=_ORGANISATION),
        "in_force": fields.Boolean(metadata=IN_FORCE),
        "relations": fields.List(fields.Nested(RelationOut)),
        "unconfirmed_relations": fields.List(fields.Nested(RelationOut), metadata=UNCONFIRMED),
        "attachments": fields.List(fields.Nested(AttachmentOut)),
        "created_at": fields.DateTime(format="iso"),
        "updated_at": fields.DateTime(format="iso"),
    },
    name="AnnouncementOut",
)


class AnnouncementsOut(Schema):
    """One page of announcements in ``results``; ``total`` counts those on all pages."""

    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    results = fields.List(fields.Nested(AnnouncementOut))


class PageOut(Schema):
    """A page of an attachment with its text and the confidence of its recognition.

    ``confidence``: 0 to 1; null for a text layer.
    """

    number = fields.Integer()
    text = fields.String()
    source = fields.String(validate=validate.OneOf([source.value for source in TextSource]))
    confidence = fields.Float(allow_none=True, validate=validate.Range(0, 1))


class SegmentOut(Schema):
    """A piece of a text. ``hit``: it matches the query and is marked."""

    text = fields.String()
    hit = fields.Boolean(attribute="is_hit")


class PageResultOut(Schema):
    """A page of an attachment that matches the query, with an excerpt in segments."""

    attachment_id = fields.Integer()
    label = fields.String()
    page = fields.Integer()
    url = fields.String()
    segments = fields.List(fields.Nested(SegmentOut))


ResultOut = Schema.from_dict(
    {field.name: output_field(field) for field in _IN_RESULTS}
    | {
        "id": fields.Integer(),
        "url": fields.String(),
        "organisation": fields.String(metadata=_ORGANISATION),
        "in_force": fields.Boolean(metadata=IN_FORCE),
        "partial": fields.Boolean(
            metadata={"description": "มีเพียงบางคำที่ค้น · matches only some of the words; others match all"}
        ),
        "score": fields.Float(),
        "segments": fields.List(fields.Nested(SegmentOut)),
        "pages": fields.List(fields.Nested(PageResultOut)),
    },
    name="ResultOut",
)


class FacetValueOut(Schema):
    """A facet's ``value``, as a filter takes it, and the ``count`` of results that have it."""

    value = fields.Raw(
        metadata={"description": "ข้อความ หรือปี พ.ศ. และหมู่ที่เป็นตัวเลข · text, or the year or village as a number"}
    )
    count = fields.Integer()


def _facet_counts(facet: Facet) -> fields.Field[Any]:
    metadata = _ORGANISATION if facet.type is FacetType.ORGANISATION else {}
    return fields.List(fields.Nested(FacetValueOut), metadata=metadata)


FacetsOut = Schema.from_dict({facet.name: _facet_counts(facet) for facet in FACETS}, name="FacetsOut")


class SearchOut(Schema):
    """The results of a search, with the way the query was understood. ``took_ms``: milliseconds."""

    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    took_ms = fields.Float()
    did_you_mean = fields.String(allow_none=True)
    understood = fields.List(fields.String(), metadata={"description": "เข้าใจว่า · how it was read, in Thai"})
    understood_english = fields.List(fields.String())
    loosened = fields.List(fields.String(), metadata={"description": "สิ่งที่ยอมละ · what was given up, in Thai"})
    loosened_english = fields.List(fields.String())
    results = fields.List(fields.Nested(ResultOut))
    related = fields.List(fields.Nested(ResultOut), metadata=RELATED)
    explanation = fields.Nested(ExplanationOut)
    facets = fields.Nested(FacetsOut)


class SuggestOut(Schema):
    """Suggested queries, best first."""

    suggestions = fields.List(fields.String())


class ApiErrorOut(Schema):
    """RFC 9457 problem details."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    code = fields.String(metadata={"description": "ไม่เปลี่ยนตามภาษา · stable, for programs"})
    detail = fields.String(metadata={"description": "ภาษาไทย บอกว่าต้องทำอย่างไร · Thai, says what to do"})
    field = fields.String(metadata={"description": "ช่องที่ผิด · the field that is wrong"})
    finds = fields.List(
        fields.Nested(FindOut),
        metadata={"description": "ข้อมูลส่วนบุคคลที่พบ เมื่อ code เป็น personal-data · what was found"},
    )
    errors = fields.Dict(metadata={"description": "ช่องที่ผิดและเหตุผล · what is wrong, by place and field"})


def as_attachment(attachment: Attachment) -> dict[str, Any]:
    """Returns the attachment as values for ``AttachmentOut``."""
    error, hold = attachment.error, attachment.hold
    names = AttachmentOut().fields.keys() - {"error", "held"}
    return {name: getattr(attachment, name) for name in names} | {
        "error": {"code": error.code, "message": error.message} if error else None,
        "held": {"code": hold, "finds": len(undecided_finds(attachment))} if hold else None,
    }


def as_attachment_with_replacement(
    attachment: Attachment, services: Services, *, is_staff: bool
) -> dict[str, Any]:
    """Returns the attachment as values for ``AttachmentWithReplacementOut``."""
    waiting = services.attachments.replacements([attachment.id]).get(attachment.id) if is_staff else None
    names = ReplacementOut().fields.keys()
    replacement = waiting and {name: value for name, value in as_attachment(waiting).items() if name in names}
    return as_attachment(attachment) | {"replacement": replacement}


def _whose(announcement: Announcement, services: Services) -> dict[str, str]:
    """Returns the slug of the announcement's organisation, where there are several."""
    town = services.towns.get(announcement.organisation)
    return {"organisation": town.slug} if town else {}


def _url(announcement: Announcement, services: Services, path: str) -> str:
    """Returns an announcement's path; at the province's front the full address on its organisation's site."""
    return (
        absolute_url(path, services.site_url_of_organisation(announcement.organisation))
        if services.is_province
        else path
    )


def as_announcement(
    announcement: Announcement, attachments: list[Attachment], services: Services
) -> dict[str, Any]:
    """Returns the announcement as values for ``AnnouncementOut``, with the given attachments."""
    made_here = {
        "url",
        "attachments",
        "organisation",
        "in_force",
        "relations",
        "unconfirmed_relations",
    }
    names = AnnouncementOut().fields.keys() - made_here
    whose = _whose(announcement, services)
    return (
        {name: getattr(announcement, name) for name in names}
        | whose
        | as_published_relations(published_relations(services.records, announcement))
        | {
            "url": _url(
                announcement, services, url_for("public.announcement", announcement_id=announcement.id)
            ),
            "attachments": [as_attachment(attachment) for attachment in attachments],
        }
    )


def as_answer(answer: SearchResults, services: Services) -> dict[str, Any]:
    """Returns a search's answer for ``SearchOut``; its addresses are paths, whole ones for the province."""
    query = answer.query
    return {
        "total": answer.total,
        "page": query.page,
        "per_page": query.per_page,
        "took_ms": round(answer.took_ms, 1),
        "did_you_mean": answer.did_you_mean,
        "understood": [remark.thai for remark in query.understood],
        "understood_english": [remark.english for remark in query.understood],
        "loosened": [remark.thai for remark in query.loosened],
        "loosened_english": [remark.english for remark in query.loosened],
        "results": [_as_result(result, query, services) for result in answer.results],
        "related": [_as_result(result, query, services) for result in answer.related],
        "facets": {
            name: [{"value": each.value, "count": each.count} for each in answer.facets.get(name, ())]
            for name, facet in FACETS_BY_NAME.items()
            if facet.type is not FacetType.ORGANISATION or name in answer.facets
        },
    } | ({"explanation": answer.explanation} if answer.explanation else {})


def _as_result(result: Result, query: Query, services: Services) -> dict[str, Any]:
    announcement = result.announcement
    return _whose(announcement, services) | {
        "id": announcement.id,
        **{field.name: getattr(announcement, field.name) for field in _IN_RESULTS},
        "url": _url(announcement, services, url_for("public.announcement", announcement_id=announcement.id)),
        "in_force": result.is_in_force,
        "partial": result.is_partial,
        "score": result.score,
        "segments": result.segments,
        "pages": [
            {
                "attachment_id": page.attachment.id,
                "label": page.attachment.label,
                "page": page.number,
                "url": _url(announcement, services, page_path(page.attachment, page.number, query.typed)),
                "segments": page.segments,
            }
            for page in result.pages
        ],
    }
