"""The JSON API under ``/api/v1``, described at ``/openapi.json`` from this very code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import wraps
from json import JSONDecodeError
from typing import Any, BinaryIO, ParamSpec, TypeVar, cast

from flask import Flask, Request, Response, g, json, request
from flask_smorest import Api, Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import FileStorage, WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from archive.errors import Invalid
from archive.model import Announcement, Attachment, DocumentKind, Draft, Page, Scope, Status
from archive.privacy import checked_reason
from archive.suggested_fields import refuse_file_name_as_title
from indexer.search.query.parser import Query
from web.accounts.access import (
    current_token,
    has_scope,
    log_unpublished_read,
    require_publish_scope_if_public_or_scheduled,
    require_scope,
    require_visible,
    require_visible_attachment,
    visible_attachments,
)
from web.accounts.sign_in import csrf
from web.api import schemas
from web.api.preconditions import ETAG_HEADER, IF_MATCH_PARAMETER, record_tag, refuse_if_changed, send_tag
from web.bootstrap import services
from web.file_responses import send_original, send_picture
from web.search_service import search
from web.search_service import suggest as suggest_words
from web.serving.log import timed_part

P = ParamSpec("P")
R = TypeVar("R")


class _BodyParser(FlaskParser):
    """Refuses JSON that Python cannot hold: too deeply nested, or with numbers of thousands of digits."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        try:
            return super().load_json(req, schema)
        except (ValueError, RecursionError) as error:
            return self._handle_invalid_json_error(JSONDecodeError(str(error), "", 0), req)


class _Blueprint(Blueprint):  # type: ignore[misc]
    ARGUMENTS_PARSER = _BodyParser()


blueprint = _Blueprint("api", __name__, url_prefix="/api/v1", description="ประกาศ เอกสารแนบ และการค้นหา")


def register_api(app: Flask) -> None:
    """Put the API into ``app``, and its description at ``/openapi.json``."""
    app.config.update(
        API_TITLE="Prakat ประกาศ",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(app)
    api.spec.components.security_scheme(
        "token",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "prakat token add NAME · สิทธิ์ (scopes):"
            " read เห็นสิ่งที่ยังไม่เผยแพร่ · sees what is not public;"
            " write สร้างและแก้ฉบับร่าง · makes and changes drafts;"
            " publish เผยแพร่ ถอน และแก้สิ่งที่เผยแพร่แล้ว · publishes, withdraws, and changes what is public",
        },
    )
    api.register_blueprint(blueprint)
    csrf.exempt(blueprint)  # a token in a header cannot be sent by another site's form


class _Api(Api):  # type: ignore[misc]
    """Describes errors as problem details, which is how they are sent."""

    ERROR_SCHEMA = schemas.ApiErrorOut

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def _openapi_json(self) -> Response:
        """Returns the OpenAPI description of the requested site.

        Its paths begin at that site's root; a site below a path is named as the server.
        """
        root = request.script_root
        described = self.spec.to_dict() | ({"servers": [{"url": root}]} if root else {})
        return Response(json.dumps(described, indent=2, sort_keys=False), content_type="application/json")


def needs_scope(scope: Scope) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Lets only a live token of this scope call a view (401, 403); ``g.actor`` is ``token NAME``.

    That is the actor whom the view's commands name in the history.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            token = current_token()
            if token is None:
                raise Unauthorized(www_authenticate=_challenge())
            require_scope(scope)
            g.actor = f"token {token.name}"
            return view(*args, **kwargs)

        refused = blueprint.alt_response(
            403,
            schema=schemas.ApiErrorOut,
            content_type="application/problem+json",
            description=_REFUSED,
        )(checked)
        documented: Callable[P, R] = blueprint.doc(security=[{"token": [scope.value]}])(refused)
        return documented

    return decorate


_REFUSED = "โทเคนไม่มีสิทธิ์ที่ต้องใช้ · the token lacks the scope that this needs (code insufficient-scope)"

writing = needs_scope(Scope.WRITE)
publishing = needs_scope(Scope.PUBLISH)


def conditional(view: Callable[P, R]) -> Callable[P, R]:
    """Describes the header ``If-Match`` of a view, and its answer 412. The view itself asks for it.

    It does so by ``refuse_if_changed``, in the transaction that writes.
    """
    refused = blueprint.alt_response(
        412,
        schema=schemas.ApiErrorOut,
        content_type="application/problem+json",
        description=_CHANGED,
    )(view)
    documented: Callable[P, R] = blueprint.doc(parameters=[IF_MATCH_PARAMETER])(refused)
    return documented


