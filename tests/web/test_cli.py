"""The commands, as a shell runs them: exit 0 done, 1 could not, 2 wrong use."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from archive import thai
from archive.errors import SettingsError
from archive.model import ALL_SCOPES, Failure, ReadingStatus, Role, Scope, Status
from indexer.extraction import attachment_reader
from indexer.worker import LEASE
from tests.factories.memos import memo
from tests.web.conftest import Site, open_site
from web import archive_traces, database_connection
from web.cli import main
from web.settings import Settings, load_settings

PASSWORD = "รหัสผ่านยาวพอสมควร\n"


class Shell:
    """Runs commands with a data directory of their own, in this process.

    Starting a process for each command would take a second.
    """

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> Result:
        given = {"PRAKAT_DATA": str(self.data)} | environment
        return CliRunner().invoke(main, arguments, input=stdin, env=given, prog_name="prakat")

    def done(self, *arguments: str, stdin: str = "") -> str:
        """Returns the output of a command that must succeed."""
        ran = self.run(*arguments, stdin=stdin)
        assert ran.exit_code == 0, ran.stderr
        return ran.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def commands(group: click.Group, *names: str) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        found.append(((*names, name), command))
        if isinstance(command, click.Group):
            found += commands(command, *names, name)
    return found


@pytest.mark.parametrize(
    ("names", "command"),
    commands(main),
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_every_command_explains_itself_with_an_example(
    names: tuple[str, ...], command: click.Command
) -> None:
    # a command remembers its help option from the first time that it is asked for
    options = main.context_settings["help_option_names"]
    shown = command.get_help(click.Context(command, info_name=" ".join(names), help_option_names=options))
    assert "ตัวอย่าง · example:" in shown
    assert f"prakat {' '.join(names)}" in shown
    assert any("ก" <= letter <= "๛" for letter in shown)


@pytest.mark.parametrize("names", [(), ("user",), ("organisation",)])
def test_a_list_of_commands_is_whole_in_both_languages(shell: Shell, names: tuple[str, ...]) -> None:
    shown = " ".join(shell.done(*names, "--help").split())
    for name, command in commands(main):
        if name[:-1] == names:
            assert (command.help or "").split("\n", 1)[0].split(". ")[0].rstrip(".") in shown


def test_looking_makes_no_archive(shell: Shell) -> None:
    assert "there is no archive" in shell.run("stats").stderr
    assert not shell.data.exists()
    shell.done("user", "list")
    assert json.loads(shell.done("stats", "--json"))["announcements"]["published"] == 0
    assert "เผยแพร่" in shell.done("stats")


def test_people_and_tokens(shell: Shell) -> None:
    shell.done("user", "add", "somsri", "--role", "staff", "--password-stdin", stdin=PASSWORD)
    assert shell.done("user", "list") == "somsri\tstaff\tactive\n"
    again = shell.run("user", "add", "somsri", "--role", "admin", "--password-stdin", stdin=PASSWORD)
    assert again.exit_code == 1
    assert "somsri" in again.stderr
    short = shell.run("user", "add", "somchai", "--role", "staff", "--password-stdin", stdin="สั้น\n")
    assert short.exit_code == 1
    assert "12" in short.stderr
    common = shell.run(
        "user", "add", "somchai", "--role", "staff", "--password-stdin", stdin="letmein123456\n"
    )
    assert common.exit_code == 1
    assert "not easy to guess" in common.stderr
    shell.done("user", "password", "somsri", "--password-stdin", stdin="อีกรหัสที่ยาวพอสมควร\n")
    assert shell.run("user", "password", "nobody", "--password-stdin", stdin=PASSWORD).exit_code == 1
    assert shell.run("user", "reset-second-factor", "somsri").exit_code == 1
    shell.done("user", "disable", "somsri")
    assert shell.done("user", "list") == "somsri\tstaff\tdisabled\n"
    token = shell.done("token", "add", "website").strip()
    assert token.startswith("prakat_")
    shell.done("token", "revoke", "website")
    (line,) = shell.done("token", "list").splitlines()
    assert line.startswith("website\t")
    assert line.split("\t")[2:] == ["revoked", "read,write,publish", "-", "-"]
    assert token not in line


def manifest(folder: Path) -> Path:
    (folder / "papers").mkdir()
    (folder / "papers" / "memo.pdf").write_bytes(memo("ให้ซ่อมถังประปาบ้านดอนมะกอก"))
    lines = [
        {"ref": "a", "title": "ประกาศซ่อมถังประปา", "body": "", "author": "กองช่าง", "views": 492,
         "published_on": "9 มิถุนายน 2564", "attachments": [{"path": "papers/memo.pdf", "label": "บันทึก"}]},
        {"ref": "b", "title": "", "published_on": "2021-06-09"},
        {"ref": "c", "title": "ประกาศรับสมัครงาน", "published_on": "2021-06-10", "author": "สำนักปลัด"},
        {"ref": "d", "title": "ไฟล์หาย", "published_on": "2021-06-10", "attachments": [{"path": "../x.pdf"}]},
    ]  # fmt: skip
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path = folder / "manifest.jsonl"
    path.write_text(text + "\n{broken\n", encoding="utf-8")
    return path


def test_import_takes_what_it_can_and_names_the_rest(shell: Shell, tmp_path: Path) -> None:
    path = manifest(tmp_path)
    ran = shell.run("import", str(path))
    assert ran.exit_code == 1
    assert "Traceback" not in ran.stderr
    for number in (2, 4, 5):
        assert f"บรรทัด {number}:" in ran.stderr
    assert ran.stdout.startswith("เพิ่ม 2 เรื่อง")
    again = shell.run("import", str(path))
    assert again.stdout.startswith("เพิ่ม 0 เรื่อง มีอยู่แล้ว 2 เรื่อง")
    held = json.loads(shell.done("stats", "--json"))
    assert sum(held["announcements"].values()) == 2
    assert held["attachments"]["waiting"] == 1
    assert held["files"]["count"] == 1


def test_reindex_and_search(shell: Shell, tmp_path: Path) -> None:
    shell.run("import", str(manifest(tmp_path)))
    assert "2 เรื่อง" in shell.done("reindex", "--jobs", "2")
    assert "current" in shell.done("reindex", "--if-needed")
    answer = json.loads(shell.done("search", "ประกาศ", "--json", "--limit", "1"))
    assert (answer["total"], len(answer["results"])) == (2, 1)
    assert "ประกาศซ่อมถังประปา" in shell.done("search", "ซ่อมถังประปา")
    (shell.data / "words.txt").write_text("ถังประปา\n", encoding="utf-8")
    assert "2 เรื่อง" in shell.done("reindex", "--if-needed")


def test_a_search_is_explained_on_demand(shell: Shell, tmp_path: Path) -> None:
    shell.run("import", str(manifest(tmp_path)))
    shell.done("reindex")
    assert "clause" not in shell.done("search", "ซ่อมถังประปา")
    explained = shell.done("search", "ซ่อมถังประปา", "--explain")
    assert re.search(r"clause .+: df 1, idf", explained)
    assert re.search(r"(?m)^1: [\d.]+ \(covers ", explained)
    assert re.search(r"(?m)^   tier \d: has all that was asked for$", explained)
    assert re.search(r"(?m)^read as it stands: .+: 1 found, coverage 1.00: taken$", explained)


def numbers(said: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", said)]


@pytest.mark.parametrize("choice", ["by number", "--failed", "--if-needed"])
def test_documents_are_read_again(shell: Shell, tmp_path: Path, choice: str) -> None:
    shell.run("import", str(manifest(tmp_path)))
    site = open_site(shell.data)
    site.work()
    given = choice if choice != "by number" else "1"
    if choice != "by number":
        assert numbers(shell.done("reread", given)) == [0]
    if choice == "--failed":
        site.services.jobs.queue_again([1])
        assert site.services.jobs.claim("w", lease=LEASE, now=dt.datetime.now(dt.UTC))
        site.services.jobs.fail(1, "w", Failure("crashed", "อ่านไม่ได้"))
    if choice == "--if-needed":
        database = site.services.database
        with database.write():  # type: ignore[attr-defined]  # the embedded engine's
            for sql in ("UPDATE attachment SET rules = 1", "UPDATE page SET rules = 1"):
                database.run(sql)  # type: ignore[attr-defined]
    assert numbers(shell.done("reread", given)) == [1]
    assert site.services.attachments.get(1).status is ReadingStatus.WAITING
    site.work()
    assert site.services.attachments.get(1).status is ReadingStatus.READY
    assert site.services.jobs.list_outdated(attachment_reader.RULES) == []


def saved_page(folder: Path) -> Path:
    folder.mkdir()
    page = folder / "news17.html"
    page.write_text(
        '<!-- saved from url=(0040)http://old.example.go.th/news.php?id=17 --><meta charset="utf-8">'
        "<b>ประกาศรับสมัครพนักงานจ้าง</b><br>By : งานธุรการ เมื่อ : 9 เดือน มิถุนายน พ.ศ. 2564 อ่าน : 1,492"
        '<p>เอกสารแนบ 1. ประกาศรับสมัคร <a href="files/a.pdf">[a.pdf]</a></p>',
        encoding="utf-8",
    )
    return page


@pytest.mark.parametrize("part", ["directory", "page"])
def test_an_older_site_is_imported(shell: Shell, tmp_path: Path, part: str) -> None:
    page = saved_page(tmp_path / "saved")
    path = str(page if part == "page" else page.parent)
    lacking = shell.run("import-site", path)
    assert (lacking.exit_code, numbers(lacking.stdout)[:1]) == (1, [1])
    assert "a.pdf" in lacking.stderr
    (page.parent / "a.pdf").write_bytes(memo("รับสมัคร"))
    assert numbers(shell.done("import-site", path)) == [0, 1, 1]  # added, there already, files
    shown = open_site(shell.data).services.announcements.get(1)
    assert (shown.title, shown.status) == ("ประกาศรับสมัครพนักงานจ้าง", Status.PUBLISHED)


def test_an_older_site_is_imported_by_rules_of_its_own(shell: Shell, tmp_path: Path) -> None:
    page = saved_page(tmp_path / "saved")
    (page.parent / "a.pdf").write_bytes(memo("รับสมัคร"))
    assert "ไม่มีกฎชื่อ no-such-kind" in shell.run("import-site", str(page), "--rules", "no-such-kind").stderr
    refused = shell.run("import-site", str(page), "--rules", "wordpress")  # whose pages are JSON
    assert (refused.exit_code, numbers(refused.stdout)) == (1, [0, 0, 0])
    assert "news17.html: ไม่ใช่ JSON" in refused.stderr
    assert open_site(shell.data).services.announcements.get_many([1]) == {}


def test_a_token_has_the_scopes_and_the_end_that_were_asked_for(shell: Shell) -> None:
    limited = shell.done("token", "add", "reader", "--scope", "read", "--expires", "31 ธันวาคม 2580").strip()
    free = shell.done("token", "add", "website").strip()
    assert shell.run("token", "add", "late", "--expires", "2021-06-09").exit_code == 1
    site = open_site(shell.data)
    found = {each.name: each for each in site.services.people.tokens.all()}
    assert (found["reader"].scopes, found["website"].scopes) == (frozenset({Scope.READ}), ALL_SCOPES)
    end = dt.datetime.combine(dt.date(2037, 12, 31), dt.time.max, thai.BANGKOK)
    assert (found["reader"].expires_at, found["website"].expires_at) == (end, None)
    given = {"title": "ใหม่", "published_on": "2021-06-09"}
    statuses = [
        site.client()
        .post("/api/v1/announcements", json=given, headers={"Authorization": f"Bearer {token}"})
        .status_code
        for token in (limited, free)
    ]
    assert statuses == [403, 201]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("nothing",), 2),
        (("import", "missing.jsonl"), 2),
        (("user", "add", "x", "--role", "king"), 2),
        (("reread",), 2),
        (("reread", "99"), 1),
        (("user", "disable", "nobody"), 1),
        (("token", "revoke", "nothing"), 1),
        (("token", "add", " "), 1),
        (("move", "--to", "s3:/bucket"), 2),
        (("search", "ถังประปา"), 1),
        (("stats",), 1),
    ],
)
def test_wrong_use_and_failure_differ(shell: Shell, arguments: tuple[str, ...], status: int) -> None:
    ran = shell.run(*arguments)
    assert ran.exit_code == status
    assert ran.stdout == ""
    assert ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_missing_library_is_installed_from_the_release() -> None:
    """The package is on no registry: its bare name would be somebody else's."""
    with (
        pytest.raises(SettingsError, match=r"pip install './prakat-[\d.]+-py3-none-any\.whl\[scale\]'"),
        database_connection.require_library("PRAKAT_DATABASE"),
    ):
        raise ModuleNotFoundError(name="psycopg")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRAKAT_COLOUR", "red"),
        ("PRAKAT_MAX_UPLOAD_MB", "many"),
        ("PRAKAT_OCR_JOBS", "0"),
        ("PRAKAT_BASE_URL", "example.go.th"),
        ("PRAKAT_SEARCH", "google"),
        ("PRAKAT_DATABASE", "oracle://x"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_clear_line(shell: Shell, name: str, value: str) -> None:
    ran = shell.run("stats", **{name: value})
    assert ran.exit_code == 2
    assert len(ran.stderr.strip().splitlines()) == 1
    assert name in ran.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRAKAT_SEARCH", "opensearch://prakat:pla/duk@search.example.go.th"),
        ("PRAKAT_DATABASE", "mysql://prakat:pla@duk@db.example.go.th"),
        ("PRAKAT_DATABASE", "mysql:///prakat?user=prakat&password=pladuk"),
    ],
)
def test_a_wrong_address_is_named_without_its_password(shell: Shell, name: str, value: str) -> None:
    ran = shell.run("stats", **{name: value})
    assert ran.exit_code == 2
    assert name in ran.stderr
    assert "duk" not in ran.stderr


