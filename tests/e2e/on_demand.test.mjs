// Instances exist only while needed: none before the first call, one for each concurrent call, none after the idle timeout.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda, sdk } from '../lib/lambda.mjs';
import { eventually, functionProcesses } from '../lib/machine.mjs';

let daemon, lambda;
before(async () => {
  daemon = await Daemon.start({ args: ['--idle-timeout', '300ms'] });
  lambda = new Lambda(daemon);
});
after(() => daemon.dispose());

const gone = async () => {
  await eventually(async () => (await daemon.instances()).length === 0, 'the last instance is gone');
  await eventually(() => functionProcesses(daemon).length === 0, 'so are its processes');
};

test('deploying starts no instance', async () => {
  await lambda.deployPython('who', `
import os, time
instance = None
count = 0
def handler(event, context):
    global count, instance
    count += 1
    instance = instance or os.urandom(8).hex()  # not in init, which instances may have in common
    time.sleep(event.get('sleep', 0))
    return {'instance': instance, 'count': count}
`);
  assert.deepEqual(await daemon.instances(), []);
  assert.deepEqual(functionProcesses(daemon), []);
});

test('a warm instance is used again, and is gone after the idle timeout', async () => {
  const first = (await lambda.invoke('who')).payload;
  const second = (await lambda.invoke('who')).payload;
  assert.equal(first.count, 1);
  assert.deepEqual(second, { instance: first.instance, count: 2 });
  assert.ok(functionProcesses(daemon).length > 0);
  await gone();
  assert.notEqual((await lambda.invoke('who')).payload.instance, first.instance);
  await gone();
});

test('concurrent calls get concurrent instances', async () => {
  const replies = await Promise.all(Array.from({ length: 8 }, () => lambda.invoke('who', { sleep: 0.5 })));
  assert.equal(new Set(replies.map((reply) => reply.payload.instance)).size, 8);
  await gone();
});

test('over the reserved concurrency: 429 with the reason', async () => {
  await lambda.call('PutFunctionConcurrency', { FunctionName: 'who', ReservedConcurrentExecutions: 1 });
  const running = lambda.invoke('who', { sleep: 1 });
  await eventually(() => daemon.busy(), 'the first call has an instance');
  await assert.rejects(lambda.invoke('who'), (error) =>
    error instanceof sdk.TooManyRequestsException && error.Reason === 'ReservedFunctionConcurrentInvocationLimitExceeded' &&
    error.$metadata.httpStatusCode === 429 && error.message === 'Rate Exceeded.');
  assert.equal((await running).error, undefined);
  await lambda.call('DeleteFunctionConcurrency', { FunctionName: 'who' });
  assert.equal((await lambda.invoke('who')).error, undefined);
});
