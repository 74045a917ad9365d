"""
The filter of system calls, assembled by hand: a few dozen BPF instructions need no libseccomp.

It refuses what a model that reads features and writes predictions never needs: sockets of every family (Landlock
knows neither UDP nor named Unix sockets, a container daemon's for example), other processes' memory, mounts and
namespaces, kernel modules and keyrings, and leaving the process group by which everything is ended.
A refused call answers EPERM, so that libraries fall back as they do on a locked-down machine. Changes of modes, owners
and times answer that they were made, and are not: honest programs make them in passing and would fail for nothing.
Which numbers a call has is the kernel's table for x86_64 and aarch64; other machines have no filter here.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from typing import NamedTuple

Table = dict[str, tuple[int | None, int | None]]
"""Numbers of calls by name, for x86_64 and aarch64; ``None`` where a machine has no such call."""

# struct seccomp_data: number, architecture, instruction pointer, six 64-bit arguments
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000
_AF_UNIX = 1
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW* flag

ALWAYS: Table = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "memfd_secret": (447, 447),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    # System V and POSIX message queues: storage that outlives a process
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}

PRETENDED: Table = {
    # Landlock does not govern a file's attributes: they would be a way to write outside, and to leave a message
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}

WITHOUT_MOUNTS: Table = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
}

SIGNALS: Table = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}

_SOCKETPAIR, _CLONE, _CLONE3, _IOCTL = (53, 199), (56, 220), (435, 435), (16, 29)
_FS_IOC_SETFLAGS, _FS_IOC_FSSETXATTR = 0x40086602, 0x401C5820


class Machine(NamedTuple):
    """An architecture: its audit number and its column in the tables above."""

    audit: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}


def program(machine: str, *, private_files: bool, private_processes: bool) -> bytes | None:
    """
    The filter for *machine*, as 8-byte BPF instructions.

    Args:
        machine: As ``os.uname().machine`` says it.
        private_files: True if mounts already hide what the model may not touch; false refuses changes of attributes.
        private_processes: True if signals already cannot reach other processes; false refuses all signals.

    Returns:
        The instructions, or ``None`` for a machine that is not known here.
    """
    if (known := MACHINES.get(machine)) is None:
        return None
    refused = ALWAYS | ({} if private_files else WITHOUT_MOUNTS) | ({} if private_processes else SIGNALS)
    answers = dict.fromkeys(_numbers(refused, known), errno.EPERM)
    if not private_files:
        answers |= dict.fromkeys(_numbers(PRETENDED, known), 0)
    return b"".join(_instructions(known, answers))


def _numbers(table: Table, machine: Machine) -> list[int]:
    return sorted(number for row in table.values() if (number := row[machine.column]) is not None)


def _instructions(machine: Machine, answers: dict[int, int]) -> Iterator[bytes]:
    yield _step(_LOAD, _ARCHITECTURE)
    yield _step(_EQUAL, machine.audit, 1, 0)
    yield _step(_RETURN, _KILL)  # another architecture's numbers mean other calls
    yield _step(_LOAD, _NUMBER)
    if machine.column == 0:
        yield _step(_AT_LEAST, _X32, 0, 1)
        yield _step(_RETURN, _KILL)
    for number, answer in answers.items():
        yield _step(_EQUAL, number, 0, 1)
        yield _step(_RETURN, _ERRNO | answer)
    # its flags lie behind a pointer, where a filter cannot look; the C library falls back to clone
    yield _step(_EQUAL, _CLONE3[machine.column], 0, 1)
    yield _step(_RETURN, _ERRNO | errno.ENOSYS)
    yield _step(_EQUAL, _CLONE[machine.column], 0, 4)
    yield _step(_LOAD, _FIRST_ARGUMENT)
    yield _step(_ANY_BIT, _NEW_NAMESPACES, 0, 1)
    yield _step(_RETURN, _ERRNO | errno.EPERM)
    yield _step(_RETURN, _ALLOW)
    yield _step(_EQUAL, _IOCTL[machine.column], 0, 5)  # attributes of files once more (chattr)
    yield _step(_LOAD, _SECOND_ARGUMENT)
    yield _step(_EQUAL, _FS_IOC_SETFLAGS, 1, 0)
    yield _step(_EQUAL, _FS_IOC_FSSETXATTR, 0, 1)
    yield _step(_RETURN, _ERRNO | errno.EPERM)
    yield _step(_RETURN, _ALLOW)
    yield _step(_EQUAL, _SOCKETPAIR[machine.column], 0, 3)
    yield _step(_LOAD, _FIRST_ARGUMENT)
    yield _step(_EQUAL, _AF_UNIX, 1, 0)
    yield _step(_RETURN, _ERRNO | errno.EPERM)
    yield _step(_RETURN, _ALLOW)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
