// Wick in a folder that only root may enter, as a checkout below /root is: the user whom the daemon becomes reaches nothing of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { build, Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';

const skip = process.getuid() !== 0 && 'only root can start it from there';

let folder;
let daemon;
let lambda;
before(async () => {
  if (skip) return;
  folder = await mkdtemp(path.join(tmpdir(), 'wick-private-')); // mode 0700
  for (const part of ['bin/wick', 'bin/wick-warden', 'share/wick']) {
    await cp(path.join(build, part), path.join(folder, part), { recursive: true, filter: (source) => path.basename(source) !== 'node_modules' });
  }
  daemon = await Daemon.start({ program: path.join(folder, 'bin/wick'), cwd: folder });
  lambda = new Lambda(daemon);
});
after(async () => {
  if (skip) return;
  await daemon.dispose();
  await rm(folder, { recursive: true });
});

test('the daemon is a user who cannot look into it', { skip }, async () => {
  const uid = /^Uid:\t(\d+)/m.exec(await readFile(`/proc/${daemon.child.pid}/status`, 'utf8'))[1];
  assert.notEqual(uid, '0');
  assert.throws(() => execFileSync('ls', [folder], { uid: Number(uid), stdio: 'pipe' }), /Permission denied/);
});

test('the runtimes that come with it are there, with their versions', { skip }, async () => {
  const { runtimes } = await (await fetch(`${daemon.endpoint}/_wick/v1/runtimes`)).json();
  const node = runtimes.find(({ name }) => name === 'nodejs22.x');
  assert.match(node?.version ?? JSON.stringify(runtimes), /^22\.\d+\.\d+$/);
});

test('Node and Python functions run', { skip }, async () => {
  await lambda.deployNode('node', 'export const handler = async (event) => ({ got: event });');
  await lambda.deployPython('python', 'def handler(event, context): return {"got": event}');
  for (const name of ['node', 'python']) assert.deepEqual((await lambda.invoke(name, { a: 1 })).payload, { got: { a: 1 } });
});
