// What `wick serve` is told by flags, variables and a file, which of them wins, and what it says when something is wrong with them.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { after, before, test } from 'node:test';

import { run } from '../lib/command.mjs';
import { cleanEnvironment, Daemon, wick } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';

const root = process.getuid() === 0;
const plainUser = root ? Number(execFileSync('id', ['-u', 'wick'])) : process.getuid();

let folder;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'wick-config-'));
  await chown(folder, plainUser, plainUser);
});
after(() => rm(folder, { recursive: true }));

async function file(name, text) {
  const where = path.join(folder, name);
  await mkdir(path.dirname(where), { recursive: true });
  await writeFile(where, text, { mode: 0o644 });
  return where;
}

// Starts `wick serve` with these alone, as a plain user, and returns its status once it listens.
async function serving(t, args, env = {}) {
  const child = spawn(wick, ['serve', ...args], { env: { ...cleanEnvironment, HOME: folder, ...env }, uid: plainUser, gid: plainUser, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill();
    await exited;
  });
  const lines = [];
  for await (const line of readline.createInterface({ input: child.stderr })) {
    lines.push(line);
    const found = /listening on (http:\/\/\S+)/.exec(line);
    if (found) return { ...(await (await fetch(`${found[1]}/_wick/v1/status`)).json()), lines };
  }
  throw new Error(`wick serve ended:\n${lines.join('\n')}`);
}

// Runs `wick serve` that must end by itself, and returns its exit status and what it said.
const refused = async (args, env = {}) => run(wick, ['serve', ...args], { env: { HOME: folder, ...env } });

test('a flag wins over a variable, a variable over the file, the file over the default', async (t) => {
  const config = await file('wick.toml', `data = "${folder}/of-file"\nlisten = ["127.0.0.1:0", "[::1]:0"]\nregion = "eu-file-1"\nlog-level = "debug"\n`);
  const fromFile = await serving(t, ['--config', config]);
  assert.deepEqual([fromFile.data, fromFile.region, fromFile.listen.length], [`${folder}/of-file`, 'eu-file-1', 2]);
  const fromVariables = await serving(t, [], { WICK_CONFIG: config, WICK_DATA: `${folder}/of-variable`, WICK_REGION: 'eu-variable-1', WICK_LISTEN: '127.0.0.1:0' });
  assert.deepEqual([fromVariables.data, fromVariables.region, fromVariables.listen.length], [`${folder}/of-variable`, 'eu-variable-1', 1]);
  const fromFlags = await serving(t, ['--config', config, '--data', `${folder}/of-flag`, '--region=eu-flag-1'], { WICK_DATA: `${folder}/of-variable`, WICK_REGION: 'eu-variable-1' });
  assert.deepEqual([fromFlags.data, fromFlags.region, fromFlags.listen.length], [`${folder}/of-flag`, 'eu-flag-1', 2]);
});

test('without a word: data under the home folder, settings from ~/.config/wick/wick.toml', async (t) => {
  await file('.config/wick/wick.toml', 'listen = "127.0.0.1:0"\nregion = "eu-home-1"\n');
  await chown(path.join(folder, '.config'), plainUser, plainUser);
  const status = await serving(t, []);
  assert.deepEqual([status.data, status.region, status.credentials], [`${folder}/.local/share/wick`, 'eu-home-1', 'any']);
});

test('the region is in every ARN', async (t) => {
  const daemon = await Daemon.start({ args: ['--region', 'eu-central-1', '--idle-timeout', '200ms', '--concurrency', '7'] });
  t.after(() => daemon.dispose());
  const settings = await (await fetch(`${daemon.endpoint}/2016-08-19/account-settings`)).json();
  assert.equal(settings.AccountLimit.ConcurrentExecutions, 7);
  const lambda = new Lambda(daemon);
  const made = await lambda.deployPython('f', 'def handler(event, context): return context.invoked_function_arn');
  assert.equal(made.FunctionArn, 'arn:aws:lambda:eu-central-1:000000000000:function:f');
  assert.equal((await lambda.invoke('f')).payload, made.FunctionArn);
});

