"""``run``: a whole pipeline from one file; finished steps are skipped, a stopped one continues."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from repscope.errors import InputError, MissingError, check_known, name_some
from repscope.study.provenance import now
from repscope.study.storage import read_bytes, storage_errors
from repscope.text.json_record import JsonRecord
from repscope.verbs.run.state import Done, State, definition_of, fingerprint
from repscope.verbs.run.steps import Ref, Step, make_step

SCHEMA = "repscope.recipe/1"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """A pipeline.

    Attributes:
        path: of the file.
        name: of the recipe; its state in the study is kept under it.
        study: folder of the study, as written: relative to the file.
        steps: in an order in which they can run.
    """

    path: Path
    name: str
    study: str
    steps: tuple[Step, ...]

    @property
    def folder(self) -> Path:
        """Where relative paths start, and where steps run."""
        return self.path.resolve().parent

    @property
    def study_path(self) -> Path:
        """Folder of the study."""
        return self.folder / Path(self.study).expanduser()


@dataclass(frozen=True)
class Outcome(JsonRecord):
    """One step of a plan or a run.

    Attributes:
        id, verb: of the step.
        state: "to run", "skipped", "done" or "failed".
        why: it runs, or is skipped.
        command: that a person would type.
        seconds: that it took.
        code: exit code of the verb.
    """

    id: str
    verb: str
    state: Literal["to run", "skipped", "done", "failed"]
    why: str
    command: str
    seconds: float = 0.0
    code: int = 0


@dataclass(frozen=True)
class RecipeRun(JsonRecord, schema="repscope.recipe-run/1", keys="recipe study steps exit_code resume"):
    """A plan or a run of a recipe.

    Attributes:
        recipe: its name.
        study: folder of the study.
        steps: in order; those after a failed one are not there.
        resume: command that continues after a failure, or "".
    """

    recipe: str
    study: str
    steps: tuple[Outcome, ...] = field(default_factory=tuple)
    resume: str = ""

    @property
    def exit_code(self) -> int:
        """That of the step that failed, or 0."""
        return next((one.code for one in self.steps if one.state == "failed"), 0)


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe and put its steps into an order in which each finds what it reads.

    Args:
        path: of the TOML file.

    Raises:
        MissingError: no such file; or a step reads what nothing makes and what is not there.
        InputError: not a recipe, an option that the verb does not have, ids that repeat, steps in a circle.
        UnknownNameError: no such verb, or a step that needs one that is not there.
    """
    file = Path(path)
    record = _parse(file)
    known = {"schema", "name", "study", "step"}
    if unknown := set(record) - known:
        raise InputError(
            f"the keys {', '.join(sorted(known))} in {file}", name_some(sorted(unknown)), "remove them"
        )
    tables, study = record.get("step"), record.get("study")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise InputError(f"[[step]] tables in {file}", "none", "write one for each step")
    if not isinstance(study, str) or not study:
        raise InputError(f"the study's folder in {file}", repr(study), 'write study = "…" at the top')
    steps = [make_step(one, number) for number, one in enumerate(tables, 1)]
    _check_ids(steps)
    recipe = Recipe(file, str(record.get("name") or file.stem), study, _ordered(steps))
    _check_inputs(recipe)
    return recipe


