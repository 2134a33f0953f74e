"""What the read-only files that all instances share tell of others: who opens them (inotify), and who has locked them (flock)."""
import ctypes
import fcntl
import os
import time

libc = ctypes.CDLL(None, use_errno=True)
IN_OPEN = 0x20


def watch(event):
    """What else is started from /usr/bin meanwhile."""
    watching = libc.inotify_init1(os.O_NONBLOCK)
    libc.inotify_add_watch(watching, b"/usr/bin", IN_OPEN)
    time.sleep(1)
    try:
        return f"{len(os.read(watching, 65536))} bytes of events"
    except BlockingIOError:
        return "nothing"


def lock(event):
    held = os.open("/usr/bin/env", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(event["hold"])
        return "locked"
    except BlockingIOError:
        return "somebody else has it"
    finally:
        os.close(held)


def handler(event, context):
    return globals()[event["do"]](event)
