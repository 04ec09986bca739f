"""The server: data for whoever has the token, from this machine, and nothing else."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from repscope.viewer.html import one_file, served
from repscope.viewer.server import make_app

PORT = 4321
TOKEN = "secret-of-this-run"
BUNDLE = bytes(range(256)) * 4


@pytest.fixture
def client() -> TestClient:
    app = make_app(served("<b>title"), BUNDLE, token=TOKEN, port=PORT)
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", follow_redirects=False)


def enter(client: TestClient) -> None:
    assert client.get(f"/?token={TOKEN}").status_code == 303


def test_the_token_becomes_a_cookie_and_leaves_the_address(client: TestClient) -> None:
    first = client.get(f"/?token={TOKEN}")
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = client.get("/")
    assert page.status_code == 200
    assert "<title>&lt;b&gt;title</title>" in page.text
    assert "connect-src 'self'" in page.text
    assert client.get("/bundle").content == BUNDLE


@pytest.mark.parametrize("path", ["/", "/bundle", "/?token=wrong", "/bundle?token=", "/../etc/passwd"])
def test_without_the_token_all_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"host": "127.0.0.1:1"}, {"host": ""}])
def test_another_host_is_refused_even_with_the_token(client: TestClient, headers: dict[str, str]) -> None:
    enter(client)
    assert client.get("/bundle", headers=headers).status_code == 403
    assert client.get(f"/?token={TOKEN}", headers=headers).status_code == 403


def test_another_origin_is_refused(client: TestClient) -> None:
    enter(client)
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{PORT}"):
        assert client.get("/bundle", headers={"origin": origin}).status_code == 403
    assert client.get("/bundle", headers={"origin": f"http://localhost:{PORT}"}).status_code == 200


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/..%2f..%2fetc/passwd", "/bundle/x", "/sets/before"])
def test_no_path_leads_to_a_file(client: TestClient, path: str) -> None:
    enter(client)
    assert client.get(path).status_code == 404
    assert client.post("/bundle").status_code == 405


def test_ranges_and_caching(client: TestClient) -> None:
    enter(client)
    part = client.get("/bundle", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, BUNDLE[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(BUNDLE)}"
    assert client.get("/bundle", headers={"range": "bytes=1000-"}).content == BUNDLE[1000:]
    assert client.get("/bundle", headers={"range": "bytes=5000-"}).status_code == 416
    whole = client.get("/bundle")
    again = client.get("/bundle", headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_one_file_asks_nobody_and_closes_its_scripts() -> None:
    page = one_file("</title><script>alert(1)</script>", BUNDLE).decode()
    assert "default-src 'none'" in page
    assert "connect-src" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert "<title>&lt;/title&gt;&lt;script&gt;" in page
    assert one_file("t", BUNDLE) == one_file("t", BUNDLE)
