// Debian's AWS CLI v2, unmodified: what a person types, against a daemon.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { cleanEnvironment, Daemon } from '../lib/daemon.mjs';
import { request } from '../lib/http.mjs';
import { zip } from '../lib/zip.mjs';

const role = 'arn:aws:iam::000000000000:role/test';
const first = zip({
  'app.py': `import os

def handler(event, context):
    print('told', event)
    return {'word': os.environ.get('WORD'), 'event': event}
`,
});
const second = zip({ 'app.py': "def handler(event, context):\n    return open('/opt/note.txt').read()\n" });

let daemon;
let folder;
before(async () => {
  daemon = await Daemon.start();
  folder = await mkdtemp(path.join(tmpdir(), 'wick-cli-'));
  await writeFile(path.join(folder, 'first.zip'), first);
  await writeFile(path.join(folder, 'second.zip'), second);
  await writeFile(path.join(folder, 'layer.zip'), zip({ 'note.txt': 'a file of the layer' }));
});
after(async () => {
  await daemon.dispose();
  await rm(folder, { recursive: true });
});

// Runs `aws lambda ...` in the folder; returns { code, out (parsed if it is JSON), err }.
async function run(...args) {
  const child = spawn('/usr/bin/aws', ['lambda', '--endpoint-url', daemon.endpoint, '--output', 'json', ...args], {
    cwd: folder, env: { ...cleanEnvironment, AWS_PAGER: '', AWS_MAX_ATTEMPTS: '1' }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (err += data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, out: /^\s*[[{"]/.test(out) ? JSON.parse(out) : out, err };
}

async function aws(...args) {
  const { code, out, err } = await run(...args);
  assert.equal(code, 0, `aws lambda ${args.join(' ')}\n${err}`);
  return out;
}

async function refused(pattern, ...args) {
  const { code, err } = await run(...args);
  assert.notEqual(code, 0, args.join(' '));
  assert.match(err, pattern);
}

const invoke = async (...args) => {
  const reply = await aws('invoke', '--cli-binary-format', 'raw-in-base64-out', ...args, 'out.json');
  const text = await readFile(path.join(folder, 'out.json'), 'utf8');
  return { ...reply, payload: text ? JSON.parse(text) : undefined };
};

const digest = (bytes) => createHash('sha256').update(bytes).digest('base64');

test('create-function and wait function-active-v2', async () => {
  const made = await aws('create-function', '--function-name', 'app', '--runtime', 'python3.11', '--role', role, '--handler', 'app.handler',
    '--zip-file', 'fileb://first.zip', '--environment', 'Variables={WORD=first}');
  assert.equal(made.State, 'Pending');
  assert.equal(made.CodeSha256, digest(first));
  await aws('wait', 'function-active-v2', '--function-name', 'app');
  assert.equal((await aws('get-function-configuration', '--function-name', 'app')).State, 'Active');
  await refused(/ResourceConflictException.*CreateFunction.*Function already exist: app/, 'create-function', '--function-name', 'app',
    '--runtime', 'python3.11', '--role', role, '--handler', 'app.handler', '--zip-file', 'fileb://first.zip');
});

test('invoke: RequestResponse with the log, Event, DryRun', async () => {
  const reply = await invoke('--function-name', 'app', '--payload', '{"a": 1}', '--log-type', 'Tail');
  assert.deepEqual(reply.payload, { word: 'first', event: { a: 1 } });
  assert.equal(reply.ExecutedVersion, '$LATEST');
  assert.match(Buffer.from(reply.LogResult, 'base64').toString(), /^START RequestId: [^]*told \{'a': 1\}\n[^]*REPORT RequestId: /);
  assert.equal((await invoke('--function-name', 'app', '--payload', '{}', '--invocation-type', 'Event')).StatusCode, 202);
  assert.equal((await invoke('--function-name', 'app', '--payload', '{}', '--invocation-type', 'DryRun')).StatusCode, 204);
  await refused(/ResourceNotFoundException.*Function not found: arn:aws:lambda:us-east-1:000000000000:function:nothing/,
    'invoke', '--function-name', 'nothing', 'out.json');
});

test('get-function: the code at its location is what was uploaded', async () => {
  const { Code } = await aws('get-function', '--function-name', 'app');
  const reply = await fetch(Code.Location);
  assert.equal(reply.status, 200);
  assert.equal(digest(Buffer.from(await reply.arrayBuffer())), digest(first));
});

test('a layer published, attached, and its file read at /opt', async () => {
  const layer = await aws('publish-layer-version', '--layer-name', 'note', '--zip-file', 'fileb://layer.zip', '--compatible-runtimes', 'python3.11');
  assert.equal(layer.LayerVersionArn, 'arn:aws:lambda:us-east-1:000000000000:layer:note:1');
  assert.equal((await aws('list-layers')).Layers[0].LatestMatchingVersion.Version, 1);
  const changed = await aws('update-function-code', '--function-name', 'app', '--zip-file', 'fileb://second.zip');
  assert.equal(changed.LastUpdateStatus, 'InProgress');
  await aws('wait', 'function-updated-v2', '--function-name', 'app');
  await aws('update-function-configuration', '--function-name', 'app', '--layers', layer.LayerVersionArn);
  await aws('wait', 'function-updated', '--function-name', 'app');
  assert.equal((await invoke('--function-name', 'app')).payload, 'a file of the layer');
});

test('versions and an alias with weights', async () => {
  assert.equal((await aws('publish-version', '--function-name', 'app', '--description', 'one')).Version, '1');
  await aws('update-function-configuration', '--function-name', 'app', '--description', 'changed');
  await aws('wait', 'function-updated-v2', '--function-name', 'app');
  assert.equal((await aws('publish-version', '--function-name', 'app')).Version, '2');
  const alias = await aws('create-alias', '--function-name', 'app', '--name', 'live', '--function-version', '1',
    '--routing-config', 'AdditionalVersionWeights={2=1.0}');
  assert.deepEqual(alias.RoutingConfig, { AdditionalVersionWeights: { 2: 1 } });
  assert.equal((await invoke('--function-name', 'app:live')).ExecutedVersion, '2');
  await aws('update-alias', '--function-name', 'app', '--name', 'live', '--routing-config', '{}');
  assert.equal((await invoke('--function-name', 'app', '--qualifier', 'live')).ExecutedVersion, '1');
});

test('listing with --max-items, page by page', async () => {
  const page = await aws('list-versions-by-function', '--function-name', 'app', '--max-items', '2');
  assert.deepEqual(page.Versions.map((version) => version.Version), ['$LATEST', '1']);
  const rest = await aws('list-versions-by-function', '--function-name', 'app', '--max-items', '2', '--starting-token', page.NextToken);
  assert.deepEqual(rest.Versions.map((version) => version.Version), ['2']);
  assert.equal(rest.NextToken, undefined);
  const all = await aws('list-versions-by-function', '--function-name', 'app', '--page-size', '1');
  assert.deepEqual(all.Versions.map((version) => version.Version), ['$LATEST', '1', '2']);
  assert.deepEqual((await aws('list-functions')).Functions.map((item) => item.FunctionName), ['app']);
});

test('tags', async () => {
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:app';
  await aws('tag-resource', '--resource', arn, '--tags', 'team=one,stage=test');
  await aws('untag-resource', '--resource', arn, '--tag-keys', 'stage');
  assert.deepEqual(await aws('list-tags', '--resource', arn), { Tags: { team: 'one' } });
});

test('a function URL answers over HTTP', async () => {
  const made = await aws('create-function-url-config', '--function-name', 'app', '--auth-type', 'NONE');
  await aws('add-permission', '--function-name', 'app', '--statement-id', 'all', '--action', 'lambda:InvokeFunctionUrl', '--principal', '*',
    '--function-url-auth-type', 'NONE');
  const reply = await request(daemon.endpoint, made.FunctionUrl);
  assert.deepEqual([reply.status, reply.body], [200, 'a file of the layer']);
  assert.equal((await aws('get-function-url-config', '--function-name', 'app')).FunctionUrl, made.FunctionUrl);
  await aws('delete-function-url-config', '--function-name', 'app');
});

test('concurrency, reserved and provisioned', async () => {
  const reserved = await aws('put-function-concurrency', '--function-name', 'app', '--reserved-concurrent-executions', '0');
  assert.deepEqual(reserved, { ReservedConcurrentExecutions: 0 });
  await refused(/TooManyRequestsException.*Invoke.*Rate Exceeded/, 'invoke', '--function-name', 'app', 'out.json');
  await aws('delete-function-concurrency', '--function-name', 'app');
  const asked = await aws('put-provisioned-concurrency-config', '--function-name', 'app', '--qualifier', '1',
    '--provisioned-concurrent-executions', '1');
  assert.equal(asked.RequestedProvisionedConcurrentExecutions, 1);
  const listed = await aws('list-provisioned-concurrency-configs', '--function-name', 'app');
  assert.equal(listed.ProvisionedConcurrencyConfigs[0].FunctionArn, 'arn:aws:lambda:us-east-1:000000000000:function:app:1');
  await aws('delete-provisioned-concurrency-config', '--function-name', 'app', '--qualifier', '1');
});

test('event invoke config, permissions, account settings', async () => {
  await aws('put-function-event-invoke-config', '--function-name', 'app', '--maximum-retry-attempts', '0');
  assert.equal((await aws('get-function-event-invoke-config', '--function-name', 'app')).MaximumRetryAttempts, 0);
  await aws('delete-function-event-invoke-config', '--function-name', 'app');
  await aws('remove-permission', '--function-name', 'app', '--statement-id', 'all');
  await refused(/ResourceNotFoundException.*GetPolicy/, 'get-policy', '--function-name', 'app');
  const { AccountUsage } = await aws('get-account-settings');
  assert.equal(AccountUsage.FunctionCount, 1);
});

test('delete-function', async () => {
  await aws('delete-function', '--function-name', 'app');
  await refused(/ResourceNotFoundException.*GetFunction.*Function not found/, 'get-function', '--function-name', 'app');
  assert.deepEqual(await aws('list-functions'), { Functions: [] });
});
