"""
The process between the gate and a confined model: it starts it, watches it, and leaves nothing of it alive.

Run as a script by a bare interpreter (``python -I -S``), so that it starts fast and trusts no folder that a
developer can write: it uses the standard library alone and imports nothing of ours. It lives outside the
confinement, reads nothing that the model wrote, and outlives neither the model nor the gate: when the gate's
end of the control pipe closes, for whatever reason, everything below is killed.

It speaks JSON lines: one `plan` on the control pipe, then ``{"started": pid}`` and one ending on the status pipe.
"""

# ruff: noqa: PTH112, PTH116, PTH123, PTH208  # pathlib would cost a third of the start
from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import math
import os
import resource
import select
import signal
import stat
import struct
import sys
import time
from collections.abc import Iterable
from typing import Any, NoReturn

Plan = dict[str, Any]

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2
LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 445, 446  # the same numbers on every architecture
LANDLOCK_READ = 4 | 8
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITIES = 64
COMPLAINTS = "{complaints}"  # stands in the arguments for the descriptor to complain on
MOST_FILES = 200_000
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5
SUSPICIOUS_TASKS = 200
PATIENCE_S = 0.05

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Turn a failed call of the C library into an `OSError`: a confinement that did not take must not go on."""
    if result < 0:
        raise OSError(ctypes.get_errno(), what)


# --- in the child, between fork and exec -------------------------------------------------------------------------


def become_model(plan: Plan, supervisor: int, output: int, complaints: int) -> NoReturn:
    """Confine this process as *plan* says and turn it into the model; a failure goes to *complaints*."""
    try:
        prepare(plan, supervisor, output)
        confine(plan)
        argv = [str(complaints) if word == COMPLAINTS else word for word in plan["argv"]]
        os.set_inheritable(complaints, argv != plan["argv"])
        os.execvpe(argv[0], argv, plan["environment"])  # noqa: S606  # no shell is the point
    except BaseException as error:  # noqa: BLE001  # whatever it is, the parent must hear of it and we must not return
        os.write(complaints, str(error).encode("utf-8", "replace")[:1000])
        os._exit(127)


def prepare(plan: Plan, supervisor: int, output: int) -> None:
    """
    Own session, death with the supervisor, no inherited descriptors, resource limits.

    A session is more than a process group: the kernel's scheduler shares time between sessions, so that a fork bomb
    in one does not starve its supervisor in another.
    """
    os.setsid()
    checked(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != supervisor:
        os._exit(127)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, descriptor)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and an exec would hand that on
        signal.signal(ignored, signal.SIG_DFL)
    os.umask(0o077)
    # where memory runs out the model dies, however many processes it is, and not the gate: that would be free of charge
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    os.chdir(plan["cwd"])
    for number in plan["inherit"]:
        os.set_inheritable(number, True)
    for which, value in plan["rlimits"]:
        _, hard = resource.getrlimit(which)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (allowed, allowed))


def confine(plan: Plan) -> None:
    """Give up privileges, the file system (Landlock) and system calls (seccomp), in the order that leaves no gap."""
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
    if plan["ruleset"] is not None:
        allow_own_process(plan["ruleset"])
        checked(libc.syscall(LANDLOCK_RESTRICT_SELF, plan["ruleset"], 0), "landlock_restrict_self")
    if plan["drop_capabilities"]:
        drop_capabilities()
    if plan["filter"] is not None:
        install_filter(base64.b64decode(plan["filter"]))


def allow_own_process(ruleset: int) -> None:
    """Let the model read ``/proc/self``, which has a number only now; nobody else's entry is ever readable."""
    own = os.open("/proc/self", os.O_PATH | os.O_CLOEXEC)
    rule = ctypes.create_string_buffer(struct.pack("=Qi", LANDLOCK_READ, own), 12)
    checked(libc.syscall(LANDLOCK_ADD_RULE, ruleset, 1, rule, 0), "landlock_add_rule(/proc/self)")
    os.close(own)


def drop_capabilities() -> None:
    """Become a root without power, where the gate runs as root (containers): Landlock knows nothing of raw devices."""
    for capability in range(CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails where there is nothing to drop
    number = CAPSET.get(os.uname().machine)
    if number is None:
        raise OSError(f"no capset on {os.uname().machine}")
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0), 8)
    data = ctypes.create_string_buffer(bytes(24), 24)
    checked(libc.syscall(number, header, data), "capset")


def install_filter(program: bytes) -> None:
    """Load a seccomp *program* (8-byte BPF instructions) for the rest of this process's life, and its children's."""
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a 16-bit count, padded to a pointer's alignment, and the pointer
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    argument = ctypes.create_string_buffer(header, len(header))
    checked(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, argument, 0, 0), "prctl(PR_SET_SECCOMP)")


# --- watching ----------------------------------------------------------------------------------------------------


