"""Real servers behind TLS, with accounts: their certificates are checked, and no password is told."""

from __future__ import annotations

import io
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import trustme

from archive.errors import PrakatError, SettingsError, Unavailable
from indexer.analysis.dictionary import Dictionary
from indexer.engines.opensearch import OpenSearchIndex
from indexer.engines.opensearch.cluster import read_address
from storage.files.s3 import S3Files
from storage.postgres import Postgres
from storage.repositories.records import open_records
from tests.contracts.engines import alias, prefix
from tests.contracts.test_search_index import ARCHIVE, found
from tests.doors import door
from tests.factories.records import published, stored

SECRET = "ปลาดุก-7/@:?# x"  # whatever script and signs it has
USER = "prakat"

searching = pytest.mark.skipif("SCALE_SEARCH" not in os.environ, reason="run by make test-scale")
recording = pytest.mark.skipif("SCALE_DATABASE" not in os.environ, reason="run by make test-scale")
storing = pytest.mark.skipif("SCALE_FILES" not in os.environ, reason="run by make test-scale")


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    """The certificate authority of the servers."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A certificate authority that the client does not know."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "stranger.pem")
    return tmp_path / "stranger.pem"


def refused(ask: Callable[[], object], caplog: pytest.LogCaptureFixture) -> PrakatError:
    """Returns the error that ``ask`` raises.

    Asserts that neither the error, nor its causes, nor the log tells the password.
    """
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PrakatError) as caught:
        ask()
    told = [caplog.text]
    error: BaseException | None = caught.value
    while error is not None:
        told.append(f"{error} {error!r}")
        error = error.__cause__ or error.__context__
    assert_untold("\n".join(told))
    return caught.value


def assert_untold(text: str) -> None:
    for secret in (SECRET, quote(SECRET, safe=""), "ปลาดุก", quote("ปลาดุก")):
        assert secret not in text


# OpenSearch

Search = Callable[..., str]


@pytest.fixture
def search(authority: trustme.CA, ca: Path, tmp_path: Path) -> Iterator[Search]:
    """The address of an empty index behind a door, as somebody may have written it."""
    with alias(tmp_path) as plain:
        options = urlsplit(plain).query
        upstream = urlsplit(read_address(plain).hosts[0]).port or 0
        with door(upstream, authority.issue_cert("localhost"), f"{USER}:{SECRET}") as port:

            def address(password: str = SECRET, host: str = "localhost", by: Path = ca) -> str:
                account = f"{USER}:{quote(password, safe='')}"
                return f"opensearch+https://{account}@{host}:{port}/?{options}&ca={quote(str(by))}"

            yield address


@searching
def test_search_by_an_account_over_tls(search: Search) -> None:
    index = OpenSearchIndex(search(), Dictionary())
    index.update(ARCHIVE, (), position=4)
    assert found(index, "สอบราคา") == [1]
    with index.rebuild() as generation:
        generation.add_announcements(ARCHIVE[1:], position=5)
    assert (found(index, "สอบราคา"), index.position()) == ([], 5)


@searching
def test_search_trusts_nobody_unknown(
    search: Search, stranger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for address in (search(by=stranger), search(host="127.0.0.1")):
        said = refused(OpenSearchIndex(address, Dictionary()).position, caplog)
        assert (said.code, "ใบรับรอง" in said.message) == ("search-untrusted", True)


@searching
def test_a_wrong_password_for_search_is_named_as_such(
    search: Search, caplog: pytest.LogCaptureFixture
) -> None:
    said = refused(OpenSearchIndex(search("ปลาดุก"), Dictionary()).position, caplog)
    assert (said.code, "รหัสผ่าน" in said.message) == ("search-refused", True)


@searching
def test_neither_commands_nor_readiness_nor_logs_tell_a_password(search: Search, tmp_path: Path) -> None:
    """The password is not told, right or wrong."""
    asked = (
        "import sys; from web import settings, bootstrap; from web.app import create_app;"
        "app = create_app(bootstrap.build_services(settings.load_settings()));"
        "ask = app.test_client().get;"
        "[print(ask(at).text) for at in ('/readyz', '/metrics', '/search?q=x', '/api/v1/search?q=x')]"
    )
    for password in (SECRET, f"{SECRET}!"):
        environment = os.environ | {"PRAKAT_DATA": str(tmp_path / "data"), "PRAKAT_SEARCH": search(password)}
        for command in (["-m", "web.cli", "stats"], ["-m", "web.cli", "search", "ถนน"], ["-c", asked]):
            ran = subprocess.run(
                [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
            )
            assert_untold(ran.stdout + ran.stderr)
            assert "Traceback" not in ran.stderr


@searching
def test_an_address_that_is_refused_does_not_tell_its_password(ca: Path) -> None:
    for wrong in (
        f"opensearch+https://{USER}:{SECRET}@localhost/",  # not escaped
        f"opensearch+https://{USER}:{quote(SECRET, safe='')}@localhost/?ca=/nowhere.pem",
        f"opensearch+https://{USER}:{quote(SECRET, safe='')}@localhost/?ca={ca}&shards=x",
    ):
        with pytest.raises(SettingsError) as caught:
            read_address(wrong)
        assert_untold(caught.value.message)


# PostgreSQL

Database = Callable[..., str]


@pytest.fixture
def database(authority: trustme.CA, ca: Path) -> Iterator[Database]:
    """The address of a server of its own that takes nobody without a password."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with tempfile.TemporaryDirectory(prefix="prakat-postgresql-", dir="/tmp") as name:
        folder = Path(name)
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(folder / "server.key")
        certificate.cert_chain_pems[0].write_to_path(folder / "server.crt")
        (folder / "password").write_text(SECRET, encoding="utf-8")
        (folder / "server.key").chmod(0o600)
        as_somebody = []
        if os.getuid() == 0:  # it refuses to run as root
            shutil.chown(folder, "nobody")
            for path in folder.iterdir():
                shutil.chown(path, "nobody")
            as_somebody = ["setpriv", "--reuid=nobody", "--clear-groups"]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]

        def run(program: str, *arguments: str) -> None:
            command = [*as_somebody, programs[-1] / program, f"--pgdata={folder}/data", *arguments]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)

        run(
            "initdb",
            "--auth=scram-sha-256",
            f"--username={USER}",
            f"--pwfile={folder}/password",
            "-E",
            "UTF8",
        )
        options = (
            f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c ssl=on"
            f" -c ssl_cert_file={folder}/server.crt -c ssl_key_file={folder}/server.key"
        )
        run("pg_ctl", "start", "--wait", f"--log={folder}/log", f"--options={options}")

        def address(password: str = SECRET, host: str = "localhost", by: Path = ca) -> str:
            account = f"{USER}:{quote(password, safe='')}"
            return f"postgresql://{account}@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={quote(str(by))}"

        try:
            yield address
        finally:
            run("pg_ctl", "stop", "--mode=immediate")


