"""One record a verb: what its options are called, what they mean, and what they are unless somebody says.

A field of an :class:`Options` is an option of the command line, a keyword of the function, a key of a
recipe's step, and a part of the command that repeats the work. Nothing heavy is imported here, nor by the
modules of the records: ``repscope --help`` reads them all.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from repscope.text.figures import FIGURE_FORMATS
from repscope.verbs.common.words import check_formats, parse_held_out, parse_split, split_words

if TYPE_CHECKING:
    from repscope.study import EmbeddingSet

REQUIRED = dataclasses.MISSING
"""The default of an option that has to be given."""


@dataclasses.dataclass(frozen=True)
class Option:
    """What is known of an option besides its default and type.

    Attributes:
        help: what it means.
        flags: its spellings; ``--name-of-the-field`` unless one of them is long.
        metavar: what stands for the value in ``--help``.
        least, most: bounds of a number.
        panel: heading in ``--help``.
        parse: from the text on the command line (or the texts, where repeated) to the value.
        text: back; of a repeated one, to a list of texts.
        repeated: it may be given several times; the value is a tuple.
        negated: the flag takes it away: ``--no-cache`` is ``cache=False``.
        shell: of the command line alone: what becomes of a result that Python returns.
        always: in the command that repeats the work even where it is the default.
    """

    help: str
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    least: float | None = None
    most: float | None = None
    panel: str | None = None
    parse: Callable[[Any], Any] | None = None
    text: Callable[[Any], Any] | None = None
    repeated: bool = False
    negated: bool = False
    shell: bool = False
    always: bool = False


def option(default: Any, help: str, flags: str = "", **more: Any) -> Any:  # noqa: A002  # as in Option
    """A field of a record; see :class:`Option`."""
    return dataclasses.field(default=default, metadata={"option": Option(help, tuple(flags.split()), **more)})


def option_of(field: dataclasses.Field[Any]) -> Option:
    """What is known of the option of a field."""
    return cast(Option, field.metadata["option"])


def flag_of(field: dataclasses.Field[Any]) -> str:
    """Its long spelling."""
    spelt = (flag for flag in option_of(field).flags if flag.startswith("--"))
    return next(spelt, f"--{field.name.replace('_', '-')}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """Base of the records. Fields stand in the order of ``--help``.

    Attributes:
        replayed: names of the fields in the command that repeats the work, in its order.
    """

    replayed: ClassVar[str] = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From the values of the fields' names, such as the ``locals()`` of the verb's function."""
        return cls(
            **{field.name: values[field.name] for field in dataclasses.fields(cls) if field.name in values}
        )

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """From the values of the command line.

        Raises:
            RepscopeError: a text that cannot be understood.
        """
        values = {}
        for field in dataclasses.fields(cls):
            value, about = given[field.name], option_of(field)
            if about.negated:
                value = not value
            elif value is not None and about.parse:
                value = about.parse(value)
            elif value is not None and about.repeated:
                value = tuple(value)
            if value is not None:
                values[field.name] = value
        return cls(**values)

    def keywords(self) -> dict[str, Any]:
        """Those that the verb's function takes."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if not option_of(field).shell
        }

    def words(self) -> Iterator[str]:
        """The options that are not the default, as they are typed."""
        known = {field.name: field for field in dataclasses.fields(self)}
        for field in map(known.__getitem__, self.replayed.split()):
            about, value, flag = option_of(field), getattr(self, field.name), flag_of(field)
            if value is None or (not about.always and _same(value, field.default)):
                continue
            if isinstance(value, bool):
                yield flag
                continue
            texts = about.text(value) if about.text else value if about.repeated else str(value)
            for text in texts if about.repeated else (texts,):
                yield from (flag, str(text))

    def to_command(self, *words: object) -> str:
        """``repscope``, these words, and the options: what a person types to have the same again."""
        return shlex.join(["repscope", *map(str, words), *self.words()])

    def replay(self, verb: str, sets: Iterable[EmbeddingSet], named: Iterable[EmbeddingSet]) -> str:
        """The command of a verb on sets of one study, with the names of some; "" where there is none."""
        homes = {embeddings.home for embeddings in sets}
        if len(homes) != 1 or None in homes:
            return ""
        return self.to_command(verb, *homes, *(embeddings.name for embeddings in named))


def _same(value: Any, default: Any) -> bool:
    """Equal; a list or an array that was given in Python is said as it is."""
    return (not hasattr(value, "__len__") or isinstance(value, str | tuple)) and bool(value == default)


# What several verbs have, spelt once. Where a verb has more to say, it gives its own help.
PERPLEXITY = partial(option, 30.0, help="Of t-SNE.", least=1.0, text="{:g}".format)
MAP_ROWS = partial(option, 5000, help="Most rows of each set on the map, a seeded sample of more.", least=10)
COLOUR = partial(
    option, None, help="Column that colours the points of the map.", flags="--colour --color", metavar="COL"
)
PALETTE = partial(option, "default", help="default (colour-blind-safe) or classic.")
DROP_UNLINKED = partial(option, False, help="Leave out items whose key the reference lacks.")
RESAMPLES = partial(option, 2000, help="Bootstrap resamples.", least=100)
CLUSTER = partial(
    option, None, help="Column of items that are not independent, such as image_id; id for none."
)
VIEWS = partial(
    option, None, help="Column of what rows are augmented views of, for the measure lidar.", metavar="COL"
)
SPLIT = partial(
    option, None, help="Only items with this value.", metavar="COL=VALUE", parse=parse_split, text="=".join
)
CLASSES = partial(
    option, None, help="Column of items that says the class; the key, or label, by default.", metavar="COL"
)
BY = partial(
    option,
    (),
    help="Columns of items or reference that group the classes, such as seen; comma-separated.",
    metavar="COLS",
    parse=split_words,
    text=",".join,
)
SEED = partial(option, 0, help="Seed of everything random; the same seed repeats exactly.", least=0)
CACHE = partial(
    option, True, help="Neither read nor keep neighbours in STUDY/cache.", flags="--no-cache", negated=True
)
HELD_OUT = partial(
    option,
    None,
    help="Items that no fit has seen; by default those that the bridges behind the sets held out.",
    metavar="COL=VALUE",
    parse=parse_held_out,
    text="=".join,
)
DEVICE = "cpu, cuda, cuda:1; CUDA where there is one."
WEIGHTS = "safetensors, a checkpoint of torch, or an index of shards; only tensors are read."

FAIL_ON = partial(option, (), metavar="WORDS", shell=True)
OUT = partial(option, None, flags="--out -o", shell=True)
VIEW = partial(
    option, False, help="Write view.html beside the report: the stages, to be seen moving.", shell=True
)
FIGURES = partial(
    option,
    FIGURE_FORMATS,
    help="Formats of the figures, comma-separated: png, svg, pdf, jpg; empty for none.",
    parse=check_formats,
    text=",".join,
    shell=True,
)
