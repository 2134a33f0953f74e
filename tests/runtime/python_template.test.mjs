// Templates of the Python runtime and their forks, by themselves: what a fork has of its own, what it can do, and which are refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { forkReady, templates, valueOf } from './templates.mjs';

const { start, startForkable } = templates('python', 'index.py');

test('nothing random is the same in two forks, and each has its own pid, clock and environment', async () => {
  const template = await startForkable(`
import ctypes, os, random, secrets, ssl, tempfile, time, uuid
random.random(), uuid.uuid4(), ssl.RAND_bytes(8)
own = random.Random()
start = time.monotonic()
def handler(event, context):
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    return {
        "random": [random.random(), str(uuid.uuid4()), str(uuid.uuid1()), secrets.token_hex(8), ssl.RAND_bytes(8).hex(), os.urandom(8).hex(),
                   tempfile.mktemp()],
        "pid": os.getpid(), "now": time.time() * 1000, "elapsed": time.monotonic() - start, "hour": time.localtime(0).tm_hour,
        "env": [os.environ["A"], libc.getenv(b"A").decode(), os.environ["B"], os.environ.get("WICK_TEMPLATE")],
    }`, { env: { A: 'template', B: 'both', TZ: 'UTC' } });
  const seen = [];
  for (const A of ['one', 'two', 'ü']) {
    const fork = await forkReady(template, { A, TZ: 'UTC-3' });
    for (let i = 0; i < 3; ++i) {
      const value = await valueOf(fork);
      assert.equal(value.pid, fork.pid);
      assert.ok(Math.abs(Date.now() - value.now) < 5000 && value.elapsed > 0);
      assert.deepEqual(value.env, [A, A, 'both', null]);
      assert.equal(value.hour, 3);
      seen.push(...value.random);
    }
    assert.equal(await fork.end(), 0);
  }
  assert.equal(new Set(seen).size, seen.length);
});

test('hooks run before the template parks, the last registered first, and in each fork in order', async () => {
  const template = await startForkable(`
from snapshot_restore_py import register_after_restore, register_before_snapshot
ran = []
register_before_snapshot(ran.append, "before 1")
@register_before_snapshot
def before(): ran.append("before 2")
register_after_restore(lambda *args, **kwargs: ran.append([*args, kwargs]), "after 1", key="value")
@register_after_restore
def after(): ran.append("after 2")
def handler(event, context): return ran`);
  for (let i = 0; i < 2; ++i) {
    assert.deepEqual(await valueOf(await forkReady(template)), ['before 2', 'before 1', ['after 1', { key: 'value' }], 'after 2']);
  }
});

test('a hook that fails is a failed init, of the template or of the fork', async () => {
  const hook = (when, action) => `
import os, snapshot_restore_py
def fail(): ${action}
snapshot_restore_py.register_${when}(fail)
def handler(event, context): pass`;
  const before = await (await start(hook('before_snapshot', 'raise KeyError("not now")'))).init();
  assert.equal(before.type, 'F');
  assert.equal(JSON.parse(before.body).errorType, 'KeyError');

  const template = await startForkable(hook('after_restore', 'raise ValueError(os.environ["A"])'));
  for (const A of ['x', 'y']) {
    const fork = await template.fork({ A });
    const { type, body, logs } = await fork.init();
    assert.deepEqual([type, JSON.parse(body).errorMessage, logs.length, await fork.end()], ['F', A, 1, 1]);
  }
});

