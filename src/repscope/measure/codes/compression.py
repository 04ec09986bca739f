"""What codes cost, with everything that is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from repscope.errors import InputError
from repscope.text.json_record import JsonRecord

NUMBER_BITS = 32
"""A number of a codebook or a projection, as it is kept."""


@dataclass(frozen=True)
class Compression(JsonRecord):
    """How many times smaller codes are than the rows.

    Attributes:
        codes: bits of a row over bits of its codes.
        with_codebook: bits of all rows over bits of all codes, the codebooks and the projections.
        break_even_items: fewest items for which codes with all of that are no larger than the rows; None
            where codes are as large as rows.
        raw_bits: of a row.
        overhead_bits: of codebooks and projections.
    """

    codes: float
    with_codebook: float
    break_even_items: int | None
    raw_bits: int
    overhead_bits: int


def code_bits(size: int, quantizers: int = 1) -> int:
    """Bits of one item's codes of a fixed length: ⌈log₂ K⌉ for each codebook."""
    if size < 2 or quantizers < 1:
        raise InputError("2 codes or more", f"{quantizers} of {size}", "choose a larger codebook")
    return quantizers * ceil(log2(size))


def compression(items: int, raw_bits: int, bits: int, parameters: int) -> Compression:
    """What is saved.

    Args:
        items: N.
        raw_bits: of a row: its width times the bits of its numbers.
        bits: of a row's codes; see :func:`code_bits`.
        parameters: numbers of codebooks and projections, of 32 bits each.
    """
    overhead = parameters * NUMBER_BITS
    saved = raw_bits - bits
    return Compression(
        codes=raw_bits / bits,
        with_codebook=items * raw_bits / (items * bits + overhead),
        break_even_items=max(1, -(-overhead // saved)) if saved > 0 else None,
        raw_bits=raw_bits,
        overhead_bits=overhead,
    )