test('wrong settings are refused, with their place and what to write', async () => {
  const listen = ['--listen', '127.0.0.1:0', '--data', `${folder}/never`];
  const toml = (text) => file('wrong.toml', text);
  const cases = [
    [['--idle-timeot', '3s'], {}, /'--idle-timeot' is not understood; the nearest is --idle-timeout, and wick serve --help lists all/],
    [[...listen, '--idle-timeout', 'soon'], {}, /--idle-timeout: 'soon' is not a duration/],
    [[...listen, '--concurrency', '0'], {}, /--concurrency: '0' is not a whole number from 1 to/],
    [[...listen, '--log-level', 'loud'], {}, /--log-level: 'loud' is not a log level: trace, debug, info/],
    [[...listen, '--region', 'Über'], {}, /--region: 'Über' is not a region name/],
    [['--listen', 'example.com:80'], {}, /--listen: 'example\.com:80' is not an address to listen on: write IP:PORT/],
    [['--listen', '0.0.0.0:0'], {}, /will not listen on 0\.0\.0\.0:0 without credentials, .* give --access-key and --secret-key/],
    [[...listen, '--access-key', 'AKIA'], {}, /--access-key and --secret-key belong together/],
    [listen, { WICK_CONCURRENCY: 'many' }, /WICK_CONCURRENCY: 'many' is not a whole number/],
    [[...listen, '--config', await toml('\nidle-time = "3s"\n')], {}, /wrong\.toml:2.*'idle-time'.*'idle-timeout'/],
    [[...listen, '--config', `${folder}/missing.toml`], {}, /missing\.toml/],
  ];
  for (const [args, env, message] of cases) {
    const { code, out, err } = await refused(args, env);
    assert.deepEqual([code, out], [2, ''], args.join(' '));
    assert.match(err, message);
    assert.match(err, /^wick serve: [^\n]*\n$/, 'one line');
  }
  const broken = await refused([...listen, '--config', await toml('region = \n')]);
  assert.match(broken.err, /wrong\.toml:1/);
});

test('--help lists the settings, with their variables', async () => {
  const { code, out } = await refused(['--help']);
  assert.equal(code, 0);
  for (const text of ['--data', '--listen', 'WICK_IDLE_TIMEOUT', '--outside-network', '--config', 'default 127.0.0.1:4566']) assert.ok(out.includes(text), text);
});

test('a second daemon on the same data directory is refused', async (t) => {
  const first = await Daemon.start();
  t.after(() => first.dispose());
  const { code, err } = await refused(['--data', first.data, '--listen', '127.0.0.1:0']);
  assert.equal(code, 1);
  assert.match(err, /is in use by another wick serve: stop it, or choose another folder with --data/);
  assert.equal((await fetch(`${first.endpoint}/_wick/v1/status`)).status, 200);
});

test('a port in use is refused, and says which', async (t) => {
  const holder = net.createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { port } = holder.address();
  const { code, err } = await refused(['--data', `${folder}/never`, '--listen', `127.0.0.1:${port}`]);
  assert.equal(code, 1);
  assert.match(err, new RegExp(`127\\.0\\.0\\.1:${port}.*(in use|--listen)`, 'i'));
});

test('a data directory that is not Wick\'s to use is refused', { skip: !root && 'only root becomes another user' }, async () => {
  const foreign = path.join(folder, 'foreign');
  await mkdir(foreign);
  await writeFile(path.join(foreign, 'someone.txt'), 'else');
  const holding = await refused(['--data', foreign, '--listen', '127.0.0.1:0']);
  assert.equal(holding.code, 1);
  assert.match(holding.err, /holds files that are not Wick's: give --data an empty folder/);
  await chown(foreign, 12345, 12345);
  assert.match((await refused(['--data', foreign, '--listen', '127.0.0.1:0'])).err, /belongs to user id 12345: choose another --data/);
  const nobody = await refused(['--data', `${folder}/never`, '--listen', '127.0.0.1:0', '--user', 'no-such-user']);
  assert.match(nobody.err, /there is no user 'no-such-user' .* make one with useradd --system no-such-user, or name another with --user/);
});

test('the secret key is not in the log', async (t) => {
  const { lines } = await serving(t, ['--listen', '127.0.0.1:0', '--data', `${folder}/secret`], { WICK_ACCESS_KEY: 'AKIAEXAMPLE', WICK_SECRET_KEY: 'very-secret', WICK_LOG_LEVEL: 'trace' });
  assert.ok(lines.length >= 2);
  assert.doesNotMatch(lines.join('\n'), /very-secret|any access key/);
});
