// The tests of what code in a sandbox reaches, the same for a daemon started by root and one of an ordinary user.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { descendants, eventually } from '../lib/machine.mjs';
import { compileAttempts } from './native.mjs';
import { Neighbour } from './neighbour.mjs';

const read = (name) => readFileSync(path.join(import.meta.dirname, name), 'utf8');

const languages = [
  { name: 'native', attempts: 230, deploy: (lambda, options) => lambda.deployBootstrap('attempts-native', compileAttempts(), options) },
  { name: 'python', attempts: 75, deploy: (lambda, options) => lambda.deployPython('attempts-python', read('attempts.py'), options) },
  { name: 'node', attempts: 75, deploy: (lambda, options) => lambda.deployNode('attempts-node', read('attempts.mjs'), options) },
];

// What the attempts need to know of the test's machine.
function targets(daemon) {
  const [host] = Object.values(networkInterfaces()).flat().filter(({ family, internal }) => family === 'IPv4' && !internal);
  const [warden] = descendants(daemon.child.pid).find(([, command]) => /^\S*wick-warden /.test(command));
  const neighbour = Neighbour.pid(daemon);
  for (const pid of [warden, neighbour]) assert.ok(pid > 1);
  return {
    TARGET_DATA: daemon.data,
    TARGET_PORT: new URL(daemon.endpoint).port,
    TARGET_HOST: host?.address ?? '192.0.2.1',
    TARGET_DAEMON_PID: String(daemon.child.pid),
    TARGET_WARDEN_PID: String(warden),
    TARGET_NEIGHBOUR_PID: String(neighbour),
  };
}

const control = ({ expected, why }) => expected === 'ok' || /control/.test(why);

// start: () => { daemon, lambda, neighbour }
export function testAttempts(start) {
  for (const { name, attempts, deploy } of languages) {
    test(`${name}: no attempt succeeds, in init or in an invocation`, async () => {
      const { daemon, lambda, neighbour } = start();
      await deploy(lambda, { MemorySize: 1769, Timeout: 30, Environment: { Variables: targets(daemon) } });
      const { payload, error } = await neighbour.during(() => lambda.invoke(`attempts-${name}`));
      assert.equal(error, undefined, JSON.stringify(payload));
      for (const phase of ['init', 'invocation']) {
        const outcomes = Object.entries(payload[phase]);
        assert.ok(outcomes.length >= attempts, `${outcomes.length} attempts were made`);
        assert.ok(outcomes.filter(([, attempt]) => control(attempt)).length >= 5, 'controls were made too');
        const wrong = outcomes.filter(([, { outcome, expected }]) => !expected.split('|').includes(outcome));
        assert.deepEqual(wrong.map(([what, { outcome, expected, why }]) => `${phase}: ${what}: ${outcome}, expected ${expected}: ${why}`), []);
      }
    });
  }
}

const residue = `
import os, socket, time
mine = os.urandom(8).hex()
def handler(event, context):
    seen = {folder: sorted(os.listdir(folder)) for folder in ('/tmp', '/dev/shm')}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind('\\0' + event['socket'])
    for folder in seen:
        open(f'{folder}/{mine}', 'w').close()
    time.sleep(event.get('sleep', 0))
    after = {folder: sorted(os.listdir(folder)) for folder in ('/tmp', '/dev/shm')}
    return {'mine': mine, 'seen': seen, 'after': after, 'secret': os.environ.get('SECRET')}
`;

// start: as above; its daemon's instances end 300 ms after their last call.
export function testResidue(start) {
  test('instances of one version share nothing, at once or one after the other', async () => {
    const { daemon, lambda } = start();
    await lambda.deployPython('residue', residue, { MemorySize: 512, Environment: { Variables: { SECRET: 'of residue' } } });
    await lambda.deployPython('reader', residue, { MemorySize: 512 });
    const isClean = ({ payload: { mine, seen, after } }) => {
      assert.deepEqual(seen, { '/tmp': [], '/dev/shm': [] });
      assert.deepEqual(after, { '/tmp': [mine], '/dev/shm': [mine] });
    };
    const together = await Promise.all([1, 2, 3].map(() => lambda.invoke('residue', { socket: 'one', sleep: 0.5 })));
    assert.equal(new Set(together.map(({ payload }) => payload.mine)).size, 3);
    together.forEach(isClean);
    await eventually(async () => (await daemon.instances()).every((instance) => instance.function !== 'residue'), 'they are gone');
    const later = await lambda.invoke('reader', { socket: 'one' });
    isClean(later);
    assert.equal(later.payload.secret, null);
  });
}
