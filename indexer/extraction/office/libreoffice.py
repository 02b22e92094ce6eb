"""Converts Office files to PDF with LibreOffice, where it is installed. To be called in a sandbox child only.

Each conversion has a profile of its own, in which macros, updates of links and the network are switched off.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from archive import filetype
from indexer.extraction.reading_errors import UnreadableFile

SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin:/snap/bin"
"""Folders in which LibreOffice is looked for: the same in every process, whatever its environment."""

DOCUMENT = "pdf:writer_pdf_Export"
SHEETS_AS_PAGES = 'pdf:calc_pdf_Export:{"SinglePageSheets":{"type":"boolean","value":"true"}}'
"""Kinds of PDF that LibreOffice writes: of a text document; of a spreadsheet, with a page for each sheet."""

_SETTINGS = (
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "boolean", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "boolean", "true"),
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "int", "3"),
    ("Office.Writer/Content/Update", "Link", "int", "0"),
    ("Office.Calc/Content/Update", "Link", "int", "2"),
    # A proxy at a port where nothing listens: no picture or part is fetched from the network.
    ("Inet/Settings", "ooInetProxyType", "int", "1"),
    ("Inet/Settings", "ooInetHTTPProxyName", "string", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "int", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "string", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "int", "9"),
)


def find_libreoffice() -> str | None:
    """Looks for LibreOffice at every call; returns its path or None."""
    return shutil.which("soffice", path=SEARCH_PATH) or shutil.which("libreoffice", path=SEARCH_PATH)


def convert_office_to_pdf(path: Path, target: Path, *, output: str) -> None:
    """Writes an Office file as a PDF of a kind; in a sandbox child only; ``UnreadableFile`` if it fails.

    ``output`` is the kind. It has no limits of its own. The codes of ``UnreadableFile`` are no-office and
    damaged. It converts in the folder of ``target``, which the caller deletes, also after it was killed.
    """
    program = find_libreoffice()
    if program is None:
        raise UnreadableFile("no-office")
    with path.open("rb") as file:
        extension = filetype.detect_file_type(file).extensions[0]
    folder = target.parent / "libreoffice"
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    source = folder / f"document{extension}"
    shutil.copyfile(path, source)
    subprocess.run(  # noqa: S603 - the sandbox ends it when its time is up
        [
            program,
            f"-env:UserInstallation={profile.resolve().as_uri()}",
            *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo"),
            *("--convert-to", output, "--outdir", str(folder), str(source)),
        ],
        env={"PATH": SEARCH_PATH, "HOME": str(folder), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    made = source.with_suffix(".pdf")
    if not made.exists():
        raise UnreadableFile("damaged")
    made.replace(target)
    shutil.rmtree(folder)


def _registry() -> str:
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse" oor:type="xs:{kind}">'
        f"<value>{value}</value></prop></item>"
        for path, name, kind, value in _SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>"
    )
