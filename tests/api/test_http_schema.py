"""schemathesis makes requests of all sorts from the OpenAPI description: no answer may be a server error."""

from __future__ import annotations

from typing import get_args

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings

from api.http_jobs import Kind
from api.job_kinds import KINDS
from tests.api.http_client import app


@pytest.mark.slow
def test_no_server_error(tmp_path):
    # Jobs that get through are refused: there is no room for any.
    application = app(tmp_path / "data", waiting=0)
    schema = schemathesis.openapi.from_asgi("/openapi.json", application)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 14
    met = {}
    with TestClient(application, raise_server_exceptions=False) as client:
        for operation in operations:

            @seed(20240601)
            @settings(max_examples=30, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy())
            def ask(case):
                answer = case.call(session=client)
                met.setdefault(case.operation.label, set()).add(answer.status_code)
                assert answer.status_code < 500, (case.as_curl_command(), answer.text)
                if answer.status_code >= 400:
                    assert "application/problem+json" in answer.headers["content-type"] and answer.json()["detail"]

            ask()
    # The requests came through to the routes: accepted ones, too.
    assert 200 in met["GET /jobs"] and 200 in met["GET /schema/{kind}"] and met["POST /jobs"] & {422, 429}


def test_every_kind_of_job_can_be_sent():
    assert set(get_args(Kind)) == set(KINDS)
