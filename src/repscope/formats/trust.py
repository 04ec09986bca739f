"""The one door to ``pickle.load``: asked for with ``--trust-pickle``, announced, recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from repscope.errors import FormatError, UnsafePickleError, first_line
from repscope.formats.incoming import ReadOptions


def read_or_trust(
    restricted: Callable[[], Any], trusted: Callable[[], Any], source: str, options: ReadOptions
) -> Any:
    """What ``restricted()`` returns; where it refuses, and only if the caller trusts the file, ``trusted()``.

    Raises:
        UnsafePickleError: refused, and the file is not trusted.
        FormatError: the trusted pickle cannot be loaded either.
    """
    if not options.trust_pickle:
        try:
            return restricted()
        except UnsafePickleError as refusal:
            offer = "or, only if you trust everyone who could have written it, pass --trust-pickle"
            raise UnsafePickleError(refusal.expected, refusal.got, f"{refusal.do}; {offer}") from None
    options.trusted.append(source)
    try:
        value = restricted()
    except UnsafePickleError as refusal:
        wanted = refusal.got.removesuffix(" (refused, nothing was executed)")
        options.warn(
            f"TRUSTED PICKLE: running code from {source}, because --trust-pickle was given; the safe "
            f"reader refused {wanted}. Whoever wrote this file can do "
            "anything that you can do on this machine"
        )
    else:
        options.warn(
            f"TRUSTED PICKLE: {source} is recorded as trusted, because --trust-pickle was given; the safe "
            "reader sufficed, so leave the option out next time"
        )
        return value
    try:
        return trusted()
    except Exception as error:
        # A trusted pickle runs foreign code, which can raise anything.
        raise FormatError(
            f"a pickle in {source} that loads here",
            f"{type(error).__name__}: {first_line(error)}",
            "load it where it was made (its packages may be missing here) and save npz or safetensors",
        ) from error