def test_settings_come_from_the_file_and_the_environment_wins(shell: Shell, tmp_path: Path) -> None:
    shell.data.mkdir()
    (shell.data / "prakat.toml").write_text('max_upload_mb = "many"\n', encoding="utf-8")
    assert "PRAKAT_MAX_UPLOAD_MB" in shell.run("stats").stderr
    assert shell.run("reindex", PRAKAT_MAX_UPLOAD_MB="5").exit_code == 0
    (shell.data / "prakat.toml").write_text("colour = 3", encoding="utf-8")
    assert "(colour ใน prakat.toml)" in shell.run("stats").stderr
    (shell.data / "prakat.toml").write_text("not toml", encoding="utf-8")
    broken = shell.run("stats")
    assert broken.exit_code == 2
    assert "prakat.toml" in broken.stderr


def test_a_folder_that_may_not_be_entered_is_passed_over(tmp_path: Path) -> None:
    """The service's user is called from where root stands after signing in."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    user = os.geteuid()
    try:
        if user == 0:  # root may enter everything
            os.seteuid(65534)
        assert load_settings({}, directory=closed) == Settings()
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("base_url", "https://[::1"),
        ("base_url", "https://"),
        ("base_url", "https://u:secret@x.go.th"),
        ("base_url", "https://x.go.th/a?b"),
        ("base_url", "https://x.go.th/#c"),
        ("base_url", "https://x.go.th:99999"),
        ("base_url", "https://x.go.th:port"),
        ("base_url", "https://x.go.th "),
        ("base_url", "https://x.go.th\n/a"),
        ("smtp_sender", "a@x.go.th\nBcc: b@x.go.th"),
        ("smtp_sender", "ก ข\nBcc: b@x.go.th"),
        ("database", "postgresql://[::1"),
        ("database", "postgresql://127.0.0.1/a?nonsense=1"),
        ("database", "postgresql://a%zz@127.0.0.1/a"),
    ],
)
def test_a_wrong_setting_stops_every_command_with_one_line(shell: Shell, name: str, wrong: str) -> None:
    shell.data.mkdir()
    (shell.data / "prakat.toml").write_text(f"{name} = {json.dumps(wrong)}", encoding="utf-8")
    refused = shell.run("stats")
    assert refused.exit_code == 2, refused.exception
    assert f"PRAKAT_{name.upper()}" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert "secret" not in refused.stderr


@pytest.mark.parametrize(
    "right",
    ["https://x.go.th", "https://เทศบาล.ไทย/ประกาศ", "http://[::1]:8000", "http://10.0.0.5:8080/archive"],
)
def test_a_public_address_may_have_a_port_and_a_path(right: str, tmp_path: Path) -> None:
    assert load_settings({"PRAKAT_BASE_URL": f"{right}/"}, directory=tmp_path).base_url == right


def test_the_command_is_installed_under_its_name() -> None:
    prakat = Path(sys.executable).with_name("prakat")
    shown = subprocess.run([prakat, "--help"], capture_output=True, text=True, check=True).stdout
    assert "prakat serve" in shown


def test_whoever_has_no_home_can_run_it(tmp_path: Path) -> None:
    """A service's user has no home directory.

    A library that creates a directory of its own in the home would keep the command from starting.
    """
    (tmp_path / "file").touch()
    home = {"HOME": str(tmp_path / "file" / "home"), "PRAKAT_DATA": str(tmp_path)}
    given = {name: value for name, value in os.environ.items() if not name.startswith("PYTHAINLP")} | home
    command = [sys.executable, "-m", "web.cli", "reindex"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=given)
    assert (ran.returncode, ran.stderr) == (0, "")


HEAVY = {"flask", "numpy", "nlpo3", "pythainlp", "pikepdf", "pyhanko", "whoosh", "web.bootstrap"}
"""Dictionaries, libraries and pages, which take a second to load."""


def run_and_list_imports(arguments: list[str], data: Path) -> tuple[str, set[str]]:
    """Returns what the command printed, and which of the ``HEAVY`` modules it imported."""
    program = (
        "import sys\n"
        "from web.cli import main\n"
        f"try: main({arguments})\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    environment = os.environ | {"PRAKAT_DATA": str(data)}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return ran.stdout, HEAVY & set(ran.stderr.split())


def test_help_and_names_need_none_of_what_the_commands_need(tmp_path: Path) -> None:
    said, imported = run_and_list_imports(["--help"], tmp_path)
    assert imported == set()
    assert "serve" in said
    assert "Web and background reading" in said


@pytest.mark.parametrize("command", ["user", "token", "check", "stats", "backup", "restore"])
def test_help_on_commands_that_read_no_thai_needs_none_of_it_either(command: str, tmp_path: Path) -> None:
    said, imported = run_and_list_imports([command, "--help"], tmp_path)
    assert imported == set()
    assert command in said


def test_no_more_processes_are_taken_than_processors_may_be_used(tmp_path: Path) -> None:
    program = (
        "import os\n"
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from web.settings import Settings\n"
        "from web.commands.searching import reindex\n"
        "from web.commands.serving import serve\n"
        "import click\n"
        "from pathlib import Path\n"
        "print(Settings(data=Path('data')).ocr_jobs)\n"
        "for command, name in ((serve, 'processes'), (reindex, 'jobs')):\n"
        "    [option] = [each for each in command.params if each.name == name]\n"
        "    print(option.get_default(click.Context(command)))\n"
    )
    environment = os.environ | {"PRAKAT_DATA": str(tmp_path)}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.split() == ["1", "1", "1"]


def test_accounts_are_managed_without_dictionaries_and_search(site: Site) -> None:
    site.services.people.accounts.add("somsri", "hash", Role.STAFF)
    said, imported = run_and_list_imports(["user", "list"], site.services.settings.data)
    assert "somsri\tstaff\tactive\n" in said
    assert imported <= {"numpy"}  # sqlite-utils tries it


@pytest.mark.parametrize("command", [["check"], ["stats"], ["backup", "copy.tar"]])
def test_care_of_an_archive_needs_neither_pages_nor_word_lists(
    site: Site, tmp_path: Path, command: list[str]
) -> None:
    arguments = [str(tmp_path / each) if "." in each else each for each in command]
    _, imported = run_and_list_imports(arguments, site.services.settings.data)
    assert imported.isdisjoint({"flask", "pythainlp", "pikepdf", "pyhanko"})


def test_short_help_is_what_the_command_says() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert main.describe(name) == command.get_short_help_str(limit=1000)  # type: ignore[attr-defined]


def test_without_a_place_an_archive_that_begins_is_told_and_none_begins_beside_the_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRAKAT_DATA", raising=False)
    monkeypatch.setattr(archive_traces, "USUAL_DATA", tmp_path / "service")
    monkeypatch.chdir(tmp_path)
    add = ("user", "add", "somsri", "--role", "admin", "--password-stdin")
    began = CliRunner().invoke(main, add, input=PASSWORD)
    assert began.exit_code == 0
    assert str(tmp_path / "data") in began.stderr
    assert "PRAKAT_DATA" in began.stderr
    again = CliRunner().invoke(main, ["user", "list"])
    assert "somsri" in again.stdout
    assert again.stderr == ""
    (tmp_path / "data").rename(tmp_path / "service")
    (tmp_path / "list.jsonl").touch()
    for command in (add, ("import", "list.jsonl"), ("reindex",), ("stats",)):
        refused = CliRunner().invoke(main, command, input=PASSWORD)
        assert refused.exit_code == 1, command
        assert str(tmp_path / "data") in refused.stderr
        assert f"PRAKAT_DATA={tmp_path / 'service'}" in refused.stderr
    assert not (tmp_path / "data").exists()
    assert CliRunner().invoke(main, add, input=PASSWORD, env={"PRAKAT_DATA": "data"}).exit_code == 0
