"""What an owner opens in the sandbox: devices that are used, folders that are read, and what would open too much."""

from __future__ import annotations

import errno
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.errors import Misuse, NotStarted
from proctor.models.child import Job, Limits
from proctor.models.sandbox import candidates, confines
from proctor.models.sandbox.confinement import rlimits
from proctor.models.sandbox.openings import Openings, openings

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the sandbox is Linux's")

# Opens a device to read and write, and has its driver answer a request that no driver knows.
USE = """
import ctypes, fcntl, os, sys
try:
    device = os.open(sys.argv[1], os.O_RDWR)
except OSError as error:
    raise SystemExit(f"not opened: {error.errno}")
try:
    fcntl.ioctl(device, 0x5A5A5A)
except OSError as error:
    print("answered", error.errno)
"""


@pytest.fixture(params=["bubblewrap", "landlock"])
def launcher(request):
    """Each kind of isolation that works here."""
    found = [each for each in candidates() if each.tier == request.param and confines(each)]
    if not found:
        pytest.skip(f"{request.param} does not work on this machine")
    return found[0]


@pytest.fixture
def device():
    """Give a device that can be opened by this user, and that no model is given by itself."""
    for name in ("kvm", "fuse", "net/tun", "loop-control", "rtc0", "dri/renderD128", "nvidiactl"):
        path = Path("/dev", name)
        try:
            os.close(os.open(path, os.O_RDWR))
        except OSError:
            continue
        return path
    pytest.skip("this machine has no device that could be opened")
    return None


def use(launcher, device, folder, *opened):
    argv = (sys.executable, "-I", "-S", "-c", USE, str(device))
    return launcher.run(
        Job(argv=argv, cwd=folder, environment={}, writable=(folder,), devices=opened, limits=Limits(20, 1 << 30))
    )


def test_device__is_closed_unless_it_is_named(launcher, device, tmp_path):
    """A model cannot open a device, whoever it runs as."""
    finished = use(launcher, device, tmp_path)

    assert (1, "not opened") == (finished.returncode, finished.output_tail[:10]), finished


def test_device__is_read_written_and_controlled_where_it_is_named(launcher, device, tmp_path):
    """The driver itself answers: neither mounts, nor Landlock, nor seccomp stand between."""
    finished = use(launcher, device, tmp_path, device)

    assert 0 == finished.returncode, finished
    assert f"answered {errno.EACCES}" != finished.output_tail.strip()
    assert f"answered {errno.EPERM}" != finished.output_tail.strip()


def test_device__opens_no_other(launcher, device, tmp_path):
    """Naming one device opens that one alone."""
    finished = use(launcher, device, tmp_path, Path("/dev/full"))

    assert 1 == finished.returncode, finished


@pytest.mark.skipif(not hasattr(os, "mknod") or os.geteuid() != 0, reason="only root makes devices")
def test_devices__of_a_folder_can_be_listed(launcher, tmp_path):
    """Libraries find a GPU by listing its folder, which shows the devices in it."""
    if not Path("/dev/net/tun").exists():
        pytest.skip("this machine has no folder of devices")
    opened = openings(["/dev/net"], [], [])
    code = "import os; print(os.listdir('/dev/net'))"

    finished = launcher.run(
        Job(argv=(sys.executable, "-I", "-S", "-c", code), cwd=tmp_path, environment={}, devices=opened.devices)
    )

    assert "['tun']" == finished.output_tail.strip()


def test_folder__is_read_and_not_written(launcher, tmp_path):
    """What lies in a folder that is opened can be read there; nothing can be changed, and no link leads out of it."""
    opened, own = tmp_path / "cuda", tmp_path / "own"
    (opened / "lib").mkdir(parents=True)
    own.mkdir()
    (opened / "lib/libcuda.txt").write_text("driver")
    (tmp_path / "secret").write_text("s3cret")
    (opened / "out").symlink_to(tmp_path / "secret")
    code = f"""
print(open({str(opened / "lib/libcuda.txt")!r}).read())
for path, mode in (({str(opened / "lib/new")!r}, "w"), ({str(opened / "out")!r}, "r")):
    try:
        print(open(path, mode).read(), "was opened")
    except OSError:
        pass
"""
    found = openings([], [str(opened)], [])
    job = Job(
        argv=(sys.executable, "-I", "-S", "-c", code), cwd=own, environment={}, readable=found.folders, writable=(own,)
    )

    assert "driver" == launcher.run(job).output_tail.strip()
    assert "driver" not in launcher.run(replace(job, readable=())).output_tail


