// Templates of the Node.js runtime and their forks, by themselves: what a fork has of its own, what it can do, and which are refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import http from 'node:http';
import { test } from 'node:test';

import { forkReady, templates, valueOf } from './templates.mjs';

const { start, startForkable } = templates('node', 'index.mjs');

test('nothing random is the same in two forks, and each has its own pid, clock and environment', async () => {
  const template = await startForkable(`
    import crypto, { randomUUID } from 'node:crypto';
    const { random } = Math;
    random(), randomUUID(), crypto.randomInt(2 ** 40), crypto.randomBytes(8), globalThis.crypto.randomUUID();
    const start = performance.now();
    export const handler = async () => ({
      random: [random(), Math.random(), randomUUID(), crypto.randomInt(2 ** 40),
        await new Promise((done) => crypto.randomInt(5, 2 ** 40, (_, n) => done(n))), globalThis.crypto.randomUUID(), crypto.randomBytes(8).toString('hex'),
        globalThis.crypto.getRandomValues(new Uint32Array(2)).join()],
      pid: process.pid, now: Date.now(), elapsed: performance.now() - start, env: [process.env.A, process.env.B, process.env.WICK_TEMPLATE ?? null],
      hour: new Date(0).getHours(),
    })`, { env: { A: 'template', B: 'both', TZ: 'UTC' } });
  const seen = [];
  for (const A of ['one', 'two', 'three']) {
    const fork = await forkReady(template, { A, TZ: 'Asia/Tokyo' });
    for (let i = 0; i < 3; ++i) {
      const value = await valueOf(fork);
      assert.equal(value.pid, fork.pid);
      assert.ok(Math.abs(Date.now() - value.now) < 5000 && value.elapsed > 0);
      assert.deepEqual(value.env, [A, 'both', null]);
      assert.equal(value.hour, 9);
      seen.push(...value.random);
    }
    assert.equal(await fork.end(), 0);
  }
  assert.equal(new Set(seen).size, seen.length);
});

test('hooks run before the template parks, the last registered first, and in each fork in order', async () => {
  const template = await startForkable(`
    const ran = [];
    const hook = async (name) => { await null; ran.push(name); };
    awslambda.snapshot.beforeSnapshot(hook, 'before 1');
    awslambda.snapshot.beforeSnapshot(hook, 'before 2');
    awslambda.snapshot.afterRestore(hook, 'after 1');
    awslambda.snapshot.afterRestore(hook, 'after 2');
    export const handler = async () => ran`);
  for (let i = 0; i < 2; ++i) assert.deepEqual(await valueOf(await forkReady(template)), ['before 2', 'before 1', 'after 1', 'after 2']);
});

test('a hook that fails is a failed init, of the template or of the fork', async () => {
  const before = await (await start(`
    awslambda.snapshot.beforeSnapshot(async () => { throw new RangeError('not now') });
    export const handler = async () => {}`)).init();
  assert.equal(before.type, 'F');
  assert.equal(JSON.parse(before.body).errorType, 'RangeError');

  const template = await startForkable(`
    awslambda.snapshot.afterRestore(() => { throw new RangeError(process.env.A) });
    export const handler = async () => {}`);
  for (const A of ['x', 'y']) {
    const fork = await template.fork({ A });
    const { type, body, logs } = await fork.init();
    assert.equal(type, 'F');
    assert.equal(JSON.parse(body).errorMessage, A);
    assert.equal(logs.length, 1);
    assert.equal(await fork.end(), 129);
  }
});

for (const [title, source, reason] of [
  ['a worker thread', "import { Worker } from 'node:worker_threads'; new Worker('setInterval(() => {}, 1000)', { eval: true })",
    /^Init left (a thread|\d threads) running: /],
  ['a child process', "import { spawn } from 'node:child_process'; spawn('/bin/sleep', ['5'])",
    /^Init left a child process running: \d+ \(sleep\)\.$/],
  ['an orphan', "import { execSync } from 'node:child_process'; execSync('/bin/sleep 5 >/dev/null 2>&1 </dev/null &')",
    /^Init left a child process running: \d+ \(sleep\)\.$/],
  ['a server', "import net from 'node:net'; await new Promise((done) => net.createServer().listen(0, '127.0.0.1', done))",
    /^Init left a connection open: listening at 127\.0\.0\.1:\d+\.$/],
  ['connections', `import net from 'node:net'; const server = net.createServer();
    await new Promise((done) => server.listen(0, '::1', done));
    const client = net.connect(server.address().port, '::1'); await new Promise((done) => client.on('connect', done)); server.close()`,
  /^Init left 2 connections open: \[0:0:0:0:0:0:0:1\]:\d+, \[0:0:0:0:0:0:0:1\]:\d+\.$/],
  ['a file', "import { writeFileSync } from 'node:fs'; writeFileSync('/tmp/model', '')", /^Init left a file behind: \/tmp\/model\.$/],
]) {
  test(`init that leaves ${title} cannot be forked, and the template says so and leaves`, async () => {
    const template = await start(`${source}; export const handler = async () => {}`);
    const { type, body } = await template.init();
    assert.equal(type, 'R');
    const said = JSON.parse(body);
    assert.equal(said.forkable, false);
    assert.match(said.reason, reason);
    assert.equal((await template.init()).type, undefined);
  });
}

