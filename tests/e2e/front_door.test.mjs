// Who may call, and what a badly behaved client gets.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { cleanEnvironment, Daemon, wick } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';

test('a public address without credentials is refused, and says what to do', () => {
  const ended = spawnSync(wick, ['serve', '--listen', '0.0.0.0:0', '--data', '/tmp/wick-never'], { env: cleanEnvironment, encoding: 'utf8', timeout: 10_000 });
  assert.notEqual(ended.status, 0);
  assert.match(ended.stderr, /credential/i);
});

test('on loopback without credentials any key is accepted, and the start says so', async () => {
  const daemon = await Daemon.start();
  assert.ok(daemon.log.some((line) => /any access key/i.test(line)), daemon.log.join('\n'));
  await daemon.dispose();
});

test('with credentials every signature is verified', async (t) => {
  const daemon = await Daemon.start({ args: ['--access-key', 'AKIAWICKEXAMPLE', '--secret-key', 'right'] });
  const refused = (options) => assert.rejects(new Lambda(daemon, options).call('ListFunctions'), (error) => error.$metadata.httpStatusCode === 403 && (t.diagnostic(`${error.name}: ${error.message}`), true));
  await new Lambda(daemon, { credentials: { accessKeyId: 'AKIAWICKEXAMPLE', secretAccessKey: 'right' } }).call('ListFunctions');
  await refused({ credentials: { accessKeyId: 'AKIAWICKEXAMPLE', secretAccessKey: 'wrong' } });
  await refused({ credentials: { accessKeyId: 'AKIAOTHER', secretAccessKey: 'right' } });
  await refused({ credentials: { accessKeyId: 'AKIAWICKEXAMPLE', secretAccessKey: 'right' }, systemClockOffset: -20 * 60_000 });
  assert.equal((await fetch(`${daemon.endpoint}/2015-03-31/functions`)).status, 403);
  await daemon.dispose();
});

// Sends bytes and returns everything that comes back until the server closes.
function raw(daemon, bytes) {
  const { hostname, port } = new URL(daemon.endpoint);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: hostname, port: Number(port) });
    let text = '';
    socket.on('connect', () => socket.end(bytes)).on('data', (data) => (text += data)).on('close', () => resolve(text)).on('error', reject);
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
  });
}

let daemon;
before(async () => {
  daemon = await Daemon.start();
});
after(() => daemon.dispose());

for (const [name, bytes, status] of [
  ['nonsense', 'hello\r\n\r\n', 400],
  ['a header without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
  ['too many headers', `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(1000)}\r\n`, 431],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
  ['a body over the bound', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n', 413],
]) {
  test(`${name}: ${status}`, async () => {
    assert.match(await raw(daemon, bytes), new RegExp(`^HTTP/1\\.1 ${status} `));
  });
}

test('broken JSON is a SerializationException, an unknown operation is refused, and the daemon lives on', async () => {
  const broken = await fetch(`${daemon.endpoint}/2015-03-31/functions`, { method: 'POST', body: '{"FunctionName": ' });
  assert.equal(broken.status, 400);
  assert.match(broken.headers.get('x-amzn-errortype') ?? '', /^SerializationException/);
  const unknown = await fetch(`${daemon.endpoint}/2015-03-31/nothing-like-that`);
  assert.ok(unknown.status >= 400 && unknown.status < 500, String(unknown.status));
  assert.deepEqual((await new Lambda(daemon).call('ListFunctions')).Functions, []);
});
