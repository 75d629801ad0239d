"""Reads source as syntax trees, for tests that judge how the application is written; executes nothing of it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Module:
    """One source file: its path below the project, its text, its syntax tree, and what its imported names stand for."""

    path: str
    text: str
    tree: ast.Module
    origins: dict[str, str]

    @property
    def dotted(self) -> str:
        """The name by which it is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def names(self) -> Iterator[tuple[str, int]]:
        """Every name that is imported or reached through an import, dotted and absolute, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
            elif isinstance(node, ast.Attribute) and (name := self._reached(node)):
                yield name, node.lineno

    def calls(self) -> Iterator[tuple[str, int]]:
        """Every call of a name, absolute where it was imported, as written (`self.write`) where not; its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and (name := dotted_name(node.func)):
                yield self._reached(node.func) or name, node.lineno

    def functions(self) -> Iterator[tuple[str, int, int]]:
        """Every function's name, line and length in lines."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1

    def _reached(self, node: ast.expr) -> str | None:
        name = dotted_name(node)
        first, dot, rest = (name or "").partition(".")
        return f"{self.origins[first]}{dot}{rest}" if first in self.origins else None


@cache
def read(path: Path) -> Module:
    """Returns the module in the file."""
    text = path.read_text()
    tree = ast.parse(text)
    return Module(path.relative_to(ROOT).as_posix(), text, tree, dict(_origins(tree)))


def modules(*folders: str) -> list[Module]:
    """Returns the modules below the folders, named from the project's root; empty files are left out."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [module for module in map(read, paths) if module.text.strip()]


def dotted_name(node: ast.expr) -> str | None:
    """Returns `a.b.c` for the expression of that form, else None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (inner := dotted_name(node.value)):
        return f"{inner}.{node.attr}"
    return None


def top(name: str) -> str:
    """Returns the package of a dotted name."""
    return name.partition(".")[0]


def _origins(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (top(alias.name), top(alias.name))