test('threads, processes and connections that are gone by the end of init do no harm', async () => {
  const template = await startForkable(`
    import { execFileSync } from 'node:child_process';
    import http from 'node:http';
    import { Worker } from 'node:worker_threads';
    execFileSync('/bin/true');
    await new Promise((done) => new Worker('0', { eval: true }).on('exit', done));
    const server = http.createServer((request, response) => response.end('hello'));
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const text = await (await fetch('http://127.0.0.1:' + server.address().port, { headers: { connection: 'close' } })).text();
    server.close();
    export const handler = async () => text`);
  assert.equal(await valueOf(await forkReady(template)), 'hello');
});

test('idle connections of HTTP clients are closed before the template parks, and made again in a fork', async () => {
  const seen = [];
  const server = http.createServer((request, response) => { seen.push(request.socket.remotePort); response.end(request.url); });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const template = await startForkable(`
    import http from 'node:http';
    const agent = new http.Agent({ keepAlive: true });
    const get = (path) => new Promise((done) => http.get({ agent, port: ${server.address().port}, path }, async (response) => {
      done((await response.toArray()).join(''));
    }));
    const fetched = async (path) => (await fetch('http://127.0.0.1:${server.address().port}' + path)).text();
    const call = async (name) => [await get('/get/' + name), await get('/get/' + name), await fetched('/fetch/' + name)];
    await call('init');
    export const handler = async (event) => call(event);`);
  for (const name of ['one', 'two']) {
    const fork = await forkReady(template);
    assert.deepEqual(await valueOf(fork, JSON.stringify(name)), [`/get/${name}`, `/get/${name}`, `/fetch/${name}`]);
  }
  assert.equal(new Set(seen).size, 6);  // of 9 requests, a third over a connection that was kept
  server.closeAllConnections();
  server.close();
});

test('timers, files, thread pool, workers, processes and connections work in a fork', async () => {
  const template = await startForkable(`
    import { execFileSync, spawn } from 'node:child_process';
    import crypto from 'node:crypto';
    import { once } from 'node:events';
    import fs from 'node:fs';
    import http from 'node:http';
    import { promisify } from 'node:util';
    import { Worker } from 'node:worker_threads';
    let ticks = 0;
    setInterval(() => ++ticks, 5).unref();
    const timer = new Promise((done) => setTimeout(done, 50, 'from init'));
    const pending = Promise.resolve('settled in init');
    export const handler = async () => {
      const out = { timer: await timer, pending: await pending };
      const start = performance.now();
      await new Promise((done) => setTimeout(done, 30));
      out.waited = performance.now() - start >= 29;
      out.ticks = ticks > 0;
      out.file = (await fs.promises.readFile('/proc/self/status', 'utf8')).startsWith('Name:');
      out.key = (await promisify(crypto.pbkdf2)('a', 'b', 1000, 16, 'sha256')).length;
      out.digest = (await globalThis.crypto.subtle.digest('SHA-256', new Uint8Array(3))).byteLength;
      out.sync = execFileSync('/bin/echo', ['x']).toString();
      const child = spawn('/bin/sh', ['-c', 'exit 7']);
      out.child = (await once(child, 'exit'))[0];
      const worker = new Worker('require("node:worker_threads").parentPort.postMessage(5)', { eval: true });
      out.worker = (await once(worker, 'message'))[0];
      await worker.terminate();
      const server = http.createServer((request, response) => response.end('hello'));
      await new Promise((done) => server.listen(0, '127.0.0.1', done));
      out.fetched = await (await fetch('http://127.0.0.1:' + server.address().port)).text();
      server.closeAllConnections();
      server.close();
      let sum = 0;
      for (let i = 0; i < 1e6; ++i) sum += [i].length;  // collections of garbage
      out.sum = sum;
      return out;
    }`);
  for (let i = 0; i < 2; ++i) {
    const fork = await forkReady(template);
    assert.deepEqual(await valueOf(fork), {
      timer: 'from init', pending: 'settled in init', waited: true, ticks: true, file: true, key: 16, digest: 32, sync: 'x\n', child: 7, worker: 5,
      fetched: 'hello', sum: 1e6,
    });
    assert.equal(await fork.end(), 0);
  }
});

test('console and standard output are the fork\'s own', async () => {
  const template = await startForkable(`
    process.stdout.write('init\\n');
    export const handler = async () => {
      console.log('hello');
      process.stdout.write('direct\\n');
      setTimeout(() => console.log('late'), 1);
    }`);
  const fork = await forkReady(template);
  assert.match((await fork.invoke({})).logs.join(), /\tthe-request\tINFO\thello$/);
  await fork.invoke({});
  await fork.end();
  assert.match(fork.stdout, /^direct\n.*direct\n/s);
  assert.equal(template.stdout, 'init\n');
});

