"""
What a hostile candidate would try, against every tier of the sandbox.

Each attack is a small program. Where that is safe it is first run without isolation, and must succeed there: an attack
that cannot succeed proves nothing. Whether it succeeded is judged from outside, never from what it says alone.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from proctor.errors import ModelError, NotStarted
from proctor.models.child import Finished, Job, Launcher, Limits, PlainLauncher, scrubbed_environment
from proctor.models.sandbox import scratch

if not sys.platform.startswith("linux"):
    pytest.skip("the sandbox is Linux's", allow_module_level=True)

from proctor.models.sandbox import landlock
from proctor.models.sandbox.bubblewrap import Bubblewrap

SECRET = "hush-7f3a9c21"
PATIENCE = Limits(seconds=20)


@pytest.fixture(params=["bubblewrap", "landlock"])
def launcher(request: pytest.FixtureRequest) -> Launcher:
    """Every tier that this machine can have; bubblewrap is skipped only where it cannot do the least on its own."""
    if request.param == "landlock":
        if landlock.version() < landlock.TRUNCATE_ABI:
            pytest.skip("this kernel has no Landlock, or too early a one")
        return landlock.Landlock()
    program = shutil.which("bwrap")
    if program is None:
        pytest.skip("bubblewrap is not installed")
    least = [program, "--unshare-all", "--ro-bind", "/", "/", "true"]
    if subprocess.run(least, capture_output=True, check=False).returncode:
        pytest.skip("bubblewrap is installed and does not work here: no user namespaces?")
    return Bubblewrap(Path(program))


@dataclass
class World:
    """What there is to steal and to break, and a folder that the model may write."""

    home: Path
    scratch: Path
    victim: subprocess.Popen[bytes]
    tcp: socket.socket
    udp: socket.socket
    tcp6: socket.socket | None
    abstract: socket.socket
    named: socket.socket
    caught: list[bytes] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, object]:
        """What an attacker is told, more than one would ever know."""
        return {
            "home": str(self.home),
            "scratch": str(self.scratch),
            "gate": os.getpid(),
            "victim": self.victim.pid,
            "tcp": self.tcp.getsockname()[1],
            "udp": self.udp.getsockname()[1],
            "tcp6": self.tcp6.getsockname()[1] if self.tcp6 else 0,
            "abstract": self.abstract.getsockname().decode(),
            "shm": f"/dev/shm/proctor-attack-{self.tcp.getsockname()[1]}",
        }

    def run(self, launcher: Launcher, source: str, limits: Limits = PATIENCE) -> Finished:
        """Run an attack with the facts as global names."""
        code = f"globals().update({self.facts!r})\n{textwrap.dedent(source)}"
        (self.scratch / "attack.py").write_text(code)
        environment = scrubbed_environment(os.environ | {"PROCTOR_KEY": SECRET}, self.scratch)
        argv = (sys.executable, "-I", "-S", str(self.scratch / "attack.py"))
        return launcher.run(
            Job(argv=argv, cwd=self.scratch, environment=environment, writable=(self.scratch,), limits=limits)
        )


def listening(kind: int, address: object, family: int = socket.AF_INET) -> socket.socket:
    """A socket that an attack would like to reach."""
    made = socket.socket(family, kind)
    made.bind(address)
    made.settimeout(0.3)
    if kind == socket.SOCK_STREAM:
        made.listen()
    return made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Labels, ledger and key on disk; another process with a secret in its environment; listeners of every kind."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("labels.csv", "ledger.db", "key"):
        (home / name).write_text(SECRET)
    victim = subprocess.Popen(["sleep", "60"], env={"TOKEN": SECRET, "PATH": os.environ["PATH"]}, cwd=home)
    sockets = [
        listening(socket.SOCK_STREAM, ("127.0.0.1", 0)),
        listening(socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        listening(socket.SOCK_STREAM, "\0proctor-" + os.urandom(8).hex(), socket.AF_UNIX),
        listening(socket.SOCK_STREAM, str(home / "socket"), socket.AF_UNIX),
    ]
    try:
        tcp6 = listening(socket.SOCK_STREAM, ("::1", 0), socket.AF_INET6)
    except OSError:
        tcp6 = None
    with scratch.folder(scratch.memory()) as own:
        yield World(home, own, victim, sockets[0], sockets[1], tcp6, sockets[2], sockets[3])
    victim.kill()
    victim.wait()
    for made in filter(None, [*sockets, tcp6]):
        made.close()


# --- theft and damage: one program each, and how its success shows outside ----------------------------------------


def secret_was_printed(world: World, finished: Finished) -> bool:
    return SECRET in finished.output_tail


def done_was_printed(world: World, finished: Finished) -> bool:
    return "done" in finished.output_tail


def file_appeared(world: World, finished: Finished) -> bool:
    return (world.home / "forbidden").exists()


def mode_changed(world: World, finished: Finished) -> bool:
    return (world.home / "labels.csv").stat().st_mode & 0o777 == 0o606


def time_changed(world: World, finished: Finished) -> bool:
    return (world.home / "labels.csv").stat().st_mtime == 1


def message_left_in_memory(world: World, finished: Finished) -> bool:
    left = Path(str(world.facts["shm"]))
    if left.exists():
        left.unlink()
        return True
    return False


def victim_was_harmed(world: World, finished: Finished) -> bool:
    try:
        return world.victim.wait(0.3) != 0
    except subprocess.TimeoutExpired:
        return False


def reached(name: str) -> Callable[[World, Finished], bool]:
    def was_reached(world: World, finished: Finished) -> bool:
        listener: socket.socket = getattr(world, name)
        try:
            if listener.type == socket.SOCK_DGRAM:
                return listener.recv(10) == b"hello"
            listener.accept()[0].close()
        except TimeoutError:
            return False
        return True

    return was_reached


STEAL = "print(open({!r}.format(**globals())).read())"
LIBC = "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"

ATTACKS: dict[str, tuple[str, Callable[[World, Finished], bool]]] = {
    "read the labels": (STEAL.format("{home}/labels.csv"), secret_was_printed),
    "read the ledger": (STEAL.format("{home}/ledger.db"), secret_was_printed),
    "read the key": (STEAL.format("{home}/key"), secret_was_printed),
    "read the labels through a link": (
        "import os; os.symlink(home + '/labels.csv', 'l'); print(open('l').read())",
        secret_was_printed,
    ),
    "read the labels through a hard link": (
        "import os; os.link(home + '/labels.csv', home + '/other'); print(open(home + '/other').read())",
        secret_was_printed,
    ),
    "read the labels through another's root": (
        STEAL.format("/proc/{victim}/root{home}/labels.csv"),
        secret_was_printed,
    ),
    "read the labels through another's folder": (STEAL.format("/proc/{victim}/cwd/labels.csv"), secret_was_printed),
    "read the labels with a helper program": ("import os; os.system(f'cat {home}/labels.csv')", secret_was_printed),
    "read another's environment": (STEAL.format("/proc/{victim}/environ"), secret_was_printed),
    "read another's memory": (
        """
        for line in open(f"/proc/{victim}/maps"):
            if "[stack]" in line:
                low, high = (int(part, 16) for part in line.split()[0].split("-"))
        memory = open(f"/proc/{victim}/mem", "rb", 0)
        memory.seek(low)
        found = memory.read(high - low)
        print(found[found.index(b"TOKEN="):][:40].decode())
        """,
        secret_was_printed,
    ),
    "see other processes": ("import os; os.listdir('/proc').index(str(victim)); print('do' + 'ne')", done_was_printed),
    "connect over TCP": ("import socket; socket.create_connection(('127.0.0.1', tcp))", reached("tcp")),
    "connect over IPv6": ("import socket; socket.create_connection(('::1', tcp6))", reached("tcp6")),
    "send over UDP": (
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'hello', ('127.0.0.1', udp))",
        reached("udp"),
    ),
    "connect to an abstract socket": (
        "import socket; socket.socket(socket.AF_UNIX).connect(abstract)",
        reached("abstract"),
    ),
    "connect to a named socket": (
        "import socket; socket.socket(socket.AF_UNIX).connect(home + '/socket')",
        reached("named"),
    ),
    "write outside": ("open(home + '/forbidden', 'w').write('x')", file_appeared),
    "move outside": (
        "import os, shutil; open('x', 'w'); shutil.move('x', home + '/forbidden')",
        file_appeared,
    ),
    "change a mode outside": ("import os; os.chmod(home + '/labels.csv', 0o606)", mode_changed),
    "change a time outside": ("import os; os.utime(home + '/labels.csv', (1, 1))", time_changed),
    "truncate outside": (
        "import os; os.truncate(home + '/labels.csv', 0); os.rename(home + '/labels.csv', home + '/forbidden')",
        file_appeared,
    ),
    "leave a message in shared memory": ("open(shm, 'w').write('inputs')", message_left_in_memory),
    "signal another process": ("import os; os.kill(victim, 15)", victim_was_harmed),
    "signal every process of its user": (
        # the victim alone: without isolation, kill(-1) would end the machine
        "import os; os.kill(os.getppid(), 0); os.kill(victim, 9)",
        victim_was_harmed,
    ),
    "leave a System V segment": (
        LIBC + "found = libc.shmget(0, 4096, 0o1600)\nif found >= 0: libc.shmctl(found, 0, None); print('do' + 'ne')",
        done_was_printed,
    ),
    "leave the process group": (
        "import os; os.fork() and os.wait() or (os.setsid(), print('do' + 'ne', flush=True)); os._exit(0)",
        done_was_printed,
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack__succeeds_without_isolation(world, name):
    """The attack is a real one: in the plain launcher it does what it is meant to do."""
    source, succeeded = ATTACKS[name]
    if "tcp6" in source and world.tcp6 is None:
        pytest.skip("this machine has no IPv6")
    if "memory" in name and os.geteuid() != 0:
        pytest.skip("reading memory takes a privilege here")

    finished = world.run(PlainLauncher(), source)

    assert succeeded(world, finished), finished


@pytest.mark.parametrize("name", ATTACKS)
def test_attack__fails_in_the_sandbox(world, launcher, name):
    """The same program achieves nothing under isolation."""
    source, succeeded = ATTACKS[name]
    if "tcp6" in source and world.tcp6 is None:
        pytest.skip("this machine has no IPv6")

    finished = world.run(launcher, source)

    assert not succeeded(world, finished), finished
    assert launcher.tier == finished.tier
    assert SECRET == (world.home / "labels.csv").read_text()


SYSTEM_CALLS = {
    "ptrace": (101, 117, "16, victim, 0, 0"),
    "process_vm_readv": (310, 270, "victim, 0, 0, 0, 0, 0"),
    "unshare": (272, 97, "0x10020000"),
    "mount": (165, 40, "b'none', b'/tmp', b'tmpfs', 0, 0"),
    "umount2": (166, 39, "b'/proc', 2"),
    "pivot_root": (155, 41, "b'/', b'/'"),
    "io_uring_setup": (425, 425, "8, ctypes.create_string_buffer(120)"),
    "bpf": (321, 280, "0, 0, 0"),
    "add_key": (248, 217, "b'user', b'left', b'inputs', 6, -3"),
    "keyctl": (250, 219, "0, -3, 1"),
    "perf_event_open": (298, 241, "0, 0, 0, 0, 0"),
    "userfaultfd": (323, 282, "0"),
    "init_module": (175, 105, "0, 0, 0"),
    "setns": (308, 268, "0, 0"),
    "open_by_handle_at": (304, 265, "0, 0, 0"),
    "reboot": (169, 142, "0, 0, 0, 0"),
}


@pytest.mark.parametrize("call", SYSTEM_CALLS)
def test_system_call__is_refused(world, launcher, call):
    """Calls that reach into other processes, mounts, namespaces and the kernel answer EPERM, also in children."""
    intel, arm, arguments = SYSTEM_CALLS[call]
    number = intel if os.uname().machine == "x86_64" else arm
    attack = f"import os; os.fork()\nprint(libc.syscall({number}, {arguments}), ctypes.get_errno(), flush=True)"

    finished = world.run(launcher, LIBC + attack)

    assert {"-1 1"} == set(finished.output_tail.split("\n")) - {""}, finished


def test_environment__holds_no_key(world, launcher):
    """The model's environment has neither the gate's key nor anything else that was not let through."""
    finished = world.run(launcher, "import os; print(sorted(os.environ), os.environ)")

    assert SECRET not in finished.output_tail
    assert "PROCTOR" not in finished.output_tail


def test_descriptors__are_not_inherited(world, launcher):
    """A file that the gate has open, even as inheritable, is no descriptor of the model's."""
    attack = """
    import os
    for number in range(3, 256):
        try:
            print(number, os.fstat(number).st_ino, os.pread(number, 100, 0))
        except OSError:
            pass
    """
    with (world.home / "labels.csv").open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        # the attack is capable: handed the descriptor on purpose, it reads the labels
        code = textwrap.dedent(attack)
        handed = subprocess.run([sys.executable, "-c", code], pass_fds=[file.fileno()], capture_output=True, check=True)
        finished = world.run(launcher, attack)

    assert SECRET.encode() in handed.stdout
    assert SECRET not in finished.output_tail


