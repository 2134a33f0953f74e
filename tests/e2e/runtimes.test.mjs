// Managed and custom runtimes in the real sandbox: handler forms, context, environment, layers, /tmp, logs, the AWS SDKs.
import assert from 'node:assert/strict';
import { chmod, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { run } from '../lib/command.mjs';
import { build, Daemon } from '../lib/daemon.mjs';
import { Lambda, sdk } from '../lib/lambda.mjs';
import { eventually } from '../lib/machine.mjs';
import { zip } from '../lib/zip.mjs';

const role = 'arn:aws:iam::000000000000:role/test';
const programs = path.join(import.meta.dirname, 'programs');

let daemon;
let lambda;
let folder;
before(async () => {
  // What npm needs of this machine to reach its registry; functions do not see it.
  const forNpm = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(https?_proxy|no_proxy|npm_config_.*|NODE_EXTRA_CA_CERTS)$/i.test(name)));
  daemon = await Daemon.start({ env: forNpm });
  lambda = new Lambda(daemon);
  folder = await mkdtemp(path.join(tmpdir(), 'wick-runtimes-'));
});
after(async () => {
  await daemon.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function create(FunctionName, files, options, executable) {
  await lambda.call('CreateFunction', { FunctionName, Role: role, Code: { ZipFile: zip(files, executable) }, Timeout: 10, ...options });
}

const answers = { got: { a: 'ü' } };
for (const [name, Runtime, files, Handler = 'index.handler'] of [
  ['es-module', 'nodejs22.x', { 'index.mjs': 'export const handler = async (event) => ({ got: event });' }],
  ['es-module-by-package', 'nodejs22.x', { 'package.json': '{"type":"module"}', 'index.js': 'export const handler = (event) => Promise.resolve({ got: event });' }],
  ['common-js', 'nodejs22.x', { 'index.js': 'exports.handler = async (event) => ({ got: event });' }],
  ['callback', 'nodejs22.x', { 'index.cjs': 'exports.handler = (event, context, callback) => setImmediate(() => callback(null, { got: event }));' }],
  ['default-export', 'nodejs22.x', { 'index.mjs': 'export default async (event) => ({ got: event });' }, 'index.default'],
  ['nested-node', 'nodejs22.x', { 'src/api/app.mjs': 'export const v1 = { run: async (event) => ({ got: event }) };' }, 'src/api/app.v1.run'],
  ['top-level-await', 'nodejs22.x', { 'index.mjs': 'const ready = await Promise.resolve("got");\nexport const handler = async (event) => ({ [ready]: event });' }],
  ['machine-node', 'nodejs20.x', { 'index.mjs': 'export const handler = async (event) => { if (!process.version.startsWith("v20.")) throw process.version; return { got: event }; };' }],
  ['python', 'python3.11', { 'index.py': 'def handler(event, context): return {"got": event}' }],
  ['nested-python', 'python3.11', { 'src/app.py': 'from src.other import wrap\ndef run(event, context): return wrap(event)', 'src/other.py': 'def wrap(event): return {"got": event}' }, 'src/app.run'],
  ['dotted-python', 'python3.11', { 'pack/app.py': 'def run(event, context): return {"got": event}' }, 'pack.app.run'],
]) {
  test(`handler form: ${name}`, async (t) => {
    try {
      await create(name, files, { Runtime, Handler });
    } catch (error) {
      if (Runtime === 'nodejs20.x' && /not installed on this machine/.test(error.message)) return t.skip('the machine has no Node.js 20');
      throw error;
    }
    const reply = await lambda.invoke(name, { a: 'ü' });
    assert.deepEqual(reply.payload, answers, reply.log);
  });
}

test('the context object', async () => {
  const ClientContext = Buffer.from('{"custom":{"k":"v"},"client":{"app_title":"tests"}}').toString('base64');
  await lambda.deployNode('node-context', `
    export const handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });
  `, { Timeout: 7, MemorySize: 256 });
  await lambda.deployPython('python-context', `
def handler(event, context):
    return {"awsRequestId": context.aws_request_id, "functionName": context.function_name, "functionVersion": context.function_version,
            "invokedFunctionArn": context.invoked_function_arn, "memoryLimitInMB": context.memory_limit_in_mb, "logGroupName": context.log_group_name,
            "logStreamName": context.log_stream_name, "clientContext": {"custom": context.client_context.custom,
            "client": {"app_title": context.client_context.client.app_title}}, "left": context.get_remaining_time_in_millis()}
`, { Timeout: 7, MemorySize: 256 });
  for (const name of ['node-context', 'python-context']) {
    const { payload } = await lambda.invoke(name, {}, { ClientContext });
    const { awsRequestId, logStreamName, left, callbackWaitsForEmptyEventLoop, ...rest } = payload;
    assert.match(awsRequestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(logStreamName, /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.ok(left > 5_000 && left <= 7_000, String(left));
    assert.equal(callbackWaitsForEmptyEventLoop, name === 'node-context' ? true : undefined);
    assert.deepEqual(rest, {
      functionName: name, functionVersion: '$LATEST', invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      memoryLimitInMB: '256', logGroupName: `/aws/lambda/${name}`, clientContext: { custom: { k: 'v' }, client: { app_title: 'tests' } },
    });
  }
});

test('the environment that AWS documents, the function\'s own, and nothing of the daemon\'s', async () => {
  const variables = { Environment: { Variables: { MINE: 'ü = 1', PYTHONUNBUFFERED: '0' } } };
  await lambda.deployNode('node-environment', 'export const handler = async () => process.env;', variables);
  await lambda.deployPython('python-environment', 'import os\ndef handler(event, context): return dict(os.environ)', variables);
  for (const [name, runtime] of [['node-environment', 'nodejs22.x'], ['python-environment', 'python3.11']]) {
    const { payload: env } = await lambda.invoke(name);
    const expected = {
      _HANDLER: 'index.handler', AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1', AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: name, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128', AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand', AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`, LAMBDA_TASK_ROOT: '/var/task',
      LAMBDA_RUNTIME_DIR: '/var/runtime', TZ: ':UTC', MINE: 'ü = 1', PYTHONUNBUFFERED: '0',
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, env[key]])), expected);
    for (const key of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_LAMBDA_LOG_STREAM_NAME', 'PATH', 'LD_LIBRARY_PATH']) assert.ok(env[key], key);
    assert.notEqual(env.AWS_ACCESS_KEY_ID, 'test');
    for (const key of ['HOME', 'NODE_EXTRA_CA_CERTS', 'SUDO_USER']) assert.equal(env[key], undefined, key);
  }
});

test('/var/task is the package, read-only; /tmp is writable, private and kept between warm calls', async () => {
  await create('places', {
    'index.py': `
import os
def handler(event, context):
    if event.get("write"):
        with open("/tmp/kept", "a") as file: file.write(event["write"])
        return None
    def refused(path):
        try: open(path, "w").close()
        except OSError as error: return error.strerror
    return {"data": open("data.txt").read(), "cwd": os.getcwd(), "task": refused("/var/task/x"), "usr": refused("/usr/x"), "root": refused("/x"),
            "tmp": sorted(os.listdir("/tmp")), "kept": os.path.exists("/tmp/kept") and open("/tmp/kept").read(), "free_mb": os.statvfs("/tmp").f_bavail * os.statvfs("/tmp").f_frsize >> 20}
`, 'data.txt': 'beside the code',
  }, { Runtime: 'python3.11', Handler: 'index.handler', EphemeralStorage: { Size: 600 } });
  const first = (await lambda.invoke('places')).payload;
  assert.deepEqual([first.data, first.cwd, first.tmp, first.kept], ['beside the code', '/var/task', [], false]);
  for (const place of ['task', 'usr', 'root']) assert.match(first[place], /Read-only file system|Permission denied/);
  assert.ok(first.free_mb > 500 && first.free_mb <= 600, String(first.free_mb));
  await lambda.invoke('places', { write: 'one' });
  await lambda.invoke('places', { write: ' two' });
  assert.equal((await lambda.invoke('places')).payload.kept, 'one two');
  await lambda.deployPython('elsewhere', 'import os\ndef handler(event, context): return os.listdir("/tmp")');
  assert.deepEqual((await lambda.invoke('elsewhere')).payload, []);
});

test('layers: mounted at /opt in order, their nodejs/ and python/ folders found by import', async () => {
  const publish = async (LayerName, files) =>
    (await lambda.call('PublishLayerVersion', { LayerName, Content: { ZipFile: zip(files) } })).LayerVersionArn;
  const one = await publish('one', {
    'which.txt': 'one', 'only-one.txt': '1', 'nodejs/node_modules/dep/index.js': 'module.exports = "one";',
    'nodejs/node_modules/first/index.js': 'module.exports = "first";', 'python/dep.py': 'name = "one"', 'python/first.py': 'name = "first"',
  });
  const two = await publish('two', { 'which.txt': 'two', 'nodejs/node_modules/dep/index.js': 'module.exports = "two";', 'python/lib/python3.11/site-packages/deep.py': 'name = "deep"', 'python/dep.py': 'name = "two"' });
  const nodeSource = `
    const fs = require('node:fs');
    exports.handler = async () => [fs.readFileSync('/opt/which.txt', 'utf8'), fs.existsSync('/opt/only-one.txt'), require('dep'), require('first')];
  `;
  const pythonSource = `
import dep, first, os
def handler(event, context): return [open("/opt/which.txt").read(), os.path.exists("/opt/only-one.txt"), dep.name, first.name]
`;
  for (const [suffix, Layers, last] of [['one-two', [one, two], 'two'], ['two-one', [two, one], 'one']]) {
    await create(`node-layers-${suffix}`, { 'index.cjs': nodeSource }, { Runtime: 'nodejs22.x', Handler: 'index.handler', Layers });
    await create(`python-layers-${suffix}`, { 'index.py': pythonSource }, { Runtime: 'python3.11', Handler: 'index.handler', Layers });
    for (const kind of ['node', 'python']) {
      const reply = await lambda.invoke(`${kind}-layers-${suffix}`);
      assert.deepEqual(reply.payload, [last, true, last, 'first'], reply.log);
    }
  }
  await create('site-packages', { 'index.py': 'import deep\ndef handler(event, context): return deep.name' }, { Runtime: 'python3.11', Handler: 'index.handler', Layers: [two] });
  assert.equal((await lambda.invoke('site-packages')).payload, 'deep');
});

test('console, print and logging go to the log with the request id', async () => {
  await lambda.deployNode('node-log', 'export const handler = async () => { console.log("to %s", "you"); console.error(new Error("bad")); process.stdout.write("raw\\n"); };');
  await lambda.deployPython('python-log', `
import logging, sys
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print("printed")
    logging.info("logged")
    print("to stderr", file=sys.stderr)
`);
  const inNode = await lambda.invoke('node-log');
  const id = /^START RequestId: (\S+)/.exec(inNode.log)[1];
  assert.match(inNode.log, new RegExp(`^\\S+Z\\t${id}\\tINFO\\tto you$`, 'm'));
  assert.match(inNode.log, new RegExp(`^\\S+Z\\t${id}\\tERROR\\tError: bad\\n    at `, 'm'));
  assert.match(inNode.log, /^raw$/m);
  const inPython = await lambda.invoke('python-log');
  const requestId = /^START RequestId: (\S+)/.exec(inPython.log)[1];
  assert.match(inPython.log, new RegExp(`^START [^]*\\nprinted\\n\\[INFO\\]\\t\\S+Z\\t${requestId}\\tlogged\\nto stderr\\nEND RequestId: ${requestId}\\nREPORT RequestId: ${requestId}\\tDuration: [^]*\\tInit Duration: `));
});

test('the JSON log format, with the platform\'s own events', async () => {
  const LoggingConfig = { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO' };
  await lambda.deployNode('node-json', 'export const handler = async () => { console.debug("not this"); console.warn({ a: 1 }); };', { LoggingConfig });
  await lambda.deployPython('python-json', 'import logging\ndef handler(event, context):\n    logging.getLogger().debug("not this")\n    logging.getLogger().warning("careful")', { LoggingConfig });
  for (const [name, message] of [['node-json', { a: 1 }], ['python-json', 'careful']]) {
    const lines = (await lambda.invoke(name)).log.trim().split('\n').map((line) => JSON.parse(line));
    const requestId = lines.find(({ type }) => type === 'platform.start').record.requestId;
    const said = lines.filter(({ level }) => level);
    assert.equal(said.length, 1, JSON.stringify(lines));
    assert.match(said[0].level, /^WARN(ING)?$/);
    assert.deepEqual([said[0].message, said[0].requestId ?? said[0].AWSRequestId], [message, requestId]);
    const { record } = lines.find(({ type }) => type === 'platform.report');
    assert.deepEqual([record.requestId, record.status, record.metrics.memorySizeMB], [requestId, 'success', 128]);
    assert.ok(record.metrics.durationMs > 0 && record.metrics.billedDurationMs > 0 && record.metrics.initDurationMs > 0, JSON.stringify(record));
  }
});

test('boto3 and the SDK for JavaScript reach Wick with nothing configured', async () => {
  await lambda.deployPython('callee', 'def handler(event, context): return {"heard": event}');
  await lambda.deployPython('python-sdk', `
import boto3, json
client = boto3.client('lambda')
def handler(event, context):
    names = [each['FunctionName'] for page in client.get_paginator('list_functions').paginate() for each in page['Functions']]
    reply = client.invoke(FunctionName='callee', Payload=json.dumps({'from': 'python'}))
    return {'lists': 'callee' in names, 'reply': json.loads(reply['Payload'].read())}
`);
  await lambda.deployNode('node-sdk', `
import { InvokeCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
const client = new LambdaClient();
export const handler = async () => {
  const names = [];
  for await (const page of paginateListFunctions({ client }, {})) names.push(...page.Functions.map((each) => each.FunctionName));
  const reply = await client.send(new InvokeCommand({ FunctionName: 'callee', Payload: JSON.stringify({ from: 'node' }) }));
  return { lists: names.includes('callee'), reply: JSON.parse(Buffer.from(reply.Payload).toString()) };
};
`);
  await create('old-style-sdk', { 'index.js': `
    const { LambdaClient, GetFunctionCommand } = require('@aws-sdk/client-lambda');
    exports.handler = async () => (await new LambdaClient({}).send(new GetFunctionCommand({ FunctionName: 'callee' }))).Configuration.FunctionName;
  ` }, { Runtime: 'nodejs22.x', Handler: 'index.handler' });
  for (const kind of ['python', 'node']) {
    const reply = await lambda.invoke(`${kind}-sdk`);
    assert.deepEqual(reply.payload, { lists: true, reply: { heard: { from: kind } } }, reply.log);
  }
  assert.equal((await lambda.invoke('old-style-sdk')).payload, 'callee');
});

test('custom runtime: a bootstrap in shell', async () => {
  await lambda.deployBootstrap('shell', await readFile(path.join(programs, 'bootstrap.sh')), { Runtime: 'provided.al2' });
  const reply = await lambda.invoke('shell', { a: 1 });
  assert.deepEqual(reply.payload, { a: 1 }, reply.log);
  assert.match(reply.log, /^START [^]*\nhas \{"a":1\}\nEND /m);
});

test('custom runtime: a bootstrap in C++ answers, streams, fails, and fails in the middle', async () => {
  const compiled = await run('clang++-19', ['-std=c++20', '-O1', path.join(programs, 'bootstrap.cpp'), '-o', path.join(folder, 'bootstrap')]);
  assert.equal(compiled.code, 0, compiled.err);
  const bootstrap = await readFile(path.join(folder, 'bootstrap'));
  await lambda.deployBootstrap('native', bootstrap);
  assert.deepEqual((await lambda.invoke('native', { a: 1 })).payload, { a: 1 });

  const failed = await lambda.invoke('native', { do: 'fail' });
  assert.deepEqual([failed.error, failed.payload], ['Unhandled', { errorType: 'Native.Sad', errorMessage: 'asked to fail' }]);

  const stream = async (event) => {
    const reply = await lambda.call('InvokeWithResponseStream', { FunctionName: 'native', Payload: JSON.stringify(event) });
    const seen = { text: '' };
    for await (const { PayloadChunk, InvokeComplete } of reply.EventStream) {
      if (PayloadChunk) seen.text += Buffer.from(PayloadChunk.Payload);
      if (InvokeComplete) seen.end = InvokeComplete;
    }
    return seen;
  };
  const streamed = await stream({ do: 'stream' });
  assert.deepEqual([streamed.text, streamed.end.ErrorCode], ['first second', undefined]);
  const broken = await stream({ do: 'break' });
  assert.deepEqual([broken.text, broken.end.ErrorCode], ['half', 'Native.Broken']);
  assert.match(broken.end.ErrorDetails, /half way/);
  assert.deepEqual((await lambda.invoke('native', { after: 'all' })).payload, { after: 'all' });

  await lambda.deployBootstrap('no-init', bootstrap, { Environment: { Variables: { FAIL_INIT: '1' } } });
  const refused = await lambda.invoke('no-init');
  assert.deepEqual([refused.error, refused.payload], ['Unhandled', { errorType: 'Extension.Sad', errorMessage: 'no way to begin' }]);
  assert.match(refused.log, /INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Extension\.Sad/);
});

for (const [name, files, executable, type, message] of [
  ['exits-at-once', { bootstrap: '#!/bin/sh\necho going\nexit 3\n' }, ['bootstrap'], 'Runtime.ExitError', /^RequestId: \S+ Error: Runtime exited with error: exit status 3$/],
  ['exits-in-a-call', { bootstrap: '#!/bin/sh\ncurl -s "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" >/dev/null\nkill -9 $$\n' }, ['bootstrap'], 'Runtime.ExitError',
    /^RequestId: \S+ Error: Runtime exited with error: signal: killed$/],
  ['has-none', { 'other.txt': '' }, [], 'Runtime.InvalidEntrypoint', /^RequestId: \S+ Error: Couldn't find valid bootstrap/],
  ['not-executable', { bootstrap: '#!/bin/sh\n' }, [], 'Runtime.InvalidEntrypoint', /^RequestId: \S+ Error: /],
  ['no-program', { bootstrap: 'neither a script nor a binary' }, ['bootstrap'], 'Runtime.InvalidEntrypoint', /^RequestId: \S+ Error: /],
]) {
  test(`custom runtime: a bootstrap that ${name.replaceAll('-', ' ')}`, async () => {
    await create(name, files, { Runtime: 'provided.al2023', Handler: 'bootstrap' }, executable);
    const reply = await lambda.invoke(name);
    assert.equal(reply.error, 'Unhandled');
    assert.equal(reply.payload.errorType, type, JSON.stringify(reply.payload));
    assert.match(reply.payload.errorMessage, message);
    assert.match(reply.log, /END RequestId: \S+\nREPORT RequestId: /);
  });
}

test('a runtime that is not here, or is none, is refused at create', async () => {
  await assert.rejects(create('nothing', { 'index.py': '' }, { Runtime: 'python3.13', Handler: 'index.handler' }), (error) =>
    error instanceof sdk.InvalidParameterValueException &&
    /^The runtime python3\.13 is not installed on this machine\. .*`wick runtime add FOLDER`, or choose one of: .*nodejs22\.x/.test(error.message));
  await assert.rejects(create('nothing', { 'index.py': '' }, { Runtime: 'cobol85', Handler: 'index.handler' }), (error) =>
    error instanceof sdk.InvalidParameterValueException && /^Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*\] or be a valid ARN$/.test(error.message));
});

const own = async (operation, body) => {
  const reply = await fetch(`${daemon.endpoint}/_wick/v1/${operation}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: reply.status, ...(await reply.json()) };
};

test('wick runtime add: a copied folder serves new functions, and goes on when the folder is gone', async () => {
  // A Python of another version cannot be made up, so it is the machine's Node.js 22 under a root of its own.
  // The daemon reads it as its own user.
  await chmod(folder, 0o755);
  const root = path.join(folder, 'a node');
  await mkdir(path.join(root, 'bin'), { recursive: true });
  await cp(path.join(build, 'share/wick/runtimes/nodejs22.x/bin/node'), path.join(root, 'bin/node'));
  const added = await own('runtimes/add', { root });
  assert.deepEqual([added.status, added.name, added.kind], [200, 'nodejs22.x', 'node'], JSON.stringify(added));
  assert.ok(added.root.startsWith(daemon.data), added.root);
  await rm(root, { recursive: true });
  await lambda.deployNode('on-added', 'export const handler = async () => process.version;');
  assert.equal((await lambda.invoke('on-added')).payload, `v${added.version}`);
  for (const wrong of [{ root: '/nowhere' }, { root: folder }, { root: '/usr' }, {}, { root: 5 }]) assert.equal((await own('runtimes/add', wrong)).status, 400, JSON.stringify(wrong));
});

const ask = async (place) => (await fetch(`${daemon.endpoint}/_wick/v1/${place}`)).json();
const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|CERT|network/;
const slow = `export const handler = async () => {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return [process.version, Math.random(), crypto.randomUUID()];
};`;

test('wick runtime install: Node.js from the npm registry, forked like the others', { timeout: 240_000 }, async (t) => {
  const versions = new Map();
  for (const major of [24, 26]) {
    const installed = await own('runtimes/install', { name: `nodejs${major}.x` });
    if (installed.status !== 200 && unreachable.test(installed.message)) return t.skip(`npm cannot reach its registry: ${installed.message}`);
    assert.equal(installed.status, 200, installed.message);
    assert.match(installed.version, new RegExp(`^${major}\\.`));
    versions.set(`on-${major}`, `v${installed.version}`);
    await lambda.deployNode(`on-${major}`, slow, { Runtime: `nodejs${major}.x` });
  }
  for (const [name, version] of versions) {
    assert.equal((await lambda.invoke(name)).payload[0], version);
    await eventually(async () => (await ask(`functions/${name}/templates`)).templates[0]?.state === 'ready', `${name} has a template`);
    const replies = await Promise.all([0, 1, 2, 3].map(() => lambda.call('Invoke', { FunctionName: name })));
    const answers = replies.map(({ Payload }) => JSON.parse(Buffer.from(Payload).toString()));
    for (const place of [1, 2]) assert.equal(new Set(answers.map((answer) => answer[place])).size, 4, JSON.stringify(answers));
    const calls = await Promise.all(replies.map(({ $metadata }) => ask(`calls/${$metadata.requestId}`)));
    const forks = calls.filter(({ attempts: [{ start }] }) => start === 'versionTemplate');
    assert.ok(forks.length >= 3, JSON.stringify(calls));
  }
  assert.equal((await own('runtimes/install', { name: 'python3.13' })).status, 400);

  // They are there after a restart as well.
  await daemon.stop();
  daemon = await Daemon.start({ data: daemon.data });
  lambda = new Lambda(daemon);
  for (const [name, version] of versions) assert.equal((await lambda.invoke(name)).payload[0], version);
});
