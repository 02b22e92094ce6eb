"""The API against its own description: valid OpenAPI, and every operation with whatever it may be sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from archive.filetype import FILE_TYPES
from tests.factories.memos import memo
from tests.web.conftest import Site, open_site

EXAMPLES = 60  # of each operation


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = open_site(Path(tmp_path_factory.mktemp("openapi")) / "data")
    made = site.announcement("ประกาศรับสมัครงาน")
    site.attach(made.id, memo("ข้อความ"))
    site.work()
    return site


@pytest.fixture(scope="module")
def token(site: Site) -> dict[str, str]:
    return site.token()


def test_the_description_is_valid(site: Site) -> None:
    from openapi_spec_validator import validate  # takes a second, in every process that collects the tests

    document = site.client().get("/openapi.json").json
    validate(document)
    assert {"/api/v1/search", "/api/v1/attachments/{id}/file"} <= document["paths"].keys()


def test_what_may_be_attached_and_what_takes_the_scope_to_publish_is_described(site: Site) -> None:
    paths = site.client().get("/openapi.json").json["paths"]
    announcement, attachment = "/api/v1/announcements/{id}", "/api/v1/attachments/{id}"
    attach = paths[f"{announcement}/attachments"]["post"]
    assert all(each.name in _said(attach) for each in FILE_TYPES.values())
    for operation in (
        attach,
        paths[announcement]["patch"],
        paths[attachment]["patch"],
        paths[attachment]["delete"],
        paths[f"{attachment}/file"]["put"],
    ):
        assert "published or withdrawn announcement" in _said(operation)
        assert "scheduled draft" in _said(operation)
        assert "the scope ``publish``" in _said(operation)


def _said(operation: dict[str, str]) -> str:
    return " ".join(f"{operation['summary']} {operation.get('description', '')}".split())


# The tool does not close the files that it was answered with.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_answers_are_as_described(site: Site, token: dict[str, str]) -> None:
    import schemathesis  # takes seconds, in every process that collects the tests
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        not_a_server_error,
        response_schema_conformance,
        content_type_conformance,
        status_code_conformance,
    ]
    document = schemathesis.openapi.from_wsgi("/openapi.json", site.app)
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) >= 14
    for operation in operations:

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
        @given(case=operation.as_strategy())
        def answers(case: schemathesis.Case) -> None:
            plain = {"Accept-Encoding": "identity"}  # the tool does not unpack what it asks for packed
            case.call_and_validate(headers=token | plain, checks=checks)

        answers()
