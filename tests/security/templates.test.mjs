// A template's code sees, one pid namespace below it, the first processes of the places for its forks. They begin as copies of the warden:
// nothing of that may be open to it, however often it looks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { eventually } from '../lib/machine.mjs';

const skip = process.getuid() !== 0 && 'only root has templates';

// Init hides a process from the look at what it leaves behind. That one tries every process that appears, and writes down whatever opens
// and is not another process of the function: those run under the filter, the one that joins a place's namespaces included.
const spy = `
import os, re
from wick_runtime import leftovers
leftovers.Leftovers.find = lambda self: None
report, said = os.pipe()
os.set_blocking(report, False)

def look():
    tried = set()
    os.write(said, b'looking\\n')
    while True:
        for pid in filter(str.isdigit, os.listdir('/proc')):
            for what in ('mem', 'fd', 'fd/0', 'fd/3', 'environ', 'maps'):
                try:
                    opened = os.open(f'/proc/{pid}/{what}', os.O_RDONLY)
                except OSError:
                    continue
                os.close(opened)
                try:
                    status = open(f'/proc/{pid}/status').read()
                except OSError:
                    status = 'gone'
                is_own = re.search(r'^Seccomp:\\t2$', status, re.M)
                line = f'{pid} {what} {status[:40]!r}'
                if not is_own and line not in tried:
                    tried.add(line)
                    os.write(said, line.encode() + b'\\n')

if os.path.exists('/proc/self/fd/4') and os.fork() == 0:
    look()

def handler(event, context):
    try:
        return os.read(report, 60000).decode().split('\\n')
    except BlockingIOError:
        return []
`;

let daemon, lambda;
before(async () => {
  if (skip) return;
  daemon = await Daemon.start({ args: ['--idle-timeout', '20ms'] });
  lambda = new Lambda(daemon);
});
after(() => daemon?.dispose());

test('no first process of a place for a fork can be opened by the template', { skip }, async () => {
  await lambda.deployPython('spy', spy, { MemorySize: 3008, Timeout: 20 });
  const lines = [];
  let forks = 0;
  for (const end = Date.now() + 60_000; forks < 50 && Date.now() < end;) {
    await eventually(async () => (await daemon.instances()).length === 0, 'no instance is left');
    const reply = await lambda.invoke('spy');
    assert.equal(reply.error, undefined, JSON.stringify(reply.payload));
    lines.push(...reply.payload.filter((line) => line !== ''));
    if (reply.log.includes('Restore Duration')) forks += 1;
  }
  assert.equal(forks, 50);
  assert.ok(lines.includes('looking'));
  assert.deepEqual(lines.filter((line) => line !== 'looking' && !line.includes("'gone'")), []);
});
