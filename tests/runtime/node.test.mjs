// The Node.js runtime, by itself: handlers, errors, logs, context, streams, as AWS documents them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { callOnce, Runtime } from './driver.mjs';

const node = (source, event, options) => callOnce('node', source, event, options);

for (const [title, source, file] of [
  ['async, ES module', 'export const handler = async (event) => ({ got: event })', 'index.mjs'],
  ['async, CommonJS', 'exports.handler = async (event) => ({ got: event })', 'index.cjs'],
  ['callback', 'exports.handler = (event, context, callback) => setTimeout(() => callback(null, { got: event }), 5)', 'index.js'],
  ['a promise from a plain function', 'exports.handler = (event) => Promise.resolve({ got: event })', 'index.js'],
  ['context.succeed', 'exports.handler = (event, context) => { context.succeed({ got: event }) }', 'index.js'],
]) {
  test(`handler form: ${title}`, async () => {
    const { init, reply, code } = await node(source, { a: 'ü' }, { file });
    assert.equal(init.type, 'R', init.body);
    assert.deepEqual(JSON.parse(reply.body), { got: { a: 'ü' } });
    assert.equal(code, 0);
  });
}

test('the context says what AWS documents', async () => {
  const { reply } = await node(`export const handler = async (event, context) =>
    [context.awsRequestId, context.invokedFunctionArn, context.functionName, context.memoryLimitInMB, context.clientContext.custom, context.getRemainingTimeInMillis() > 0]`, {}, {
    meta: { clientContext: '{"custom":{"a":1}}' }, env: { AWS_LAMBDA_FUNCTION_NAME: 'f', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128' },
  });
  assert.deepEqual(JSON.parse(reply.body), ['the-request', 'arn:aws:lambda:x', 'f', '128', { a: 1 }, true]);
});

test('console is log events with the request id', async () => {
  const { reply } = await node('export const handler = async () => { console.log("hello %s", "you"); console.error("two\\nlines"); }');
  assert.match(reply.logs[0], /^\d{4}-\d\d-\d\dT[\d:.]+Z\tthe-request\tINFO\thello you$/);
  assert.match(reply.logs[1], /\tERROR\ttwo\nlines$/);
});

test('the JSON log format and level', async () => {
  const { reply } = await node('export const handler = async () => { console.debug("no"); console.log({ a: 1 }); }', {}, {
    env: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' },
  });
  assert.equal(reply.logs.length, 1);
  const { timestamp, ...entry } = JSON.parse(reply.logs[0]);
  assert.ok(timestamp);
  assert.deepEqual(entry, { level: 'INFO', requestId: 'the-request', message: { a: 1 } });
});

test('a thrown error is the error object, and the runtime lives on', async () => {
  const runtime = new Runtime('node', { 'index.mjs': 'export const handler = async () => { throw new TypeError("no such thing") }' });
  await runtime.init();
  for (let i = 0; i < 2; ++i) {
    const { type, body, logs } = await runtime.invoke({});
    assert.equal(type, 'E');
    const error = JSON.parse(body);
    assert.deepEqual(Object.keys(error), ['errorType', 'errorMessage', 'trace']);
    assert.equal(error.errorType, 'TypeError');
    assert.equal(error.trace[0], 'TypeError: no such thing');
    assert.match(logs[0], /\tERROR\tInvoke Error \t\{"errorType":"TypeError","errorMessage":"no such thing"/);
  }
  assert.equal(await runtime.end(), 0);
});

for (const [title, source, options, type, message] of [
  ['a missing module', 'import "nothing-like-it"; export const handler = 1', {}, /^(Error|Runtime\.ImportModuleError)$/, /nothing-like-it/],
  ['no such file', '', { handler: 'other.handler' }, /^Runtime\.ImportModuleError$/, /other/],
  ['a syntax error', 'export const = 1', {}, /^Runtime\.UserCodeSyntaxError$/, /SyntaxError/],
  ['no handler', 'export const x = 1', {}, /^Runtime\.HandlerNotFound$/, /^index\.handler is undefined or not exported$/],
  ['not a function', 'export const handler = 1', {}, /^Runtime\.HandlerNotFound$/, /^index\.handler is not a function$/],
  ['any exception', 'throw new RangeError("k")', {}, /^RangeError$/, /^k$/],
]) {
  test(`init fails: ${title}`, async () => {
    const { init, code } = await node(source, {}, options);
    assert.equal(init.type, 'F');
    const error = JSON.parse(init.body);
    assert.match(error.errorType, type);
    assert.match(error.errorMessage, message);
    assert.notEqual(code, 0);
  });
}

test('a promise that never settles is an error, a callback that is never called means null', async () => {
  assert.equal(JSON.parse((await node('export const handler = () => new Promise(() => {})')).reply.body), null);
  assert.equal(JSON.parse((await node('export const handler = async () => new Promise(() => {})')).reply.body).errorType, 'Runtime.NodeJsExit');
  assert.equal((await node('exports.handler = (event, context, callback) => {}', {}, { file: 'index.js' })).reply.body, 'null');
});

test('an uncaught exception reports and ends the process', async () => {
  const { reply, code } = await node('export const handler = () => new Promise(() => setTimeout(() => { throw new Error("later") }, 1))');
  assert.equal(reply.type, 'E');
  assert.equal(JSON.parse(reply.body).errorMessage, 'later');
  assert.equal(code, 129);
});

test('streamifyResponse: content type, pieces, end', async () => {
  const { reply } = await node(`export const handler = awslambda.streamifyResponse(async (event, stream) => {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } });
    stream.write('one'); stream.write('two'); stream.end();
  })`);
  assert.equal(reply.type, 'Z');
  assert.equal(reply.body, '');
  assert.equal(reply.chunks[0], 'S:application/vnd.awslambda.http-integration-response');
  assert.equal(reply.chunks.slice(1).map((chunk) => chunk.slice(2)).join(''), `{"statusCode":201,"headers":{"a":"b"}}${'\0'.repeat(8)}onetwo`);
});

test('a stream that fails midway says so at its end', async () => {
  const { reply } = await node(`export const handler = awslambda.streamifyResponse(async (event, stream) => { stream.write('one'); await null; throw new Error('cut') })`);
  assert.equal(reply.type, 'Z');
  assert.equal(JSON.parse(reply.body).errorMessage, 'cut');
});

test('the AWS SDK can be required and imported as on AWS', async () => {
  const { init, reply } = await node('exports.handler = async () => { const { LambdaClient } = require("@aws-sdk/client-lambda"); return typeof LambdaClient }', {}, {
    file: 'index.js', env: { NODE_PATH: new URL('node_modules', `file://${process.env.WICK_BUILD}/share/wick/runtime/node/`).pathname },
  });
  assert.equal(init.type, 'R');
  assert.equal(reply.body, '"function"');
});
