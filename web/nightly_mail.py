"""Mails the result of a night to the officer."""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage

from archive.errors import Unavailable
from web.follower_mail import mail_server
from web.nightly import STEP_NAMES, NightlyResult
from web.settings import Settings


def mail_result_if_configured(settings: Settings, result: NightlyResult) -> None:
    """Send the result where mail is set up; raises ``Unavailable`` when the server does not take it."""
    lines = [f"{step.sign} {STEP_NAMES[step.name]}: {step.detail}" for step in result.steps]
    _mail_if_configured(settings, "สำเร็จ" if result.is_ok else "ไม่สำเร็จ", lines)


def mail_fault_if_configured(settings: Settings, fault: str) -> None:
    """Send why the night's work was not done, where mail is set up; raises ``Unavailable`` if refused."""
    _mail_if_configured(settings, "ไม่สำเร็จ", [f"✗ {fault}"])


def _mail_if_configured(settings: Settings, outcome: str, lines: Sequence[str]) -> None:
    if not (settings.smtp_url and settings.nightly_mail):
        return
    message = EmailMessage()
    message["Subject"] = f"งานกลางคืน{outcome} · {settings.site_name}"
    message["From"], message["To"] = settings.smtp_sender, settings.nightly_mail
    message["Date"] = dt.datetime.now(dt.UTC)
    message.set_content("\n".join([*lines, "", f"{settings.base_url}/staff/health"]))
    try:
        with mail_server(settings.smtp_url) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"ส่งอีเมลผลงานกลางคืนไม่ได้ (the mail was not sent): {error}") from error