test('an uncaught exception, process.exit and an error end as in a booted instance', async () => {
  const template = await startForkable(`
    process.on('exit', (code) => process.stdout.write('leaving with ' + code));
    export const handler = async (event) => {
      if (event === 'exit') process.exit(3);
      if (event === 'code') process.exitCode = 5, process.exit();
      if (event === 'error') throw new TypeError('no such thing');
      return new Promise(() => setTimeout(() => { throw new Error('later') }, 1));
    }`);
  for (const [event, type, code] of [['exit', undefined, 3], ['code', undefined, 5], ['later', 'E', 129], ['error', 'E', 0]]) {
    const fork = await forkReady(template);
    assert.equal((await fork.invoke(JSON.stringify(event))).type, type);
    assert.equal(await fork.end(), code);
    assert.equal(fork.stdout, event === 'error' ? '' : `leaving with ${code}`);
  }
});

test('a streaming handler streams in a fork', async () => {
  const template = await startForkable(`export const handler = awslambda.streamifyResponse(async (event, stream) => {
    stream.write('one'); await new Promise(setImmediate); stream.end('two');
  })`);
  const fork = await forkReady(template);
  for (let i = 0; i < 2; ++i) {
    const { type, body, chunks } = await fork.invoke({});
    assert.deepEqual([type, body, ...chunks], ['Z', '', 'S:application/octet-stream', 'C:one', 'C:two']);
  }
});

test('a fork of a runtime\'s template loads whichever function it is given', async () => {
  const template = await startForkable(null);
  const body = '(event) => ({ event, pid: process.pid, env: process.env.A, root: process.env.LAMBDA_TASK_ROOT, random: Math.random() })';
  const seen = new Set();
  for (const [name, source] of [
    ['index.mjs', `export const handler = async ${body}`],
    ['index.cjs', `exports.handler = async ${body}`],
    ['index.js', `exports.handler = async ${body}`],
    ['index.mjs', `awslambda.snapshot.afterRestore(() => { throw new Error('of a snapshot') }); await new Promise((done) => setTimeout(done, 5));
      export const handler = async ${body}`],
  ]) {
    const fork = await forkReady(template, { A: name }, { [name]: source });
    for (let i = 0; i < 2; ++i) {
      const { random, ...value } = await valueOf(fork, { i });
      assert.deepEqual(value, { event: { i }, pid: fork.pid, env: name, root: fork.root });
      seen.add(random);
    }
    assert.equal(await fork.end(), 0);
  }
  assert.equal(seen.size, 8);
});

test('a fork of a runtime\'s template may have a smaller or a larger heap than that', async () => {
  const template = await startForkable(null, { env: { NODE_OPTIONS: '--max-old-space-size=60' } });
  const source = `export const handler = async (megabytes) => {
    const kept = [];
    for (let i = 0; i < megabytes; ++i) kept.push(new Array(131072).fill(1.5));
    return kept.length;
  }`;
  const larger = await forkReady(template, { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '200' }, { 'index.mjs': source });
  assert.equal(await valueOf(larger, '150'), 150);
  const smaller = await forkReady(template, { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '30' }, { 'index.mjs': source });
  assert.equal((await smaller.invoke('58')).type, undefined);
  assert.equal(await smaller.exited, 134);
});

test('a fork of a runtime\'s template has the function\'s log format and NODE_PATH, and may fail', async () => {
  const template = await startForkable(null);
  const json = await forkReady(template, { AWS_LAMBDA_LOG_FORMAT: 'JSON' }, { 'index.mjs': 'export const handler = async () => console.log("x")' });
  assert.equal(JSON.parse((await json.invoke({})).logs[0]).message, 'x');

  const NODE_PATH = new URL('node_modules', `file://${process.env.WICK_BUILD}/share/wick/runtime/node/`).pathname;
  const withSdk = await forkReady(template, { NODE_PATH }, {
    'index.js': 'exports.handler = async () => typeof require("@aws-sdk/client-lambda").LambdaClient',
  });
  assert.equal(await valueOf(withSdk), 'function');

  const broken = await template.fork({}, { 'index.mjs': 'throw new RangeError("k")' });
  const { type, body } = await broken.init();
  assert.deepEqual([type, JSON.parse(body).errorType, await broken.end()], ['F', 'RangeError', 129]);

  const stuck = await template.fork({}, { 'index.mjs': 'await new Promise(() => {}); export const handler = 1' });
  assert.equal((await stuck.init()).type, undefined);
  assert.equal(await stuck.end(), 0);  // as in a booted instance
});

test('a fork of the bare runtime shares no pipe of Node\'s own threads with the template that others are forked from', async () => {
  const template = await startForkable();
  const pipes = (pid) => readdirSync(`/proc/${pid}/fd`).filter((fd) => fd > 3).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  }).filter((what) => what.startsWith('pipe:'));
  const [templatePid] = readFileSync(`/proc/${template.child.pid}/task/${template.child.pid}/children`, 'utf8').trim().split(' ');
  assert.ok(pipes(templatePid).length >= 2, 'the template has such pipes');
  const fork = await forkReady(template, {}, { 'index.mjs': 'export const handler = async () => 1' });
  const shared = pipes(fork.pid).filter((what) => pipes(templatePid).includes(what));
  assert.deepEqual(shared, []);
});