def run_recipe(
    recipe: str | Path | Recipe,
    *,
    dry_run: bool = False,
    start: str | None = None,
    quiet: bool = False,
    say: Say | None = None,
) -> RecipeRun:
    """Run the steps that are not finished, in order; stop at the first that fails.

    A step is finished when it ran before with the same options, on the same inputs, and what it made is
    still there and unchanged; all of it by fingerprint.

    Args:
        recipe: the TOML file, or what :func:`read_recipe` made of it.
        dry_run: only say what would run, and why.
        start: id of a step that runs again, with all that depend on it, whatever is finished.
        quiet: verbs run with ``--quiet``.
        say: told each line; what a verb prints goes there too, unless stderr is a terminal, where verbs
            draw their own progress.

    Raises:
        MissingError, InputError: see :func:`read_recipe`.
        UnknownNameError: no step ``start``.
        CorruptError, StorageError: the state cannot be read or written.
    """
    if not isinstance(recipe, Recipe):
        recipe = read_recipe(recipe)
    tell = say or (lambda line: None)
    runner = _Runner(recipe, _from(recipe, start), tell, quiet=quiet)
    found: list[Outcome] = []
    for number, step in enumerate(recipe.steps, 1):
        why = runner.why(step)
        head = f"[{number}/{len(recipe.steps)}] {step.id} ({step.verb})"
        planned = Outcome(
            step.id, step.verb, "to run", why, shlex.join(["repscope", *step.words(recipe.study)])
        )
        if step.verb == "python":
            planned = replace(planned, command=shlex.join(step.words(recipe.study)))
        if not why:
            found.append(replace(planned, state="skipped", why="finished, and nothing changed"))
            tell(f"{head}: skipped, finished")
        elif dry_run:
            runner.assume(step)
            found.append(planned)
            tell(f"{head}: would run, {why}")
        else:
            tell(f"{head}: {why}")
            found.append(runner.run(step, planned))
            if found[-1].state == "failed":
                break
    failed = bool(found) and found[-1].state == "failed"
    resume = shlex.join(["repscope", "run", str(recipe.path)]) if failed else ""
    return RecipeRun(recipe.name, str(recipe.study_path), tuple(found), resume)


class _Runner:
    """Decides about steps and runs them."""

    def __init__(self, recipe: Recipe, again: set[str], say: Say, *, quiet: bool) -> None:
        self.recipe, self.again, self.say, self.quiet = recipe, again, say, quiet
        self.state = State(recipe.study_path, recipe.name)
        self.remade: dict[Ref, str] = {}

    def now(self, refs: Sequence[Ref]) -> dict[str, str | None]:
        """Fingerprints of what is there."""
        return {one.key: fingerprint(one, self.recipe.study_path, self.recipe.folder) for one in refs}

    def why(self, step: Step) -> str:
        """Why a step has to run, or ""."""
        if step.id in self.again:
            return "asked for with --from"
        done = self.state.steps.get(step.id)
        if done is None:
            return "it was never run"
        if not done.finished:
            return "it did not end"
        if done.definition != definition_of(step):
            return "its options changed"
        for one in step.reads:
            if maker := _maker(one, self.remade):
                return f"{one} is made again by {maker}"
        return _changed(done.inputs, self.now(step.reads)) or _changed(done.outputs, self.now(step.makes))

    def assume(self, step: Step) -> None:
        """In a plan: what a step that will run makes is not known yet."""
        self.remade |= dict.fromkeys(step.makes, step.id)

    def run(self, step: Step, planned: Outcome) -> Outcome:
        """Run one step; record it when it is done."""
        before = self.state.steps.get(step.id)
        # Only what an earlier run of this very step made is replaced; what somebody else put there stays.
        made = set(before.outputs) if before else set()
        overwrite = step.overwrites and any(one.key in made for one in step.makes)
        inputs = {key: value or "" for key, value in self.now(step.reads).items()}
        begun = Done(definition_of(step), inputs, dict.fromkeys((one.key for one in step.makes), ""))
        self.state.put(step.id, begun)
        start = time.perf_counter()
        code = self.call(step, step.command(self.recipe.study, overwrite=overwrite))
        seconds = time.perf_counter() - start
        outputs = self.now(step.makes)
        missing = [key for key, value in outputs.items() if value is None]
        if code == 0 and missing:
            self.say(f"step {step.id} ended without making {name_some(missing)}")
            code = 1
        if code:
            return replace(planned, state="failed", seconds=seconds, code=code)
        kept = {key: value or "" for key, value in outputs.items()}
        self.state.put(
            step.id, Done(begun.definition, inputs, kept, now(), round(seconds, 2), planned.command)
        )
        return replace(planned, state="done", seconds=seconds)

    def call(self, step: Step, words: list[str]) -> int:
        """Run a command in the recipe's folder; its lines are passed on as they come."""
        if self.quiet and step.verb != "python":
            words = [*words, "--quiet"]
        with storage_errors(self.recipe.folder, "run a step in"):
            if sys.stderr is sys.__stderr__ and sys.stderr is not None and sys.stderr.isatty():
                # stdout is for the record of the run; what verbs print belongs to the terminal.
                done = subprocess.run(words, cwd=self.recipe.folder, stdout=sys.stderr, check=False)
                return _code(done.returncode)
            with subprocess.Popen(
                words,
                cwd=self.recipe.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="backslashreplace",
            ) as process:
                for line in process.stdout or ():
                    self.say(f"  {line.rstrip()}")
            return _code(process.returncode)


