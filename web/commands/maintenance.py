"""Commands for whoever looks after the machine: the diagnosis, and the work of every night."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from archive.errors import PrakatError, Unavailable
from web.commands.terminal import InputPath, open_existing_services
from web.diagnosis import Trouble, TroubleKind, open_and_diagnose_archive
from web.nightly import STEP_NAMES, run_nightly
from web.nightly_mail import mail_fault_if_configured, mail_result_if_configured
from web.settings import load_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="สำหรับโปรแกรม · for programs")
def doctor(as_json: bool) -> None:
    """ตรวจเครื่องและการตั้งค่า พร้อมคำสั่งที่แก้ได้ · Find what is missing, wrong, unsafe or slow; exit 1, not on advice.

    Names the command that mends each. Advice, which the service runs well without, leaves the exit status 0.

    \b
    ตัวอย่าง · example:
      prakat doctor
    """
    found = open_and_diagnose_archive()
    if as_json:
        click.echo(json.dumps([asdict(trouble) for trouble in found], ensure_ascii=False))
    else:
        _show(found)
    sys.exit(1 if any(not trouble.is_advice for trouble in found) else 0)


_KIND_NAMES = {
    TroubleKind.MISSING: "ขาด · missing",
    TroubleKind.WRONG: "ตั้งค่าไม่ถูก · wrongly set",
    TroubleKind.UNSAFE: "ไม่ปลอดภัย · unsafe",
    TroubleKind.SLOW: "ช้า · slow",
}


def _show(found: list[Trouble]) -> None:
    console = Console(highlight=False)
    for trouble in found:
        kind = "คำแนะนำ · advice" if trouble.is_advice else _KIND_NAMES[trouble.kind]
        console.print(Text(f"{kind}  [{trouble.code}]", style="bold"), soft_wrap=True)
        console.print(Text(f"  {trouble.message}"), soft_wrap=True)
        console.print(Text(f"  → {trouble.remedy}"), soft_wrap=True)
    problems = sum(not trouble.is_advice for trouble in found)
    if problems:
        click.echo(f"พบ {problems:,} เรื่องที่ต้องแก้ (to be mended)", err=True)
    else:
        click.echo("ไม่พบสิ่งที่ต้องแก้ (nothing to mend)", err=True)


@click.command()
@click.argument("destination", metavar="DEST", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--identity",
    metavar="FILE",
    type=InputPath(dir_okay=False),
    help="ไฟล์กุญแจลับของ age เพื่อซ้อมกู้คืนข้อมูลสำรองที่เข้ารหัส · age identity, to rehearse with encrypted backups",
)
def nightly(destination: Path, identity: Path | None) -> None:
    """งานทุกคืน: สำรอง ตรวจ อ่านทวน ซ้อมกู้คืน · Back up, check, rehearse a restore; mail results; exit 1 on faults.

    The result is kept: /readyz, /metrics, prakat doctor and the pages of staff show it. It is mailed where
    mail is set up, also when the work could not begin. Without --identity the rehearsal of an encrypted
    backup is skipped: its stored bytes are compared.

    \b
    ตัวอย่าง · example:
      prakat nightly /var/backups/prakat/
    """
    try:
        services = open_existing_services()
        result = run_nightly(services, destination, identity=identity)
    except (PrakatError, OSError) as error:
        try:
            mail_fault_if_configured(load_settings(), str(error))
        except Unavailable as unsent:
            click.echo(str(unsent), err=True)
        raise
    for step in result.steps:
        click.echo(f"{step.sign} {STEP_NAMES[step.name]} ({step.name}, {step.seconds:,.1f} s): {step.detail}")
    mail_result_if_configured(services.settings, result)
    sys.exit(0 if result.is_ok else 1)


COMMANDS = (doctor, nightly)
