// Code that takes all it can get: processes, memory, descriptors, disk, log, connections. It is stopped, or gets its own share and no more;
// neither the daemon nor the neighbour feels it, and afterwards nothing of it is left.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Daemon, sanitized } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { alive, atRest, descendants, eventually, restored } from '../lib/machine.mjs';
import { Neighbour } from './neighbour.mjs';

const source = readFileSync(path.join(import.meta.dirname, 'bombs.py'), 'utf8');
const daemonMaxMb = sanitized ? 2400 : 800; // resident; the log store's caches are most of it, and a sanitizer's shadow
const logMaxMb = 300; // on disk, of one function: 64 MB that are kept, and what is not compacted yet

const processesMore = 10; // of the neighbour, and prepared ones
const goneMs = 3000;

const outOfMemory = 'Runtime.OutOfMemory';
const bombs = [
  { bomb: 'forks', stopped: ['EAGAIN', outOfMemory, 'Sandbox.Timedout'], why: 'the limit of processes, memory or time', options: { Timeout: 3 } },
  { bomb: 'threads', stopped: ['can\'t start new thread'], why: 'threads count as processes' },
  { bomb: 'busy_processes', stopped: ['by itself'], why: 'many processes share one processor limit' },
  { bomb: 'memory', stopped: [outOfMemory], why: 'the memory limit' },
  { bomb: 'memory_of_files', stopped: [outOfMemory], why: 'memory files count as memory' },
  { bomb: 'shared_memory', stopped: [outOfMemory], why: 'shared memory counts as memory' },
  { bomb: 'pipes_and_sockets', stopped: [outOfMemory], why: 'the kernel\'s buffers count as memory' },
  { bomb: 'tcp_buffers', stopped: ['its share', outOfMemory], why: 'TCP\'s buffers count as memory', options: { MemorySize: 256 } },
  { bomb: 'descriptors', stopped: ['by itself'], why: 'each process has its limit of descriptors' },
  { bomb: 'watches', stopped: ['EMFILE'], why: 'the kernel counts watches per user, and each instance is a user of its own' },
  { bomb: 'disk', stopped: ['ENOSPC'], why: 'the size of /tmp', options: { MemorySize: 1024 } },
  { bomb: 'inodes', stopped: ['ENOSPC'], why: 'the number of files in /tmp' },
  { bomb: 'log', stopped: ['by itself'], why: 'the oldest lines go' },
  { bomb: 'log_without_lines', stopped: ['by itself'], why: 'a line that is too long is cut' },
  { bomb: 'response', stopped: ['Function.ResponseSizeTooLarge'], why: 'the limit of a response' },
  { bomb: 'connections', stopped: ['by itself'], why: 'an instance has its limit of connections' },
  { bomb: 'uploads', stopped: ['by itself'], why: 'what has not arrived wholly must not fill the daemon' },
  { bomb: 'passed_descriptors', stopped: ['EPERM', 'by itself'], why: 'descriptors that nobody asked for are refused, or dropped' },
  { bomb: 'lingering_descriptors', stopped: ['EPERM', 'by itself'], why: 'no close of a function\'s descriptors waits for it' },
];

let daemon, lambda, neighbour, rest;
before(async () => {
  daemon = await Daemon.start({ args: ['--idle-timeout', '300ms'] });
  lambda = new Lambda(daemon);
  neighbour = await Neighbour.start(lambda);
  await lambda.deployPython('first', 'def handler(e, c): pass');
  await lambda.invoke('first');
  await lambda.call('DeleteFunction', { FunctionName: 'first' });
  await eventually(async () => (await daemon.instances()).length === 0, 'no instance is left');
  rest = await atRest(daemon); // with the templates of the bare runtime and of the neighbour
});
after(() => daemon.dispose());

const status = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))[1]);
const residentMb = () => Math.round(status('VmRSS') / 1024);
const descriptors = () => readdirSync(`/proc/${daemon.child.pid}/fd`).length;
const descriptorsMore = 32; // files of the store and kept connections come and go; a bomb's are thousands
const dataMb = () => Number(execFileSync('du', ['-sm', daemon.data], { encoding: 'utf8' }).split('\t')[0]);

async function peakWhile(measure, work) {
  let peak = measure();
  const timer = setInterval(() => (peak = Math.max(peak, measure())), 20);
  try {
    return [await work(), () => peak];
  } finally {
    clearInterval(timer);
  }
}

for (const { bomb, stopped, why, options } of bombs) {
  for (const at of ['invocation', 'init']) {
    test(`${bomb} in ${at}: ${why}`, async () => {
      const name = `${bomb.replaceAll('_', '-')}-${at}`;
      const variables = { BOMB: bomb, BOMB_AT: at };
      await lambda.deployPython(name, source, { MemorySize: 512, Timeout: 60, ...options, Environment: { Variables: variables } });
      const [heldDescriptors, heldProcesses, heldData] = [descriptors(), descendants(daemon.child.pid).length, dataMb()];
      const [said, from] = [neighbour.lines.length, Date.now()];

      const [reply, peak] = await peakWhile(residentMb, () => neighbour.during(() => lambda.invoke(name)));
      const what = reply.error ? reply.payload.errorType : reply.payload.stopped;
      assert.ok(stopped.includes(what), `expected ${stopped.join(' or ')}, got ${JSON.stringify(reply.payload).slice(0, 500)}`);
      assert.ok(peak() < daemonMaxMb, `the daemon took ${peak()} MB`);
      assert.ok(dataMb() - heldData < logMaxMb, `the data directory grew by ${dataMb() - heldData} MB`);
      await lambda.call('DeleteFunction', { FunctionName: name });
      await eventually(() => descendants(daemon.child.pid).length < heldProcesses + processesMore, 'its processes are gone', goneMs);
      await eventually(() => descriptors() < heldDescriptors + descriptorsMore, `the daemon has about ${heldDescriptors} descriptors again`);
      if (bomb.startsWith('log')) assert.deepEqual(await lostOfNeighbour(said, from), []);
    });
  }
}

// What the neighbour printed meanwhile and is not in its log.
async function lostOfNeighbour(said, from) {
  await sleep(200); // longer than lines wait to be written
  const { events } = await (await fetch(`${daemon.endpoint}/_wick/v1/functions/neighbour/logs?since=${from}&limit=10000`)).json();
  const kept = new Set(events.map(({ message }) => message.trimEnd().split('\t').at(-1)));
  return neighbour.lines.slice(said).filter((line) => !kept.has(line));
}

test('afterwards the daemon lives, and nothing is left of what the functions started', async () => {
  assert.equal(daemon.child.exitCode, null);
  assert.ok(residentMb() < daemonMaxMb, `${residentMb()} MB`);
  await eventually(async () => (await daemon.instances()).length === 0, 'no instance is left');
  await restored(daemon, rest);
  await neighbour.during(() => sleep(100));
});

test('kill -9 of the daemon ends a fork bomb too', async () => {
  const other = await Daemon.start();
  try {
    const its = new Lambda(other);
    const variables = { BOMB: 'forks', BOMB_AT: 'invocation' };
    await its.deployPython('forks', source, { MemorySize: 1024, Timeout: 30, Environment: { Variables: variables } }); // of 128 MB it has about 100
    its.invoke('forks').catch(() => {}); // the daemon does not live to answer
    await eventually(() => descendants(other.child.pid).length > 100, 'it has begun');
    const pids = descendants(other.child.pid).map(([pid]) => pid);
    await other.kill9();
    await eventually(() => pids.every((pid) => !alive(pid)), 'nothing runs any more', goneMs);
  } finally {
    await other.dispose();
  }
});
