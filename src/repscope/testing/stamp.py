"""A hash of rules as they are written, so that a table says which rules it was made with."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

SILENT = (ast.Import, ast.ImportFrom)
UNREAD = {"annotation", "returns", "ctx", "kind", "type_comment", "type_ignores", "type_params"}


def stamp(*modules: ModuleType) -> str:
    """The last line of a table: a comment in Markdown and HTML, with the hash of the modules."""
    return f"<!-- rules {rules_hash(*map(inspect.getsource, modules))} -->"


def rules_hash(*sources: str) -> str:
    """A hash of Python sources that changes when they decide something else.

    Comments, docstrings, f-strings (sentences for people), annotations and imports do not count. Names that
    the sources define count by where they come again, so that a consistent renaming changes nothing; names
    from elsewhere count as they are.
    """
    trees = [ast.parse(source) for source in sources]
    ours = {name for tree in trees for node in ast.walk(tree) for name in _bound(node)}
    numbers: dict[str, int] = {}

    def form(part: Any) -> Any:
        if isinstance(part, list):
            return [form(one) for one in part if not _is_silent(one)]
        if isinstance(part, ast.JoinedStr):
            return "text"
        if isinstance(part, ast.Constant):
            return repr(part.value)
        if isinstance(part, ast.AST):
            fields = [(name, form(value)) for name, value in ast.iter_fields(part) if name not in UNREAD]
            # Versions of Python differ in empty fields.
            return [
                type(part).__name__,
                *((name, value) for name, value in fields if value not in (None, [])),
            ]
        return numbers.setdefault(part, len(numbers)) if part in ours else part

    return hashlib.sha256(repr([form(tree) for tree in trees]).encode()).hexdigest()[:16]


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a node defines: functions, classes, arguments, variables, attributes of ``self``."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr


def _is_silent(node: Any) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return isinstance(node, SILENT)
