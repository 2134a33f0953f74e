// The `wick` command as people use it: deploy, invoke, logs and the rest, what they print and how they end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { after, before, test } from 'node:test';

import { run, Wick } from '../lib/command.mjs';
import { cleanEnvironment, Daemon, wick as program } from '../lib/daemon.mjs';
import { eventually } from '../lib/machine.mjs';
import { zip } from '../lib/zip.mjs';

const programs = path.join(import.meta.dirname, 'programs');
const python = 'def handler(event, context):\n    print("has", event)\n    return {"hello": event.get("name", "world")}\n';
const node = 'export const handler = async (event) => { console.log("has", event); return { hello: event.name ?? "world" }; };\n';

let daemon;
let wick;
before(async () => {
  daemon = await Daemon.start();
  wick = new Wick(daemon, await mkdtemp(path.join(tmpdir(), 'wick-command-')));
  await wick.write('hello.py', python);
  await wick.must('deploy', 'hello.py');
});
after(async () => {
  await daemon.dispose();
  await rm(wick.folder, { recursive: true });
});

async function deployed(source, ...flags) {
  const { FunctionName, Runtime, Handler } = await wick.must('deploy', source, ...flags, '--json');
  return { FunctionName, Runtime, Handler };
}
const invoked = async (name, data) => JSON.parse(await wick.must('invoke', name, '-d', JSON.stringify(data)));

test('deploy: an ES module, a CommonJS file, a name that fits no function', async () => {
  await wick.write('es.mjs', node);
  await wick.write('old.js', 'exports.handler = async (event) => ({ hello: event.name, common: typeof require });\n');
  await wick.write('my file v1.2.py', 'def greet(event, context): return "greeted"\n');
  assert.deepEqual(await deployed('es.mjs'), { FunctionName: 'es', Runtime: 'nodejs22.x', Handler: 'es.handler' });
  assert.deepEqual(await invoked('es', { name: 'a' }), { hello: 'a' });
  assert.deepEqual(await deployed('old.js'), { FunctionName: 'old', Runtime: 'nodejs22.x', Handler: 'old.handler' });
  assert.deepEqual(await invoked('old', { name: 'b' }), { hello: 'b', common: 'function' });
  assert.deepEqual(await deployed('my file v1.2.py'), { FunctionName: 'my-file-v1-2', Runtime: 'python3.11', Handler: 'my-file-v1-2.greet' });
  assert.equal(await invoked('my-file-v1-2', {}), 'greeted');
});

test('deploy: a folder, a package with its main file, a zip', async () => {
  await wick.write('folder/lambda_function.py', 'from parts.one import value\ndef lambda_handler(event, context): return value\n');
  await wick.write('folder/parts/one.py', 'value = 41\n');
  await wick.write('shop/package.json', '{"name": "shop", "type": "module", "main": "./src/app.js"}');
  await wick.write('shop/src/app.js', 'import dep from "dep";\nexport const main = async () => dep;\n');
  await wick.write('shop/node_modules/dep/package.json', '{"name": "dep", "main": "it.js"}');
  await wick.write('shop/node_modules/dep/it.js', 'module.exports = "of a dependency";\n');
  await wick.write('zipped.zip', zip({ 'index.mjs': 'export const handler = async () => "zipped";\n' }));
  assert.equal((await deployed('folder')).Handler, 'lambda_function.lambda_handler');
  assert.equal(await invoked('folder', {}), 41);
  assert.deepEqual(await deployed('shop/'), { FunctionName: 'shop', Runtime: 'nodejs22.x', Handler: 'src/app.main' });
  assert.equal(await invoked('shop', {}), 'of a dependency');
  assert.equal((await deployed('zipped.zip')).Handler, 'index.handler');
  assert.equal(await invoked('zipped', {}), 'zipped');
});

test('deploy: executables, in shell and in C++', async () => {
  await copyFile(path.join(programs, 'bootstrap.sh'), path.join(wick.folder, 'shell'));
  await chmod(path.join(wick.folder, 'shell'), 0o755);
  assert.deepEqual(await deployed('shell'), { FunctionName: 'shell', Runtime: 'provided.al2023', Handler: 'bootstrap' });
  assert.deepEqual(await invoked('shell', { a: [1, 'two'] }), { a: [1, 'two'] });

  const compiled = await run('clang++-19', ['-std=c++20', '-O1', path.join(programs, 'bootstrap.cpp'), '-o', path.join(wick.folder, 'native')]);
  assert.equal(compiled.code, 0, compiled.err);
  assert.equal((await deployed('native', '--timeout', '5')).Runtime, 'provided.al2023');
  assert.deepEqual(await invoked('native', { native: true }), { native: true });
});

