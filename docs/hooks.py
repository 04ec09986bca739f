"""Parts of the documentation that are written from the code at build time, so that they cannot go stale.

A page asks for one with a comment on a line of its own: ``<!-- generate: measures -->``.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
if str(ROOT / "src") not in sys.path:
    sys.path.insert(0, str(ROOT / "src"))

MARKER = re.compile(r"^<!-- generate: (?P<what>[a-z]+)(?: (?P<name>[a-z -]+))? -->$", re.MULTILINE)
_ROLE = re.compile(r":(?:class|func|meth|attr|data|mod|exc):<code>~?(.*?)</code>")

NEIGHBOURS = "images/mobilenet-neighbours.png"
"""A picture of photos that may not be in the repository: it is drawn into the built site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the picture of the photos, where they are."""
    from mkdocs.structure.files import File

    if there := photos_there():
        files.append(File.generated(config, NEIGHBOURS, content=_neighbours(*there)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace every marker of a page by what it asks for."""
    return render(markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Docstrings name other objects with Sphinx roles; the page shows the name alone."""
    return _ROLE.sub(lambda found: f"<code>{found[1].rpartition('.')[2]}</code>", html)


def render(markdown: str) -> str:
    """Markdown with every marker replaced.

    Raises:
        KeyError: a marker asks for something that is not made here.
    """
    return MARKER.sub(lambda found: _PARTS[found["what"]](found["name"] or ""), markdown)


def measures(_: str = "") -> str:
    """The table of all measures, from the catalogue."""
    from repscope.measure.catalogue.measures import MEASURES
    from repscope.measure.catalogue.text import measures_markdown

    return measures_markdown(MEASURES.values())


def margins(_: str = "") -> str:
    """Every threshold of the verdict with its value and its meaning."""
    from repscope.measure.verdict.rules import Margins

    return _margins_table(Margins)


def driftmargins(_: str = "") -> str:
    """The same of the verdict on ordered stages."""
    from repscope.measure.drift import DriftMargins

    return _margins_table(DriftMargins)


def _margins_table(kind: type) -> str:
    meaning = _attributes(inspect.getdoc(kind) or "")
    lines = ["| margin | value | what it is |", "|---|---|---|"]
    for name, value in vars(kind()).items():
        shown = (
            "<br>".join(f"`{key}` {one:g}" for key, one in value.items())
            if isinstance(value, Mapping)
            else f"{value:g}"
        )
        lines.append(f"| `{name}` | {shown} | {_prose(meaning[name])} |")
    return "\n".join(lines)


def defaults(_: str = "") -> str:
    """Settings of the resampling."""
    from repscope.measure.core import resample

    rows = {
        "level of intervals": f"{resample.LEVEL:.0%}",
        "bootstrap resamples and sign flips": f"{resample.RESAMPLES:,}",
        "groups of the jackknife": f"{resample.GROUPS}",
        "power of `detectable`": f"{resample.POWER:.0%}",
    }
    return "\n".join(
        ["| setting | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]
    )


def options(name: str) -> str:
    """Arguments and options of one command, as its ``--help`` has them."""
    lines = ["| argument or option | default | meaning |", "|---|---|---|"]
    for key, annotation, default in parameters(name):
        base, info = get_args(annotation)[:2]
        lines.append(f"| {_spelling(key, base, info)} | {_default(default)} | {_cell(info.help or '')} |")
    return "\n".join(lines)


def parameters(name: str) -> list[tuple[str, Any, Any]]:
    """Name, annotation and default of what a command takes, and does not hide."""
    from repscope.cli.main import app

    group, _, own = name.rpartition(" ")
    groups = {one.name: one.typer_instance for one in app.registered_groups}
    commands = groups[group].registered_commands if group else app.registered_commands
    function = {one.name: one.callback for one in commands}[own]
    assert function is not None
    hints = get_type_hints(function, include_extras=True)
    found = [
        (one.name, hints[one.name], one.default) for one in inspect.signature(function).parameters.values()
    ]
    return [one for one in found if not get_args(one[1])[1].hidden]


def surface(_: str = "") -> str:
    """Every command beside its function in Python, and what that returns."""
    import repscope
    from repscope.cli.main import app

    commands = [one.name for one in app.registered_commands]
    for group in app.registered_groups:
        commands += [f"{group.name} {one.name}" for one in group.typer_instance.registered_commands]
    lines = ["| command | in Python | returns |", "|---|---|---|"]
    for command in sorted(filter(None, commands)):
        group, _, name = command.replace("-", "_").rpartition(" ")
        name = "import_files" if name == "import" else name
        function = getattr(getattr(repscope, group) if group else repscope, name)
        signature = inspect.signature(function)
        # The names say it; types and defaults are in the sections below.
        words = ", ".join(_words(signature))
        returns = re.sub(r"[\w.]+\.", "", str(signature.return_annotation))
        called = f"rs.{group}.{name}" if group else f"rs.{name}"
        lines.append(f"| `repscope {command}` | `{called}({words})` | `{returns}` |")
    return "\n".join(lines)


def _words(signature: inspect.Signature) -> list[str]:
    """The parameters by name, with the star before those that are keywords only."""
    kinds = [one.kind for one in signature.parameters.values()]
    first = kinds.index(inspect.Parameter.KEYWORD_ONLY) if inspect.Parameter.KEYWORD_ONLY in kinds else None
    words = list(signature.parameters)
    return words if first is None else [*words[:first], "*", *words[first:]]


def _spelling(key: str, base: Any, info: Any) -> str:
    """``--option METAVAR`` of an option, ``METAVAR`` of an argument."""
    metavar = (info.metavar or key.upper()).strip("[]")
    if type(info).__name__ == "ArgumentInfo":
        return f"`{metavar}`"
    # In Annotated[...] the first name that was given stands in the place of a default.
    first = [info.default] if isinstance(info.default, str) else []
    declared = [*first, *(info.param_decls or ())] or [f"--{key.replace('_', '-')}"]
    flags = [part for one in declared for part in one.split("/")]
    names = ", ".join(f"`{flag}`" for flag in flags)
    return names if base is bool else f"{names} `{info.metavar or _KINDS.get(base, 'TEXT')}`"


_KINDS: dict[Any, str] = {int: "INTEGER", float: "NUMBER"}


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return "needed"
    if value is None or value is False or value in ([], ()):
        return ""
    return f"`{', '.join(map(str, value)) if isinstance(value, list | tuple) else value}`"


def errors(_: str = "") -> str:
    """The tree of errors, from its module."""
    from repscope import errors as module

    tree = (module.__doc__ or "").split("\n\n")[1]
    return f"```text\n{inspect.cleandoc(tree)}\n```"


def formats(_: str = "") -> str:
    """The formats of ``--figures``."""
    from repscope.verbs.common.words import FORMATS

    return f"Formats of `--figures`, comma-separated: {', '.join(FORMATS)}."


def sources(_: str = "") -> str:
    """The table of the formats that ``import`` reads."""
    from repscope.formats.known import known_markdown

    return known_markdown()


def bridges(_: str = "") -> str:
    """The table of all bridges, from their registry."""
    from repscope.verbs.bridge.methods import methods_markdown

    return methods_markdown()


def photos_there() -> tuple[Path, ...]:
    """Folder of photos, weights and captions for ``examples/mobilenet_neighbours``; empty if one is missing.

    The data are in ``REPSCOPE_DATA``, or else where the tests look for them.
    """
    data = Path(os.environ.get("REPSCOPE_DATA", ROOT.parent / "shared" / "data"))
    coco = data / "captions" / "coco_val_open"
    weights = data / "weights" / "mobilenet" / "mobilenet_v2.torchvision.fp16.safetensors"
    needed = (coco / "images", weights, coco / "manifest.csv")
    return needed if all(one.exists() for one in needed) else ()


def photos(_: str = "") -> str:
    """The picture that :func:`on_files` adds to the site, or what it takes to have it."""
    if photos_there():
        return (
            "![Six photos, each with its three nearest by MobileNetV2: baseball beside baseball, a kitchen "
            "beside an office, a skier beside a ski jump, and others that have less in common]"
            f"(../{NEIGHBOURS})\n\n"
            "Six of the photos, drawn at random. The first neighbour is often of a like kind. A second and a "
            "third of that kind are rarely among 36 photos; what stands there is only the least far. (COCO "
            "val2017, by their authors on Flickr, under CC BY 2.0 or CC BY-SA 2.0.)"
        )
    return (
        "The picture is not here: the photos are no part of the repository, and it is drawn when this site "
        "is built beside them (`REPSCOPE_DATA` names the folder that holds them and the weights). "
        "`python examples/mobilenet_neighbours/make.py PHOTOS WEIGHTS CAPTIONS OUT` draws it as "
        "`OUT/grid.png`."
    )


@cache
def _neighbours(*there: Path) -> bytes:
    """The picture as PNG, made by the example; once, though a server builds the site again and again."""
    with tempfile.TemporaryDirectory(prefix="repscope-docs-") as folder:
        script = ROOT / "examples" / "mobilenet_neighbours" / "make.py"
        done = subprocess.run(
            [sys.executable, str(script), *map(str, there), folder],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{script} failed; the end of what it said:\n{done.stderr[-2000:]}")
        return (Path(folder) / "grid.png").read_bytes()


def confusion(_: str = "") -> str:
    """The published confusion matrix, with what follows from it computed here."""
    table = (HERE / "confusion.md").read_text(encoding="utf-8").strip()
    rows = confusion_rows(table)
    studies = {sum(row["words"].values()) for row in rows}
    worst = max(rows, key=lambda row: row["false"])
    count = " or ".join(str(one) for one in sorted(studies))
    return (
        f"{table}\n\nEach row is {count} simulated studies. The largest share of false `aligned` is "
        f"{worst['false']:.1%} ({worst['condition']}, {worst['design']})."
    )


def confusion_rows(table: str) -> list[dict[str, Any]]:
    """The rows of the confusion matrix: condition, design, counts by word, the right words, false share."""
    lines = [_cells(line) for line in table.splitlines() if line.startswith("|")]
    words = lines[0][2:-1]
    rows = []
    for condition, design, *counts, _ in lines[2:]:
        numbers = {word: int(count.strip("*")) for word, count in zip(words, counts, strict=True)}
        right = {word for word, count in zip(words, counts, strict=True) if count.startswith("**")}
        false = 0.0 if "aligned" in right else numbers.get("aligned", 0) / sum(numbers.values())
        rows.append(
            {"condition": condition, "design": design, "words": numbers, "right": right, "false": false}
        )
    return rows


def drifts(_: str = "") -> str:
    """Verdicts and coverage on simulated drifts, with what follows from them computed here."""
    tables = (HERE / "drift-confusion.md").read_text(encoding="utf-8").strip()
    verdicts, coverage = drift_rows(tables)
    claims = [
        (sum(n for word, n in row["words"].items() if word not in row["right"] | {"inconclusive"}), row)
        for row in verdicts
    ]
    wrong, where = max(claims, key=lambda one: one[0] / sum(one[1]["words"].values()))
    shares = [row["covered"] for row in coverage]
    return (
        f"{tables}\n\nThe largest number of wrong claims is {wrong} of {sum(where['words'].values())} "
        f"studies ({where['condition']}, {where['design']}). Of the intervals, {min(shares):.1%} to "
        f"{max(shares):.1%} hold the truth."
    )


def drift_rows(tables: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both tables of simulated drifts: verdicts by condition and design, and coverage by value."""
    first, second, *_ = tables.split("\n\n")
    lines = [_cells(line) for line in first.splitlines()]
    words = lines[0][2:]
    verdicts = [
        {
            "condition": condition,
            "design": design,
            "words": {word: int(count.strip("*")) for word, count in zip(words, counts, strict=True)},
            "right": {word for word, count in zip(words, counts, strict=True) if count.startswith("**")},
        }
        for condition, design, *counts in lines[2:]
    ]
    coverage = [
        {
            "condition": condition,
            "design": design,
            "value": value,
            "studies": int(studies),
            "covered": float(covered.rstrip("%")) / 100,
        }
        for condition, design, value, studies, covered, _ in (_cells(x) for x in second.splitlines()[2:])
    ]
    return verdicts, coverage


def changelog(_: str = "") -> str:
    """The changelog of the repository, under the page's own title."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.partition("\n")[2].strip()


_PARTS = {
    "bridges": bridges,
    "changelog": changelog,
    "confusion": confusion,
    "defaults": defaults,
    "driftmargins": driftmargins,
    "drifts": drifts,
    "errors": errors,
    "formats": formats,
    "margins": margins,
    "measures": measures,
    "options": options,
    "photos": photos,
    "sources": sources,
    "surface": surface,
}


def _attributes(docstring: str) -> dict[str, str]:
    """Name → meaning of a docstring's ``Attributes:``."""
    found: dict[str, str] = {}
    name = ""
    for line in docstring.partition("Attributes:\n")[2].splitlines():
        entry = re.match(r"    (\w+): (.*)", line)
        if entry:
            name = entry[1]
            found[name] = entry[2]
        elif line.strip():
            found[name] += " " + line.strip()
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _prose(text: str) -> str:
    """Docstring prose as Markdown, without the full stop."""
    return text.replace("``", "`").rstrip(".")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("[", "\\[")
