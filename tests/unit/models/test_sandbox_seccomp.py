"""The filter of system calls, run on an interpreter of BPF: what it answers to every call that matters."""

from __future__ import annotations

import struct

import pytest

from proctor.models.sandbox import seccomp

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
READ = {"x86_64": 0, "aarch64": 63}
CLONE = {"x86_64": 56, "aarch64": 220}
SOCKETPAIR = {"x86_64": 53, "aarch64": 199}
IOCTL = {"x86_64": 16, "aarch64": 29}
CLONE3 = 435
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def answer(program: bytes, number: int, architecture: int, *arguments: int) -> int:
    """What the kernel would answer: the four kinds of instruction that the filter uses, interpreted."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", program))
    place, register = 0, 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        match code:
            case 0x20:
                register = struct.unpack_from("=I", data, value)[0]
            case 0x15 | 0x35 | 0x45:
                held = {0x15: register == value, 0x35: register >= value, 0x45: bool(register & value)}[code]
                place += if_true if held else if_false
            case 0x06:
                return value


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request):
    """Both machines that have a filter."""
    return request.param


def built(machine: str, *, private_files: bool = True, private_processes: bool = True) -> bytes:
    program = seccomp.program(machine, private_files=private_files, private_processes=private_processes)
    assert program is not None
    return program


@pytest.mark.parametrize("table", ["ALWAYS", "WITHOUT_MOUNTS", "SIGNALS"])
def test_program__refuses_its_tables(machine, table):
    """Every call of a table that applies answers EPERM; of one that does not apply, it is allowed."""
    column = seccomp.MACHINES[machine].column
    numbers = [row[column] for row in getattr(seccomp, table).values() if row[column] is not None]
    strict = built(machine, private_files=False, private_processes=False)
    lenient = built(machine)

    assert {EPERM} == {answer(strict, number, AUDIT[machine]) for number in numbers}
    expected = EPERM if table == "ALWAYS" else ALLOW
    assert {expected} == {answer(lenient, number, AUDIT[machine]) for number in numbers}


def test_program__allows_the_rest(machine):
    """An ordinary call passes."""
    assert ALLOW == answer(built(machine), READ[machine], AUDIT[machine])


def test_program__kills_other_architectures(machine):
    """The numbers of another architecture mean other calls: i386 under x86_64 and x32 end the process."""
    program = built(machine)

    assert KILL == answer(program, 0, 0x40000003)
    if machine == "x86_64":
        assert KILL == answer(program, 0x40000000 | 41, AUDIT[machine])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0x01200011, ALLOW),
        (0x003D0F00, ALLOW),
        (0x10000000, EPERM),
        (0x20000, EPERM),
        (0x40000000, EPERM),
        (0x80, EPERM),
    ],
)
def test_program__allows_threads_and_refuses_namespaces(machine, flags, expected):
    """fork and thread creation pass; any flag of a new namespace does not."""
    assert expected == answer(built(machine), CLONE[machine], AUDIT[machine], flags)


def test_program__makes_libraries_fall_back_from_clone3(machine):
    """clone3 is said not to exist, so that the C library uses clone, whose flags can be seen."""
    assert ENOSYS == answer(built(machine), CLONE3, AUDIT[machine])


@pytest.mark.parametrize(("family", "expected"), [(1, ALLOW), (2, EPERM), (10, EPERM), (16, EPERM)])
def test_program__allows_pairs_of_unix_sockets_alone(machine, family, expected):
    """A pair of connected sockets leads nowhere outside; every other family is refused."""
    assert expected == answer(built(machine), SOCKETPAIR[machine], AUDIT[machine], family)


@pytest.mark.parametrize(("request_", "expected"), [(0x5401, ALLOW), (0x40086602, EPERM), (0x401C5820, EPERM)])
def test_program__refuses_attributes_through_ioctl(machine, request_, expected):
    """A file's attributes are no way to leave a message; other requests pass."""
    assert expected == answer(built(machine), IOCTL[machine], AUDIT[machine], 3, request_)


def test_program__is_short_enough_for_the_kernel(machine):
    """The kernel takes at most 4,096 instructions, and a jump reaches 255."""
    program = built(machine, private_files=False, private_processes=False)

    assert len(program) % 8 == 0
    assert len(program) // 8 <= 4096


def test_program__is_none_for_an_unknown_machine():
    """A machine whose numbers are not known here has no filter, rather than a wrong one."""
    assert seccomp.program("riscv64", private_files=True, private_processes=True) is None
