// Functions that allow several calls at once on an instance: how they share it, fail, are counted, and leave nothing behind.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { atRest, eventually, restored } from '../lib/machine.mjs';

const loops = await readFile(path.join(import.meta.dirname, 'programs/loops.py'));
const allowing = (calls) => ({ Environment: { Variables: { AWS_LAMBDA_MAX_CONCURRENCY: String(calls) } } });

let daemon, lambda, idle;
before(async () => {
  daemon = await Daemon.start({ args: ['--idle-timeout', '1s'] });
  lambda = new Lambda(daemon);
  await lambda.deployBootstrap('first', loops);
  await lambda.deployPython('second', 'def handler(e, c): pass');
  for (const name of ['first', 'second']) {
    await lambda.invoke(name);
    await lambda.call('DeleteFunction', { FunctionName: name });
  }
  idle = await atRest(daemon); // with the bare runtime's template
});
after(() => daemon.dispose());

const instancesOf = async (name) => (await daemon.instances()).filter((one) => one.function === name);
const usageOf = async (name) => (await (await fetch(`${daemon.endpoint}/_wick/v1/usage`)).json()).rows.find((row) => row.function === name);

test('as many calls at once as it allows are in one process, with one init; one more is in another', async () => {
  await lambda.deployBootstrap('shared', loops, allowing(4));
  const replies = await Promise.all(Array.from({ length: 5 }, () => lambda.invoke('shared', { sleep: 1 })));
  const counts = {};
  for (const { payload } of replies) counts[payload.instance] = (counts[payload.instance] ?? 0) + 1;
  assert.deepEqual(Object.values(counts).sort(), [1, 4]);
  for (const { payload } of replies) assert.equal(payload.most, counts[payload.instance]);
  assert.equal(replies.filter(({ log }) => /Init Duration/.test(log)).length, 2);
  assert.equal((await instancesOf('shared')).length, 2);
  for (const { log } of replies) assert.equal(log.match(/^(START|END|REPORT) RequestId: /gm).length, 3, log);

  const running = lambda.invoke('shared', { sleep: 1 });
  await eventually(async () => (await daemon.busy()) === 1, 'one runs');
  const again = await Promise.all(Array.from({ length: 3 }, () => lambda.invoke('shared', { sleep: 0.2 })));
  const { payload: { instance } } = await running;
  assert.deepEqual(again.map(({ payload }) => payload.instance), [instance, instance, instance]); // the busiest comes first
});

test('without the setting each call has an instance of its own', async () => {
  await lambda.deployBootstrap('alone', loops);
  const replies = await Promise.all(Array.from({ length: 3 }, () => lambda.invoke('alone', { sleep: 0.5 })));
  assert.equal(new Set(replies.map(({ payload }) => payload.instance)).size, 3);
});

test('a call over its time is ended for its caller, the others run on, and then the instance goes', async () => {
  await lambda.deployBootstrap('overlong', loops, { ...allowing(2), Timeout: 2 });
  await lambda.invoke('overlong');
  const [{ instance }] = await instancesOf('overlong');
  const hanging = lambda.invoke('overlong', { sleep: 60 });
  await sleep(1000);
  const other = await lambda.invoke('overlong', { sleep: 1.5 });
  assert.equal(other.error, undefined);
  assert.equal(other.payload.most, 2);
  const late = await hanging;
  assert.equal(late.error, 'Unhandled');
  assert.equal(late.payload.errorType, 'Sandbox.Timedout');
  assert.match(late.log, /Task timed out after 2\.00 seconds/);
  const next = await lambda.invoke('overlong');
  assert.notEqual(next.payload.instance, other.payload.instance);
  await eventually(async () => !(await instancesOf('overlong')).some((one) => one.instance === instance), 'the instance is gone');
});

test('a crash fails every call on the instance with its reason, and the next call works', async () => {
  await lambda.deployBootstrap('crashing', loops, allowing(3));
  const { payload: { instance } } = await lambda.invoke('crashing');
  const others = [lambda.invoke('crashing', { sleep: 9 }), lambda.invoke('crashing', { sleep: 9 })];
  await eventually(async () => (await daemon.busy()) === 1, 'they run');
  const replies = await Promise.all([lambda.invoke('crashing', { sleep: 0.3, crash: 3 }), ...others]);
  for (const { error, payload, log } of replies) {
    assert.equal(error, 'Unhandled');
    assert.equal(payload.errorType, 'Runtime.ExitError');
    assert.match(payload.errorMessage, /Runtime exited with error: exit status 3$/);
    assert.match(log, /REPORT RequestId: .*Status: error\tError Type: Runtime\.ExitError/);
  }
  assert.notEqual((await lambda.invoke('crashing')).payload.instance, instance);
});

test('usage: each call has its record, and processor time is counted once', async () => {
  await lambda.deployBootstrap('counted', loops, { ...allowing(2), MemorySize: 1769 });
  await lambda.invoke('counted');
  await Promise.all([lambda.invoke('counted', { burn: 0.4 }), lambda.invoke('counted', { burn: 0.4 })]);
  const { calls, errors, coldStarts, cpuSeconds } = await usageOf('counted');
  assert.deepEqual({ calls, errors, coldStarts }, { calls: 3, errors: 0, coldStarts: 1 });
  assert.ok(cpuSeconds > 0.75 && cpuSeconds < 2, `${cpuSeconds} s`);
});

test('reserved concurrency counts calls, not instances', async () => {
  await lambda.deployBootstrap('reserved', loops, allowing(8));
  await lambda.call('PutFunctionConcurrency', { FunctionName: 'reserved', ReservedConcurrentExecutions: 2 });
  const replies = await Promise.allSettled(Array.from({ length: 3 }, () => lambda.invoke('reserved', { sleep: 1 })));
  const refused = replies.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 1);
  assert.equal(refused[0].reason.name, 'TooManyRequestsException');
  assert.equal(refused[0].reason.Reason, 'ReservedFunctionConcurrentInvocationLimitExceeded');
});

test('settings that make no sense are refused, and say what to do', async () => {
  const refused = async (promise, message) =>
    assert.rejects(promise, (error) => error.name === 'InvalidParameterValueException' && message.test(error.message) || assert.fail(error));
  for (const value of ['0', '65', 'many', '', '2.5']) {
    await refused(lambda.deployBootstrap('odd', loops, allowing(value)), /AWS_LAMBDA_MAX_CONCURRENCY .*must be a whole number from 1 to 64, not '/);
  }
  const managed = /AWS_LAMBDA_MAX_CONCURRENCY is 4, but instances of the runtime python3\.11 run one invocation at a time\. Remove .*custom runtime/;
  await refused(lambda.deployPython('odd', 'def handler(e, c): pass', allowing(4)), managed);
  await lambda.deployPython('odd', 'def handler(e, c): return 1', allowing(1));
  assert.equal((await lambda.invoke('odd')).payload, 1);
  await refused(lambda.call('UpdateFunctionConfiguration', { FunctionName: 'odd', ...allowing(4) }), managed);
  await refused(lambda.call('UpdateFunctionConfiguration', { FunctionName: 'shared', Runtime: 'python3.11' }), managed);
  assert.equal((await lambda.call('GetFunctionConfiguration', { FunctionName: 'shared' })).Runtime, 'provided.al2023');
  await lambda.call('DeleteFunction', { FunctionName: 'odd' }); // with its template
});

test('when nobody calls, nothing is left', async () => {
  await eventually(async () => (await daemon.instances()).length === 0, 'no instances');
  await restored(daemon, idle);
});
