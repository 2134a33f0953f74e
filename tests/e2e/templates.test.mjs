// Templates: instances of Node.js and Python functions are forks of a process that has run init, and are themselves all the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { alive, atRest, descendants, eventually } from '../lib/machine.mjs';

let daemon, lambda, empty;
before(async () => {
  daemon = await Daemon.start({ args: ['--idle-timeout', '50ms'] });
  lambda = new Lambda(daemon);
  empty = await atRest(daemon);
});
after(() => daemon.dispose());

const api = async (path) => (await fetch(`${daemon.endpoint}/_wick/v1/${path}`)).json();
const gone = (name) => eventually(async () => (await daemon.instances()).every((instance) => instance.function !== name), `${name} is gone`);

// An invocation with the level that its instance came from.
async function call(name, event = {}) {
  const reply = await lambda.call('Invoke', { FunctionName: name, Payload: JSON.stringify(event) });
  const { attempts: [{ start }] } = await api(`calls/${reply.$metadata.requestId}`);
  return { start, error: reply.FunctionError, payload: JSON.parse(Buffer.from(reply.Payload).toString()) };
}

// Calls until a cold start is a fork of the version's template, which is made behind the first calls.
async function untilForked(name, event) {
  let reply;
  await eventually(async () => {
    await gone(name);
    reply = await call(name, event);
    return reply.start === 'versionTemplate';
  }, `${name} is forked from its version's template`, 20_000);
  return reply;
}

const languages = {
  node: (name, source, options) => lambda.deployNode(name, source, options),
  python: (name, source, options) => lambda.deployPython(name, source, options),
};

const facts = {
  node: `
import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
const born = Math.random();
let count = 0;
export const handler = async (event) => {
  const tmp = readdirSync('/tmp');
  writeFileSync('/tmp/mine', 'x');
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep * 1000));
  return { born, count: ++count, random: [Math.random(), randomUUID(), randomBytes(8).toString('hex'), crypto.randomUUID()].map(String),
           pid: process.pid, tmp, host: os.hostname(), now: Date.now(), stream: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
           template: process.env.WICK_TEMPLATE ?? null, network: Object.keys(os.networkInterfaces()) };
};`,
  python: `
import os, random, secrets, socket, time, uuid
born = random.random()
count = 0
def handler(event, context):
    global count
    count += 1
    tmp = os.listdir('/tmp')
    open('/tmp/mine', 'w').close()
    time.sleep(event.get('sleep', 0))
    return {'born': born, 'count': count, 'random': [str(random.random()), str(uuid.uuid4()), secrets.token_hex(8)],
            'pid': os.getpid(), 'tmp': tmp, 'host': socket.gethostname(), 'now': time.time() * 1000,
            'stream': os.environ['AWS_LAMBDA_LOG_STREAM_NAME'], 'template': os.environ.get('WICK_TEMPLATE'),
            'network': [name for _, name in socket.if_nameindex()]}
`,
};

for (const [language, deploy] of Object.entries(languages)) {
  test(`${language}: cold starts are forks that have run init and share nothing else`, async () => {
    const name = `facts-${language}`;
    await deploy(name, facts[language]);
    const first = await untilForked(name);
    const forks = [first];
    for (let i = 0; i < 10; ++i) {
      await gone(name);
      forks.push(await call(name));
    }
    await gone(name);
    forks.push(...await Promise.all(Array.from({ length: 10 }, () => call(name, { sleep: 0.5 }))));
    const payloads = forks.map(({ payload }) => payload);
    assert.deepEqual(new Set(forks.map(({ start }) => start)), new Set(['versionTemplate']));
    assert.equal(new Set(payloads.map(({ born }) => born)).size, 1); // init ran once
    const random = payloads.flatMap((payload) => payload.random);
    assert.equal(new Set(random).size, random.length);
    assert.equal(new Set(payloads.map(({ stream }) => stream)).size, payloads.length);
    for (const payload of payloads) {
      assert.equal(payload.count, 1);
      assert.deepEqual(payload.tmp, []);
      assert.equal(payload.host, 'sandbox');
      assert.equal(payload.template, null);
      assert.deepEqual(payload.network, ['lo']);
      assert.equal(payload.pid, payloads[0].pid); // each has a pid namespace of its own
      assert.ok(Math.abs(payload.now - Date.now()) < 20_000);
    }
    const warm = [await call(name), await call(name)].map(({ payload }) => payload.count);
    assert.equal(warm[1], warm[0] + 1);
  });
}

