"""
The pictures of the README, made from a real life of a test set and rendered by a real browser.

`PROCTOR_WRITE_PICTURES=1 pytest tests/acceptance/test_pictures.py` writes them into `.github/pictures`; without it they
are made in a temporary folder and looked at only as far as a program can.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from proctor.cli.report import plan_of
from proctor.gate.check import How, check
from proctor.gate.status import status
from proctor.gatefile import load
from proctor.reports import badge, comment, html
from proctor.runtime import Runtime

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
PICTURES = Path(__file__).parents[2] / ".github/pictures"
FRAME = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 16px; background: #fff; color: #1f2328; font: 14px/1.5 "Segoe UI", "DejaVu Sans", sans-serif }}
article {{ border: 1px solid #d1d9e0; border-radius: 6px; padding: 12px 16px }}
code {{ background: #eff1f3; border-radius: 6px; padding: 2px 5px; font-size: 85% }}
table {{ border-collapse: collapse }} th, td {{ border: 1px solid #d1d9e0; padding: 6px 13px }}
h3 {{ margin: 4px 0 12px; font-size: 18px }}
</style><article>{content}</article>"""

# Rows on which each candidate of the story is wrong, out of 2,000.
STORY = (range(500), range(495), range(380), range(376), range(376), range(379), range(250), range(248), range(140))


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """A gate after nine commits: the release of the last one, the state of the account, and the plan."""
    from workshop import Workshop

    workshop = Workshop(tmp_path_factory.mktemp("life")).testset()
    days = count()

    def now() -> str:
        return (datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(days=next(days))).isoformat()

    runtime = Runtime(environ={"PROCTOR_ACTOR": "ada"}, now=now)
    for number, wrong in enumerate(STORY):
        workshop.predictions("new.csv", wrong).gate(baseline=None, condition="n - o > 0 +/- 0.02", name="spam")
        release = check(load(workshop.root), runtime, How(commit=f"{number + 1:07x}" + "0" * 33))
    gate = load(workshop.root)
    return release, status(gate, runtime), plan_of(gate, workshop.n_examples)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
@pytest.mark.parametrize(
    ("name", "width", "height"), [("comment", 760, 470), ("badge", 300, 60), ("report", 1100, 1465)]
)
def test_picture__is_drawn(life, tmp_path, name, width, height):
    """Comment, badges and report of a real life come out of the browser as pictures of the asked size."""
    page = tmp_path / f"{name}.html"
    page.write_text(content(name, *life), encoding="utf-8")
    folder = PICTURES if os.environ.get("PROCTOR_WRITE_PICTURES") else tmp_path

    picture = photograph(page, folder / f"{name}.png", width, height)

    assert (width, height) == struct.unpack(">II", picture.read_bytes()[16:24])
    assert picture.stat().st_size > 1_500


def content(name, release, state, plan) -> str:
    """The page of which a picture is taken."""
    if name == "report":
        return html.render(state, plan)
    if name == "badge":
        drawn = " ".join(badge.svg(kind(state)) for kind in (badge.verdict_badge, badge.budget_badge))
        return f"<!doctype html><meta charset='utf-8'><body style='margin:16px 8px;background:#fff'>{drawn}"
    from markdown_it import MarkdownIt

    renderer = MarkdownIt("gfm-like", {"linkify": False})
    return FRAME.format(content=renderer.render(comment.render(release)))


def photograph(page: Path, target: Path, width: int, height: int) -> Path:
    """A picture of *page*, taken by a headless browser with a profile of its own."""
    assert CHROMIUM is not None
    profile = page.with_suffix(".profile")
    asked = [f"--user-data-dir={profile}", f"--window-size={width},{height}", f"--screenshot={target}", page.as_uri()]
    subprocess.run([CHROMIUM, *FLAGS, *asked], check=True, capture_output=True, timeout=60)
    return target
