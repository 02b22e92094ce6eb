"""Exim, the mail server, on this machine: it takes mail for some addresses and puts it into Maildir boxes."""

from __future__ import annotations

import grp
import os
import pwd
import smtplib
import subprocess
import time
from contextlib import suppress
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

import trustme

from tests.torture.service import free_port

EXIM = "/usr/sbin/exim4"  # no user's PATH has its directory
_USER_OF_PACKAGE = "Debian-exim"  # whom Exim works as where root started it: it delivers nothing as root
NAME, PASSWORD = "archive@office.example", "รหัส/1".encode().hex()

_CONFIGURATION = """
primary_hostname = mail.office.example
exim_user = {user}
exim_group = {group}
deliver_drop_privilege = true
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
keep_environment =
tls_advertise_hosts = *
tls_certificate = {folder}/server.pem
acl_smtp_mail = mail
acl_smtp_rcpt = recipient
begin acl
mail:
  accept authenticated = *
  deny message = sign in over TLS first
recipient:
  require verify = recipient
  accept
begin routers
boxes:
  driver = accept
  domains = people.example
  local_parts = dsearch,filter=dir;{folder}/boxes
  transport = box
begin transports
box:
  driver = appendfile
  directory = {folder}/boxes/$local_part_data
  maildir_format
  user = {user}
  group = {group}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${{if def:tls_in_cipher}}
  server_condition = ${{if and{{{{eq{{$auth2}}{{{name}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""
"""As a provider's server for programs: it wants STARTTLS and a password, and refuses unknown recipients."""


class MailServer:
    """Exim without privileges in a folder of its own; ``start`` and ``stop`` it any number of times.

    It takes mail for ``NAME@people.example`` where ``add_box(NAME)`` made a box, and answers 550 for others.
    """

    def __init__(self, folder: Path) -> None:
        """``folder``: an empty one of this process, which every user may enter."""
        self._folder = folder
        self._user = pwd.getpwuid(os.getuid() or pwd.getpwnam(_USER_OF_PACKAGE).pw_uid)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        for name in ("boxes", "spool", "log"):
            self._make(folder / name)
        (folder / "exim.conf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                port=self.port,
                user=self._user.pw_name,
                group=grp.getgrgid(self._user.pw_gid).gr_name,
                name=NAME,
                password=PASSWORD,
            )
        )
        for name in ("exim.conf", "server.pem"):
            (folder / name).chmod(0o644)  # the server's own user reads them

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a program that sends through this server, and trusts its certificate."""
        return {
            "PRAKAT_SMTP_URL": f"smtp://{NAME.replace('@', '%40')}:{PASSWORD}@localhost:{self.port}",
            "SSL_CERT_FILE": str(self._folder / "authority.pem"),
        }

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._process = subprocess.Popen([EXIM, "-C", self._folder / "exim.conf", "-bdf"])
        for _ in range(100):
            with suppress(OSError, smtplib.SMTPException), smtplib.SMTP("localhost", self.port, timeout=5):
                return
            assert self._process.poll() is None, self.log()
            time.sleep(0.1)
        raise AssertionError(self.log())

    def stop(self) -> None:
        """Stop the server; the boxes stay."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def add_box(self, name: str) -> str:
        """Make an empty box. Returns its address."""
        self._make(self._folder / "boxes" / name)
        return f"{name}@people.example"

    def remove_box(self, name: str) -> None:
        """Let the server know nobody of this name any more; what is in the box stays beside it."""
        (self._folder / "boxes" / name).rename(self._folder / f"former-{name}")

    def mail(self, name: str) -> list[bytes]:
        """Return the messages in a box as they are stored, in the order of delivery."""
        files = (self._folder / "boxes" / name / "new").glob("*")
        return [file.read_bytes() for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)]

    def _make(self, folder: Path) -> None:
        folder.mkdir()
        os.chown(folder, self._user.pw_uid, self._user.pw_gid)

    def log(self) -> str:
        """Return what the server has written about its work."""
        return "\n".join(file.read_text() for file in sorted((self._folder / "log").glob("*")))


def parse(stored: bytes) -> EmailMessage:
    """Return a stored message as a mail program reads it."""
    message = message_from_bytes(stored, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def sender(stored: bytes) -> str:
    """Return the sender of a stored message as a mail program shows it.

    The newer parser of Python 3.11 puts a space between the encoded words of a name (RFC 2047, 6.2).
    """
    return str(make_header(decode_header(message_from_bytes(stored)["From"])))