def test_rlimits__leave_addresses_to_a_driver():
    """A GPU's driver reserves more addresses than there is memory: what is in use is bounded by the supervisor."""
    limits = Limits(10, memory_bytes=1 << 30)

    assert 1 == len(rlimits(limits, 1)) - len(rlimits(limits, 1, has_devices=True))


def test_openings__are_kept_as_they_were_named(tmp_path):
    """Folders may be links, as /usr/local/cuda is one; what is named twice is opened once."""
    (tmp_path / "cuda-12").mkdir()
    (tmp_path / "cuda").symlink_to("cuda-12")

    found = openings(["/dev/null", "/dev/null"], [str(tmp_path / "cuda"), "/proc/driver"], [])

    assert Openings((Path("/dev/null"),), (tmp_path / "cuda", Path("/proc/driver"))) == found


@pytest.mark.parametrize("key", ["devices", "folders"])
def test_openings__that_are_not_here(key):
    """A machine without the GPU is told what it lacks; the model has not begun, and nothing is charged."""
    absent = "/dev/nvidia4711"

    with pytest.raises(NotStarted, match=f"no '{absent}', which `{key}` of `sandbox`.*\n.*Nothing was spent"):
        openings(**{"devices": [], "folders": [], key: [absent]}, hidden=[])


@pytest.mark.parametrize("path", ["/dev/shm", "/dev/mem", "/dev/tty", "/dev/ptmx", "/dev/stdin", "/dev/kmsg"])
def test_openings__no_device_that_is_none(path):
    """Memory, terminals, other files and folders without devices are no devices that models compute on."""
    if not Path(path).exists():
        pytest.skip(f"this machine has no {path}")

    with pytest.raises((Misuse, NotStarted), match=path):
        openings([path], [], [])


def test_openings__no_disk():
    """A disk holds everything that folders hide."""
    disks = [path for path in Path("/dev").iterdir() if stat.S_ISBLK(path.lstat().st_mode)]
    if not disks:
        pytest.skip("this machine shows no disk")

    with pytest.raises(Misuse, match="is a disk"):
        openings([str(disks[0])], [], [])


@pytest.mark.parametrize(
    "path",
    ["/usr", "/home", "/etc", "/home/somebody", "/proc", "/proc/1", "/proc/self/root", "/run", "/dev", "/sys", "~"],
)
def test_openings__no_folder_of_the_system(path):
    """A folder that holds a home, other runs or a view of what runs is too wide."""
    folder = Path(path).expanduser()
    if not folder.exists() and folder.parent != Path("/home"):
        pytest.skip(f"this machine has no {folder}")

    with pytest.raises((Misuse, NotStarted), match=str(folder)):
        openings([], [str(folder)], [])


@pytest.mark.parametrize("name", [".", "exam", "exam/images", "link"])
def test_openings__no_folder_with_what_is_hidden(tmp_path, name):
    """Neither a folder that holds something hidden, nor one that lies in it, by whatever name."""
    (tmp_path / "exam/images").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("exam")
    folder = os.path.normpath(tmp_path / name)

    with pytest.raises(Misuse, match="holds more than a model may see"):
        openings([], [folder], [tmp_path / "exam"])
    assert openings([], [str(tmp_path / "other")], [tmp_path / "exam"])


def test_openings__no_file(tmp_path):
    """What is no folder is named."""
    (tmp_path / "weights").write_text("x")

    with pytest.raises(Misuse, match="is not a folder"):
        openings([], [str(tmp_path / "weights")], [])
