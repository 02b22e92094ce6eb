"""Access rules: decides who may see what, for API, pages, feeds and files alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, cast

from flask import Flask, Response, current_app, g, request

from archive.errors import Gone, MissingScope, PrakatError, no_such_announcement, no_such_attachment
from archive.model import (
    Announcement,
    ApiToken,
    Attachment,
    HoldReason,
    Scope,
    Status,
)
from archive.privacy import find_personal_data
from archive.relations import published_relations
from web.accounts.tokens import token_hash
from web.bootstrap import services
from web.serving.log import note_security


def current_token() -> ApiToken | None:
    """Returns the live token of the request and records its use; None without one."""
    if "token" not in g:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and token.strip()
        now = dt.datetime.now(dt.UTC)
        g.token = services().people.tokens.use_live_token(token_hash(known), now=now) if known else None
    return cast("ApiToken | None", g.token)


def has_scope(scope: Scope) -> bool:
    """Returns True when the request carries a live token with this scope."""
    token = current_token()
    return token is not None and scope in token.scopes


def require_scope(scope: Scope) -> None:
    """Raises ``MissingScope`` (403) unless the request's token has this scope, also without a token."""
    if not has_scope(scope):
        token = current_token()
        note_security("scope missing", is_good=False, token=token.name if token else None, scope=scope.value)
        raise MissingScope(scope.value)


def require_publish_scope_if_public_or_scheduled(announcement: Announcement) -> None:
    """Raises ``MissingScope`` without ``publish`` for a public one, or a draft with a time of publication.

    A public one is published or withdrawn: residents see its changes, or that it was withdrawn and why. Such
    a draft becomes public by itself, and nobody looks at it again. Any other draft is not checked: whoever
    calls this has asked for the scope to write.
    """
    if announcement.status in (Status.PUBLISHED, Status.WITHDRAWN) or announcement.publish_at is not None:
        require_scope(Scope.PUBLISH)


def register_second_check(app: Flask) -> None:
    """Have ``app`` refuse answers whose record was hidden meanwhile; call after other ``after_request``.

    A view checks first and reads then: a record may be withdrawn, or a text corrected and held, between the
    two. Flask runs the handler that was registered last before all others, so that none keeps the answer.
    """
    app.after_request(_refuse_if_hidden_meanwhile)


def _refuse_if_hidden_meanwhile(answer: Response) -> Response:
    checks: dict[str, Callable[[], object]] = g.pop("second_checks", {})
    if answer.status_code >= 400 or request.method not in ("GET", "HEAD"):
        return answer
    try:
        for check in checks.values():
            check()
    except PrakatError as error:
        answer.close()
        return current_app.make_response(current_app.handle_user_exception(error))
    return answer


def _check_again(subject: str, check: Callable[[], object]) -> None:
    """Have this request's answer replaced by what ``check`` raises just before it is sent.

    A subject that is shown in several places is checked once.
    """
    g.setdefault("second_checks", {})[subject] = check


def require_visible(announcement: Announcement, *, is_staff: bool) -> Announcement:
    """Returns it if it may be shown, and sets ``g.noindex``; ``Gone`` when withdrawn, else ``NotFound``.

    Staff may see it in any status. ``Gone`` has the reason, and the values of
    ``facts_shown_when_withdrawn``. ``NotFound`` is the same as for an announcement that does not exist.
    ``g.noindex`` then holds what pages tell search engines.
    """
    g.noindex = announcement.noindex
    if announcement.status is Status.PUBLISHED:
        if not is_staff:
            id = announcement.id
            _check_again(
                f"announcement {id}",
                lambda: require_visible(services().announcements.get(id), is_staff=False),
            )
        return announcement
    if is_staff:
        log_unpublished_read([announcement])
        return announcement
    if announcement.status is Status.WITHDRAWN:
        raise Gone(
            "หน่วยงานถอนประกาศนี้ออกจากเว็บไซต์แล้ว เหตุผล: %(reason)s",
            reason=announcement.reason,
            **facts_shown_when_withdrawn(announcement),
        )
    raise no_such_announcement()


def facts_shown_when_withdrawn(announcement: Announcement) -> dict[str, Any]:
    """Returns title, ``published_on`` and successors as residents read them once it is withdrawn.

    A title with personal data is "" there, since the withdrawal cancels the decision to show it.
    """
    return {
        "title": "" if find_personal_data(announcement.title, page=0) else announcement.title,
        "published_on": announcement.published_on,
        "successors": published_relations(services().records, announcement).changed_by,
    }


def require_visible_attachment(
    attachment_id: int, *, is_staff: bool, announcement_id: int | None = None
) -> Attachment:
    """Returns the attachment if it may be shown; ``Gone`` if it was withdrawn, ``NotFound`` if held.

    ``announcement_id``: the announcement that the attachment's address names. Staff see an attachment that is
    held. An attachment is withdrawn with its announcement. ``NotFound`` is the same as for one that does not
    exist.
    """
    attachment = services().attachments.get(attachment_id)
    announcement = services().announcements.get(attachment.announcement_id)
    is_hidden = announcement.status not in (Status.PUBLISHED, Status.WITHDRAWN) and not is_staff
    if is_hidden or announcement_id not in (None, announcement.id):
        raise no_such_attachment()
    require_visible(announcement, is_staff=is_staff)
    if attachment.hold is not None:
        if not is_staff:
            raise no_such_attachment()
        log_token_read_of_held_attachment(attachment)
    if not is_staff:
        g.second_checks.pop(f"announcement {announcement.id}")  # the attachment's asks for it too
        _check_again(
            f"attachment {attachment_id}",
            lambda: require_visible_attachment(
                attachment_id, is_staff=False, announcement_id=announcement_id
            ),
        )
    return attachment


def visible_attachments(announcement_id: int, *, is_staff: bool) -> list[Attachment]:
    """Returns an announcement's attachments in order; held ones are left out unless ``is_staff``."""
    attachments = services().attachments.by_announcement([announcement_id])[announcement_id]
    return [each for each in attachments if is_staff or each.hold is None]


def has_withheld_document_with_new_file(announcement_id: int) -> bool:
    """Returns True while a new file keeps a document from residents for more than a confirmation.

    A document that only waits for a person to confirm it (``HoldReason.UNCONFIRMED``) does not count.
    """
    attachments = services().attachments.by_announcement([announcement_id])[announcement_id]
    return any(
        services().file_versions.by_attachment(each.id)
        for each in attachments
        if each.hold not in (None, HoldReason.UNCONFIRMED)
    )


def log_token_read_of_held_attachment(attachment: Attachment) -> None:
    """Write into the security log that a token read a held attachment; nothing without a token."""
    token = current_token()
    if token is not None:
        note_security("held attachment read", token=token.name, attachment=attachment.id, path=request.path)


def log_unpublished_read(announcements: Iterable[Announcement]) -> None:
    """Write into the security log that a token read the unpublished ones of these announcements."""
    token = current_token()
    ids = sorted(each.id for each in announcements if each.status is not Status.PUBLISHED)
    if token is not None and ids:
        note_security("unpublished record read", token=token.name, announcements=ids, path=request.path)