def test_readable__is_seen_and_cannot_be_written(world, launcher):
    """A declared file is there under its name, its neighbor is not, and neither is writable."""
    shown = world.home / "features.csv"
    shown.write_text("features")
    attack = f"""
    import os
    def can_read(name):
        try:
            return bool(open(name).read())
        except OSError:
            return False
    print(open({str(shown)!r}).read(), os.path.exists("/etc/shadow") and can_read("/etc/shadow"))
    for name in ({str(shown)!r}, home + "/labels.csv", "/usr/x", "/etc/x"):
        try:
            open(name, "a").write("x")
            print("opened" if "labels" not in name else "an empty file of its own", name)
        except OSError:
            pass
    """
    before = (shown.read_text(), (world.home / "labels.csv").read_text())
    (world.scratch / "attack.py").write_text(f"home = {str(world.home)!r}\n{textwrap.dedent(attack)}")
    argv = (sys.executable, "-I", "-S", str(world.scratch / "attack.py"))

    finished = launcher.run(
        Job(argv=argv, cwd=world.scratch, environment={}, readable=(shown,), writable=(world.scratch,))
    )

    assert finished.output_tail.startswith("features False")
    assert "opened" not in finished.output_tail
    assert before == (shown.read_text(), (world.home / "labels.csv").read_text())


