"""A fixture of a module is built once, whatever the number of workers."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def shared() -> object:
    return object()


def test_tests_that_share_a_fixture_run_on_one_worker(shared: object, request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("not a worker of pytest -n 2 --dist loadgroup")
    assert request.node.nodeid.endswith(f"@{request.path}")
