// A function that goes wrong gets AWS's error for its case, its log says why, and nothing of it is left behind.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { atRest, eventually, restored } from '../lib/machine.mjs';

let daemon, lambda, idle;
before(async () => {
  daemon = await Daemon.start({ args: ['--idle-timeout', '200ms'] });
  lambda = new Lambda(daemon);
  await lambda.deployPython('first', 'def handler(e, c): pass');
  await lambda.invoke('first');
  await lambda.call('DeleteFunction', { FunctionName: 'first' });
  idle = await atRest(daemon); // with the bare runtime's template
});
after(() => daemon.dispose());

const cases = [
  {
    name: 'timeout', options: { Timeout: 1 }, source: 'import time\ndef handler(e, c): time.sleep(60)',
    type: 'Sandbox.Timedout', message: /^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/, log: /Task timed out after 1\.00 seconds/,
  },
  {
    name: 'busy-loop', options: { Timeout: 1 }, source: 'def handler(e, c):\n  while True: pass',
    type: 'Sandbox.Timedout', message: /Task timed out after 1\.00 seconds$/, log: /Task timed out/,
  },
  {
    name: 'exit', source: 'import sys\ndef handler(e, c): sys.exit(0)',
    type: 'Runtime.ExitError', message: /^RequestId: [0-9a-f-]{36} Error: Runtime exited without providing a reason$/, log: /Runtime exited/,
  },
  {
    name: 'exit-status', source: 'import os\ndef handler(e, c): os._exit(3)',
    type: 'Runtime.ExitError', message: /Runtime exited with error: exit status 3$/, log: /exit status 3/,
  },
  {
    name: 'segfault', source: 'import os, signal\ndef handler(e, c): os.kill(os.getpid(), signal.SIGSEGV)',
    type: 'Runtime.ExitError', message: /Runtime exited with error: signal: segmentation fault$/, log: /segmentation fault/,
  },
  {
    name: 'import-error', source: 'import nothing_of_that_name\ndef handler(e, c): pass',
    type: 'Runtime.ImportModuleError', message: /^Unable to import module 'index': No module named 'nothing_of_that_name'$/, log: /nothing_of_that_name/,
  },
  {
    name: 'no-handler', source: 'def other(e, c): pass',
    type: 'Runtime.HandlerNotFound', message: /^Handler 'handler' missing on module 'index'$/, log: /missing on module/,
  },
  {
    name: 'raises', source: 'def handler(e, c): raise ValueError("no such thing")',
    type: 'ValueError', message: /^no such thing$/, log: /no such thing/,
  },
  {
    name: 'fork-bomb', options: { Timeout: 60, MemorySize: 4096 },
    source: 'import os\ndef handler(e, c):\n  n = 0\n  try:\n    while True:\n      if os.fork() == 0:\n        import time; time.sleep(100)\n      n += 1\n  except OSError as error:\n    raise RuntimeError(f"stopped: {error.strerror}")',
    type: 'RuntimeError', message: /^stopped: Resource temporarily unavailable$/, log: /stopped/,
  },
];

for (const { name, source, options, type, message, log } of cases) {
  test(name, async () => {
    await lambda.deployPython(name, source, options);
    const reply = await lambda.invoke(name);
    assert.equal(reply.error, 'Unhandled');
    assert.equal(reply.payload.errorType, type);
    assert.match(reply.payload.errorMessage, message);
    assert.match(reply.log, log);
    assert.match(reply.log, /END RequestId: [0-9a-f-]{36}\nREPORT RequestId: [0-9a-f-]{36}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: \d+ MB\tMax Memory Used: \d+ MB/);
    assert.ok(reply.log.includes(`Memory Size: ${options?.MemorySize ?? 128} MB`));
  });
}

test('out of memory', { skip: process.getuid() !== 0 && 'needs cgroups' }, async () => {
  await lambda.deployPython('out-of-memory', 'def handler(e, c):\n  held = [bytes(bytearray(b"x") * (8 << 20)) for _ in range(64)]\n  return len(held)', { Timeout: 60 });
  const reply = await lambda.invoke('out-of-memory');
  assert.equal(reply.error, 'Unhandled');
  assert.equal(reply.payload.errorType, 'Runtime.OutOfMemory');
  assert.match(reply.payload.errorMessage, /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: signal: killed$/);
});

test('a full /tmp is the function\'s own problem', async () => {
  await lambda.deployPython('full-disk', `
def handler(e, c):
  try:
    with open('/tmp/x', 'wb') as f:
      while True: f.write(b'x' * (1 << 20))
  except OSError as error:
    return error.strerror
`, { MemorySize: 1024, Timeout: 30 });
  assert.equal((await lambda.invoke('full-disk')).payload, 'No space left on device');
});

test('the neighbour answers all the while', async () => {
  await lambda.deployPython('neighbour', 'def handler(e, c): return e');
  const storm = ['busy-loop', 'fork-bomb', 'exit'].map((name) => lambda.invoke(name));
  for (let i = 0; i < 20; ++i) assert.deepEqual((await lambda.invoke('neighbour', { i })).payload, { i });
  await Promise.all(storm);
});

test('of all that, no process, cgroup, mount or namespace is left', async () => {
  await eventually(async () => (await daemon.instances()).length === 0, 'the last instance is gone');
  for (const { FunctionName } of (await lambda.call('ListFunctions')).Functions) await lambda.call('DeleteFunction', { FunctionName });
  await restored(daemon, idle);
});
