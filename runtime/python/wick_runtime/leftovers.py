"""What init has left behind that a fork would not have, or would share with other forks: threads, processes, connections,
files."""
import gc
import os
import re
import socket
import struct
import sys
import threading
import time

SETTLE_MAX_SECONDS = 1.0


def _read(file):
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return opened.read()
    except OSError:  # it has ended meanwhile
        return ""


def _descriptors():
    """Descriptors of this process: number -> what it is open for."""
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:  # the descriptor by which the folder was read
            continue
    return found


def _is_shared(fd, what):
    """Whether forks would hand each other something by it."""
    if what.startswith(("pipe:", "anon_inode:", "/memfd:")):
        return True
    flags = re.search(r"^flags:\s+([0-7]+)$", _read(f"/proc/self/fdinfo/{fd}"), re.MULTILINE)
    is_writable = flags and int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY
    return bool(is_writable) and what.startswith("/") and not what.startswith("/dev/null")


def _shared_mappings():
    """Memory that forks would share, as multiprocessing's locks are: lines of the map."""
    return {line for line in _read("/proc/self/maps").splitlines() if re.match(r"\S+ .w.s ", line)}


def _children():
    """Processes that this one has started, and theirs when those have ended: the kernel gives them to this one's parent.

    That is the sandbox's first process, which has no other children.
    """
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        match = re.search(r"\((.*)\) (\w) (\d+) ", _read(f"/proc/{pid}/stat"), re.DOTALL)
        if not match or int(pid) == os.getpid():
            continue
        name, state, parent = match.groups()
        if state != "Z" and int(parent) in (os.getpid(), os.getppid()):
            found.append(f"{pid} ({name})")
    return found


def _address(text):
    """0100007F:1538 -> 127.0.0.1:5432. The address is in words of the machine's byte order."""
    words, port = text.split(":")
    raw = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
    host = socket.inet_ntop(socket.AF_INET, raw) if len(raw) == 4 else f"[{socket.inet_ntop(socket.AF_INET6, raw)}]"
    return f"{host}:{int(port, 16)}"


def _describe_socket(inode):
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in _read(f"/proc/self/net/{protocol}").splitlines()[1:]:
            columns = line.split()
            if columns[9] == inode:
                peer = _address(columns[2])
                return f"listening at {_address(columns[1])}" if peer.endswith(":0") else peer
    return "a local socket"


def _files():
    """What only this sandbox has; a fork's folders are empty."""
    return [f"{folder}/{name}" for folder in ("/tmp", "/dev/shm") for name in sorted(os.listdir(folder))]


def _count(number, one, many=None):
    return f"a {one}" if number == 1 else f"{number} {many or one + 's'}"


def _close_idle_connections():
    """urllib3 (botocore's, requests') keeps connections for the next request; its pools make new ones when they need them."""
    module = sys.modules.get("urllib3.poolmanager")
    if module:
        for manager in [one for one in gc.get_objects() if isinstance(one, module.PoolManager)]:
            manager.clear()


class Leftovers:
    """To be made before the function's code is loaded."""

    def __init__(self):
        self._threads = set(os.listdir("/proc/self/task"))
        self._descriptors = _descriptors()
        self._mappings = _shared_mappings()
        self._files = set(_files())

    def find(self):
        """Gives what is under way a moment to end. Returns a sentence, or None if there is nothing."""
        _close_idle_connections()
        end = time.monotonic() + SETTLE_MAX_SECONDS
        pause = 0.001
        while (reason := self._look()) and time.monotonic() < end:
            time.sleep(pause)
            pause *= 2
        return reason

    def _look(self):
        children = _children()
        if children:
            return f"Init left {_count(len(children), 'child process', 'child processes')} running: {', '.join(children)}."
        threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        if not threads:  # or such as Python does not know
            threads = [_read(f"/proc/self/task/{task}/comm").strip() for task in set(os.listdir("/proc/self/task")) - self._threads]
        if threads:
            return f"Init left {_count(len(threads), 'thread')} running: {', '.join(threads)}."
        opened = {fd: what for fd, what in _descriptors().items() if self._descriptors.get(fd) != what}
        sockets = [what[8:-1] for what in opened.values() if what.startswith("socket:")]
        if sockets:
            return f"Init left {_count(len(sockets), 'connection')} open: {', '.join(map(_describe_socket, sockets))}."
        shared = [what for fd, what in opened.items() if _is_shared(fd, what)]
        if shared:
            return f"Init left {_count(len(shared), 'descriptor')} open that forks would share: {', '.join(shared)}."
        if _shared_mappings() - self._mappings:
            return "Init left shared memory mapped, such as a lock of multiprocessing."
        files = [name for name in _files() if name not in self._files]
        if files:
            return f"Init left {_count(len(files), 'file')} behind: {', '.join(files[:5])}{' ...' if len(files) > 5 else ''}."
        return None
