"""Page of the site profile, for all staff: contact, statements and emblem, with the earlier versions."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from archive.errors import Conflict, Invalid
from archive.site_profile import TEXT_FIELDS, Emblem, SiteProfile, checked_emblem, checked_profile
from web.bootstrap import services
from web.errors import error_message
from web.public.statements import built_in_statement
from web.staff.blueprints import staff_blueprint
from web.staff.form_fingerprints import fingerprint, refuse_if_changed
from web.staff.text_difference import compare_lines

pages = staff_blueprint("site_profile", __name__, url_prefix="/staff/site")

_VERSIONS_SHOWN = 20  # latest ones


@pages.get("")
def edit() -> str:
    """Show all staff the form with the current profile, then the versions."""
    return _form(services().site_profiles.current())


@pages.post("")
def save() -> ResponseReturnValue:
    """Save the profile as a new version for any of the staff, unless it changed since the form was opened.

    A statement that was not changed stays the program's own.
    """
    typed = SiteProfile(emblem_id=None, **{name: request.form.get(name, "") for name in TEXT_FIELDS})
    upload = request.files.get("emblem")
    try:
        given = _without_built_in(checked_profile(typed))
        emblem = checked_emblem(upload.read()) if upload and upload.filename else None
        _save_unless_changed(given, emblem)
    except Conflict as error:
        return _form(typed, error_message(error), is_changed_meanwhile=True), error.http_status
    except Invalid as error:
        return _form(typed, error_message(error), error.field), error.http_status
    flash(_("บันทึกแล้ว แสดงที่หน้าเว็บแล้ว"), "good")
    return redirect(url_for("site_profile.edit"))


def _save_unless_changed(given: SiteProfile, emblem: Emblem | None) -> None:
    """Stores the texts, with the emblem that is uploaded, or else stays. Raises ``Conflict``.

    The picture that is the emblem already makes no new version: the form was sent twice.
    """
    profiles = services().site_profiles
    with services().records.batch():
        before = profiles.current()
        kept = None if "no-emblem" in request.form else before.emblem_id
        if kept is not None and profiles.emblem_uploaded_with(kept) == emblem:
            emblem = None
        services().commands.site_profiles.save(replace(given, emblem_id=kept), emblem=emblem, actor=g.actor)
        if profiles.current() != before:
            refuse_if_changed(fingerprint(before))


@pages.post("/versions/<int:version_id>")
def restore(version_id: int) -> ResponseReturnValue:
    """Save an earlier version anew, for any of the staff."""
    earlier = services().site_profiles.get(version_id).profile
    services().commands.site_profiles.save(earlier, actor=g.actor)
    flash(_("กลับไปใช้ฉบับนั้นแล้ว"), "good")
    return redirect(url_for("site_profile.edit"))


def _form(
    profile: SiteProfile,
    problem: str = "",
    wrong_field: str | None = None,
    *,
    is_changed_meanwhile: bool = False,
) -> str:
    """Returns the page with the form; with the difference, if somebody saved since the form was opened."""
    current = services().site_profiles.current()
    shown = _with_built_in(replace(profile, emblem_id=current.emblem_id))
    return render_template(
        "staff/site-profile.html",
        fingerprint=fingerprint(current),
        profile=shown,
        problem=problem,
        wrong_field=wrong_field,
        is_changed_meanwhile=is_changed_meanwhile,
        lines=compare_lines(_texts(_with_built_in(current)), _texts(shown)) if is_changed_meanwhile else (),
        versions=services().site_profiles.versions(limit=_VERSIONS_SHOWN),
    )


def _with_built_in(profile: SiteProfile) -> SiteProfile:
    """Returns the profile with the program's own statements where it has none."""
    return replace(
        profile,
        privacy=profile.privacy or built_in_statement("privacy", "th"),
        accessibility=profile.accessibility or built_in_statement("accessibility", "th"),
    )


def _texts(profile: SiteProfile) -> str:
    """Returns the texts one below the other, with the line ends of a stored one, for comparing."""
    return "\n".join(str(getattr(profile, name)) for name in TEXT_FIELDS).replace("\r\n", "\n")


def _without_built_in(given: SiteProfile) -> SiteProfile:
    """Returns the profile with "" for a statement that equals the program's own."""
    own = checked_profile(
        SiteProfile(
            privacy=built_in_statement("privacy", "th"),
            accessibility=built_in_statement("accessibility", "th"),
        )
    )
    return replace(
        given,
        privacy="" if given.privacy == own.privacy else given.privacy,
        accessibility="" if given.accessibility == own.accessibility else given.accessibility,
    )
