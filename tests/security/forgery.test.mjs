// Runtimes and functions that forge what they send to the platform: another's reply, a second one, nonsense, log lines, a signature.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { eventually } from '../lib/machine.mjs';
import { Neighbour } from './neighbour.mjs';

const read = (name) => readFileSync(path.join(import.meta.dirname, name), 'utf8');

let daemon, lambda, neighbour;
before(async () => {
  daemon = await Daemon.start();
  lambda = new Lambda(daemon);
  neighbour = await Neighbour.start(lambda);
  await lambda.deployBootstrap('forger', read('forger.py'), { MemorySize: 512, Timeout: 10 });
  await lambda.deployPython('frames', read('forger_frames.py'), { MemorySize: 512, Timeout: 2 });
});
after(() => daemon.dispose());

const refusals = [
  { forge: 'wrong_ids', statuses: [400, 404, 403, 431], why: 'a request id must be the one that is under way' },
  { forge: 'late_init_error', statuses: [403], why: 'init is over' },
  { forge: 'early_next', statuses: [403], why: 'one invocation at a time' },
  { forge: 'unknown', statuses: [404, 400], why: 'there is nothing else in the Runtime API' },
  { forge: 'bad_mode', statuses: [400], why: 'the modes are known' },
  { forge: 'nonsense', statuses: [400, 413, 431, 0], why: 'it is no HTTP, or too much of it' },
  { forge: 'slow_connections', statuses: [], why: 'it has only its own API to tie up' },
];
for (const { forge, statuses, why } of refusals) {
  test(`Runtime API, ${forge}: ${why}`, async () => {
    const { payload, error } = await neighbour.during(() => lambda.invoke('forger', { forge }));
    assert.equal(error, undefined, JSON.stringify(payload));
    assert.deepEqual(payload.statuses.filter((status) => !statuses.includes(status)), [], JSON.stringify(payload.statuses));
    assert.equal(payload.statuses.length > 0, statuses.length > 0);
  });
}

test('Runtime API: another instance\'s invocation cannot be answered', async () => {
  const waiter = 'import time\ndef handler(e, c):\n  print("waits", c.aws_request_id)\n  time.sleep(1.5)\n  return "its own"';
  await lambda.deployPython('waiter', waiter, { MemorySize: 512 });
  const waiting = lambda.invoke('waiter');
  let id;
  await eventually(async () => {
    const { events } = await (await fetch(`${daemon.endpoint}/_wick/v1/functions/waiter/logs`)).json();
    id = events?.map(({ message }) => /waits ([0-9a-f-]{36})/.exec(message)?.[1]).find(Boolean);
    return id;
  }, 'the other invocation is under way');
  assert.deepEqual((await lambda.invoke('forger', { forge: 'others', id })).payload, { statuses: [400, 400] });
  assert.deepEqual(await waiting.then(({ payload, error }) => ({ payload, error })), { payload: 'its own', error: undefined });
});

test('Runtime API: the first answer counts', async () => {
  const { payload } = await lambda.invoke('forger', { forge: 'twice' });
  assert.deepEqual(payload, { statuses: ['first'] });
});

for (const [forge, type] of [['torn', 'Runtime.TruncatedResponse'], ['endless', 'Function.ResponseSizeTooLarge'], ['strange_error', undefined]]) {
  test(`Runtime API, ${forge}: the caller gets an error, the next one an answer`, async () => {
    const call = { FunctionName: 'forger', Payload: JSON.stringify({ forge }) };
    const reply = await neighbour.during(() => lambda.call('Invoke', call));
    assert.equal(reply.FunctionError, 'Unhandled');
    if (type) assert.equal(JSON.parse(reply.Payload.transformToString()).errorType, type);
    assert.equal((await lambda.invoke('forger', { forge: 'bad_mode' })).error, undefined);
  });
}

const frames = ['noise', 'a huge result', 'a huge log event', 'a huge chunk', 'ready again', 'init has failed', 'an invocation',
  'a chunk of no stream', 'an end of no stream', 'reserved bytes'];
for (const forge of frames) {
  test(`channel, ${forge}: this call fails, the next one does not`, async () => {
    const reply = await neighbour.during(() => lambda.invoke('frames', { forge, end: true }));
    assert.equal(reply.error, 'Unhandled', JSON.stringify(reply.payload));
    assert.equal(reply.payload.errorType, 'Runtime.ExitError');
    assert.deepEqual((await lambda.invoke('frames', { call: 1 })).payload, { call: 1 });
  });
}

for (const forge of ['close', 'shut down']) {
  test(`channel, ${forge}: this call fails, the next one does not`, async () => {
    assert.equal((await lambda.invoke('frames', { forge })).error, 'Unhandled');
    assert.deepEqual((await lambda.invoke('frames', { call: 2 })).payload, { call: 2 });
  });
}

for (const forge of ['a result and another', 'later']) {
  test(`channel, ${forge}: no caller gets the answer of a call before its own`, async () => {
    const name = `frames-${forge.split(' ')[0]}-late`;
    await lambda.deployPython(name, read('forger_frames.py'), { MemorySize: 512, Timeout: 2 });
    await lambda.invoke(name, { forge });
    await sleep(500);
    for (const call of [3, 4]) {
      const { payload, error } = await lambda.invoke(name, { call });
      if (!error) assert.deepEqual(payload, { call });
    }
    assert.deepEqual((await lambda.invoke(name, { call: 5 })).payload, { call: 5 });
  });
}

test('channel: rubbish during init ends the instance', async () => {
  for (const [i, rubbish] of ['noise', 'an invocation', 'a chunk of no stream', 'reserved bytes'].entries()) {
    const variables = { AT_INIT: rubbish };
    await lambda.deployPython(`init-${i}`, read('forger_frames.py'), { MemorySize: 512, Timeout: 2, Environment: { Variables: variables } });
    const { payload, error } = await lambda.invoke(`init-${i}`, { call: 1 });
    assert.equal(error, 'Unhandled', `${rubbish}: ${JSON.stringify(payload)}`);
  }
});

test('log: a forged REPORT is not the last, and says nothing about what is counted', async () => {
  const { log } = await lambda.invoke('frames', { forge: 'report' });
  const [, duration, billed] = /^REPORT RequestId: \S+\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms/m.exec(log.trimEnd().split('\n').at(-1));
  assert.ok(Number(duration) >= 300 && Number(billed) >= 300, log);
});

test('signature: the functions\' own credential is worth nothing outside', async () => {
  const guarded = await Daemon.start({ args: ['--access-key', 'AKIAWICKEXAMPLE', '--secret-key', 'right'] });
  const operator = new Lambda(guarded, { credentials: { accessKeyId: 'AKIAWICKEXAMPLE', secretAccessKey: 'right' } });
  await operator.deployPython('credentials', read('forger_frames.py'), { MemorySize: 512 });
  const { payload } = await operator.invoke('credentials', { forge: 'credentials' });
  const thief = new Lambda(guarded, { credentials: { accessKeyId: payload.AWS_ACCESS_KEY_ID, secretAccessKey: payload.AWS_SECRET_ACCESS_KEY } });
  await assert.rejects(thief.call('ListFunctions'), (error) => error.$metadata.httpStatusCode === 403);
  await guarded.dispose();
});