# --- exhaustion ---------------------------------------------------------------------------------------------------


def test_fork_without_end__is_stopped(world, launcher):
    """
    A fork bomb is ended soon, and nothing of it is left.

    This one stops by itself at 256 processes, so that a sandbox that fails does not take the machine along.
    """
    marker = f"bomb-{os.urandom(6).hex()}"
    name = f"libc.prctl(15, {marker[:15].encode()!r})"
    bomb = f"import os, time\n{name}\nfor _ in range(8): os.fork()\ntime.sleep(19)\nprint('survived')"
    finished = world.run(launcher, LIBC + bomb, Limits(seconds=20, processes=16))

    assert "more than 16 processes" in finished.output_tail
    assert "survived" not in finished.output_tail
    assert not finished.timed_out
    assert [] == [pid for pid in Path("/proc").iterdir() if pid.name.isdigit() and named(pid, marker[:15])]


def named(process: Path, name: str) -> bool:
    try:
        return (process / "comm").read_text().strip() == name
    except OSError:
        return False


DISK = {
    "one file": "open('big', 'wb').write(bytes(32 << 20))",
    "many files": "for i in range(64): open(f'f{i}', 'wb').write(bytes(4 << 20))\nimport time; time.sleep(10)",
    "files without names": """
        import os, time
        kept = []
        for i in range(64):
            kept.append(open('f', 'wb', 0)); kept[-1].write(bytes(4 << 20)); os.unlink('f')
        time.sleep(10)
        """,
    "memory files": """
        import os, time
        for i in range(64):
            os.write(os.memfd_create('x'), bytes(4 << 20))
        time.sleep(10)
        """,
    "files too deep to look at": """
        import os, time
        for _ in range(2_500):
            os.mkdir('d'); os.chdir('d')
        for i in range(64): open(f'f{i}', 'wb').write(bytes(4 << 20))
        time.sleep(10)
        """,
}


