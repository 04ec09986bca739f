"""The page of a view from a server on this machine, until it is stopped."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable

from repscope.errors import DependencyError, InputError
from repscope.verbs.view.view import View
from repscope.viewer.html import served
from repscope.viewer.server import make_app

HOST = "127.0.0.1"


def serve(view: View, *, port: int = 0, browser: bool = True, say: Callable[[str], None] = print) -> None:
    """Serve the page on 127.0.0.1 until Ctrl-C.

    Args:
        view: what is shown.
        port: to listen on; 0 for any that is free.
        browser: open it there.
        say: told the address, with its token.

    Raises:
        DependencyError: starlette or uvicorn is not installed.
        InputError: the port is taken or not allowed.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise DependencyError(
            "starlette and uvicorn for the server",
            str(error),
            "pip install 'repscope[view]', or write one file with --export study.html",
        ) from error
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise InputError(
            "a free port", f"{port}: {error}", "leave --port out for any that is free"
        ) from error
    with listener:
        port = listener.getsockname()[1]
        token = secrets.token_urlsafe(24)
        bundle = view.content.bundle().to_bytes()
        app = make_app(served(f"{view.content.title} · repscope"), bundle, token=token, port=port)
        address = f"http://{HOST}:{port}/?token={token}"
        say(f"view: {address}  (Ctrl-C ends it)")
        if browser:
            threading.Timer(0.5, webbrowser.open, [address]).start()
        settings = uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False)
        uvicorn.Server(settings).run(sockets=[listener])
