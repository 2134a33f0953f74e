// Metering: what `wick usage` and `wick why` tell is what was called, what it cost and what the kernel counted, across a restart.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { cleanEnvironment, Daemon, wick } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { functionProcesses, versionTemplates } from '../lib/machine.mjs';

const source = `
import time
def handler(event, context):
    end = time.process_time() + event.get('burn', 0)
    while time.process_time() < end:
        pass
    time.sleep(event.get('sleep', 0))
    if event.get('fail'):
        raise ValueError('as asked')
    return event
`;

let daemon, lambda;
before(async () => {
  daemon = await Daemon.start();
  lambda = new Lambda(daemon);
});
after(() => daemon.dispose());

async function command(...args) {
  const { stdout } = await promisify(execFile)(wick, args, { env: { ...cleanEnvironment, WICK_ENDPOINT: daemon.endpoint } });
  return stdout;
}

async function usage(...args) {
  return JSON.parse(await command('usage', '--json', ...args));
}

async function usageOf(name) {
  return (await usage()).rows.find((row) => row.function === name);
}

// The numbers of a REPORT line.
function report(log) {
  const found = /REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB\t(?:Init Duration: ([\d.]+) ms|Restore Duration: ([\d.]+) ms)?/.exec(log);
  assert.ok(found, log);
  const [id, ...numbers] = found.slice(1);
  const [run, billed, memory, peak, init, restore] = numbers.map((text) => Number(text ?? 0));
  return { id, run, billed, memory, peak, init, restore }; // restore: of a fork of the version's template, from the order to the end of hooks
}

async function restart() {
  const { data } = daemon;
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  daemon = await Daemon.start({ data });
  lambda = new Lambda(daemon);
}

test('the sums are those of the calls made, their REPORT lines and the price list, and a clean stop loses nothing', async () => {
  await lambda.deployPython('counted', source, { MemorySize: 512, EphemeralStorage: { Size: 1024 }, Tags: { team: 'red' } });
  const reports = [];
  let bytesIn = 0, bytesOut = 0;
  for (let i = 0; i < 20; ++i) {
    const event = { i, fail: i % 5 === 0 };
    const reply = await lambda.invoke('counted', event);
    assert.equal(reply.error, event.fail ? 'Unhandled' : undefined);
    bytesIn += JSON.stringify(event).length;
    if (!event.fail) bytesOut += JSON.stringify(reply.payload, null, 0).replaceAll(':', ': ').replaceAll(',', ', ').length;
    reports.push(report(reply.log));
  }
  await Promise.all(Array.from({ length: 4 }, async () => reports.push(report((await lambda.invoke('counted', { sleep: 0.3 })).log))));
  await lambda.call('PutFunctionConcurrency', { FunctionName: 'counted', ReservedConcurrentExecutions: 0 });
  for (let i = 0; i < 3; ++i) await assert.rejects(lambda.invoke('counted'));

  const row = await usageOf('counted');
  const billed = reports.reduce((sum, { billed }) => sum + billed, 0);
  assert.equal(row.calls, 24);
  assert.equal(row.errors, 4);
  assert.equal(row.throttles, 3);
  assert.equal(row.coldStarts, reports.filter(({ init, restore }) => init + restore > 0).length);
  assert.equal(row.starts.boot + row.starts.bareTemplate + row.starts.versionTemplate, row.coldStarts);
  assert.equal(row.billedMs, billed);
  assert.ok(Math.abs(row.runMs - reports.reduce((sum, { run }) => sum + run, 0)) < 0.5);
  const inits = reports.reduce((sum, { init }) => sum + init, 0);
  const restores = reports.reduce((sum, { restore }) => sum + restore, 0);
  assert.ok(row.initMs > inits - 0.5 && row.initMs < inits + restores + 0.5, `${row.initMs} is not between ${inits} and ${restores} more`);
  assert.equal(row.bytesIn, bytesIn + 4 * '{"sleep":0.3}'.length);
  assert.ok(row.bytesOut >= bytesOut + 4 * '{"sleep": 0.3}'.length);
  assert.equal(row.gbSeconds, billed / 1000 / 2);
  const cost = 24 * 0.20 / 1e6 + (billed / 1000 / 2) * 0.0000166667 + (billed / 1000 / 2) * 0.0000000309;
  assert.ok(Math.abs(row.cost - cost) < 1e-12, `${row.cost} is not ${cost}`);

  const views = async () => ({
    function: await usageOf('counted'),
    version: (await usage('--by', 'version')).rows,
    tag: (await usage('--by', 'tag:team')).rows,
    hour: (await usage('--by', 'hour', '--since', '1h')).rows,
  });
  const before = await views();
  assert.equal(before.tag.find(({ tag }) => tag === 'red').calls, 24);
  assert.equal(before.version.find(({ version }) => version === '$LATEST').calls, 24);
  const cpu = before.function.cpuSeconds;
  await restart();
  const again = await views();
  assert.ok(again.function.cpuSeconds >= cpu); // and what the instances' ends took
  const plain = ({ cpuSeconds, memoryPeakMb, ...rest }) => rest;
  assert.deepEqual(plain(again.function), plain(before.function));
  assert.deepEqual(again.tag.map(plain), before.tag.map(plain));
  await restart();
  assert.deepEqual(await views(), again);
  const csv = (await command('usage', '--csv')).trim().split('\n');
  assert.match(csv[0], /^function,calls,errors,throttles,/);
  assert.match(csv.find((line) => line.startsWith('counted')), /^counted,24,4,3,/);
  assert.match(await command('usage'), /counted +24 +4 +3 /);
});

