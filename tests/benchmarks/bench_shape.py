"""
Measure the source itself: its size, its records, its docstrings, its long modules and functions, its cold start.

    python tests/benchmarks/bench_shape.py

The files that exceed a limit go to standard error, by name, so that the rows say how many and the rest says where.
"""

from __future__ import annotations

import ast
import io
import shutil
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench_check import write_files
from coldimport import PROCTOR, cold_imports
from figures import figure

SOURCE = Path(__file__).parents[2] / "src" / "proctor"
SUFFIXES = frozenset({".py", ".sql", ".lark", ".j2"})
BEFORE = "bc25b36"
"""Commit before the house was put in order."""
YARDSTICK = 34_192
"""Lines of Python, SQL, grammar and templates at that commit."""

HEADS = frozenset(
    {"how", "that", "what", "whatever", "when", "where", "whether", "which", "who", "whom", "whose", "why"}
)
"""First words of a relative clause, which is no head of a sentence that says what something is."""

MOST_LINES_OF_MODULE = 400
MOST_LINES_OF_FUNCTION = 40
_SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A file of Python, parsed."""

    path: Path
    text: str
    tree: ast.Module

    @classmethod
    def read(cls, path: Path) -> Module:
        """Read and parse a file."""
        text = path.read_text(encoding="utf-8")
        return cls(path, text, ast.parse(text))

    @property
    def n_code_lines(self) -> int:
        """Lines that hold code: docstrings, comments and blank lines apart."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        lines = {
            line for token in tokens if token.type not in _SILENT for line in range(token.start[0], token.end[0] + 1)
        }
        return len(lines - self._bare_strings())

    @property
    def n_dataclasses(self) -> int:
        """Classes under a decorator that is, or ends in, ``dataclass``."""
        classes = (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))
        return sum(any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list) for node in classes)

    def _bare_strings(self) -> set[int]:
        # Docstrings, and the strings below a constant that document it.
        return {
            line
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }

    def long_functions(self) -> Iterator[str]:
        """Functions above the limit, their decorators and docstrings left out."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                header = node.body[0].lineno - node.lineno
                length = header + (body[-1].end_lineno or 0) - body[0].lineno + 1
                if length > MOST_LINES_OF_FUNCTION:
                    yield f"{self.path.relative_to(SOURCE)}:{node.lineno} {node.name}, {length} lines"


def documented(node: Documented) -> Iterator[str]:
    """Docstrings of whatever in a module has a public name."""
    if text := ast.get_docstring(node):
        yield text
    for child in node.body:
        is_named = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if is_named and not child.name.startswith("_") and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from documented(child)


def is_headless(docstring: str) -> bool:
    """True if the first line is a relative clause that hangs in the air, such as "What enters the ledger"."""
    return docstring.split(maxsplit=1)[0].rstrip(",:.").lower() in HEADS


def tell(kind: str, names: list[str]) -> None:
    """Name the findings of one kind on standard error."""
    for name in names:
        print(f"{kind}: {name}", file=sys.stderr)


def n_taken_away() -> int:
    """
    Lines that commits since `BEFORE` took away, of those commits that left less than they found; 0 without history.

    Features add lines, and came all the while; what made the same features smaller can only be told commit by commit.
    """
    command = ("git", "log", "--numstat", "--format=format:commit", f"{BEFORE}..HEAD", "--", ".")
    said = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=False).stdout
    nets = [0]
    for line in said.splitlines():
        added, _, rest = line.partition("\t")
        deleted, _, name = rest.partition("\t")
        if line == "commit":
            nets.append(0)
        elif added.isdecimal() and Path(name.rstrip("}")).suffix in SUFFIXES:
            nets[-1] += int(added) - int(deleted)
    return -sum(net for net in nets if net < 0)


def cold_starts() -> None:
    """Print what the whole process of `proctor check` takes, on a fresh ledger and on one that knows the answer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        check = [*PROCTOR, "check"]
        judging = cold_imports(check, folder, lambda: shutil.rmtree(folder / ".proctor", ignore_errors=True))
        figure("`proctor check`, 5,000 predictions from CSV / cold import", judging.wall, most=1.7)
        figure("`proctor check`, asked again / cold import", cold_imports(check, folder).wall, most=judging.wall)


def main() -> None:
    """Print every number beside its target."""
    files = [path for path in sorted(SOURCE.rglob("*")) if path.suffix in SUFFIXES]
    modules = [Module.read(path) for path in files if path.suffix == ".py"]
    n_lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    n_code_lines = sum(module.n_code_lines for module in modules)
    n_dataclasses = sum(module.n_dataclasses for module in modules)
    docstrings = [(module.path, text) for module in modules for text in documented(module.tree)]
    headless = [f"{path.relative_to(SOURCE)}: {text.splitlines()[0]}" for path, text in docstrings if is_headless(text)]
    long_modules = [
        f"{module.path.relative_to(SOURCE)}, {n} lines"
        for module in modules
        if (n := len(module.text.splitlines())) > MOST_LINES_OF_MODULE
    ]
    long_functions = [name for module in modules for name in module.long_functions()]
    tell("headless docstring", headless)
    tell("long module", long_modules)
    tell("long function", long_functions)
    figure("lines of Python, SQL, grammar and templates", n_lines)
    figure(f"the same, with the features since, / the {YARDSTICK:,} of commit {BEFORE}", n_lines / YARDSTICK)
    without = 1 - n_taken_away() / YARDSTICK
    figure("the same without the features since: less what commits that shrank the source took away", without, most=0.9)
    figure("lines of code (docstrings, comments and blank lines apart)", n_code_lines)
    figure("dataclasses per 1,000 lines of code", 1000 * n_dataclasses / n_code_lines, most=9)
    figure("public docstrings without a head", 100 * len(headless) / len(docstrings), most=3, unit="%")
    figure(f"modules above {MOST_LINES_OF_MODULE} lines", len(long_modules), most=0)
    figure(f"functions above {MOST_LINES_OF_FUNCTION} lines", len(long_functions), most=0)
    cold_starts()


if __name__ == "__main__":
    main()
