"""A server on this machine that shows one bundle to whoever has the token, and nothing else to anybody."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def make_app(page: bytes, bundle: bytes, *, token: str, port: int) -> Starlette:
    """The application: ``/`` is the page, ``/bundle`` its data; both are in memory, no path leads to a file.

    The token in the address becomes a cookie that only this page sends. A request with another Host (another
    site's name that leads here), another Origin, or without the token is refused.

    Args:
        page: from :func:`repscope.viewer.html.served`.
        bundle: from :meth:`repscope.viewer.bundle.Bundle.to_bytes`.
        token: secret of this run.
        port: that it listens on.
    """
    from starlette.applications import Starlette
    from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
    from starlette.responses import PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Route

    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    cookie = f"repscope-{port}"
    etag = f'"{hashlib.sha256(bundle).hexdigest()[:32]}"'

    async def show_page(request: Request) -> Response:
        if "token" in request.query_params:
            moved = RedirectResponse("/", status_code=303)
            moved.set_cookie(cookie, token, httponly=True, samesite="strict", path="/")
            return moved
        return Response(page, media_type="text/html", headers={"Cache-Control": "no-store"})

    async def send_bundle(request: Request) -> Response:
        headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        part = _RANGE.fullmatch(request.headers.get("range", ""))
        if part is None:
            return Response(bundle, media_type="application/octet-stream", headers=headers)
        start, end = int(part[1]), min(int(part[2] or len(bundle) - 1), len(bundle) - 1)
        if start > end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{len(bundle)}"})
        headers["Content-Range"] = f"bytes {start}-{end}/{len(bundle)}"
        return Response(bundle[start : end + 1], 206, headers=headers, media_type="application/octet-stream")

    async def guard(request: Request, go_on: RequestResponseEndpoint) -> Response:
        origin = request.headers.get("origin")
        given = request.query_params.get("token") or request.cookies.get(cookie) or ""
        if request.headers.get("host") not in hosts:
            refusal = "another host"
        elif origin is not None and origin.removeprefix("http://") not in hosts:
            refusal = "another origin"
        elif not secrets.compare_digest(given.encode(), token.encode()):
            refusal = "no token: open the address that repscope view printed"
        else:
            response = await go_on(request)
            response.headers.update(_HEADERS)
            return response
        return PlainTextResponse(f"refused: {refusal}\n", 403, headers=_HEADERS)

    app = Starlette(routes=[Route("/", show_page), Route("/bundle", send_bundle)])
    app.add_middleware(BaseHTTPMiddleware, dispatch=guard)
    return app