@recording
def test_records_by_an_account_over_tls(
    database: Database, stranger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Postgres(database())
    made = published(open_records(engine))
    assert open_records(engine).announcements.get(made.id) == made
    assert engine.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [{"ssl": True}]
    engine.close()
    for address, named in (
        (database(by=stranger), "ใบรับรอง"),
        (database(host="127.0.0.1"), "ใบรับรอง"),
        (database("ปลาดุก"), "รหัสผ่าน"),
    ):
        said = refused(lambda address=address: Postgres(address), caplog)  # type: ignore[misc]
        assert named in said.message


# S3


@storing
def test_files_by_an_account_over_tls(
    authority: trustme.CA,
    ca: Path,
    stranger: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = os.urandom(9 << 20)  # in parts
    with prefix(tmp_path) as plain:
        bucket, _, endpoint = plain.partition("?endpoint=")
        with door(urlsplit(endpoint).port or 0, authority.issue_cert("localhost")) as port:
            address = f"{bucket}?endpoint=https://localhost:{port}"
            monkeypatch.setenv("AWS_CA_BUNDLE", str(ca))
            files = S3Files(address)
            kept = files.add(io.BytesIO(content), limit=len(content))
            assert kept == stored(content)
            with files.open(kept.sha256) as stream:
                assert stream.read() == content
            monkeypatch.setenv("AWS_CA_BUNDLE", str(stranger))
            untrusting = S3Files(address)  # a store that cannot be asked stops no start
            said = refused(lambda: untrusting.exists(kept.sha256), caplog)
            assert isinstance(said, Unavailable)
            assert "ใบรับรอง" in said.message
            monkeypatch.setenv("AWS_CA_BUNDLE", str(ca))
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET.encode("ascii", "ignore").decode())
            with pytest.raises(SettingsError) as caught:
                S3Files(address)
            assert os.environ["AWS_SECRET_ACCESS_KEY"] not in caught.value.message + caplog.text
