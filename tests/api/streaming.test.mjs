// InvokeWithResponseStream through the SDK for JavaScript, and streaming function URLs: bytes arrive when they are written.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda, sdk } from '../lib/lambda.mjs';

const streaming = `
  export const handler = awslambda.streamifyResponse(async (event, stream) => {
    stream.write('first');
    await new Promise((resolve) => setTimeout(resolve, event.pause ?? 300));
    if (event.fails) throw new Error('in the middle');
    stream.write('second');
    stream.end();
  });
`;

let daemon;
let lambda;
before(async () => {
  daemon = await Daemon.start();
  lambda = new Lambda(daemon);
  await lambda.deployNode('streaming', streaming);
  await lambda.deployPython('plain', 'def handler(event, context):\n    return {"whole": event}\n');
  for (const FunctionName of ['streaming', 'plain']) {
    await sdk.waitUntilFunctionActiveV2({ client: lambda.client, maxWaitTime: 30 }, { FunctionName });
  }
});
after(() => daemon.dispose());

// The stream's chunks with the time each came at, and what the last event says.
async function stream(name, event) {
  const reply = await lambda.call('InvokeWithResponseStream', { FunctionName: name, Payload: JSON.stringify(event), LogType: 'Tail' });
  const seen = { status: reply.StatusCode, version: reply.ExecutedVersion, type: reply.ResponseStreamContentType, chunks: [], times: [] };
  for await (const item of reply.EventStream) {
    if (item.PayloadChunk) {
      seen.chunks.push(Buffer.from(item.PayloadChunk.Payload).toString());
      seen.times.push(performance.now());
    }
    if (item.InvokeComplete) seen.complete = item.InvokeComplete;
  }
  return seen;
}

test('chunks arrive as the handler writes them', async () => {
  const seen = await stream('streaming', { pause: 500 });
  assert.equal(seen.status, 200);
  assert.equal(seen.version, '$LATEST');
  assert.equal(seen.chunks.join('|'), 'first|second');
  assert.ok(seen.times[1] - seen.times[0] > 300, `the second chunk came ${seen.times[1] - seen.times[0]} ms after the first`);
  assert.match(Buffer.from(seen.complete.LogResult, 'base64').toString(), /^START RequestId: [^]*REPORT RequestId: /);
});

test('a handler that fails in the middle ends the stream with its error', async () => {
  const seen = await stream('streaming', { pause: 0, fails: true });
  assert.equal(seen.chunks.join(''), 'first');
  assert.equal(seen.complete.ErrorCode, 'Error');
  assert.match(seen.complete.ErrorDetails, /in the middle/);
});

test('a function that does not stream gives its result in one piece', async () => {
  const seen = await stream('plain', { a: 1 });
  assert.deepEqual(JSON.parse(seen.chunks.join('')), { whole: { a: 1 } });
  assert.equal(seen.complete.ErrorCode, undefined);
});

test('Invoke of a streaming function gives the whole', async () => {
  const reply = await lambda.call('Invoke', { FunctionName: 'streaming', Payload: '{"pause": 0}' });
  assert.equal(Buffer.from(reply.Payload).toString(), 'firstsecond');
});

test('a function that does not exist is refused before any stream', async () => {
  await assert.rejects(stream('nothing', {}), { name: 'ResourceNotFoundException' });
});

test('a RESPONSE_STREAM URL sends what is written at once', async () => {
  const { FunctionUrl } = await lambda.call('CreateFunctionUrlConfig', {
    FunctionName: 'streaming', AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM',
  });
  await lambda.call('AddPermission', {
    FunctionName: 'streaming', StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE',
  });
  const { hostname, port } = new URL(daemon.endpoint);
  const times = [];
  const text = await new Promise((resolve, reject) => {
    http.get({ host: hostname, port, path: '/', headers: { Host: new URL(FunctionUrl).host } }, (reply) => {
      let all = '';
      reply.on('data', (data) => { all += data; times.push(performance.now()); }).on('end', () => resolve(all)).on('error', reject);
    }).on('error', reject);
  });
  assert.equal(text, 'firstsecond');
  assert.ok(times.length >= 2 && times.at(-1) - times[0] > 150, `came at ${times}`);
});

test('fetch reaches a function URL in its path form', async () => {
  const { FunctionUrl } = await lambda.call('CreateFunctionUrlConfig', { FunctionName: 'plain', AuthType: 'NONE' });
  await lambda.call('AddPermission', {
    FunctionName: 'plain', StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE',
  });
  const id = new URL(FunctionUrl).hostname.split('.')[0];
  const reply = await fetch(`${daemon.endpoint}/_wick/url/${id}/some/path?q=1`);
  const { whole } = await reply.json();
  assert.equal(reply.status, 200);
  assert.equal(whole.version, '2.0');
  assert.equal(whole.rawPath, '/some/path');
  assert.deepEqual(whole.queryStringParameters, { q: '1' });
});