// The processor time that the kernel has counted for the cgroup of each process below the daemon's warden, in seconds.
function cgroupSeconds(processes) {
  const seconds = new Map();
  for (const [pid] of processes) {
    const own = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    const v1 = /^\d+:[^:]*\bcpuacct\b[^:]*:(.*)$/m.exec(own);
    const file = v1 ? `/sys/fs/cgroup/cpuacct${v1[1]}/cpuacct.usage` : `/sys/fs/cgroup${/^0::(.*)$/m.exec(own)[1]}/cpu.stat`;
    const text = readFileSync(file, 'utf8');
    seconds.set(file, v1 ? Number(text) / 1e9 : Number(/usage_usec (\d+)/.exec(text)[1]) / 1e6);
  }
  return seconds;
}

test("the calls' processor time adds up to the cgroups' totals within 1 %", async () => {
  await restart(); // so that the instances are this test's
  const earlier = (await usage()).total.cpuSeconds;
  await lambda.deployPython('burner', source, { MemorySize: 1769 });
  for (const burn of [0.25, 0.05, 0.4]) await lambda.invoke('burner', { burn });
  await Promise.all([0.1, 0.2].map((burn) => lambda.invoke('burner', { burn })));
  const charged = (await usage()).total.cpuSeconds - earlier;
  const instances = [...cgroupSeconds(functionProcesses(daemon)).values()];
  assert.equal(instances.length, (await daemon.instances()).length);
  const totals = [...instances, ...cgroupSeconds(versionTemplates(daemon)).values()]; // the making of its template is the function's too
  const total = totals.reduce((sum, seconds) => sum + seconds, 0);
  assert.ok(total > 1, `the cgroups have counted ${total} s`);
  assert.ok(Math.abs(charged - total) < 0.01 * total, `${charged} s charged, ${total} s used`);

  // One call at a time on one instance: it is charged about what it burnt.
  const reply = await lambda.invoke('burner', { burn: 0.3 });
  const [attempt] = JSON.parse(await command('why', '--json', report(reply.log).id)).attempts;
  assert.ok(attempt.cpuMs > 295 && attempt.cpuMs < 330, `${attempt.cpuMs} ms charged for 300 ms`);
});