test('deploy: how many calls an instance may run at once', async () => {
  const variables = async (...flags) => (await wick.must('deploy', 'shell', ...flags, '--json')).Environment.Variables;
  await copyFile(path.join(programs, 'bootstrap.sh'), path.join(wick.folder, 'shell'));
  await chmod(path.join(wick.folder, 'shell'), 0o755);
  assert.deepEqual(await variables('--concurrency', '8'), { AWS_LAMBDA_MAX_CONCURRENCY: '8' });
  assert.deepEqual(await variables(), { AWS_LAMBDA_MAX_CONCURRENCY: '8' });
  assert.deepEqual(await variables('--concurrency', '1'), { AWS_LAMBDA_MAX_CONCURRENCY: '1' });
  const { code, err } = await wick.run(['deploy', 'hello.py', '--concurrency', '8']);
  assert.notEqual(code, 0);
  assert.match(err, /the runtime python3\.\d+ run one invocation at a time\. Remove the variable, or use a custom runtime/);
  const tooMany = await wick.run(['deploy', 'shell', '--concurrency', '65']);
  assert.notEqual(tooMany.code, 0);
  assert.match(tooMany.err, /concurrency.*(1|64)/i);
});

test('deploy: flags, and again', async (t) => {
  await wick.write('flags.py', 'import os\ndef one(e, c): return os.environ.get("WORD")\ndef two(e, c): return os.environ.get("OTHER")\n');
  const first = await wick.must('deploy', 'flags.py', '--name', 'flagged', '--runtime', 'python3.11', '--handler', 'flags.one', '--memory', '256',
    '--timeout', '7', '--env', 'WORD=a=b', '--env', 'OTHER=', '--url', '--json');
  assert.deepEqual([first.MemorySize, first.Timeout, first.Environment.Variables], [256, 7, { WORD: 'a=b', OTHER: '' }]);
  assert.match(first.FunctionUrl, /^http:\/\/[a-z0-9]{32}\.lambda-url\.localhost:\d+\/$/);
  assert.equal(await invoked('flagged', {}), 'a=b');

  assert.match(await wick.must('deploy', 'flags.py', '--name', 'flagged'), /^unchanged: flagged \(\d+ B zipped, \d+ ms\)\n  python3\.11, flags\.one, 256 MB, 7 s\n/);
  assert.match(await wick.must('deploy', 'flags.py', '--name', 'flagged', '--memory', '512', '--env', 'OTHER=new', '--url'), /^updated flagged .*\n.* 512 MB, 7 s\n  http:/);
  const shown = (await wick.must('show', 'flagged', '--json')).Configuration;
  assert.deepEqual([shown.Handler, shown.Environment.Variables], ['flags.one', { WORD: 'a=b', OTHER: 'new' }]);

  await wick.write('flags.py', 'def renamed(e, c): return "renamed"\n');
  assert.match(await wick.must('deploy', 'flags.py', '--name', 'flagged'), /^updated flagged .*\n  python3\.11, flags\.renamed, 512 MB/);
  assert.equal(await invoked('flagged', {}), 'renamed');

  const began = performance.now();
  await wick.write('quick.py', python);
  await wick.must('deploy', 'quick.py');
  await wick.must('invoke', 'quick');
  t.diagnostic(`push to first reply: ${Math.round(performance.now() - began)} ms`);
});

test('deploy: a refused change leaves the function as it was', async () => {
  await wick.write('stays.py', python);
  await wick.must('deploy', 'stays.py');
  await wick.write('stays.py', 'def handler(event, context): return "new"\n');
  const refused = await wick.run(['deploy', 'stays.py', '--runtime', 'python3.13']);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /^error: The runtime python3\.13 is not installed on this machine\. Add a folder .* `wick runtime add FOLDER`, or choose one of: /);
  assert.deepEqual(await invoked('stays', {}), { hello: 'world' });
});

