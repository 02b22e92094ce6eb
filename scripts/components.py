"""Writes the list of components (SBOM) of a release, as CycloneDX 1.6 JSON that its schema accepts.

Names, versions and hashes are those of the lock; licences and dependencies are what the packages declare that
are installed beside this Python. The recognition model and the typeface, which come with the program, are
components of their own.

    .venv/bin/python scripts/components.py dist/prakat.cdx.json
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, cast

import fontpkg_sarabun
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from archive.hashing import sha256_of_stream
from indexer.extraction.ocr.tesseract import OWN_MODEL

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

_LICENCES_IN_FILES = {
    "pyrage": "MIT",  # its LICENSE; its metadata declare none
    "brotlicffi": "MIT",  # its LICENSE; the lock has it for other Pythons than CPython
}
"""Name → licence (SPDX) of the packages whose metadata do not say it, or that are not installed here."""

_LONGEST_NAME = 100  # characters of a licence's name; some packages give its whole text in that place


def main(target: Path) -> None:
    """Writes the list to ``target``. Exits where a component has no licence or the schema is not kept."""
    installed = _listed_by("environment", sys.executable)
    bill = _listed_by("requirements", str(ROOT / "requirements.lock"))
    known = {_normal(each["name"]): each for each in installed["components"]}
    references: dict[str, list[str]] = {}
    for component in bill["components"]:
        name = _normal(component["name"])
        component["licenses"] = _licences(name, known.get(name, {}))
        if name in known:  # two versions of one package are for different Pythons
            references.setdefault(known[name]["bom-ref"], []).append(component["bom-ref"])
        del component["description"]  # the line of the lock
    bill["metadata"]["component"] = installed["metadata"]["component"]
    root = bill["metadata"]["component"]["bom-ref"]
    bill["components"] += [_model(bill["metadata"]["component"]["version"]), _typeface()]
    bill["dependencies"] = _dependencies(installed, {root: [root], **references})
    own = next(each for each in bill["dependencies"] if each["ref"] == root)
    own["dependsOn"] = sorted([*own["dependsOn"], "recognition-model", "typeface"])
    text = json.dumps(bill, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if (fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        sys.exit(f"not of the schema: {fault}")
    target.write_text(text, encoding="utf-8")


def _listed_by(*command: str) -> dict[str, Any]:
    """Returns what ``cyclonedx-py`` lists."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.json"
        options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--of", "JSON"]
        # without validation: the list is validated once it is whole
        call = [
            str(BIN / "cyclonedx-py"),
            command[0],
            "--no-validate",
            *options,
            "-o",
            str(made),
            *command[1:],
        ]
        subprocess.run(call, check=True)  # noqa: S603  # a tool of this environment, with our own options
        return cast(dict[str, Any], json.loads(made.read_text(encoding="utf-8")))


def _licences(name: str, installed: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the licences that a package declares, with an identifier of SPDX where it has one."""
    if given := installed.get("licenses"):
        identified = [each for each in given if "expression" in each or "id" in each["license"]]
        return identified or list(given)
    if name in _LICENCES_IN_FILES:
        return [{"license": {"id": _LICENCES_IN_FILES[name]}}]
    try:
        stated = cast(Message, metadata(name)).get("License", "")
    except PackageNotFoundError:
        stated = ""
    if not stated or len(stated) > _LONGEST_NAME:
        sys.exit(f"no licence is known of {name}: look into its files, and name it in {Path(__file__).name}")
    return [{"license": {"name": stated}}]


def _dependencies(installed: dict[str, Any], references: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Returns the dependencies among the components; ``references``: theirs by those of ``installed``."""
    return [
        {
            "ref": reference,
            "dependsOn": sorted(on for name in each.get("dependsOn", ()) for on in references.get(name, ())),
        }
        for each in installed["dependencies"]
        for reference in references.get(each["ref"], ())
    ]


def _model(version: str) -> dict[str, Any]:
    """Returns the component of the recognition model, with the model that it was made from."""
    stock = {
        "type": "machine-learning-model",
        "name": "tesseract-ocr-tha",
        "version": "1:4.1.0-2",
        "purl": "pkg:deb/debian/tesseract-ocr-tha@1:4.1.0-2",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    return {
        "type": "machine-learning-model",
        "bom-ref": "recognition-model",
        "name": OWN_MODEL.name,
        "version": version,
        "description": "Tesseract LSTM model for Thai official documents, see indexer/data/prakat_tha.md",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "hashes": [_hash(OWN_MODEL)],
        "pedigree": {"ancestors": [stock]},
    }


def _typeface() -> dict[str, Any]:
    """Returns the component of the typeface that the pages are set in, with its files."""
    files = sorted((Path(fontpkg_sarabun.__file__).parent / "files").glob("*.ttf"))
    return {
        "type": "data",
        "bom-ref": "typeface",
        "name": "Sarabun",
        "version": "1.000",
        "description": "Typeface of the pages, which get it reduced, as WOFF2, and of the sample",
        "copyright": "Copyright 2018 The Sarabun Project Authors",
        "licenses": [{"license": {"id": "OFL-1.1"}}],
        "components": [{"type": "file", "name": each.name, "hashes": [_hash(each)]} for each in files],
    }


def _hash(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        return {"alg": "SHA-256", "content": sha256_of_stream(file)}


def _normal(name: str) -> str:
    """Returns a package's name in the one spelling by which names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
