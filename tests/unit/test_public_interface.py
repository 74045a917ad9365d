"""The public Python interface: what `import proctor` gives, and what it costs."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import proctor


def test_all__is_what_can_be_imported():
    """Each name of `__all__` is there, once, and has a docstring; nothing else is promised."""
    assert sorted(set(proctor.__all__)) == sorted(proctor.__all__)
    for name in proctor.__all__:
        value = getattr(proctor, name)
        assert isinstance(value, str) or inspect.getdoc(value), name


def test_all__type_checkers_see_the_same_names():
    """The imports that type checkers read and the table that is used at run time name the same things."""
    tree = ast.parse(Path(proctor.__file__).read_text(encoding="utf-8"))
    guarded = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname or alias.name: (node.module, alias.name)
        for block in guarded
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert set(proctor.__all__) - {"__version__"} == set(seen)
    for name, (module, original) in seen.items():
        __import__(module)
        home = sys.modules[module]
        assert getattr(home, original) is getattr(proctor, name)


def test_import__loads_nothing_heavy():
    """`import proctor` loads neither NumPy nor anything else that is not in the standard library, nor any room."""
    script = (
        "import sys; import proctor; "
        "print(sorted(name for name in sys.modules if name.startswith('proctor.') "
        "or name in ('numpy', 'scipy', 'click', 'yaml')))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


def test_getattr__unknown_name():
    """A name that is not there is an ordinary AttributeError."""
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = proctor.nonsense


def test_dir__completes_lazy_names():
    """Completion knows names that are not loaded yet."""
    assert set(proctor.__all__) <= set(dir(proctor))


def test_check__from_python_is_what_the_command_line_does(tmp_path):
    """A whole life from Python: load, check, status; the release is data."""
    rows = [f"e{i},{i % 5}" for i in range(500)]
    (tmp_path / "labels.csv").write_text("\n".join(["id,label", *rows]) + "\n")
    (tmp_path / "new.csv").write_text("\n".join(["id,prediction", *rows]) + "\n")
    wrong = [f"e{i},{(i + (i < 200)) % 5}" for i in range(500)]
    (tmp_path / "old.csv").write_text("\n".join(["id,prediction", *wrong]) + "\n")
    (tmp_path / "proctor.yml").write_text(
        "condition: n - o > 0.1 +/- 0.1\ntestset: {labels: labels.csv}\ncandidate: {predictions: new.csv}\n"
        "baseline: {predictions: old.csv}\npower: 0.5\ndisagreement: 0.5\n"
    )
    gate = proctor.load_gate(tmp_path)

    plan = proctor.plan(gate.formula, gate.request())
    release = proctor.check(gate)

    assert plan.examples <= 500
    assert (proctor.Verdict.PASS, 1) == (release.verdict, proctor.status(gate).budget.passes)
