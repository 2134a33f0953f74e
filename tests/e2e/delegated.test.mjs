// Wick in a control group that is its own, as a systemd service or scope with Delegate=yes has it, with version 2 of control groups:
// it stays below that group, and its functions have their limits, also where an ordinary user started it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon, wick } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { descendants, eventually } from '../lib/machine.mjs';

const top = '/sys/fs/cgroup';
const hasVersion2 = existsSync(`${top}/cgroup.controllers`) && /\bmemory\b/.test(readFileSync(`${top}/cgroup.controllers`, 'utf8'));
const skip = (process.getuid() !== 0 || !hasVersion2) && 'needs root, and the controllers in version 2 of control groups';

// What systemd gives to the owner of a delegated group.
async function delegate(group, uid) {
  await writeFile(`${top}/cgroup.subtree_control`, '+cpu +memory +pids');
  await mkdir(group);
  for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']) await chown(path.join(group, file), uid, uid);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return ''; // gone
  }
}

const groupOf = (pid) => top + read(`/proc/${pid}/cgroup`).replace(/^0::/, '');

async function startIn(t, group, uid) {
  const home = await mkdtemp(path.join(tmpdir(), 'wick-home-'));
  await chmod(home, 0o755);
  await mkdir(path.join(home, 'data'));
  await chown(path.join(home, 'data'), uid, uid);
  await delegate(group, uid);
  const program = path.join(home, 'wick-in-its-group');
  const enter = `echo $$ >${group}/cgroup.procs`;
  await writeFile(program, `#!/bin/sh\n${enter} && exec setpriv --reuid=${uid} --regid=${uid} --clear-groups ${wick} "$@"\n`, { mode: 0o755 });
  const daemon = await Daemon.start({ program, data: path.join(home, 'data'), args: ['--idle-timeout', '300ms'] });
  t.after(async () => {
    await daemon.dispose();
    await rm(home, { recursive: true });
    await rmdir(path.join(group, 'daemon'));
    await rmdir(group);
  });
  return daemon;
}

for (const [mode, user] of [['root', 'root'], ['rootless', 'wick']]) {
  test(`started as ${user}, with a group of its own`, { skip }, async (t) => {
    const group = `${top}/wick-test-${process.pid}-${mode}`;
    const daemon = await startIn(t, group, Number(execFileSync('id', ['-u', user])));
    const lambda = new Lambda(daemon);
    const { missing } = await (await fetch(`${daemon.endpoint}/_wick/v1/status`)).json();
    assert.deepEqual(missing.filter((sentence) => /memory|processor|cgroup|control group/.test(sentence)), []);
    assert.equal(groupOf(daemon.child.pid), `${group}/daemon`);

    await lambda.deployPython('ours', 'import time\ndef handler(event, context):\n  time.sleep(event.get("sleep", 0))\n  return event');
    assert.deepEqual((await lambda.invoke('ours', { a: 1 })).payload, { a: 1 });
    const call = lambda.invoke('ours', { sleep: 3 });
    await eventually(() => daemon.busy(), 'the call is running');
    const notOfInstances = [top, `${group}/daemon`]; // the first of processes that have gone meanwhile
    const groups = () => new Set(descendants(daemon.child.pid).map(([pid]) => groupOf(pid)).filter((each) => !notOfInstances.includes(each)));
    assert.ok([...groups()].every((each) => each.startsWith(`${group}/wick-`)), [...groups()].join());
    const limits = (folder) => ['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max'].map((file) => read(path.join(folder, file)));
    await eventually(() => [...groups()].some((each) => /^134217728 0 1440 20000 \d+$/.test(limits(each).join(' '))), 'an instance has its limits');
    await call;

    await lambda.deployPython('hog', 'def handler(event, context): return len(b"x" * (512 << 20))', { Timeout: 60 });
    assert.equal((await lambda.invoke('hog')).payload.errorType, 'Runtime.OutOfMemory');

    await eventually(async () => (await daemon.instances()).length === 0, 'the last instance is gone');
    await daemon.stop();
    await eventually(() => readdirSync(group).every((name) => !name.startsWith('wick-')), 'its own group is gone');
  });
}
