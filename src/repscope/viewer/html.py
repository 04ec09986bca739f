"""The page as one HTML file that asks nobody for anything."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
from pathlib import Path

PAGE = Path(__file__).with_name("page")
"""The built page: ``page.js`` and ``page.css``, from the sources in ``web/`` by ``make web``."""


def one_file(title: str, bundle: bytes) -> bytes:
    """A page with its data inside.

    Args:
        title: of the window.
        bundle: from :meth:`repscope.viewer.bundle.Bundle.to_bytes`.
    """
    # No time of day inside: the same study gives the same file.
    data = base64.b64encode(gzip.compress(bundle, 6, mtime=0)).decode()
    return _page(title, f'<script type="application/octet-stream" id="bundle">{data}</script>', "")


def served(title: str) -> bytes:
    """A page that fetches its data from the server that sent it, and from nowhere else."""
    return _page(title, "", " connect-src 'self';")


def _page(title: str, data: str, more: str) -> bytes:
    script = (PAGE / "page.js").read_text(encoding="utf-8").strip().replace("</script", "<\\/script")
    style = (PAGE / "page.css").read_text(encoding="utf-8").strip().replace("</style", "<\\/style")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src blob: data:;"
        f"{more} base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n<title>{html.escape(title)}</title>\n'
        f'<style>{style}</style>\n</head>\n<body>\n<div id="app"></div>\n{data}\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    ).encode("utf-8", "backslashreplace")
