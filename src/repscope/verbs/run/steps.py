"""The steps of a recipe: each verb with what it reads and what it makes."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import PurePosixPath
from typing import Any, Literal, get_type_hints

from repscope.errors import InputError, UnknownNameError
from repscope.study.names import safe_name
from repscope.verbs.bridge.options import ApplyOptions, FitOptions, JudgeOptions
from repscope.verbs.common.options import REQUIRED, Option, Options, flag_of, option_of
from repscope.verbs.compare.options import CompareOptions
from repscope.verbs.describe.options import DescribeOptions
from repscope.verbs.drift.options import DriftOptions
from repscope.verbs.export.options import ExportOptions
from repscope.verbs.extract.options import ExtractOptions
from repscope.verbs.import_.options import ImportOptions
from repscope.verbs.neighbors.options import NeighborsOptions
from repscope.verbs.project.options import ProjectOptions
from repscope.verbs.quantise.options import QuantiseOptions

Kind = Literal["set", "bridge", "file", "result"]
Values = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Ref:
    """Something that a step reads or makes.

    Attributes:
        kind: "set" or "bridge" (of the study), "file" (a path from the recipe's folder), or "result" (a file
            of a verb's results).
        name: of the set or bridge, or the path.
    """

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def key(self) -> str:
        """In the state's file."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class Verb:
    """How a verb is called from a recipe.

    Attributes:
        options: its record, where it is a verb of Repscope's own: the other keys of a step. A list is an
            option given several times where the record says so; other lists are joined by commas.
        arguments: keys of a step that become arguments, in order; a list becomes several.
        sets, bridges, files: keys that name what the step reads; values may be lists.
        makes: what the step will have made.
    """

    options: type[Options] | None
    arguments: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    bridges: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    makes: Callable[[Values], list[Ref]] = lambda options: []

    def fields(self) -> dict[str, Field[Any]]:
        """The options by key of a step."""
        return {} if self.options is None else {flag_of(known)[2:]: known for known in fields(self.options)}


@dataclass(frozen=True)
class Step:
    """One step of a recipe.

    Attributes:
        id: unique in the recipe.
        verb: such as "bridge fit".
        options: as in the recipe, without ``id``, ``verb``, ``needs``, ``reads`` and ``makes``.
        needs: ids of steps that must come before, beyond what reads and makes say.
        reads, makes: what it needs, and what it leaves.
    """

    id: str
    verb: str
    options: Values
    needs: tuple[str, ...] = ()
    reads: tuple[Ref, ...] = ()
    makes: tuple[Ref, ...] = ()

    def words(self, study: str) -> list[str]:
        """The command line after ``repscope``."""
        spec = VERBS[self.verb]
        known = spec.fields()
        words = self.verb.split()
        first = known and "study" not in known
        words += [study] if first else []
        for key in spec.arguments:
            words += _texts(self.options.get(key))
        words += ["--study", study] if "study" in known else []
        for key, value in self.options.items():
            if key not in spec.arguments:
                words += _option(key, value, key in known and option_of(known[key]).repeated)
        return words

    def command(self, study: str, *, overwrite: bool = False) -> list[str]:
        """What is run."""
        if self.verb == "python":
            return [sys.executable, *self.words(study)[1:]]
        replace = ["--overwrite"] if overwrite and "overwrite" not in self.options else []
        return [sys.executable, "-m", "repscope", *self.words(study), *replace]

    @property
    def overwrites(self) -> bool:
        """Running it again replaces what it made, if it is told to."""
        return "overwrite" in VERBS[self.verb].fields()


@dataclass(frozen=True)
class _Makes:
    """What a verb makes, from its options."""

    kind: Kind
    keys: tuple[str, ...] = ("as",)
    captures: bool = field(default=False)

    def __call__(self, options: Values) -> list[Ref]:
        names = [
            part.strip() for key in self.keys for text in _texts(options.get(key)) for part in text.split(",")
        ]
        if self.captures:
            for capture in _texts(options.get("capture")):
                _, equals, name = capture.rpartition("=")
                if equals and "*" not in name:
                    names.append(name)
        return [Ref(self.kind, name) for name in names if name]


def _result(verb: str, keys: tuple[str, ...], file: str) -> Callable[[Values], list[Ref]]:
    """The record that a verb saves: in ``out``, or in the study's results under the names of ``keys``."""

    def makes(options: Values) -> list[Ref]:
        if out := options.get("out"):
            return [Ref("file", str(PurePosixPath(str(out)) / file))]
        names = [text for key in keys for text in _texts(options.get(key))]
        # A report on methods alone is named after its sets.
        names = names or [*_texts(options.get("source")), *_texts(options.get("target"))]
        return [Ref("result", f"{verb}/{safe_name(' - '.join(names))}/{file}")]

    return makes


VERBS: dict[str, Verb] = {
    "python": Verb(None, ("script", "arguments"), files=("script",)),
    "extract": Verb(
        ExtractOptions, ("source",), files=("source", "weights", "model"), makes=_Makes("set", captures=True)
    ),
    "import": Verb(ImportOptions, ("files",), files=("files", "items"), makes=_Makes("set")),
    "export": Verb(ExportOptions, ("set",), sets=("set",), makes=_Makes("file", ("to",))),
    "bridge fit": Verb(FitOptions, sets=("source", "target"), makes=_Makes("bridge")),
    "bridge apply": Verb(ApplyOptions, ("name",), sets=("to",), bridges=("name",), makes=_Makes("set")),
    "bridge report": Verb(
        JudgeOptions, ("names",), sets=("source", "target"), bridges=("names",),
        makes=_result("bridge", ("names",), "metrics.json"),
    ),
    "compare": Verb(
        CompareOptions, ("before", "after"), sets=("before", "after", "reference"),
        makes=_result("compare", ("before", "after", "reference"), "metrics.json"),
    ),
    "describe": Verb(
        DescribeOptions, ("set",), sets=("set", "reference"),
        makes=_result("describe", ("set", "reference"), "metrics.json"),
    ),
    "drift": Verb(
        DriftOptions, ("sets",), sets=("sets", "reference", "real"),
        # Its results are named after the stages that it finds; only a folder of one's own is known before.
        makes=lambda options: _result("drift", (), "metrics.json")(options) if "out" in options else [],
    ),
    "project": Verb(
        ProjectOptions, ("sets",), sets=("sets",), makes=_result("project", ("sets",), "map.json")
    ),
    "quantise": Verb(
        QuantiseOptions, ("set",), sets=("set", "apply-to"), makes=_Makes("set"),
    ),
    "neighbors": Verb(NeighborsOptions, ("set",), sets=("set", "query-set")),
}  # fmt: skip
"""Every verb that a recipe can have. The keys of a step are the options of the command line."""

OWN = ("id", "verb", "needs", "reads", "makes")
"""Keys of a step that are the recipe's and not the verb's."""


SHARED = ("seed", "json", "quiet")
"""Options that every command has."""

OPTIONAL = ("arguments", "names")
"""Arguments that a step may lack."""


def make_step(record: Mapping[str, Any], number: int) -> Step:
    """A step from its table in the recipe.

    Raises:
        UnknownNameError: no such verb.
        InputError: no id, an argument that is missing, or a value of another kind.
    """
    verb, name = record.get("verb"), record.get("id")
    where = f"step {name or number}"
    if not isinstance(name, str) or not name:
        raise InputError(f"an id for {where}", repr(name), 'write id = "…" in each [[step]]')
    if not isinstance(verb, str) or verb not in VERBS:
        raise UnknownNameError(f"a verb in {where}", repr(verb), f"choose one of {', '.join(VERBS)}")
    options = {str(key).replace("_", "-"): value for key, value in record.items() if key not in OWN}
    if verb == "python" and (unknown := set(options) - {"script", "arguments"}):
        raise InputError(
            f"script and arguments in {where}", ", ".join(sorted(unknown)), "pass them in arguments = […]"
        )
    spec = VERBS[verb]
    for key, value in options.items():
        _check_value(value, f"{key} of {where}")
    if spec.options is not None and (problem := _problem(spec, spec.options, options)):
        raise InputError(f"options of {verb} in {where}", problem, f"see: repscope {verb} --help")
    for key in spec.arguments:
        if key not in options and key not in OPTIONAL and (verb, key) != ("drift", "sets"):
            raise InputError(f"{key!r} in {where} ({verb})", "none", f"write {key} = …")
    reads = [
        *(Ref("set", text) for key in spec.sets for text in _texts(options.get(key))),
        *(Ref("bridge", text) for key in spec.bridges for text in _texts(options.get(key))),
        *(Ref("file", text) for key in spec.files for text in _paths(key, options.get(key))),
        *(Ref("file", text) for text in _listed(record, "reads", where)),
    ]
    makes = [*spec.makes(options), *(_own_makes(text) for text in _listed(record, "makes", where))]
    return Step(
        id=name,
        verb=verb,
        options=options,
        needs=tuple(_listed(record, "needs", where)),
        reads=tuple(dict.fromkeys(reads)),
        makes=tuple(dict.fromkeys(makes)),
    )


def _problem(spec: Verb, record: type[Options], options: Values) -> str:
    """What the verb would refuse about its options, or ""."""
    known, hints = spec.fields(), get_type_hints(record)
    for key, value in options.items():
        if key in spec.arguments or (key in SHARED and key not in known):
            continue
        if key not in known:
            near = difflib.get_close_matches(key, known, n=3)
            return f"No such option: --{key}" + (f" (near: --{', --'.join(near)})" if near else "")
        about, hint = option_of(known[key]), hints[known[key].name]
        if isinstance(value, bool) != (hint is bool):
            return (
                f"{_text(value)!r} for --{key}, which takes {'true or false' if hint is bool else 'a value'}"
            )
        kind = next((kind for kind in (float, int) if hint in (kind, kind | None)), None)
        if kind is not None and (why := _number_problem(value, kind, about)):
            return f"{_text(value)!r} for --{key}, which takes {why}"
    missing = [
        key
        for key, field_ in known.items()
        if field_.default is REQUIRED and key not in options and key != "study"
    ]
    return f"Missing option '--{missing[0]}'" if missing else ""


def _number_problem(value: Any, kind: type[float], about: Option) -> str:
    try:
        number = kind(_text(value))
    except ValueError:
        return "a whole number" if kind is int else "a number"
    if about.least is not None and number < about.least:
        return f"{about.least:g} or more"
    return f"{about.most:g} or less" if about.most is not None and number > about.most else ""


def _own_makes(text: str) -> Ref:
    """``set:NAME``, ``bridge:NAME``, or a path."""
    kind, colon, name = text.partition(":")
    if colon and kind in ("set", "bridge"):
        return Ref("set" if kind == "set" else "bridge", name)
    return Ref("file", text)


def _listed(record: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = record.get(key, [])
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise InputError(f"a list of texts as {key} of {where}", repr(value), f'write {key} = ["…"]')
    return found


def _paths(key: str, value: Any) -> list[str]:
    """Files that an option names; a model is a file only in the form FILE.py:callable or hf:FOLDER."""
    found = []
    for text in _texts(value):
        if key == "model":
            head, _, rest = text.partition(":")
            if head.endswith(".py"):
                found.append(head)
            elif head in ("hf", "st") and rest.startswith((".", "/", "~")):
                found.append(rest)
        elif "://" not in text:
            found.append(text)
    return found


def _check_value(value: Any, what: str) -> None:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    if not all(isinstance(part, str | int | float | bool | list) for part in parts):
        raise InputError(f"texts, numbers or lists as {what}", repr(value), "write it as on the command line")


def _option(key: str, value: Any, repeated: bool) -> list[str]:
    flag = f"--{key}"
    if value is True:
        return [flag]
    if value is False:
        return []
    if isinstance(value, Mapping):
        return [word for name, one in value.items() for word in (flag, f"{name}={_text(one)}")]
    if isinstance(value, list) and not repeated:
        return [flag, ",".join(map(_text, value))]
    return [word for text in _texts(value) for word in (flag, text)]


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [_text(one) for one in value] if isinstance(value, list) else [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return f"{value}"
