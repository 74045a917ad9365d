"""
What the ledger costs beside the least that could be done; prints ratios, measured in this run.

    python tests/benchmarks/bench_ledger.py

- appends against bare one-row transactions of the same durability on the same place, one process and sixteen;
  on PostgreSQL also against bare compare-and-set: bare inserts of sixteen processes run side by side and share a
  disk flush, what continues the last entry cannot;
- verifying 50,000 entries against reading, parsing and hashing them with the standard library alone;
- reading such a ledger in a whole process, and `proctor status` on one, at the first look and later, against a cold
  import.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from bench_check import write_files
from coldimport import PROCTOR, cold_imports
from figures import figure
from ledger.places import Place, draft, git, make_place, running_postgresql
from timing import best

from proctor.errors import LedgerMoved
from proctor.ledger import GENESIS, Draft, Ledger, open_ledger
from proctor.ledger.entries import seal

BODY = {
    "testset": "a" * 64, "condition": "n - o > 0.02 +/- 0.01", "candidate": {"digest": "b" * 64, "source": "new.csv"},
    "stakes": {"kind": "adaptive", "steps": 32, "passes": 3}, "log_level": -12.25, "bound": "exact", "outcome": "pass",
    "basis": "judged", "private": "commitment:" + "c" * 64, "origin": {"gate": "proctor.yml", "version": "0.1.0"},
}  # fmt: skip
TEXT = json.dumps(BODY)
COUNTS = {"sqlite": 1600, "postgresql": 1600, "git": 32}
LENGTH = 50_000


def pauses() -> Iterator[None]:
    """What every caller does that came too late: wait a moment, never the same one, before it reads again."""
    pause_s = 0.001
    while True:
        yield
        time.sleep(random.uniform(0, pause_s))
        pause_s = min(2 * pause_s, 0.1)


def append(ledger: Ledger, count: int) -> None:
    head = ledger.head()
    for _ in range(count):
        for _ in pauses():
            try:
                head = ledger.append(draft(**BODY), head).hash
                break
            except LedgerMoved:
                head = ledger.head()


def bare_sqlite(place: Place) -> Callable[[int], None]:
    path = place.root / "bare.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, body TEXT)")
    connection.close()

    def work(count: int) -> None:
        own = sqlite3.connect(path, isolation_level=None, timeout=30)
        own.execute("PRAGMA synchronous = FULL")
        for _ in range(count):
            own.execute("BEGIN IMMEDIATE")
            own.execute("INSERT INTO bare (body) VALUES (?)", (TEXT,))
            own.execute("COMMIT")
        own.close()

    return work


def bare_postgresql(place: Place) -> Callable[[int], None]:
    import psycopg

    with psycopg.connect(place.location, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, body text)")

    def work(count: int) -> None:
        with psycopg.connect(place.location, autocommit=True, prepare_threshold=None) as own:
            for _ in range(count):
                own.execute("INSERT INTO bare (body) VALUES (%s)", (TEXT,))

    return work


def bare_chain(place: Place) -> Callable[[int], None]:
    """Bare inserts that each continue the last one seen: what PostgreSQL itself can do of compare-and-set."""
    import psycopg

    with psycopg.connect(place.location, autocommit=True) as connection:
        connection.execute("CREATE TABLE chain (number bigint PRIMARY KEY, body text)")

    def work(count: int) -> None:
        with psycopg.connect(place.location, autocommit=True, prepare_threshold=None) as own:
            last = 0
            for _ in range(count):
                for _ in pauses():
                    try:
                        own.execute("INSERT INTO chain VALUES (%s, %s)", (last + 1, TEXT))
                        last += 1
                        break
                    except psycopg.errors.UniqueViolation:
                        (last,) = own.execute("SELECT max(number) FROM chain").fetchone()

    return work


def bare_git(place: Place) -> Callable[[int], None]:
    folder = place.root
    git(folder, "checkout", "-q", "--orphan", "bare")

    def work(count: int) -> None:
        for _ in range(count):
            with (folder / "bare.jsonl").open("a") as file:
                file.write(TEXT + "\n")
            git(folder, "add", "bare.jsonl")
            git(folder, "commit", "-q", "-m", "One")
            git(folder, "push", "-q", "origin", "HEAD:refs/heads/bare")

    return work


BARE = {"sqlite": bare_sqlite, "postgresql": bare_postgresql, "git": bare_git}


def timed(work: Callable[[int], None], count: int, processes: int) -> float:
    """Seconds that *processes* take for *count* pieces of work together, the start of the processes left out."""
    start = time.time() + 0.5
    children = []
    for _ in range(processes):
        if (child := os.fork()) == 0:
            try:
                time.sleep(max(0.0, start - time.time()))
                work(count // processes)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return time.time() - start


def bench_appends(kind: str, server: str) -> None:
    for processes in (1, 16) if kind != "git" else (1,):
        folder = Path(tempfile.mkdtemp(prefix="proctor-bench-"))
        place = make_place(kind, folder, server)
        with place.open() as ledger:
            ledger.append(draft(), GENESIS)
        count = COUNTS[kind]

        def ours(share: int, place: Place = place) -> None:
            with place.open() as ledger:
                append(ledger, share)

        bare = timed(BARE[kind](place), count, processes)
        mine = timed(ours, count, processes)
        writers = "1 process" if processes == 1 else f"{processes} processes"
        figure(f"{kind}, {writers}: rate of appends / bare transactions", bare / mine, least=0.5)
        if kind == "postgresql":
            chained = timed(bare_chain(place), count, processes)
            figure(f"{kind}, {writers}: rate of appends / bare compare-and-set", chained / mine)
        shutil.rmtree(folder)


def bench_verification() -> None:
    folder = Path(tempfile.mkdtemp(prefix="proctor-bench-"))
    entries = []
    for number in range(1, LENGTH + 1):
        entries.append(seal(draft(**BODY, i=number), number, entries[-1].hash if entries else GENESIS))
    with open_ledger("ledger.db", folder) as ledger:
        ledger.adopt(entries)

    def standard() -> None:
        for row in sqlite3.connect(folder / "ledger.db").execute("SELECT * FROM entry ORDER BY number"):
            json.loads(row[3])
            hashlib.sha256(row[3].encode()).hexdigest()

    least = best(standard, runs=3)
    verifying = best(lambda: open_ledger("ledger.db", folder).verify(), runs=3)
    reading = best(lambda: open_ledger("ledger.db", folder).read(), runs=3)
    figure(f"verifying {LENGTH:,} entries / reading, parsing and hashing them", verifying / least, most=3)
    figure(f"reading {LENGTH:,} entries / the same", reading / least)
    code = (
        f"import pathlib; from proctor import ledger; ledger.open_ledger('{folder}/ledger.db', pathlib.Path()).read()"
    )
    whole = cold_imports([sys.executable, "-c", code], rounds=5).wall
    figure(f"reading {LENGTH:,} entries, whole process / cold import", whole)
    shutil.rmtree(folder)


def bench_status() -> None:
    """`proctor status` where one test set has been asked tens of thousands of times: the first look, and later ones."""
    folder = Path(tempfile.mkdtemp(prefix="proctor-bench-"))
    cache = folder / "cache"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    write_files(folder)
    subprocess.run([*PROCTOR, "check"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    with open_ledger(".proctor/ledger.db", folder) as ledger:
        registration, evaluation = ledger.read()
    entries = [registration]
    for i in range(LENGTH - 1):
        candidate = {**evaluation.body["candidate"], "digest": f"{i:064x}"}
        another = Draft(evaluation.kind, {**evaluation.body, "outcome": "fail", "candidate": candidate}, evaluation.at)
        entries.append(seal(another, len(entries) + 1, entries[-1].hash))
    shutil.rmtree(folder / ".proctor")
    with open_ledger(".proctor/ledger.db", folder) as ledger:
        ledger.adopt(entries)
    command = [*PROCTOR, "status"]
    figure(f"`proctor status`, {LENGTH:,} entries / cold import", cold_imports(command, folder).wall, most=2)
    first = cold_imports(command, folder, lambda: shutil.rmtree(cache, ignore_errors=True), rounds=3).wall
    figure("the same, the first look", first)
    shutil.rmtree(folder)


def main() -> None:
    bench_verification()
    bench_status()
    with running_postgresql() as server:
        for kind in COUNTS:
            bench_appends(kind, server)


if __name__ == "__main__":
    main()