@pytest.mark.parametrize("name", DISK)
def test_filling_the_disk__is_stopped(world, launcher, name):
    """Neither one large file nor many small ones, with names or without, get past the limit."""
    finished = world.run(launcher, DISK[name], Limits(seconds=9, file_bytes=8 << 20))

    assert finished.returncode != 0, finished.output_tail
    assert not finished.timed_out
    assert sum(path.stat().st_size for path in world.scratch.iterdir()) < 400 << 20


def test_allocating_without_end__is_stopped(world, launcher):
    """One process cannot hold more memory than the limit."""
    finished = world.run(launcher, "kept = []\nwhile True: kept.append(bytes(50 << 20))", Limits(20, 512 << 20))

    assert "MemoryError" in finished.output_tail
    assert finished.returncode != 0


def test_allocating_in_many_processes__is_stopped(world, launcher):
    """Nor can many processes together, each of them within the limit."""
    attack = "import os, time\nfor i in range(3): os.fork()\nkept = bytearray(os.urandom(1 << 20)) * 60\ntime.sleep(15)"

    finished = world.run(launcher, attack, Limits(15, 256 << 20))

    assert "bytes of memory" in finished.output_tail
    assert not finished.timed_out


def test_sharing_memory_without_end__is_stopped(world, launcher):
    """Memory that processes share counts as well as their own."""
    attack = """
    import mmap, os, time
    for i in range(4):
        if os.fork() == 0:
            shared = mmap.mmap(-1, 120 << 20)
            for place in range(0, len(shared), 4096): shared[place] = 1
            time.sleep(15)
    time.sleep(15)
    """

    finished = world.run(launcher, attack, Limits(15, 256 << 20))

    assert "bytes of memory" in finished.output_tail