test('the first call after a deploy is a fork of the bare runtime', async () => {
  for (const [language, deploy] of Object.entries(languages)) {
    await eventually(async () => {
      const name = `first-${language}-${Date.now()}`;
      await deploy(name, facts[language]);
      const { start, payload } = await call(name);
      assert.equal(payload.count, 1);
      return start === 'bareTemplate';
    }, `${language} is forked from the bare runtime`);
  }
});

const failing = {
  node: `
const hog = [];
export const handler = async (event) => {
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.throw) setTimeout(() => { throw new Error(event.throw); });
  while (event.fill) hog.push(Buffer.alloc(1 << 20, 1));
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep * 1000));
  return 'fine';
};`,
  python: `
import os, sys, threading, time
hog = []
def handler(event, context):
    if 'exit' in event: sys.exit(event['exit'])
    if 'throw' in event: raise RuntimeError(event['throw'])
    while event.get('fill'): hog.append(b'x' * (1 << 20))
    time.sleep(event.get('sleep', 0))
    return 'fine'
`,
};

for (const [language, deploy] of Object.entries(languages)) {
  test(`${language}: a fork that exits, overruns its memory or its time ends alone`, async () => {
    const name = `failing-${language}`;
    const filling = `filling-${language}`; // takes its time where memory is slow
    await deploy(name, failing[language], { Timeout: 2 });
    await deploy(filling, failing[language], { Timeout: 60 });
    for (const each of [name, filling]) {
      await untilForked(each);
      await gone(each);
    }
    const neighbour = call(name, { sleep: 1.5 });
    const [exited, filled, late] = await Promise.all([call(name, { exit: 3 }), call(filling, { fill: true }), call(name, { sleep: 10 })]);
    for (const { start } of [exited, filled, late]) assert.equal(start, 'versionTemplate');
    assert.equal(exited.error, 'Unhandled');
    assert.match(exited.payload.errorMessage, /Runtime exited with error: exit status 3/);
    assert.match(filled.payload.errorMessage, /Runtime exited with error: signal: killed/);
    assert.equal(filled.payload.errorType, 'Runtime.OutOfMemory');
    assert.match(late.payload.errorMessage, /Task timed out after 2.00 seconds/);
    assert.deepEqual((await neighbour).payload, 'fine');
    await gone(name);
    assert.deepEqual([(await call(name)).start, (await call(name)).payload], ['versionTemplate', 'fine']);
  });
}

test('hooks run before the snapshot and after each restore', async () => {
  await lambda.deployPython('hooks-python', `
from snapshot_restore_py import register_before_snapshot, register_after_restore
import os
seen = []
register_before_snapshot(lambda what: seen.append(what), 'before 1')
register_before_snapshot(lambda what: seen.append(what), 'before 2')
register_after_restore(lambda what: seen.append(what), 'after 1')
register_after_restore(lambda what: seen.append(what), what='after 2')
def handler(event, context):
    return seen
`);
  await lambda.deployNode('hooks-node', `
const seen = [];
const { snapshot } = awslambda;
snapshot.beforeSnapshot((what) => { seen.push(what); }, 'before 1');
snapshot.beforeSnapshot(async (what) => { await null; seen.push(what); }, 'before 2');
snapshot.afterRestore(async (what) => { await null; seen.push(what); }, 'after 1');
snapshot.afterRestore((what) => { seen.push(what); }, 'after 2');
export const handler = async () => seen;
`);
  for (const name of ['hooks-python', 'hooks-node']) {
    const { payload } = await untilForked(name);
    assert.deepEqual(payload, ['before 2', 'before 1', 'after 1', 'after 2'], name);
  }
});

