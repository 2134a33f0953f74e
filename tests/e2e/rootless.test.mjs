// Wick started by an ordinary user: user namespaces, no control groups unless delegated. It works, and says what it lacks.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { run, Wick } from '../lib/command.mjs';
import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { alive, census, descendants, eventually } from '../lib/machine.mjs';

const skip = process.getuid() !== 0 && 'only root can start it as another user';
const uid = skip ? 0 : Number(execFileSync('id', ['-u', 'wick']));

let home;
let daemon;
let lambda;
let idle;
before(async () => {
  if (skip) return;
  home = await mkdtemp(path.join(tmpdir(), 'wick-home-'));
  await chown(home, uid, uid);
  daemon = await Daemon.start({ uid, data: path.join(home, '.local/share/wick'), env: { HOME: home }, args: ['--idle-timeout', '300ms'] });
  lambda = new Lambda(daemon);
  idle = census(daemon);
});
after(async () => {
  if (skip) return;
  await eventually(() => JSON.stringify(census(daemon)) === JSON.stringify(idle), 'no process, cgroup, mount or namespace is left');
  await daemon.dispose();
  await rm(home, { recursive: true });
});

test('the start and the status say what is lacking', { skip }, async () => {
  const status = await (await fetch(`${daemon.endpoint}/_wick/v1/status`)).json();
  assert.equal(status.mode, 'rootless');
  assert.ok(status.missing.some((each) => /memory/.test(each)), JSON.stringify(status.missing));
  for (const missing of status.missing) assert.ok(daemon.log.some((line) => line.includes(missing)), missing);
  const out = await new Wick(daemon, home).must('status');
  assert.match(out, /^  sandboxes +rootless\n  lacking +\S/m);
});

test('no process of it is root', { skip }, async () => {
  await lambda.deployPython('running', 'def handler(event, context): return 1');
  await lambda.invoke('running');
  const pids = [daemon.child.pid, ...descendants(daemon.child.pid).map(([pid]) => pid)];
  assert.ok(pids.length >= 3, String(pids));
  for (const pid of pids) {
    const ids = /^Uid:\t(\d+)\t(\d+)\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    assert.ok(ids.slice(1).every((id) => Number(id) !== 0), `process ${pid}: ${ids[0]}`);
  }
});

test('Node and Python functions run, with their SDKs, and are isolated from the machine', { skip }, async () => {
  await lambda.deployNode('node', 'export const handler = async (event) => ({ got: event });');
  await lambda.deployPython('python', `
import os
def handler(event, context):
    def refused(call):
        try: call()
        except OSError as error: return error.strerror
    return {"got": event, "processes": len([name for name in os.listdir("/proc") if name.isdigit()]), "home": os.path.exists(${JSON.stringify(home)}),
            "write": refused(lambda: open("/usr/x", "w")), "root": os.getuid() == 0, "kill": refused(lambda: os.kill(${daemon.child.pid}, 9))}
`);
  assert.deepEqual((await lambda.invoke('node', { a: 1 })).payload, { got: { a: 1 } });
  const { payload } = await lambda.invoke('python', { b: 2 });
  assert.deepEqual([payload.got, payload.home, payload.root, payload.kill], [{ b: 2 }, false, false, 'No such process']);
  assert.ok(payload.processes <= 3, String(payload.processes));
  assert.match(payload.write, /Read-only|denied/);
  await lambda.deployPython('sdk', `
import boto3
def handler(event, context): return len(boto3.client('lambda').list_functions()['Functions'])
`);
  assert.equal((await lambda.invoke('sdk')).payload, 4);
});

test('a custom runtime has its Runtime API', { skip }, async () => {
  await lambda.deployBootstrap('shell', `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  curl -s -D /tmp/headers "$api/next" > /tmp/event
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\([^[:space:]]*\\).*/\\1/Ip' /tmp/headers)
  curl -s -X POST --data-binary @/tmp/event "$api/$id/response" > /dev/null
done
`);
  assert.deepEqual((await lambda.invoke('shell', { c: 3 })).payload, { c: 3 });
});

for (const [name, source, type, options] of [
  ['timeout', 'import time\ndef handler(e, c): time.sleep(60)', 'Sandbox.Timedout', { Timeout: 1 }],
  ['exit', 'import os\ndef handler(e, c): os._exit(3)', 'Runtime.ExitError'],
  ['children', 'import subprocess\ndef handler(e, c):\n  subprocess.Popen(["sleep", "100"], start_new_session=True)\n  raise SystemExit', 'Runtime.ExitError'],
]) {
  test(`${name} leaves nothing`, { skip }, async () => {
    await lambda.deployPython(name, source, options);
    const reply = await lambda.invoke(name);
    assert.equal(reply.payload.errorType, type, JSON.stringify(reply.payload));
    await eventually(() => JSON.stringify(census(daemon)) === JSON.stringify(idle), 'nothing of it is left');
  });
}

test('kill -9 leaves nothing running a second later, and the functions are there again', { skip }, async () => {
  await lambda.deployPython('kept', 'import time\ndef handler(event, context):\n  time.sleep(event.get("sleep", 0))\n  return event');
  const hanging = lambda.invoke('kept', { sleep: 30 }).catch(() => 'lost');
  await eventually(() => daemon.busy(), 'the call is running');
  const pids = descendants(daemon.child.pid).map(([pid]) => pid);
  assert.ok(pids.length >= 3);
  await daemon.kill9();
  await eventually(() => !pids.some(alive), 'every process of it is gone', 1_000);
  assert.equal(await hanging, 'lost');
  daemon = await Daemon.start({ uid, data: daemon.data, env: { HOME: home }, args: ['--idle-timeout', '300ms'] });
  lambda = new Lambda(daemon);
  assert.deepEqual((await lambda.invoke('kept', { again: true })).payload, { again: true });
});

test('from a plain user\'s home, pushed and called with the command', { skip }, async (t) => {
  const folder = path.join(home, 'work');
  await mkdir(folder);
  await chown(folder, uid, uid);
  const own = await Daemon.start({ uid, data: path.join(home, '.local/share/other'), env: { HOME: home } });
  t.after(() => own.dispose());
  const wick = new Wick(own, folder);
  const file = await wick.write('hello.py', 'def handler(event, context): return "hello"\n', 0o644);
  await chown(file, uid, uid);
  assert.match(await wick.must('deploy', 'hello.py'), /^deployed hello/);
  assert.equal(await wick.must('invoke', 'hello'), '"hello"');
  assert.equal((await run('stat', ['-c', '%U %a', own.data])).out, 'wick 700\n');
});
