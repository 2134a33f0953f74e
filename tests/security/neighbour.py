"""A function that is called all the while others try to get out: it leaves marks where they look, and says whether it noticed anything.

Its reply is {"call", "damage": [what is not as it was left], "pid", "child"}: an empty damage means that it can still do what
functions do (start processes and threads, use files, pipes, sockets and watches) and that nobody has touched what it left.
"""
import ctypes
import os
import socket
import subprocess
import threading

libc = ctypes.CDLL(None, use_errno=True)
KEY = 0x7769636B  # of System V IPC, as in native/neighbours.c
IPC_CREAT = 0o1000
WORDS = "left by the neighbour"
ABSTRACT = "\0neighbour"
PATH = "/tmp/neighbour.sock"
PORT = 7777


def checked(result):
    if result in (-1, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def listen(family, address):
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(8)
    listener.setblocking(False)
    return listener


for name in ("/tmp/neighbour", "/dev/shm/neighbour"):
    with open(name, "w") as file:
        file.write(WORDS)
listeners = [listen(socket.AF_UNIX, ABSTRACT), listen(socket.AF_UNIX, PATH), listen(socket.AF_INET, ("127.0.0.1", PORT))]
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.shmdt.argtypes = [ctypes.c_void_p]
shared = libc.shmat(checked(libc.shmget(KEY, 4096, IPC_CREAT | 0o666)), None, 0)
ctypes.memmove(shared, WORDS.encode(), len(WORDS))
checked(libc.semget(KEY, 1, IPC_CREAT | 0o666))
checked(libc.msgget(KEY, IPC_CREAT | 0o666))
checked(libc.mq_open(b"/neighbour", os.O_CREAT | os.O_RDWR, 0o666, None))
child = subprocess.Popen(["/usr/bin/sleep", "1000"])


def files():
    for name in ("/tmp/neighbour", "/dev/shm/neighbour"):
        with open(name) as file:
            assert file.read() == WORDS, name
    with open("/tmp/work", "wb") as file:
        file.write(bytes(256 * 1024))
    os.unlink("/tmp/work")


def ipc():
    assert ctypes.string_at(shared, len(WORDS)) == WORDS.encode()
    for find in (libc.shmget(KEY, 0, 0), libc.semget(KEY, 0, 0), libc.msgget(KEY, 0)):
        checked(find)
    os.close(checked(libc.mq_open(b"/neighbour", os.O_RDWR)))


def visitors():
    for listener in listeners:
        try:
            listener.accept()
        except BlockingIOError:
            continue
        raise AssertionError(f"somebody connected to {listener.getsockname()!r}")


def sockets():
    visitors()
    for listener in listeners:  # the control: it can be reached from here
        with socket.socket(listener.family, socket.SOCK_STREAM) as client:
            client.connect(listener.getsockname())
        listener.accept()[0].close()


def processes():
    assert child.poll() is None, f"its child ended: {child.returncode}"
    assert subprocess.run(["/usr/bin/true"]).returncode == 0
    threads = [threading.Thread(target=int) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def descriptors():
    for made in (os.pipe(), os.pipe(), [checked(libc.inotify_init1(0))], [checked(libc.epoll_create1(0))]):
        for fd in made:
            os.close(fd)


def environment():
    assert os.environ["NEIGHBOURS_SECRET"] == "it knows"


def handler(event, context):
    damage = []
    for check in (files, ipc, sockets, processes, descriptors, environment):
        try:
            check()
        except Exception as error:
            damage.append(f"{check.__name__}: {error!r}")
    print(f"call {event['call']}")
    return {"call": event["call"], "damage": damage, "pid": os.getpid(), "child": child.pid}