def test_sharing_memory__counts_once(world, launcher):
    """A large array that workers share, as joblib's do, is not counted for each of them."""
    work = """
    import mmap, os, time
    shared = mmap.mmap(-1, 100 << 20)
    for place in range(0, len(shared), 4096): shared[place] = 1
    children = [os.fork() for i in range(1)]
    total = sum(shared[place] for place in range(0, len(shared), 4096))
    time.sleep(0.3)
    print(total)
    """

    finished = world.run(launcher, work, Limits(15, 180 << 20))

    assert finished.returncode == 0, finished


def test_processes__as_many_as_allowed(world, launcher):
    """A model may run as many processes as its limit says; what the tier itself runs does not count."""
    work = "import os, time\nfor i in range(3):\n    if os.fork() == 0: time.sleep(0.3); os._exit(0)\ntime.sleep(0.3)"

    assert world.run(launcher, work, Limits(15, processes=4)).returncode == 0
    assert world.run(launcher, work, Limits(15, processes=3)).returncode != 0


@pytest.mark.parametrize("abi", [3, 4, 5])
def test_landlock__protects_with_earlier_kernels(world, monkeypatch, abi):
    """Where Landlock does not govern signals and sockets yet, seccomp does: attacks fail, and models run."""
    if landlock.version() < abi:
        pytest.skip(f"this kernel has no Landlock {abi}")
    monkeypatch.setattr(landlock, "version", lambda: abi)

    for name in ("signal another process", "connect over TCP", "connect to an abstract socket", "truncate outside"):
        source, succeeded = ATTACKS[name]
        assert not succeeded(world, world.run(landlock.Landlock(), source)), name
    assert world.run(landlock.Landlock(), "open('x', 'w').write('works'); print('works')").output_tail == "works\n"


def test_hanging__is_ended_at_the_limit(world, launcher):
    """A model that never ends is ended, with its children, and the result says why."""
    finished = world.run(launcher, "import os, time\nos.fork()\ntime.sleep(60)", Limits(seconds=0.5))

    assert finished.timed_out
    assert finished.returncode < 0


def test_flooding_the_output__is_bounded(world, launcher):
    """Any amount of output is drained, and only its end is kept."""
    finished = world.run(launcher, "for i in range(300): print('x' * 10000)\nprint('end')")

    assert finished.returncode == 0
    assert finished.output_tail.endswith("end\n")
    assert len(finished.output_tail) <= 4096


# --- outliving ----------------------------------------------------------------------------------------------------

SURVIVOR = """
import os, time
if os.fork() == 0:
    try: os.setsid()
    except OSError: pass
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(0.5)
        os.replace("forged.csv", "result.csv")
    os._exit(0)
os.wait()
open("result.csv", "w").write("honest")
open("forged.csv", "w").write("forged")
"""


def test_outliving__works_without_isolation(world):
    """A twice-forked process in a session of its own survives the plain launcher and replaces the result."""
    world.run(PlainLauncher(), SURVIVOR)
    time.sleep(0.8)

    assert "forged" == (world.scratch / "result.csv").read_text()