for (const [title, source, reason] of [
  ['a thread', 'import threading\nthreading.Thread(target=threading.Event().wait, name="waiting").start()',
    /^Init left a thread running: waiting\.$/],
  ['a native thread', 'import ctypes\npthread = ctypes.c_ulong()\nlibc = ctypes.CDLL(None)\n'
    + 'libc.pthread_create(ctypes.byref(pthread), None, libc.pause, None)', /^Init left a thread running: python3\S*\.$/],
  ['a child process', 'import subprocess\nchild = subprocess.Popen(["/bin/sleep", "5"])', /^Init left a child process running: \d+ \(sleep\)\.$/],
  ['an orphan', 'import os\nos.system("/bin/sleep 5 >/dev/null 2>&1 </dev/null 3>&- 4>&- &")',
    /^Init left a child process running: \d+ \(sleep\)\.$/],
  ['a server', 'import socket\nserver = socket.create_server(("127.0.0.1", 0))', /^Init left a connection open: listening at 127\.0\.0\.1:\d+\.$/],
  ['connections', 'import socket\nserver = socket.create_server(("::1", 0), family=socket.AF_INET6)\n'
    + 'one = socket.create_connection(server.getsockname()[:2])\ntwo = server.accept()\nserver.close()',
    /^Init left 2 connections open: \[::1\]:\d+, \[::1\]:\d+\.$/],
  ['a socket', 'import socket\npair = socket.socketpair()', /^Init left 2 connections open: a local socket, a local socket\.$/],
  ['a pipe', 'import os\npipe = os.pipe()', /^Init left 2 descriptors open that forks would share: pipe:\[\d+\], pipe:\[\d+\]\.$/],
  ['a file without a name', 'import tempfile\nfile = tempfile.TemporaryFile()', /^Init left a descriptor open that forks would share: \/tmp\/\S+ \(deleted\)\.$/],
  ['a lock', 'import multiprocessing\nlock = multiprocessing.Lock()', /^Init left shared memory mapped/],
  ['files', "open('/tmp/model', 'w').close()\nopen('/dev/shm/shared', 'w').close()",
    /^Init left 2 files behind: \/tmp\/model, \/dev\/shm\/shared\.$/],
]) {
  test(`init that leaves ${title} cannot be forked, and the template says so and leaves`, async () => {
    const template = await start(`${source}\ndef handler(event, context): pass`);
    const { type, body } = await template.init();
    assert.equal(type, 'R', body);
    const said = JSON.parse(body);
    assert.equal(said.forkable, false);
    assert.match(said.reason, reason);
    assert.equal((await template.init()).type, undefined);
  });
}

test('threads, processes and connections that are gone by the end of init do no harm', async () => {
  const template = await startForkable(`
import socket, subprocess, threading
from concurrent.futures import ThreadPoolExecutor
thread = threading.Thread(target=print)
thread.start()
with ThreadPoolExecutor() as pool: list(pool.map(str, range(9)))
text = subprocess.check_output(["/bin/echo", "hello"], text=True)
zombie = subprocess.Popen(["/bin/true"])
with socket.create_server(("127.0.0.1", 0)) as server: socket.create_connection(server.getsockname()).close()
kept = open("/proc/self/status")
def handler(event, context): return text`);
  assert.equal(await valueOf(await forkReady(template)), 'hello\n');
});