test('why: a cold and a warm call, with the figures of their REPORT lines', async () => {
  await lambda.deployPython('explained', source, { MemorySize: 256 });
  for (const start of ['cold', 'warm']) {
    const reported = report((await lambda.invoke('explained', { sleep: 0.02 })).log);
    const { attempts: [attempt] } = JSON.parse(await command('why', '--json', reported.id));
    assert.equal(attempt.function, 'explained');
    assert.equal(attempt.end, 'success');
    assert.equal(attempt.start === 'idle', start === 'warm');
    assert.ok(Math.abs(attempt.runMs - reported.run) <= 0.006);
    if (attempt.start === 'versionTemplate') assert.ok(Math.abs(attempt.startMs + attempt.initMs - reported.restore) <= 0.011);
    else assert.ok(Math.abs(attempt.initMs - reported.init) <= 0.006);
    assert.equal(attempt.billedMs, reported.billed);
    assert.equal(attempt.memoryMb, reported.memory);
    assert.equal(attempt.memoryPeakMb, reported.peak);
    assert.ok(attempt.runMs >= 20 && attempt.queueMs >= 0 && attempt.replyMs >= 0);
    assert.ok(Math.abs(attempt.cost - (0.20 / 1e6 + (reported.billed / 1000 / 4) * 0.0000166667)) < 1e-15);
    const text = await command('why', reported.id);
    assert.match(text, start === 'cold' ? /\n +(boot|fork) .*\n +init .*\n +run / : /\n +queue .*\n +run .*\n +reply /);
    assert.match(text, start === 'cold' ? /\nCold start, on a (boot|fork)/ : /\nWarm start, on an idle instance; most of the time, .* was the function itself\./);
  }
  await assert.rejects(command('why', 'unknown'), (error) => error.code === 3 && /no call unknown is known/.test(error.stderr));
});

test('why: a call that timed out', async () => {
  await lambda.deployPython('late', source, { Timeout: 1 });
  const id = report((await lambda.invoke('late', { sleep: 5 })).log).id;
  const { attempts } = JSON.parse(await command('why', '--json', id));
  assert.equal(attempts.length, 1);
  assert.equal(attempts[0].end, 'timeout');
  assert.equal(attempts[0].runMs, 1000);
  assert.match(await command('why', id), /timed out/);
});

test('kill -9 loses at most the last two seconds, and doubles nothing', async () => {
  await lambda.deployPython('killed', source);
  for (let i = 0; i < 5; ++i) await lambda.invoke('killed');
  const settled = Date.now() + 2_000;
  let calls = 5;
  for (; Date.now() < settled; ++calls) await lambda.invoke('killed', { sleep: 0.02 });
  const { data } = daemon;
  await daemon.kill9();
  daemon = await Daemon.start({ data });
  lambda = new Lambda(daemon);
  const row = await usageOf('killed');
  assert.ok(row.calls >= 5 && row.calls <= calls, `${row.calls} of ${calls}`);
});

test('a price file of one\'s own; a broken one is refused at start', async () => {
  const { data } = await Daemon.start().then(async (first) => (await first.stop(), first));
  writeFileSync(path.join(data, 'prices.toml'), 'currency = "EUR"\nmillion-requests = 1000000\ngb-second = 0\n');
  const other = await Daemon.start({ data });
  const own = new Lambda(other);
  await own.deployPython('priced', source);
  await own.invoke('priced');
  const reply = await (await fetch(`${other.endpoint}/_wick/v1/usage`)).json();
  assert.equal(reply.prices.currency, 'EUR');
  assert.equal(reply.total.cost, 1);
  await other.stop();
  writeFileSync(path.join(data, 'prices.toml'), 'gb-second = "much"\n');
  await assert.rejects(Daemon.start({ data }), /prices\.toml: line 1: gb-second must be a number/);
  await other.dispose();
});
