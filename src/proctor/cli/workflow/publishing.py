"""
Badges on the ledger's branch, where a README and a comment can show them.

A badge that cannot be published changes no verdict; the log says why.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from urllib.parse import quote

from proctor.cli.printing import json_text
from proctor.cli.workflow.job import Job
from proctor.errors import ProctorError
from proctor.gatefile import Gate
from proctor.release import Release, Status
from proctor.reports import badge


def of_verdict(release: Release, *, is_last: bool) -> dict[str, bytes]:
    """Badges: what is left, whatever the branch; the verdict for a README only if it is the default branch's last."""
    said = badge.verdict_badge(replace(release, step=0))
    files = {**of_budget(release), f"said-{release.verdict}.svg": badge.svg(said).encode()}
    if is_last:
        files |= _files(f"{slug(release.gate)}-verdict", badge.verdict_badge(release))
    return files


def of_budget(public: Release | Status) -> dict[str, bytes]:
    """Badge that says what is left of the test set, as an image and for shields' endpoint badge."""
    return _files(f"{slug(public.gate)}-budget", badge.budget_badge(public))


def _files(name: str, made: badge.Badge) -> dict[str, bytes]:
    endpoint = json_text(badge.endpoint(made)) + "\n"
    return {f"{name}.svg": badge.svg(made).encode(), f"{name}.json": endpoint.encode()}


def slug(gate: str) -> str:
    """
    The gate's name as a part of a file's and an address's name.

    >>> slug("proctor"), slug("models/spam v2")
    ('proctor', 'models-spam-v2-9ab7')
    """
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", gate).strip("-")[:60]
    return (
        plain
        if plain and plain == gate
        else f"{plain or 'gate'}-{hashlib.sha256(gate.encode(errors='replace')).hexdigest()[:4]}"
    )


def publish(job: Job, gate: Gate, files: dict[str, bytes], shown: str = "") -> str:
    """Put badges on the ledger's branch; gives the address of the one that is *shown*, empty if there is none."""
    from proctor.ledger import address, open_ledger
    from proctor.ledger.git import split_location

    ledger = open_ledger(gate.ledger, gate.root)
    if not ledger.publishes:
        return ""
    try:
        ledger.publish(files, f"Show badges of {slug(gate.name)}")
    except ProctorError as error:
        job.notice(f"The badges were not published: {error.message}")
        return ""
    place = address.parse(gate.ledger)
    assert isinstance(place, address.BranchAddress)  # noqa: S101  # nothing else publishes
    remote, branch = split_location(place.location, ["origin"])
    server = job.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{job.facts.repository}/raw/{quote(branch)}/{shown}" if shown and remote == "origin" else ""