test('invoke: data from the command line, a file and standard input; a queued call', async () => {
  await wick.write('event.json', '{"name": "of a file"}');
  const cases = [
    [[], '{"hello": "world"}'],
    [['-d', '{"name": "given"}'], '{"hello": "given"}'],
    [['-d', '@event.json'], '{"hello": "of a file"}'],
    [['-d', '-'], '{"hello": "piped"}'],
  ];
  for (const [args, out] of cases) assert.deepEqual(await wick.run(['invoke', 'hello', ...args], { input: '{"name": "piped"}' }), { code: 0, out, err: '' });

  const tail = await wick.run(['invoke', 'hello', '--tail', '-d', '{"name": "tailed"}']);
  assert.equal(tail.out, '{"hello": "tailed"}');
  assert.match(tail.err, /^START RequestId: \S+ Version: \$LATEST\nhas \{'name': 'tailed'\}\nEND RequestId: \S+\nREPORT RequestId: /);

  assert.match(await wick.must('invoke', 'hello', '--async', '-d', '{"name": "queued"}'), /^accepted, request id [0-9a-f-]{36}\n$/);
  assert.match((await wick.must('invoke', 'hello', '--async', '--json')).requestId, /^[0-9a-f-]{36}$/);
  await eventually(async () => /has \{'name': 'queued'\}/.test(await wick.must('logs', 'hello')), 'the queued call is in the log');
});

test('invoke: a function that fails is exit 10, with its error on standard output', async () => {
  await wick.write('failing.py', 'def handler(event, context): raise ValueError("no such thing")\n');
  await wick.must('deploy', 'failing.py');
  const { code, out, err } = await wick.run(['invoke', 'failing']);
  assert.equal(code, 10);
  assert.equal(JSON.parse(out).errorType, 'ValueError');
  assert.match(err, /^error: the function failed: ValueError: no such thing; `wick logs failing` has more, request id \S+\n$/);
});

test('what is wrong is said, with its exit code and what to do', async () => {
  const cases = [
    [['invoke', 'nobody'], 3, /Function not found: .*:nobody.*; `wick ls` lists what there is/],
    [['invoke', 'hello', '-d', '{broken'], 1, /the payload is not JSON \(.*\); strings need quotes: -d '"text"'/],
    [['invoke', 'hello', '-d', '@missing.json'], 3, /read missing\.json: No such file/],
    [['deploy', 'missing.py'], 3, /there is no missing\.py/],
    [['deploy', 'event.txt'], 1, /is not something to run: give a \.py, .* or an executable \(chmod \+x it\)/],
    [['deploy', 'nothing'], 1, /nothing is empty/],
    [['deploy', 'unclear'], 1, /cannot tell what in unclear to run: .*--handler FILE\.FUNCTION/],
    [['deploy', 'broken.zip'], 1, /zip/],
    [['deploy', 'hello.py', '--env', 'WORD'], 1, /--env takes KEY=VALUE/],
    [['deploy', 'hello.py', '--runtime', 'cobol'], 1, /nodejs22\.x/],
    [['deploy', 'hello.py', '--name', 'a b'], 2, /'a b' is no function name: up to 64 letters, digits, - and _/],
    [['deploy', 'hello.py', '--memory', '5'], 2, /--memory/],
    [['deploy'], 2, /path/],
    [['show', 'nobody'], 3, /wick ls/],
    [['logs', 'nobody'], 3, /wick ls/],
    [['logs', 'hello', '--since', '10x'], 2, /--since/],
    [['rm', 'nobody'], 3, /wick ls/],
    [['runtime', 'add', '/nowhere'], 1, /\/nowhere/],
    [['runtime', 'install', 'python3.13'], 1, /nothing to install for python3\.13/],
    [['completion', 'csh'], 2, /csh/],
    [['deplyo'], 2, /deplyo|--help/],
    [['--endpoint', 'nonsense', 'ls'], 1, /http:\/\/HOST:PORT/],
    [['--json', 'serve'], 1, /serve comes first/],
  ];
  await wick.write('event.txt', 'text');
  await wick.write('broken.zip', 'this is no zip');
  await wick.write('unclear/a.py', '');
  await wick.write('unclear/b.py', '');
  await mkdir(path.join(wick.folder, 'nothing'));
  for (const [args, code, message] of cases) {
    const ended = await wick.run(args);
    assert.equal(ended.code, code, `wick ${args.join(' ')}: ${ended.out}${ended.err}`);
    assert.match(ended.out + ended.err, message);
  }
  const { code, out } = await wick.run([]);
  assert.equal(code, 2);
  assert.match(out, /Subcommands:\n  serve /);
});

test('--json gives errors as JSON on standard output', async () => {
  const { code, out, err } = await wick.run(['--json', 'show', 'nobody']);
  assert.deepEqual([code, err], [3, '']);
  const { error } = JSON.parse(out);
  assert.equal(error.code, 'not_found');
  assert.match(error.message, /nobody/);
});

test('a throttled call is exit 5', async () => {
  await wick.write('never.py', python);
  await wick.must('deploy', 'never.py');
  const put = await fetch(`${daemon.endpoint}/2017-10-31/functions/never/concurrency`, { method: 'PUT', body: '{"ReservedConcurrentExecutions": 0}' });
  assert.equal(put.status, 200);
  const { code, err } = await wick.run(['invoke', 'never']);
  assert.equal(code, 5);
  assert.match(err, /Rate Exceeded/);
});

