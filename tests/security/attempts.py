"""Attempts to get out, in Python: what the interpreter, its ctypes and the machine's own programs reach.

As native/: each is made once during init and once in each invocation, and the reply is
{"init": {name: {"outcome", "expected", "why"}}, "invocation": ...}. An outcome is "ok", an errno's name, or what the attempt returned
as text. Where "ok" is expected it is a control.
"""
import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from multiprocessing import shared_memory

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
attempts = []


def attempt(name, expected, why):
    def keep(run):
        attempts.append((name, expected, why, run))
        return run

    return keep


def add(name, expected, why, run, *arguments):
    attempts.append((name, expected, why, lambda: run(*arguments)))


def checked(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "")


def call(name, *arguments):
    checked(getattr(libc, name)(*arguments))


def words_of(*command, **options):
    """What a program of the machine says, or "refused"."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL, **options)
    return ended.stdout if ended.returncode == 0 else "refused"


def read(path):
    with open(path, "rb") as file:
        if not file.read(16):
            return "empty"


def write(path):
    with open(path, "wb") as file:
        file.write(b"x")


def names_in(path):
    return " ".join(sorted(os.listdir(path), key=lambda name: (len(name), name))) or "empty"


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(address)


def fetch(path, **headers):
    """The status of a request to Wick's API inside the sandbox."""
    request = urllib.request.Request("http://127.0.0.1:4566" + path, headers=headers)
    try:
        return str(urllib.request.urlopen(request, timeout=5).status)
    except urllib.error.HTTPError as error:
        return str(error.code)


why = "a new namespace brings capabilities"
add("unshare", "ENOSYS", why, call, "unshare", CLONE_NEWUSER)
add("the program unshare", "refused", why, words_of, "unshare", "--user", "--map-root-user", "id")
add("the program nsenter", "refused", why, words_of, "nsenter", "--target", "1", "--mount", "id")
add("mount", "ENOSYS", why, call, "mount", b"none", b"/tmp", b"tmpfs", 0, None)
add("the program mount", "refused", why, words_of, "mount", "-t", "tmpfs", "none", "/tmp")
add("chroot", "ENOSYS", why, os.chroot, "/tmp")
add("a program", "hello\n", "the control of those above", words_of, "echo", "hello")

