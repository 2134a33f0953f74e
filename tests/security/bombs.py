"""Functions that take all they can get of one thing: BOMB in the environment names it, and BOMB_AT whether in init or in an invocation.

Each holds what it took for HOLD seconds, so that a neighbour would feel it, and says what stopped it.
"""
import array
import ctypes
import errno
import os
import socket
import struct
import sys
import threading
import time

HOLD = 1.0
DONE = {"stopped": "by itself"}
MEMORY_MB = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
libc = ctypes.CDLL(None, use_errno=True)


def until_refused(take):
    """Takes until the kernel says no; returns how often it worked and what it said."""
    taken = 0
    try:
        while True:
            take()
            taken += 1
    except OSError as error:
        said = errno.errorcode[error.errno]
    except RuntimeError as error:
        said = str(error)
    time.sleep(HOLD)
    return {"taken": taken, "stopped": said}


def in_processes(count, work):
    """The same in many processes, which is where a limit of one process ends."""
    children = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            try:
                work()
            finally:
                os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def forks():
    """Each child forks too."""

    def fork():
        if os.fork() == 0:
            until_refused(fork)
            os._exit(0)

    return until_refused(fork)


def busy_processes():
    def burn():
        end = time.monotonic() + 2
        while time.monotonic() < end:
            pass

    in_processes(32, burn)
    return DONE


def threads():
    threading.stack_size(64 * 1024)
    return until_refused(lambda: threading.Thread(target=time.sleep, args=(100 * HOLD,), daemon=True).start())


def memory():
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 16)) * 64)


def memory_of_files():
    """memfd: memory that belongs to no process."""
    piece = bytes(1 << 20)
    held = [os.memfd_create("x") for _ in range(256)]
    for fd in held:
        for _ in range(8):
            os.write(fd, piece)
    return DONE


def shared_memory():
    """System V: segments outlive the process that made them."""
    libc.shmat.restype = ctypes.c_void_p
    for _ in range(64):
        made = libc.shmget(0, 16 << 20, 0o1600)
        ctypes.memset(libc.shmat(made, None, 0), 1, 16 << 20)
    return DONE


def pipes_and_sockets():
    """Kernel memory: buffers that nobody reads."""

    def fill():
        held = []
        try:
            while True:
                pair = socket.socketpair()
                held.append(pair)
                for end in pair:
                    end.setblocking(False)
                try:
                    while True:
                        pair[0].send(bytes(32768))
                except BlockingIOError:
                    pass
        except OSError:
            time.sleep(HOLD)

    in_processes(20, fill)
    return DONE


def tcp_buffers():
    """Kernel memory that is counted for the whole machine: unread bytes on the loopback."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    held = []
    sent = 0
    while len(held) < 450:
        client = socket.create_connection(listener.getsockname())
        held += [client, listener.accept()[0]]
    for client in held[::2]:
        client.setblocking(False)
    for _ in range(50):
        for client in held[::2]:
            try:
                sent += client.send(bytes(1 << 20))
            except BlockingIOError:
                pass
        time.sleep(0.01)
    time.sleep(HOLD)
    return {"stopped": "by itself" if sent >> 20 > MEMORY_MB else "its share", "sent": sent >> 20}


def descriptors():
    until_refused(os.pipe)
    for fd in range(10, 1024):
        try:
            os.close(fd)
        except OSError:
            pass
    in_processes(50, lambda: until_refused(os.pipe))
    return DONE


def watches():
    """What the kernel counts per user."""

    def watch():
        made = libc.inotify_init1(0)
        if made < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")

    return until_refused(watch)


def disk():
    files = [open(f"/tmp/{i}", "wb", buffering=0) for i in range(4)]
    piece = bytes(1 << 20)
    return until_refused(lambda: [file.write(piece) for file in files])


def inodes():
    names = iter(range(10_000_000))
    return until_refused(lambda: os.close(os.open(f"/tmp/{next(names)}", os.O_CREAT | os.O_WRONLY)))


def log():
    line = b"x" * 1023 + b"\n"
    for _ in range(1600):
        sys.stdout.buffer.write(line * 64)
    sys.stdout.flush()
    return DONE


def log_without_lines():
    for _ in range(100):
        os.write(1, bytes(1 << 20))
    return DONE


def response():
    return "x" * (64 << 20)


def connections():
    """To Wick's API: 10 000 that send half a request and wait."""

    def connect():
        held = []

        def one():
            client = socket.create_connection(("127.0.0.1", 4566), timeout=0.5)
            client.sendall(b"GET /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            held.append(client)

        until_refused(one)

    in_processes(10, connect)
    return DONE


def uploads():
    """To Wick's API: bodies that are announced, sent nearly whole and never finished."""

    def upload():
        client = socket.create_connection(("127.0.0.1", 4566), timeout=2)
        try:
            client.sendall(b"POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 70000000\r\n\r\n")
            for _ in range(40):
                client.sendall(bytes(1 << 20))
        except OSError:
            pass
        time.sleep(HOLD)

    threads = [threading.Thread(target=upload) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return DONE


def passed_descriptors():
    """Into the runtime's channel: descriptors that the daemon has not asked for, beside log events that it reads."""
    with socket.socket(fileno=os.dup(3)) as channel:
        event = b"\1\0\0\0L\0\0\0x"
        for _ in range(500):
            while True:
                try:
                    channel.sendmsg([event], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 100))])
                    break
                except OSError as error:
                    if error.errno == errno.EPERM:
                        return {"stopped": "EPERM"}
                    if error.errno != errno.ETOOMANYREFS:  # too many are under way: the kernel's own limit
                        raise
                    time.sleep(0.001)
    return DONE


unread = []


def lingering_descriptors():
    """The same with sockets whose last close waits, for a peer that stays and does not read. Closed here while they are under way."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    passed = []
    for _ in range(100):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.connect(listener.getsockname())
        unread.append(listener.accept()[0])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 10))
        client.setblocking(False)
        try:
            while True:
                client.send(bytes(1 << 16))
        except BlockingIOError:
            passed.append(client.detach())
    try:
        with socket.socket(fileno=os.dup(3)) as channel:
            for descriptor in passed:
                channel.sendmsg([b"\1\0\0\0L\0\0\0x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])
    except OSError as error:
        return {"stopped": errno.errorcode[error.errno]}
    finally:
        for descriptor in reversed(passed):
            os.close(descriptor)
        time.sleep(HOLD)
    return DONE


def run():
    return globals()[os.environ["BOMB"]]()


init = run() if os.environ["BOMB_AT"] == "init" else None


def handler(event, context):
    return run() if init is None else init
