"""A digital signature is found, its signer named, and a change after signing noticed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pyhanko.sign import SimpleSigner

from indexer.extraction.embedded_text import EmbeddedTextDocument
from tests.factories.documents import shaped
from tests.factories.signing import SIGNER, make_signer, sign


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SimpleSigner:
    return make_signer(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def signed(tmp_path: Path, signer: SimpleSigner) -> Path:
    plain = shaped(tmp_path / "plain.pdf", [["คำสั่งเทศบาล"]])
    path = tmp_path / "signed.pdf"
    path.write_bytes(sign(plain.read_bytes(), signer))
    return path


def test_a_signature_is_found(signed: Path) -> None:
    before = signed.read_bytes()
    with EmbeddedTextDocument(signed) as document:
        (found,) = document.outline.signatures
        assert document.read_page(1).text == "คำสั่งเทศบาล"
    assert found.signer == SIGNER
    assert found.intact
    assert not found.trusted
    assert found.signed_at is not None
    assert abs(found.signed_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert signed.read_bytes() == before


def test_a_change_after_signing_is_noticed(signed: Path) -> None:
    content = bytearray(signed.read_bytes())
    at = content.index(b"/MediaBox")
    content[at + 12 : at + 13] = b"1"
    signed.write_bytes(content)
    with EmbeddedTextDocument(signed) as document:
        assert not document.outline.signatures[0].intact


def test_an_unsigned_file_has_none(tmp_path: Path) -> None:
    with EmbeddedTextDocument(shaped(tmp_path / "plain.pdf", [["คำสั่งเทศบาล"]])) as document:
        assert document.outline.signatures == ()