test('idle connections of boto3 are closed before the template parks, and made again in a fork', async () => {
  const seen = [];
  const server = http.createServer((request, response) => { seen.push(request.socket.remotePort); response.end('{"Functions":[]}'); });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const template = await startForkable(`
import boto3
client = boto3.client("lambda")
client.list_functions(), client.list_functions()
def handler(event, context): return client.list_functions()["Functions"]`, {
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${server.address().port}`,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    },
  });
  for (let i = 0; i < 2; ++i) assert.deepEqual(await valueOf(await forkReady(template)), []);
  assert.equal(new Set(seen).size, 3);
  server.closeAllConnections();
  server.close();
});

test('threads, processes, pools, asyncio and logging work in a fork', async () => {
  const template = await startForkable(`
import asyncio, concurrent.futures, gc, hashlib, logging, multiprocessing, os, socket, subprocess, threading
logging.getLogger("early").setLevel(logging.INFO)
data = {i: [i] for i in range(10000)}
async def sleep():
    await asyncio.sleep(0.01)
    return await asyncio.to_thread(os.getpid)
def handler(event, context):
    out = {"main": threading.current_thread() is threading.main_thread(), "active": threading.active_count()}
    box = []
    thread = threading.Thread(target=box.append, args=(1,))
    thread.start(); thread.join()
    out["thread"] = box
    with concurrent.futures.ThreadPoolExecutor(3) as pool: out["pool"] = list(pool.map(len, ["a", "bb"]))
    out["process"] = subprocess.run(["/bin/sh", "-c", "exit 7"]).returncode
    child = multiprocessing.get_context("fork").Process(target=os._exit, args=(4,))
    child.start(); child.join()
    out["multiprocessing"] = child.exitcode
    out["asyncio"] = asyncio.run(sleep()) == os.getpid()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        other = server.accept()[0]
        client.sendall(b"hello")
        out["socket"] = other.recv(5).decode()
        other.close()
    logging.getLogger("early").info("logged")
    print("printed")
    gc.collect()
    out["data"] = len(data)
    return out`);
  for (let i = 0; i < 2; ++i) {
    const fork = await forkReady(template);
    const { type, body, logs } = await fork.invoke({});
    assert.equal(type, 'O', body);
    assert.deepEqual(JSON.parse(body), {
      main: true, active: 1, thread: [1], pool: [1, 2], process: 7, multiprocessing: 4, asyncio: true, socket: 'hello', data: 10000,
    });
    assert.match(logs[0], /^\[INFO\]\t\S+\tthe-request\tlogged$/);
    assert.equal(logs[1], 'printed');
    assert.equal(await fork.end(), 0);
  }
});

test('an exception, sys.exit and late output are as in a booted instance', async () => {
  const template = await startForkable(`
import sys, threading
print("in init", end="")
def handler(event, context):
    if event == "exit": sys.exit(3)
    if event == "late": return threading.Timer(0.02, lambda: print("late")).start()
    raise TypeError("no such thing")`);
  assert.deepEqual(template.logs, ['in init']);
  const exits = await forkReady(template);
  assert.equal((await exits.invoke('"exit"')).type, undefined);
  assert.equal(await exits.end(), 3);

  const fails = await forkReady(template);
  for (let i = 0; i < 2; ++i) {
    const { type, body, logs } = await fails.invoke('"fail"');
    assert.deepEqual([type, JSON.parse(body).errorMessage, logs.length], ['E', 'no such thing', 1]);
  }
  await fails.invoke('"late"');
  while (!fails.stdout) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(fails.stdout, 'late\n');
  assert.equal(await fails.end(), 0);
});

test('a fork of a runtime\'s template loads whichever function it is given', async () => {
  const template = await startForkable(null);
  const source = `
import os, random, beside
def handler(event, context): return [event, os.getpid(), os.environ["A"], os.environ["LAMBDA_TASK_ROOT"], beside.word, random.random()]`;
  const seen = new Set();
  for (const A of ['one', 'two']) {
    const fork = await forkReady(template, { A }, { 'index.py': source, 'beside.py': `word = "${A}"` });
    for (let i = 0; i < 2; ++i) {
      const [event, pid, env, root, word, random] = await valueOf(fork, { i });
      assert.deepEqual([event, pid, env, root, word], [{ i }, fork.pid, A, fork.root, A]);
      seen.add(random);
    }
    assert.equal(await fork.end(), 0);
  }
  assert.equal(seen.size, 4);

  const json = await forkReady(template, { AWS_LAMBDA_LOG_FORMAT: 'JSON' }, {
    'index.py': 'import logging\ndef handler(event, context): logging.getLogger().error("x")',
  });
  assert.equal(JSON.parse((await json.invoke({})).logs[0]).message, 'x');

  const broken = await template.fork({}, { 'index.py': 'import nothing_like_it' });
  const { type, body } = await broken.init();
  assert.deepEqual([type, JSON.parse(body).errorType, await broken.end()], ['F', 'Runtime.ImportModuleError', 1]);
});