def descendants(of: int) -> list[int]:
    """Every process below *of*, dead ones that nobody reaped included, as ``/proc`` tells it now."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
            # the program's name may hold anything, so fields count from the last parenthesis
            parents.setdefault(int(file.read().rpartition(b")")[2].split()[1]), []).append(int(name))
    found, todo = [], [of]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def field_bytes(process: int, table: str, names: tuple[bytes, ...]) -> int:
    """Sum of the fields *names* of *process* in a *table* of ``/proc``, in bytes; nothing if it has just ended."""
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{process}/{table}", "rb") as file:
        return 1024 * sum(int(line.split()[1]) for line in file if line.startswith(names))
    return 0


def held_bytes(processes: list[int], limit: int) -> int:
    """
    Memory that *processes* hold together, files that could be read again apart, in bytes.

    What they share is counted for each of them as long as that stays within *limit*; else exactly, which takes longer.
    """
    held = sum(field_bytes(process, "status", (b"RssAnon:", b"RssShmem:")) for process in processes)
    if held <= limit:
        return held
    return sum(field_bytes(process, "smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:")) for process in processes)


def written(folders: Iterable[str], processes: Iterable[int]) -> tuple[int, int]:
    """
    Number and bytes of files below *folders*, and of deleted ones that *processes* hold open.

    A folder that cannot be looked into (closed to its own user, or nested deeper than a path may be long) is a place
    to hide files in: it counts as too many.
    """
    count, size = 0, 0
    todo = [folder for folder in folders if os.path.isdir(folder)]
    while todo and count <= MOST_FILES:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    count += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            continue  # it has just been removed
        except OSError:
            count = MOST_FILES + 1
    return count, size + unlinked_bytes(processes)


def unlinked_bytes(processes: Iterable[int]) -> int:
    """Bytes of files without a name that *processes* hold open: they fill a disk as well as others."""
    sizes: dict[tuple[int, int], int] = {}
    for process in processes:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{process}/fd"):
                with contextlib.suppress(OSError):
                    facts = os.stat(f"/proc/{process}/fd/{name}")
                    if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 0:
                        sizes[facts.st_dev, facts.st_ino] = facts.st_blocks * 512
    return sum(sizes.values())


def excess(plan: Plan) -> str | None:
    """Name of the resource of which the model uses too much, if any."""
    alive = descendants(os.getpid())
    if plan["processes"] is not None and len(alive) > plan["processes"]:
        return "processes"
    if (limit := plan["memory_bytes"]) is not None and held_bytes(alive, limit) > limit:
        return "memory"
    if plan["written_bytes"] is not None:
        count, size = written(plan["writable"], alive)
        if count > MOST_FILES or size > plan["written_bytes"]:
            return "files"
    return None


def tasks() -> int:
    """Number of threads on the whole machine: one short read, also in the middle of a fork bomb."""
    with open("/proc/loadavg", "rb") as file:
        return int(file.read().split()[3].partition(b"/")[2])


def excess_after_freezing(plan: Plan, model: int) -> str | None:
    """`excess`, counted while the model's group stands still: counting must not lose a race against forking."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(model, signal.SIGSTOP)
    too_much = excess(plan)
    if too_much is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(model, signal.SIGCONT)
    return too_much


def watch(plan: Plan, model: int, control: int) -> str:
    """Wait until the model ends or must be ended; return the reason."""
    deadline = time.monotonic() + plan["seconds"]
    ended = os.pidfd_open(model)
    usual, due = tasks(), time.monotonic() + SHORTEST_PAUSE_S
    while (now := time.monotonic()) < deadline:
        ready, _, _ = select.select([ended, control], [], [], min(SHORTEST_PAUSE_S, deadline - now))
        if ended in ready:
            return "ended"
        if control in ready:
            return "abandoned"
        crowd, started = tasks(), time.monotonic()
        crowded = plan["processes"] is not None and crowd > usual + SUSPICIOUS_TASKS
        if started < due and not crowded:
            continue
        if too_much := excess_after_freezing(plan, model) if crowded else excess(plan):
            return too_much
        # watching takes at most a tenth of a core, however many processes and files there are
        usual, due = crowd, started + min(LONGEST_PAUSE_S, 10 * (time.monotonic() - started))
    return "time"


# --- ending ------------------------------------------------------------------------------------------------------


def end_all(model: int) -> int:
    """
    Kill the model and whatever descends from it, wait until all are dead, and return the model's wait status.

    Killing a group is atomic against forking, and no confined process can leave its group; what has (without
    confinement) is an orphan adopted by us and is hunted until none is left.
    """
    status, quiet_since = -1, time.monotonic()
    # the group first: its leader is not reaped yet, so that its number cannot have become another's
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(model, signal.SIGKILL)
    while True:
        try:
            process, result = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if process == model:
            status = result
        if process > 0:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > PATIENCE_S:
            for survivor in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(survivor, signal.SIGKILL)
            quiet_since = time.monotonic()
        else:
            time.sleep(0.001)


def tell(status: int, facts: Plan) -> None:
    """Send *facts* to the gate, which may be gone."""
    with contextlib.suppress(BrokenPipeError):
        os.write(status, json.dumps(facts).encode() + b"\n")


def main(control: int, status: int, output: int) -> None:
    """Read the plan, run it, report."""
    with open(control, "rb", buffering=0, closefd=False) as pipe:
        plan: Plan = json.loads(pipe.readline())
    if not math.isfinite(plan["seconds"]):
        plan["seconds"] = 1e9
    checked(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")
    complaint, complaints = os.pipe()
    own = os.getpid()
    model = os.fork()
    if model == 0:
        for number in (control, status, complaint):
            os.close(number)
        become_model(plan, own, output, complaints)
    for number in (complaints, output, *plan["inherit"]):
        os.close(number)
    tell(status, {"started": model})
    reason = watch(plan, model, control)
    ending = end_all(model)
    complained = os.read(complaint, 1000).decode("utf-8", "replace")
    tell(status, {"reason": reason, "code": os.waitstatus_to_exitcode(ending), "complaint": complained})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
