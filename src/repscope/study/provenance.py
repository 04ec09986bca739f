"""What every record says about where it was made."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
import sys
from importlib import metadata
from typing import Any


def describe_environment(*packages: str) -> dict[str, Any]:
    """Versions, platform, time and command, as JSON values.

    Args:
        packages: further distributions whose versions matter (for example "torch").
    """
    versions = {"python": platform.python_version(), "repscope": version()}
    for package in ("numpy", *packages):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "platform": f"{platform.system()} {platform.machine()}",
        "time": now(),
        "command": command(),
    }


def version() -> str:
    """Version of repscope that runs."""
    from repscope import __version__

    return __version__


def now() -> str:
    """The time in UTC, to the second; ``SOURCE_DATE_EPOCH`` fixes it for reproducible output."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = (
        datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        if epoch
        else datetime.datetime.now(datetime.UTC)
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def command() -> str:
    """The command line that runs, as a shell would take it."""
    name = os.path.basename(sys.argv[0]) or "python"
    return shlex.join([name, *sys.argv[1:]])
