// What was answered is kept: across kill -9 of the daemon, and nothing that ran outlives it.
import assert from 'node:assert/strict';
import { readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { alive, census, descendants, eventually } from '../lib/machine.mjs';

const source = 'import time\ndef handler(event, context):\n  time.sleep(event.get("sleep", 0))\n  return event';

test('kill -9 leaves nothing running a second later, and every function is there again', async () => {
  let daemon = await Daemon.start();
  let lambda = new Lambda(daemon);
  const names = Array.from({ length: 5 }, (_, i) => `kept-${i}`);
  for (const name of names) await lambda.deployPython(name, source);
  await lambda.call('PublishVersion', { FunctionName: 'kept-0' });
  await lambda.call('CreateAlias', { FunctionName: 'kept-0', Name: 'live', FunctionVersion: '1' });
  const cgroups = census(daemon).cgroups;
  const hanging = names.map((name) => lambda.invoke(name, { sleep: 30 }).catch(() => 'lost'));
  await eventually(async () => (await daemon.busy()) === names.length, 'the calls are running');
  const pids = descendants(daemon.child.pid).map(([pid]) => pid);

  await daemon.kill9();
  await eventually(() => !pids.some(alive), 'every process of it is gone', 1_000);
  assert.deepEqual(await Promise.all(hanging), names.map(() => 'lost'));

  daemon = await Daemon.start({ data: daemon.data });
  lambda = new Lambda(daemon);
  assert.ok(census(daemon).cgroups <= cgroups);
  const listed = (await lambda.call('ListFunctions')).Functions.map((f) => f.FunctionName).sort();
  assert.deepEqual(listed, names);
  for (const name of names) assert.deepEqual((await lambda.invoke(name, { name })).payload, { name });
  assert.equal((await lambda.invoke('kept-0:live')).version, '1');
  await daemon.dispose();
});

test('a create that was answered is there after kill -9; a torn one is not half there', async () => {
  const data = (await Daemon.start().then(async (daemon) => (await daemon.stop(), daemon))).data;
  for (let round = 0; round < 5; ++round) {
    const daemon = await Daemon.start({ data });
    const lambda = new Lambda(daemon);
    const answered = [];
    const creating = (async () => {
      for (let i = 0; i < 1000; ++i) {
        const name = `f-${round}-${i}`;
        await lambda.deployPython(name, source);
        answered.push(name);
      }
    })().catch(() => {});
    await eventually(() => answered.length >= 3 + round, 'some creates are answered');
    await daemon.kill9();
    await creating;

    const again = await Daemon.start({ data });
    const after = new Lambda(again);
    const listed = [];
    let Marker;
    do {
      const page = await after.call('ListFunctions', { Marker });
      listed.push(...page.Functions.map((f) => f.FunctionName));
      Marker = page.NextMarker;
    } while (Marker);
    for (const name of answered) assert.ok(listed.includes(name), `${name} was answered and is lost`);
    const last = listed.filter((name) => name.startsWith(`f-${round}-`)).at(-1);
    assert.deepEqual((await after.invoke(last, { last })).payload, { last });
    await (round === 4 ? again.dispose() : again.stop());
  }
});

test('SIGTERM drains: the running call is answered, then it exits 0', async () => {
  const daemon = await Daemon.start();
  const lambda = new Lambda(daemon);
  await lambda.deployPython('slow', source);
  const running = lambda.invoke('slow', { sleep: 1 });
  await eventually(() => daemon.busy(), 'the call is running');
  const ended = daemon.stop();
  assert.deepEqual((await running).payload, { sleep: 1 });
  assert.deepEqual(await ended, { code: 0, signal: null });
  await daemon.dispose();
});

test('what is not deployed any more leaves the disk', async () => {
  let daemon = await Daemon.start();
  let lambda = new Lambda(daemon);
  const stored = async (folder) => (await readdir(path.join(daemon.data, folder), { recursive: true })).filter((name) => /(^|\/)[0-9a-f]{64}$/.test(name));
  await lambda.deployPython('stays', source);
  await lambda.deployPython('goes', `${source} # another`);
  await lambda.invoke('goes');
  assert.deepEqual([(await stored('blob')).length, (await stored('packages')).length], [2, 2]);
  await lambda.call('DeleteFunction', { FunctionName: 'goes' });
  await daemon.stop();

  // A package counts as new for an hour.
  const longAgo = Date.now() / 1000 - 7200;
  for (const name of await stored('blob')) await utimes(path.join(daemon.data, 'blob', name), longAgo, longAgo);
  daemon = await Daemon.start({ data: daemon.data });
  lambda = new Lambda(daemon);
  await eventually(async () => (await stored('blob')).length === 1 && (await stored('packages')).length === 1, 'one package is left');
  assert.deepEqual((await lambda.invoke('stays', { a: 1 })).payload, { a: 1 });
  await daemon.dispose();
});