def _code(returned: int) -> int:
    """Exit code of a command; a signal counts as a failure."""
    return returned if 0 <= returned < 128 else 1


def _changed(known: Mapping[str, str], found: Mapping[str, str | None]) -> str:
    for key, value in found.items():
        what = key.replace(":", " ", 1)
        if value is None:
            return f"{what} is not there, or not finished"
        if known.get(key) != value:
            return f"{what} changed"
    return ""


def _parse(file: Path) -> dict[str, Any]:
    if file.exists() and not file.is_file():
        raise InputError(f"a recipe at {file}", "something that is no regular file", "give a .toml file")
    content = read_bytes(file)
    if content is None:
        raise MissingError(f"a recipe at {file}", "no such file", "give the path of a TOML file")
    try:
        record = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"TOML in {file}", str(error), "correct the file") from error
    if record.get("schema", SCHEMA) != SCHEMA:
        raise InputError(f"schema {SCHEMA!r} in {file}", repr(record["schema"]), "upgrade repscope")
    return record


def _check_ids(steps: Sequence[Step]) -> None:
    ids = [step.id for step in steps]
    if twice := [one for one in dict.fromkeys(ids) if ids.count(one) > 1]:
        raise InputError("steps with ids of their own", f"{name_some(twice)} more than once", "rename one")
    for step in steps:
        for one in step.needs:
            check_known(one, ids, f"a step that {step.id} needs")
    makers: dict[Ref, str] = {}
    for step in steps:
        for made in step.makes:
            if made in makers:
                raise InputError(
                    f"one step that makes {made}",
                    f"{makers[made]} and {step.id}",
                    "rename what one of them makes",
                )
            makers[made] = step.id


def _needs(steps: Sequence[Step]) -> dict[str, set[str]]:
    """Ids of the steps that each step rests on."""
    makers = {made: step.id for step in steps for made in step.makes}
    return {
        step.id: {*step.needs, *(maker for one in step.reads if (maker := _maker(one, makers)))}
        for step in steps
    }


def _maker(read: Ref, makers: Mapping[Ref, str]) -> str | None:
    """The step that makes something, or the folder that it lies in."""
    if read in makers or read.kind != "file":
        return makers.get(read)
    above = (one for one in makers if one.kind == "file" and Path(read.name).is_relative_to(one.name))
    return next((makers[one] for one in above), None)


def _ordered(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, each after those that it rests on, else as they were written.

    Raises:
        InputError: some wait for each other.
    """
    needs, left, ordered = _needs(steps), list(steps), list[Step]()
    while left:
        ready = next((step for step in left if not needs[step.id] & {one.id for one in left}), None)
        if ready is None:
            raise InputError(
                "steps that can be put in an order",
                f"{', '.join(step.id for step in left)}, which wait for each other",
                "give what they make names of their own, or remove a needs",
            )
        ordered.append(ready)
        left.remove(ready)
    return tuple(ordered)


def _check_inputs(recipe: Recipe) -> None:
    """Refuse a step that reads what nothing makes and what is not there."""
    makers = {one: step.id for step in recipe.steps for one in step.makes}
    for step in recipe.steps:
        for one in step.reads:
            if _maker(one, makers) or fingerprint(one, recipe.study_path, recipe.folder) is not None:
                continue
            where = recipe.folder if one.kind == "file" else recipe.study_path
            raise MissingError(
                f"{one} for step {step.id}",
                f"none in {where}, and no step makes it",
                "correct the name, or add a step that makes it (makes = […])",
            )


def _from(recipe: Recipe, start: str | None) -> set[str]:
    """The step ``start`` and all that rest on it."""
    if start is None:
        return set()
    needs = _needs(recipe.steps)
    check_known(start, needs, "a step of the recipe")
    found = {start}
    for step in recipe.steps:
        if needs[step.id] & found:
            found.add(step.id)
    return found