test('no daemon: exit 4, and how to start one', async () => {
  const { code, err } = await wick.run(['ls'], { env: { WICK_ENDPOINT: 'http://127.0.0.1:1' } });
  assert.equal(code, 4);
  assert.match(err, /is Wick running at http:\/\/127\.0\.0\.1:1\? Start it with `wick serve`/);
});

test('credentials come from WICK_ACCESS_KEY and WICK_SECRET_KEY', async (t) => {
  const guarded = await Daemon.start({ args: ['--access-key', 'AKIAEXAMPLE', '--secret-key', 'right'] });
  t.after(() => guarded.dispose());
  const other = new Wick(guarded, wick.folder);
  assert.equal((await other.run(['ls'], { env: { WICK_ACCESS_KEY: 'AKIAEXAMPLE', WICK_SECRET_KEY: 'right' } })).code, 0);
  assert.equal((await other.run(['status'], { env: { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'right' } })).code, 0);
  for (const env of [{}, { WICK_ACCESS_KEY: 'AKIAEXAMPLE', WICK_SECRET_KEY: 'wrong' }]) {
    for (const command of ['ls', 'status']) {
      const { code, err } = await other.run([command], { env });
      assert.equal(code, 1);
      assert.match(err, /set WICK_ACCESS_KEY and WICK_SECRET_KEY to the keys that `wick serve` was given/);
    }
  }
});