const unforkable = {
  node: ['worker', `
import { Worker } from 'node:worker_threads';
const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
await new Promise((resolve) => worker.once('online', resolve));
export const handler = async () => 'fine';
`, /thread/],
  python: ['child', `
import subprocess
child = subprocess.Popen(['sleep', '1000'])
def handler(event, context):
    return child.poll() is None
`, /child process/],
};

for (const [language, [what, source, reason]] of Object.entries(unforkable)) {
  test(`${language}: init that leaves a ${what} behind is not forked, and says why`, async () => {
    const name = `unforkable-${language}`;
    await languages[language](name, source);
    await call(name);
    let template;
    await eventually(async () => {
      ({ templates: [template] } = await api(`functions/${name}/templates`));
      return template.state === 'refused';
    }, 'the template has been looked at');
    assert.match(template.reason, reason);
    await gone(name);
    const { start, payload } = await call(name);
    assert.notEqual(start, 'versionTemplate');
    assert.ok(payload);
  });
}

test('new code is never answered by a fork of the old', async () => {
  const source = (answer) => `exports.handler = async () => ${answer};`;
  const { zip } = await import('../lib/zip.mjs');
  await lambda.deployNode('changing', 'export const handler = async () => 1;');
  await untilForked('changing');
  for (let answer = 2; answer < 6; ++answer) {
    await lambda.call('UpdateFunctionCode', { FunctionName: 'changing', ZipFile: zip({ 'index.js': source(answer) }) });
    await eventually(async () => (await call('changing')).payload === answer, 'the new code answers', 5000);
    assert.equal((await call('changing')).payload, answer);
  }
});

test('without its template a function starts all the same, and gets another', async () => {
  await lambda.deployNode('orphaned', 'export const handler = async () => process.pid;');
  await untilForked('orphaned');
  await gone('orphaned');
  const nodes = descendants(daemon.child.pid).filter(([, command]) => command.includes('--single-threaded'));
  assert.ok(nodes.length > 0);
  for (const [pid] of nodes) process.kill(pid, 'SIGKILL');
  await eventually(() => nodes.every(([pid]) => !alive(pid)), 'the templates are gone');
  assert.equal((await call('orphaned')).error, undefined);
  assert.equal((await untilForked('orphaned')).error, undefined);
});

const runtimes = () => descendants(daemon.child.pid).filter(([, command]) => /bootstrap\.(cjs|py)/.test(command));

// Their forks are in a pid namespace further down.
function templates() {
  return runtimes().filter(([pid]) => {
    try {
      return /^NSpid:\t\d+\t\d+$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false; // it has gone
    }
  }).length;
}

test('with the functions their templates go', async () => {
  assert.ok(templates() > 2);
  const { Functions } = await lambda.call('ListFunctions');
  for (const { FunctionName } of Functions) await lambda.call('DeleteFunction', { FunctionName });
  await eventually(async () => (await daemon.instances()).length === 0, 'no instance is left');
  await eventually(() => templates() <= 2, 'the templates but for those of the bare runtimes are gone');
  // Those keep more forks waiting after a rush, and half as many after each ten seconds without one.
  await eventually(() => runtimes().length <= 4, 'each has one fork that waits', 60_000);
});

test('kill -9 of the daemon leaves nothing of templates and forks', async () => {
  await lambda.deployNode('last', 'export const handler = async (event) => new Promise((resolve) => setTimeout(resolve, event.sleep ?? 0));');
  await untilForked('last');
  void call('last', { sleep: 60_000 }).catch(() => {});
  await eventually(() => daemon.busy(), 'a fork is busy');
  const pids = descendants(daemon.child.pid).map(([pid]) => pid);
  assert.ok(pids.length > empty.processes);
  await daemon.kill9();
  await eventually(() => pids.every((pid) => !alive(pid)), 'nothing runs any more', 2000);
});
