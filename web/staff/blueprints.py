"""Blueprints of pages that only people who are signed in may open."""

from __future__ import annotations

from flask import Blueprint, g

from web.accounts.sign_in import admin_only, current_person, staff_only


def staff_blueprint(name: str, module: str, *, url_prefix: str, is_for_admins: bool = False) -> Blueprint:
    """Return a blueprint that lets in staff, or only administrators; ``g.actor`` is the name of who is in."""
    pages = Blueprint(name, module, url_prefix=url_prefix)
    pages.before_request((admin_only if is_for_admins else staff_only)(_note_actor))
    return pages


def _note_actor() -> None:
    person = current_person()
    g.actor = person.name if person else ""