def test_outliving__fails_in_the_sandbox(world, launcher):
    """No process is left when the launcher returns: what was written then stays as it is."""
    finished = world.run(launcher, SURVIVOR)
    time.sleep(0.8)

    assert finished.returncode == 0, finished
    assert b"honest" == scratch.take(world.scratch / "result.csv", 100)


GATE = """
import sys
from pathlib import Path
from proctor.models.child import Job
from proctor.models.sandbox import candidates
folder, tier = Path(sys.argv[1]), sys.argv[2]
[launcher] = [found for found in candidates() if found.tier == tier]
argv = (sys.executable, "-I", "-S", str(folder / "attack.py"))
launcher.run(Job(argv=argv, cwd=folder, environment={}, writable=(folder,)))
"""


def test_gate_killed__nothing_of_the_model_survives(world, launcher):
    """When the gate is killed outright, the model and its grandchildren die with it."""
    attack = "import os, time\nos.fork(); os.fork()\nwhile True:\n    open('pulse', 'a').write('.'); time.sleep(0.02)"
    (world.scratch / "attack.py").write_text(attack)
    gate = subprocess.Popen([sys.executable, "-c", GATE, str(world.scratch), launcher.tier])
    pulse = world.scratch / "pulse"
    deadline = time.monotonic() + 10
    while not pulse.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    gate.kill()
    gate.wait()
    time.sleep(0.5)
    before = pulse.stat().st_size
    time.sleep(0.3)

    assert before > 0
    assert before == pulse.stat().st_size


# --- forging the result -------------------------------------------------------------------------------------------

FORGERIES = {
    "link to the labels": "import os; os.symlink(home + '/labels.csv', 'result.csv')",
    "pipe": "import os; os.mkfifo('result.csv')",
    "folder": "import os; os.mkdir('result.csv')",
    "second name of a file": "import os; open('x', 'w').write('x'); os.link('x', 'result.csv')",
    "larger than allowed": "open('result.csv', 'wb').truncate(1 << 40)",
    "nothing": "",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_take__refuses_forged_results(world, launcher, name):
    """What is not an ordinary file of the declared size is refused at once, without following or waiting."""
    finished = world.run(launcher, FORGERIES[name])
    assert finished.returncode == 0, finished

    with pytest.raises(ModelError, match=r"result\.csv"):
        scratch.take(world.scratch / "result.csv", 1000)


# --- honest models ------------------------------------------------------------------------------------------------

HONEST = """
import numpy, joblib
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
inputs, labels = load_iris(return_X_y=True)
model = RandomForestClassifier(10, n_jobs=2, random_state=0).fit(inputs, labels)
joblib.dump(model, "model.joblib")
numpy.save("result.npy", joblib.load("model.joblib").predict(inputs))
square = numpy.random.default_rng(0).random((400, 400))
print(joblib.Parallel(n_jobs=2)(joblib.delayed(pow)(i, 2) for i in range(3)), (square @ square).shape)
"""


def test_honest_model__works(world, launcher):
    """scikit-learn with threads, joblib's workers, linear algebra and files work under generous limits."""
    (world.scratch / "honest.py").write_text(HONEST)
    environment = scrubbed_environment(os.environ, world.scratch)
    job = Job(
        argv=(sys.executable, "honest.py"),
        cwd=world.scratch,
        environment=environment,
        writable=(world.scratch,),
        limits=Limits(seconds=60, memory_bytes=8 << 30, processes=32, file_bytes=64 << 20),
    )

    finished = launcher.run(job)

    assert finished.returncode == 0, finished
    assert "[0, 1, 4] (400, 400)" in finished.output_tail
    assert (world.scratch / "result.npy").stat().st_size > 150


def test_death_by_signal__is_told(world, launcher):
    """A model that crashes is told from one that exits, in every tier alike."""
    crash = world.run(launcher, "import os, signal; signal.signal(11, 0); os.kill(os.getpid(), 11)")
    code = world.run(launcher, "raise SystemExit(7)")

    assert (-11, 7) == (crash.returncode, code.returncode)


def test_missing_program__is_an_error(world, launcher):
    """A program that is not there did not start, and the error says so in words."""
    with pytest.raises(NotStarted, match="was not found"):
        launcher.run(Job(argv=("absent-program",), cwd=world.scratch, environment={}, writable=(world.scratch,)))
