"""Pages for following: by feed for everybody, by email where a mail server is set; no account is needed."""

from __future__ import annotations

import datetime as dt
import secrets
from http import HTTPStatus

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from archive.errors import Invalid, NotFound
from archive.subscriptions import (
    MOST_CONFIRMATIONS_A_DAY,
    MOST_OF_ADDRESS,
    Frequency,
    Subscription,
    checked_address,
)
from web.accounts.sign_in import csrf
from web.anonymous_visitors import limit_rate, require_form_of_this_site
from web.bootstrap import services
from web.errors import error_message
from web.followed_search import describe_followed_search, followed_arguments, is_narrowed_in_time
from web.follower_mail import frequency_or_daily

pages = Blueprint("following", __name__)
csrf.exempt(pages)  # visitors have no session; ``subscribe`` takes this site's own forms alone

FREE_SUBSCRIPTIONS = 5
"""Addresses entered from one network address before pauses begin: those of a household."""

LONGEST_PAUSE = dt.timedelta(hours=1)


@pages.get("/follow")
def follow() -> str:
    """Explain how to follow all announcements or a search: by feed, and by mail where mail is set up."""
    return _page()


@pages.post("/follow")
def subscribe() -> ResponseReturnValue:
    """Note an address, to which a message that asks for confirmation is sent, and show the address.

    The page is the same whether the address was known or not; a known one is asked again. It answers the
    form itself: visitors have no session to keep an address in, and addresses of pages stay in logs.
    """
    require_form_of_this_site()
    if not services().settings.smtp_url:
        raise NotFound("ระบบนี้ยังไม่เปิดให้ติดตามทางอีเมล กรุณาเลือกวิธีอื่นในหน้าติดตามข่าวประกาศ")
    try:
        address = checked_address(request.form.get("address", ""))
    except Invalid as error:
        return _page(error_message(error)), error.http_status
    limit_rate("follow", free=FREE_SUBSCRIPTIONS, longest_pause=LONGEST_PAUSE)
    services().subscriptions.subscribe_within_limits(
        address,
        followed_arguments(request.args),
        frequency_or_daily(request.form.get("frequency", "")),
        language=str(get_locale()),
        key=secrets.token_urlsafe(24),
    )
    return render_template(
        "public/follow-step.html",
        step="sent",
        key="",
        address=address,
        most_a_day=MOST_CONFIRMATIONS_A_DAY,
        most_of_address=MOST_OF_ADDRESS,
    )


@pages.route("/follow/confirm/<key>", methods=["GET", "POST"])
def confirm(key: str) -> ResponseReturnValue:
    """Show what is followed, and confirm it by a button: programs that check mail open its links."""
    store, is_pressed = services().subscriptions, request.method == "POST"
    subscription = store.confirm(key) if is_pressed else store.by_key(key)
    if subscription is None:
        return render_template("public/follow-step.html", step="expired", key=""), HTTPStatus.NOT_FOUND
    return _step("confirmed" if is_pressed else "confirm", subscription)


@pages.route("/follow/stop/<key>", methods=["GET", "POST"])
def stop(key: str) -> str:
    """Ask before stopping a subscription; on POST stop it and delete its address.

    Mail programs send the POST themselves (RFC 8058). Whoever opens the link again is told that it is done.
    """
    if request.method == "POST":
        services().subscriptions.unsubscribe(key)
    subscription = services().subscriptions.by_key(key)
    if subscription is None:
        return render_template("public/follow-step.html", step="stopped", key="")
    return _step("stop", subscription)


def _step(step: str, subscription: Subscription) -> str:
    """Return a page of one follower, which says what is followed and at which address."""
    return render_template(
        "public/follow-step.html",
        step=step,
        key=subscription.key,
        address=subscription.address,
        is_daily=subscription.frequency is Frequency.DAILY,
        followed=describe_followed_search(subscription.search, everything=""),
    )


def _page(problem: str = "") -> str:
    return render_template(
        "public/follow.html",
        has_mail=bool(services().settings.smtp_url),
        followed=describe_followed_search(followed_arguments(request.args), everything=""),
        is_narrowed_in_time=is_narrowed_in_time(request.args),
        problem=problem,
    )


@pages.after_request
def _keep_follower_private(answer: Response) -> Response:
    """Keep pages of one follower out of caches, and their address out of the next site's log."""
    has_key = "key" in (request.view_args or {})
    if has_key or request.method == "POST":
        answer.headers["Cache-Control"] = "no-store"
    if has_key:  # a form that is sent from a page without referrer has no origin, and is refused
        answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