why = "it is one user with no privilege, for good"
add("setuid", "EINVAL|EPERM", why, os.setuid, 0)
add("setgroups", "EPERM", why, os.setgroups, [])
add("chown", "EINVAL|EPERM", why, lambda: os.chown(tempfile.mkdtemp(), 0, 0))
add("a real-time priority", "EPERM", why, lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
add("a better priority", "EPERM|EACCES", why, lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
add("a higher limit", "refused", why, lambda: limits_hold())


def limits_hold():
    for which in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_MEMLOCK):
        hard = resource.getrlimit(which)[1]
        try:
            resource.setrlimit(which, (hard, hard + 1))
        except (ValueError, OSError):
            continue
        return f"limit {which} was raised"
    return "refused"


@attempt("the set-user-id program su", "993", why)
def effective_user_of_su():
    # The loader prints this for programs that gain nothing by being started, and for no others.
    words = words_of("/usr/bin/su", "--version", env={"LD_SHOW_AUXV": "1"})
    return next((line.split()[1] for line in words.splitlines() if line.startswith("AT_EUID:")), "it gained something")


why = "no process may look into another"
add("ptrace", "ENOSYS", why, call, "ptrace", 16, os.getppid(), None, None)
add("process_vm_readv", "ENOSYS", why, call, "process_vm_readv", 1, None, 0, None, 0, 0)
for target in ("TARGET_DAEMON_PID", "TARGET_WARDEN_PID", "TARGET_NEIGHBOUR_PID"):
    add(f"a signal to {target}", "ESRCH", why, lambda target=target: os.kill(int(os.environ[target]), signal.SIGKILL))
    add(f"memory of {target}", "ENOENT", why, lambda target=target: read(f"/proc/{os.environ[target]}/mem"))
for name in ("environ", "mem", "maps", "root", "cwd", "fd", "cmdline"):
    add(f"/proc/1/{name}", "ENOENT", why, read, f"/proc/1/{name}")
add("processes", str(os.getpid()), why, lambda: " ".join(name for name in os.listdir("/proc") if name.isdigit()))


@attempt("other addresses through /proc/self/mem", "refused", why)
def poke_read_only_memory():
    # The way around page protection that writing to this file is.
    page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    try:
        with open("/proc/self/mem", "r+b", buffering=0):
            return "opened for writing"
    except OSError:
        return "refused"
    finally:
        page.close()


why = "nothing of the warden's or the daemon's is inherited: standard streams and the runtime's channel"


@attempt("descriptors", "null pipe pipe socket", why)
def descriptors():
    kinds = []
    for fd in range(1024):
        try:
            kinds.append(os.readlink(f"/proc/self/fd/{fd}").removeprefix("/dev/").split(":")[0])
        except FileNotFoundError:
            continue
    return " ".join(kinds[:4] + [kind for kind in kinds[4:] if kind not in ("socket", "anon_inode")])


@attempt("the channel's other end", "no name", why)
def peer_of_channel():
    with socket.socket(fileno=os.dup(3)) as channel:
        pid, _, _ = struct.unpack("3i", channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return "no name" if pid == 0 and not channel.getpeername() else f"process {pid}"


why = "nothing but /tmp and /dev/shm may be written"
for path in ("/x", "/usr/x", "/usr/lib/python3/dist-packages/x.py", "/etc/x", "/var/x", "/var/task/x", "/var/task/index.py", "/var/runtime/x",
             "/var/runtime/bootstrap.py", "/opt/x", "/dev/x"):
    add(f"write {path}", "EROFS|EACCES", why, write, path)
add("delete own code", "EROFS|EACCES", why, os.unlink, "/var/task/index.py")
add("write /tmp/x", "ok", "/tmp is the function's own", write, "/tmp/x")
add("make a device", "EPERM", "devices are the way around every permission", os.mknod, "/tmp/d", 0o60600, os.makedev(254, 0))

why = "neither the host's files nor the daemon's are there"
for path in ("/root", "/home", "/sys", "/run", "/etc/shadow", "/var/lib", "/proc/kcore/x", "/proc/1/root/etc/shadow"):
    add(f"read {path}", "ENOENT|ENOTDIR", why, read, path)
add("/host", "empty", why, names_in, "/host")
for under in ("", "/host", "/proc/self/root", "/var/task/../../../.."):
    add(f"the data directory under '{under}'", "ENOENT", why, lambda under=under: names_in(under + os.environ["TARGET_DATA"]))
add("/usr/bin/env", "ok", "the control of those above", read, "/usr/bin/env")

why = "a neighbour's is not to be found"
add("neighbour's file", "ENOENT", why, read, "/tmp/neighbour")
add("neighbour's shared memory", "ENOENT", why, lambda: shared_memory.SharedMemory("neighbour"))
add("neighbour's abstract socket", "ECONNREFUSED", why, connect, socket.AF_UNIX, "\0neighbour")
add("neighbour's port", "ECONNREFUSED", why, connect, socket.AF_INET, ("127.0.0.1", 7777))
add("neighbour's secret", "none", why, lambda: "found" if "NEIGHBOURS_SECRET" in os.environ else "none")

why = "there is nothing but the instance's own loopback"
add("raw socket", "ENOSYS", why, socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
add("packet socket", "ENOSYS", why, socket.socket, socket.AF_PACKET, socket.SOCK_RAW)
add("vsock socket", "ENOSYS", why, socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)
add("AF_ALG socket", "ENOSYS", why, socket.socket, socket.AF_ALG, socket.SOCK_SEQPACKET)
port = int(os.environ["TARGET_PORT"])
add("the daemon's port", "ECONNREFUSED", why, connect, socket.AF_INET, ("127.0.0.1", port))
add("the daemon's port at the host", "ENETUNREACH", why, connect, socket.AF_INET, (os.environ["TARGET_HOST"], port))
add("metadata of the cloud", "ENETUNREACH", why, connect, socket.AF_INET, ("169.254.169.254", 80))
add("the world", "ENETUNREACH", why, connect, socket.AF_INET, ("8.8.8.8", 53))
add("a custom runtime's API", "ECONNREFUSED|ETIMEDOUT|no answer", "this runtime has a channel instead", lambda: runtime_api())
add("getaddrinfo localhost", "127.0.0.1", "the control of those above", lambda: socket.gethostbyname("localhost"))


def runtime_api():
    with socket.create_connection(("127.0.0.1", 9001), timeout=1) as client:
        client.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return client.recv(4096).decode() or "no answer"
        except (TimeoutError, ConnectionResetError):
            return "no answer"


why = "Wick's own API is the operator's"
for path in ("/_wick/v1/instances", "/_wick/v1/status", "/_wick/v1/runtimes", "/_wick/v1/functions/neighbour/logs", "/_wick/../_wick/v1/instances"):
    add(f"GET {path}", "403", why, fetch, path)
for path in ("//_wick/v1/instances", "/%5fwick/v1/instances", "/2015-03-31/../_wick/v1/instances", "/_WICK/v1/instances"):
    add(f"GET {path}", "400|403|404", why, fetch, path)
add("GET a package without its token", "403|404", why, fetch, "/_wick/v1/packages/" + "0" * 64 + ".zip")
add("GET /_wick/v1/instances as another host", "400|403|404", why, lambda: fetch("/_wick/v1/instances", Host="x.lambda-url.localhost"))


@attempt("a thread", "ok", "threads may be made")
def start_thread():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def outcome_of(run):
    try:
        said = run()
        return said if isinstance(said, str) else "ok"
    except TimeoutError as error:
        return errno.errorcode.get(error.errno, "ETIMEDOUT")
    except OSError as error:
        return errno.errorcode.get(error.errno, repr(error))
    except Exception as error:
        return repr(error)


def make_attempts():
    return {name: {"outcome": outcome_of(run), "expected": expected, "why": reason} for name, expected, reason, run in attempts}


init = make_attempts()


def handler(event, context):
    return {"init": init, "invocation": make_attempts()}