test('ls, show, status and runtime ls', async () => {
  assert.match(await wick.must('ls'), /^NAME +RUNTIME +MEMORY +TIMEOUT +SIZE +MODIFIED\n[^]*^hello +python3\.11 +128 MB +3 s +\d+ B +20\d\d-/m);
  assert.ok((await wick.must('ls', '--names')).split('\n').includes('hello'));
  assert.ok((await wick.must('ls', '--json')).some((each) => each.FunctionName === 'hello'));

  assert.match(await wick.must('show', 'hello'), /^hello\n  arn +arn:aws:lambda:us-east-1:000000000000:function:hello\n  state +Active\n  runtime +python3\.11\n/);
  const shown = await wick.must('show', 'hello', '--json');
  assert.equal(shown.Configuration.Handler, 'hello.handler');
  assert.equal((await fetch(shown.Code.Location)).status, 200);

  const status = await wick.must('status', '--json');
  assert.deepEqual([status.data, status.listen, status.credentials], [daemon.data, [daemon.endpoint], 'any']);
  assert.match(await wick.must('status'), /^Wick \S+ runs\n  at +http:[^]*  data +\/[^]*  process +\d+, since [^]*  access keys +any, on loopback only\n  sandboxes +(privileged|rootless)\n/);

  assert.match(await wick.must('runtime', 'ls'), /^RUNTIME +VERSION +FROM\n[^]*nodejs22\.x +22\.[^]*provided\.al2023 +the function's own bootstrap\npython3\.11 +3\.11/);
  const { runtimes, installable } = await wick.must('runtime', 'ls', '--json');
  assert.ok(runtimes.some(({ name, kind }) => name === 'python3.11' && kind === 'python'));
  assert.ok(Array.isArray(installable));
  assert.match((await wick.run(['--version'])).out, /^wick \d/);
});

test('rm removes what is there and says what is not', async () => {
  for (const name of ['gone-1', 'gone-2']) await wick.must('deploy', 'hello.py', '--name', name);
  const { code, out, err } = await wick.run(['rm', 'gone-1', 'nobody', 'gone-2']);
  assert.deepEqual([code, out], [3, 'removed gone-1\nremoved gone-2\n']);
  assert.match(err, /nobody/);
  await wick.must('deploy', 'hello.py', '--name', 'gone-3');
  assert.deepEqual(await wick.must('rm', 'gone-3', '--json'), { removed: ['gone-3'] });
});

test('logs: what was written, as JSON, and as it happens', async (t) => {
  await wick.write('talks.mjs', node);
  await wick.must('deploy', 'talks.mjs');
  await wick.must('invoke', 'talks', '-d', '{"name":"first"}');
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  let text;
  await eventually(async () => /REPORT/.test((text = await wick.must('logs', 'talks', '--since', '10m'))), 'the log is written');
  assert.match(text, new RegExp(`^${time} START RequestId: \\S+ Version: \\$LATEST\\n${time} \\S+\\tINFO\\thas \\{ name: 'first' \\}\\n${time} END [^]*${time} REPORT `));
  const events = (await wick.must('logs', 'talks')).trim().split('\n');
  const lines = (await wick.run(['logs', 'talks', '--json'])).out.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.length, events.length);
  assert.deepEqual(Object.keys(lines[0]).sort(), ['instance', 'message', 'time', 'version']);
  assert.equal((await wick.must('logs', 'talks', '--limit', '1')).split('\n').length, 2);

  const following = spawn(program, ['logs', 'talks', '-f', '--limit', '1'], { env: { ...cleanEnvironment, ...wick.env }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => following.kill());
  const seen = readline.createInterface({ input: following.stdout })[Symbol.asyncIterator]();
  assert.match((await seen.next()).value, /REPORT/); // what was there
  await wick.must('invoke', 'talks', '-d', '{"name":"second"}');
  let line;
  do line = (await seen.next()).value; while (!/has/.test(line));
  assert.match(line, /has \{ name: 'second' \}/);
});

test('a function cannot drive the terminal, and colours are for terminals only', async () => {
  await wick.write('rude.py', 'def handler(event, context):\n    print("\\x1b[31mred \\x07 \\u009b2J \\x7f")\n    raise ValueError("\\x1b[2J")\n');
  await wick.must('deploy', 'rude.py');
  const escape = /\x1b|\x07|\u009b|\x7f/;
  const tail = await wick.run(['invoke', 'rude', '--tail']);
  assert.doesNotMatch(tail.err + tail.out, escape);
  await eventually(async () => /\\x1b\[31mred \\x07 \\u009b2J \\x7f/.test(await wick.must('logs', 'rude')), 'the text is shown, not its effect');
  for (const args of [['ls'], ['show', 'rude'], ['status'], ['logs', 'rude']]) assert.doesNotMatch(await wick.must(...args), escape, args[0]);

  const coloured = await wick.onTerminal(['logs', 'rude']);
  assert.match(coloured.out, /\x1b\[2m20/);
  assert.doesNotMatch(coloured.out.replaceAll(/\x1b\[\d+m/g, ''), escape);
  assert.doesNotMatch(coloured.out, /\x1b\[31mred/);
  assert.match((await wick.onTerminal(['status'])).out, /\x1b\[32mruns\x1b\[0m/);
  assert.doesNotMatch((await wick.onTerminal(['status'], { NO_COLOR: '1' })).out, /\x1b/);
  assert.equal((await wick.onTerminal(['invoke', 'rude'])).code, 10);
  await wick.write('rude.py', 'def handler(event, context): return 1\n');
  assert.match((await wick.onTerminal(['deploy', 'rude.py'])).out, /pushing [\d.]+ B \.\.\.[^]*\r\x1b\[K/);
});

test('completion', async () => {
  const script = await wick.must('completion', 'bash');
  assert.equal((await run('bash', ['-n'], { input: script })).code, 0);
  const complete = async (...words) => {
    const line = `source ${wick.folder}/completion; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _wick; echo "\${COMPREPLY[*]}"`;
    const { out, err } = await run('bash', ['-c', line], { cwd: wick.folder, env: { ...wick.env, PATH: `${path.dirname(program)}:/usr/bin:/bin` } });
    assert.equal(err, '');
    return out.trim();
  };
  await wick.write('completion', script);
  assert.equal(await complete('wick', 'de'), 'deploy');
  for (const command of ['serve', 'deploy', 'invoke', 'logs', 'ls', 'show', 'rm', 'runtime', 'status', 'completion']) assert.ok((await complete('wick', '')).split(' ').includes(command), command);
  assert.equal(await complete('wick', 'deploy', 'hello'), 'hello.py');
  assert.equal(await complete('wick', 'deploy', '--ti'), '--timeout');
  assert.equal(await complete('wick', 'logs', 'x', '--fo'), '--follow');
  assert.equal(await complete('wick', 'invoke', 'hel'), 'hello');
  assert.equal(await complete('wick', 'invoke', 'hello', '-d', '@event.j'), '@event.json');
  assert.equal(await complete('wick', '--json', '--endpoint', daemon.endpoint, 'show', 'hel'), 'hello');
  assert.equal(await complete('wick', 'runtime', 'in'), 'install');
  assert.equal(await complete('wick', 'completion', 'z'), 'zsh');
  assert.match(await wick.must('completion', 'zsh'), /^autoload -U \+X bashcompinit && bashcompinit\n_wick\(\)/);
  assert.match(await wick.must('completion', 'fish'), /-n "__fish_seen_subcommand_from deploy" -l name -l runtime/);
});