_CHANGED = "แก้ไขไปแล้วหลังจากที่อ่าน · changed since the ETag in If-Match was read (code changed-meanwhile)"


_FILE_FIELDS = ("sha256", "size")
"""Fields of an attachment that whoever sends its bytes knows."""


def _challenge() -> Any:
    return WWWAuthenticate("bearer", {"realm": "prakat"})


def _staff() -> bool:
    """Returns True when the request may see unpublished announcements."""
    return has_scope(Scope.READ)


def _upload(**more: dict[str, Any]) -> dict[str, Any]:
    """Returns the description of a request that carries a file, and ``more`` properties beside it."""
    properties = {"file": {"type": "string", "format": "binary"}, **more}
    schema = {"type": "object", "required": ["file"], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _sent_file() -> FileStorage:
    """Returns the file in the request. Raises ``Invalid`` when there is none."""
    file = request.files.get("file")
    if file is None:
        raise Invalid("ไม่มีไฟล์ในคำขอ กรุณาส่งไฟล์ในช่อง file (no file was sent)", field="file")
    return file


@blueprint.get("/search")
@blueprint.arguments(schemas.SearchArgs, location="query")
@blueprint.response(200, schemas.SearchOut)
def search_announcements(query: Query) -> dict[str, Any]:
    """ค้นหาประกาศที่เผยแพร่ · Search published announcements; ``explain`` needs the scope ``read``.

    No query lists all, newest first.
    """
    if query.explain:
        require_scope(Scope.READ)
    return schemas.as_answer(search(services(), query), services())


@blueprint.get("/suggest")
@blueprint.arguments(schemas.SuggestArgs, location="query")
@blueprint.response(200, schemas.SuggestOut)
def suggest(args: dict[str, Any]) -> dict[str, Any]:
    """คำแนะนำขณะพิมพ์ · Suggestions while typing."""
    return {"suggestions": suggest_words(services(), args["q"])}


@blueprint.get("/announcements")
@blueprint.arguments(schemas.AnnouncementListArgs, location="query")
@blueprint.response(200, schemas.AnnouncementsOut)
def list_announcements(args: dict[str, Any]) -> dict[str, Any]:
    """รายการประกาศ ใหม่สุดก่อน · Announcements, newest first."""
    staff = _staff()
    if args["status"] is not Status.PUBLISHED and not staff:
        raise Unauthorized(www_authenticate=_challenge())
    records = services().records
    found, total = records.announcements.list_page(
        statuses=[args["status"]], page=args["page"], per_page=args["per_page"]
    )
    log_unpublished_read(found)
    attachments = records.attachments.by_announcement(announcement.id for announcement in found)
    return {
        "total": total,
        "page": args["page"],
        "per_page": args["per_page"],
        "results": [
            schemas.as_announcement(
                each, [one for one in attachments.get(each.id, []) if staff or one.hold is None], services()
            )
            for each in found
        ],
    }


def _stated_reason(given: dict[str, Any]) -> str:
    """Takes ``ground`` and ``reason`` out of what was sent, and returns the reason that they state.

    A ``reason`` alone is the program's own word.
    """
    ground, reason = given.pop("ground"), given.pop("reason")
    return checked_reason(ground, reason) if ground else str(reason)


@blueprint.post("/announcements")
@writing
@blueprint.arguments(schemas.AnnouncementIn)
@blueprint.response(201, schemas.AnnouncementOut, headers=ETAG_HEADER)
def create_announcement(fields: dict[str, Any]) -> dict[str, Any]:
    """สร้างประกาศ · Make a draft, or publish: scope ``publish``; ``reason`` for personal data (else 409)."""
    status = Status(fields.pop("status"))
    if status is Status.PUBLISHED:
        require_scope(Scope.PUBLISH)
    reason = _stated_reason(fields)
    if status is Status.PUBLISHED:
        refuse_file_name_as_title(fields["title"])
    announcement = services().commands.announcements.create(
        Draft(**fields), actor=g.actor, status=status, reason=reason
    )
    _send_tag(announcement.id)
    return _record(announcement.id)


@blueprint.get("/announcements/<int:id>")
@blueprint.response(200, schemas.AnnouncementOut, headers=ETAG_HEADER)
def show_announcement(id: int) -> dict[str, Any]:
    """หนึ่งประกาศ · One announcement; one that is not public needs the scope ``read``."""
    staff = _staff()
    require_visible(services().announcements.get(id), is_staff=staff)
    _send_tag(id)
    return _record(id, is_staff=staff)


@blueprint.patch("/announcements/<int:id>")
@writing
@conditional
@blueprint.arguments(schemas.AnnouncementChanges)
@blueprint.response(200, schemas.AnnouncementOut, headers=ETAG_HEADER)
def revise_announcement(changes: dict[str, Any], id: int) -> dict[str, Any]:
    """แก้ไขประกาศ · Change an announcement; once public: scope ``publish``, ``reason`` for personal data.

    A published or withdrawn announcement, or a scheduled draft, needs the scope ``publish``. Personal data in
    a published one without a reason is answered with 409.
    """
    reason = _stated_reason(changes)
    with services().records.batch():
        _require_write(services().announcements.get(id))
        services().commands.announcements.revise(id, changes, actor=g.actor, reason=reason)
    return _changed_record(id, sent=changes)


@blueprint.post("/announcements/<int:id>/publish")
@publishing
@conditional
@blueprint.arguments(schemas.PersonalDataReasonIn, required=False)
@blueprint.response(200, schemas.AnnouncementOut, headers=ETAG_HEADER)
def publish_announcement(args: dict[str, Any], id: int) -> dict[str, Any]:
    """เผยแพร่ · Publish, with the scope ``publish``; personal data needs a ``reason`` (else 409).

    The code of that 409 is ``personal-data``; ``ground`` beside the reason names the legal ground.
    Attachments that are not read yet follow by themselves, once nothing was found in them.
    """
    reason = _stated_reason(args)
    with services().records.batch():
        refuse_if_changed(services().announcements.get(id))
        services().commands.publication.publish(id, actor=g.actor, reason=reason)
    return _changed_record(id)


@blueprint.post("/announcements/<int:id>/withdraw")
@publishing
@conditional
@blueprint.arguments(schemas.WithdrawalIn, required=False)
@blueprint.response(200, schemas.AnnouncementOut, headers=ETAG_HEADER)
def withdraw_announcement(args: dict[str, Any], id: int) -> dict[str, Any]:
    """ถอน · Withdraw, with the scope ``publish``; residents get 410 with the reason, or a usual one.

    The usual one is ``ถอนผ่าน API``.
    """
    with services().records.batch():
        refuse_if_changed(services().announcements.get(id))
        services().commands.publication.withdraw(id, actor=g.actor, reason=args["reason"] or "ถอนผ่าน API")
    return _changed_record(id)


@blueprint.post("/announcements/<int:id>/restore")
@writing
@conditional
@blueprint.response(200, schemas.AnnouncementOut, headers=ETAG_HEADER)
def restore_as_draft(id: int) -> dict[str, Any]:
    """กู้คืนเป็นฉบับร่าง · Back to draft, from trashed, or with the scope ``publish`` from withdrawn.

    Residents are no longer told that a restored one was withdrawn.
    """
    with services().records.batch():
        _require_write(services().announcements.get(id))
        services().commands.publication.restore_as_draft(id, actor=g.actor)
    return _changed_record(id)


@blueprint.post("/announcements/<int:id>/attachments")
@writing
@conditional
@blueprint.arguments(schemas.AttachmentIn, location="form")
@blueprint.doc(
    requestBody=_upload(
        label={"type": "string"}, kind={"type": "string", "enum": [kind.value for kind in DocumentKind]}
    )
)
@blueprint.response(202, schemas.AttachmentOut)
@blueprint.alt_response(200, schema=schemas.AttachmentOut, description="แนบไฟล์นี้ไว้แล้ว · attached before")
def attach_file(fields: dict[str, Any], id: int) -> tuple[dict[str, Any], int]:
    """แนบไฟล์ · Attach a file (202; 200 for bytes it had before); to a public record: scope ``publish``.

    It is read in the background. PDF, JPEG, PNG, WebP, BMP, TIFF, HEIC, HEIF, DOCX, XLSX, ODT, ODS, DOC or
    XLS, without password or macros. Bytes that the announcement had before change nothing: the answer (200)
    is the attachment that has or had them, though somebody replaced, covered or took off that file. Bytes
    that were erased by order are refused (409, ``file-erased``). To a published or withdrawn announcement
    or a scheduled draft it needs the scope ``publish``.
    """
    _require_write(services().announcements.get(id))
    file = _sent_file()
    with timed_part("upload"):
        attachment, new = services().commands.attachments.attach(
            id,
            cast(BinaryIO, file.stream),
            filename=file.filename or "",
            actor=g.actor,
            label=fields["label"],
            kind=fields["kind"],
            check_permission=_require_write,
        )
    return _changed_attachment(attachment, sent=_FILE_FIELDS), 202 if new else 200


@blueprint.get("/attachments/<int:id>")
@blueprint.response(200, schemas.AttachmentWithReplacementOut)
def show_attachment(id: int) -> dict[str, Any]:
    """หนึ่งเอกสารแนบ · One attachment and how far it is read; held or unpublished: scope ``read``."""
    attachment = require_visible_attachment(id, is_staff=_staff())
    return schemas.as_attachment_with_replacement(attachment, services(), is_staff=_staff())


@blueprint.patch("/attachments/<int:id>")
@writing
@conditional
@blueprint.arguments(schemas.AttachmentChanges)
@blueprint.response(200, schemas.AttachmentOut)
def change_attachment(changes: dict[str, Any], id: int) -> dict[str, Any]:
    """แก้ชื่อ ประเภท ลำดับ · Change label, kind, position; in a public record with the scope ``publish``.

    Of a published or withdrawn announcement or a scheduled draft it needs the scope ``publish``.
    """
    commands = services().commands
    with services().records.batch():
        attachment = _require_attachment_write(id)
        if "position" in changes:
            commands.attachments.move(attachment.announcement_id, {id: changes["position"]}, actor=g.actor)
        label, kind = changes.get("label", attachment.label), changes.get("kind", attachment.kind)
        commands.attachments.relabel(
            id, label=label, kind=kind, actor=g.actor, reason=_stated_reason(changes)
        )
    return _changed_attachment(services().attachments.get(id), sent=changes)


@blueprint.delete("/attachments/<int:id>")
@writing
@conditional
@blueprint.response(204)
def detach_attachment(id: int) -> None:
    """นำออก · Take off, reversible by staff; from a public record with the scope ``publish``.

    Everything about it is kept. From a published or withdrawn announcement or a scheduled draft it needs
    the scope ``publish``.
    """
    with services().records.batch():
        _require_attachment_write(id)
        services().commands.attachments.detach(id, actor=g.actor)


@blueprint.put("/attachments/<int:id>/file")
@writing
@conditional
@blueprint.doc(requestBody=_upload())
@blueprint.response(202, schemas.AttachmentOut)
@blueprint.alt_response(200, schema=schemas.AttachmentOut, description="ไฟล์เดิม · the same bytes")
def replace_file(id: int) -> tuple[dict[str, Any], int]:
    """เปลี่ยนไฟล์ · Give a new version (202; 200 for the same bytes), held until read; public: ``publish``.

    The attachment's id stays. The new version is held until it is read and nothing was found; until then
    residents see a public file as it is. The answer describes the new version. In the place of a redacted
    copy, or with bytes that somebody replaced before, it waits until a person shows it; where residents do
    not see the present file, such bytes are refused (409, ``file-attached``), and so is any file in the
    place of a draft's redacted copy. Bytes that were erased by order are refused (409, ``file-erased``).
    In a published or withdrawn announcement or a scheduled draft it needs the scope ``publish``.
    """
    before = _newest(_require_attachment_write(id))
    file = _sent_file()
    with timed_part("upload"):
        after = services().commands.file_versions.replace(
            id,
            cast(BinaryIO, file.stream),
            filename=file.filename or "",
            actor=g.actor,
            check_permission=_require_write,
        )
    answer = _changed_attachment(replace(after, id=id), sent=_FILE_FIELDS)
    return answer, 200 if after.sha256 == before.sha256 else 202


@blueprint.post("/attachments/<int:id>/release")
@publishing
@conditional
@blueprint.arguments(schemas.PersonalDataReasonIn)
@blueprint.response(200, schemas.AttachmentOut)
def release_attachment(args: dict[str, Any], id: int) -> dict[str, Any]:
    """ให้ประชาชนเห็น · Show a held attachment, for a ``reason`` or ``ground``; it needs the scope ``publish``.

    It is shown in spite of the personal data that was found in it. Where a new file waits to replace a public
    file, the new file is shown in its place.
    """
    reason = _stated_reason(args)
    with services().records.batch():
        held = _newest(services().attachments.get(id))
        refuse_if_changed(services().announcements.get(held.announcement_id))
        attachment = services().commands.attachments.release_with_reason(
            held.id, actor=g.actor, reason=reason
        )
    return _changed_attachment(attachment)


@blueprint.get("/attachments/<int:id>/pages")
@blueprint.response(200, schemas.PageOut(many=True))
def show_pages(id: int) -> Sequence[Page]:
    """ข้อความทุกหน้า · The text of every page; of a held attachment with the scope ``read``."""
    require_visible_attachment(id, is_staff=_staff())
    return services().pages.by_attachment(id)


@blueprint.get("/attachments/<int:id>/file")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def show_file(id: int) -> Response:
    """ไฟล์ต้นฉบับ · The original, byte for byte; held or unpublished: scope ``read``."""
    staff = _staff()
    return send_original(require_visible_attachment(id, is_staff=staff), is_public=not staff)


@blueprint.get("/attachments/<int:id>/pages/<int:number>.webp")
@blueprint.arguments(schemas.PagePictureArgs, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/webp")
def show_picture(args: dict[str, Any], id: int, number: int) -> Response:
    """ภาพของหน้า พร้อมคำที่พบ · The page's picture, hits marked; held or unpublished: scope ``read``."""
    staff = _staff()
    attachment = require_visible_attachment(id, is_staff=staff)
    return send_picture(
        attachment,
        number,
        width=args["width"],
        typed=args["q"],
        is_cropped=args["crop"] == "hit",
        is_public=not staff,
    )


def _record(id: int, *, is_staff: bool = True) -> dict[str, Any]:
    announcement = services().announcements.get(id)
    return schemas.as_announcement(announcement, visible_attachments(id, is_staff=is_staff), services())


def _changed_record(id: int, *, sent: Iterable[str] = ()) -> dict[str, Any]:
    """Returns an announcement that the token has changed, as far as the token may see it or ``sent`` it.

    ``sent``: the names of the fields that the request carried.
    """
    _send_tag(id)
    announcement, staff = services().announcements.get(id), _staff()
    if staff:
        log_unpublished_read([announcement])
    record = _record(id, is_staff=staff)
    if staff or announcement.status is Status.PUBLISHED:
        return record
    told = {"id", "status", "url", *sent}
    return {name: value for name, value in record.items() if name in told}


def _changed_attachment(attachment: Attachment, *, sent: Iterable[str] = ()) -> dict[str, Any]:
    """Returns an attachment that the token has changed, as far as the token may see it or ``sent`` it.

    ``sent``: the names of the fields that the request carried.
    """
    announcement, staff = services().announcements.get(attachment.announcement_id), _staff()
    if staff:
        log_unpublished_read([announcement])
    whole = schemas.as_attachment(attachment)
    if staff or (announcement.status is Status.PUBLISHED and attachment.hold is None):
        return whole
    told = {"id", "announcement_id", "status", *sent}
    return {name: value for name, value in whole.items() if name in told}


def _newest(attachment: Attachment) -> Attachment:
    """Returns the attachment that waits to replace this one's file, or this one where none waits."""
    return services().attachments.replacements([attachment.id]).get(attachment.id, attachment)


def _require_attachment_write(id: int) -> Attachment:
    """Returns the attachment, if the request may change it; raises what ``_require_write`` does."""
    attachment = services().attachments.get(id)
    _require_write(services().announcements.get(attachment.announcement_id))
    return attachment


def _require_write(announcement: Announcement) -> None:
    """Raises ``MissingScope`` when the token may not change the record, else ``ChangedMeanwhile``.

    That is for a record that was changed since the ``ETag`` that the request names.
    """
    require_publish_scope_if_public_or_scheduled(announcement)
    refuse_if_changed(announcement)


def _send_tag(announcement_id: int) -> None:
    """Has the answer carry the record's ``ETag``, where the token may read what is not public.

    Call it before reading what the answer shows: what is changed in between then counts as changed since.
    """
    if _staff():
        send_tag(record_tag(announcement_id))
