// The Python runtime, by itself: handlers, errors, logs, context, as AWS documents them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { callOnce, Runtime } from './driver.mjs';

const python = (source, event, options) => callOnce('python', source, event, options);

test('event in, result out, and a zero exit when the channel closes', async () => {
  const { init, reply, code } = await python('def handler(event, context): return {"got": event, "ü": "ü"}', { a: [1, 2.5, null] });
  assert.equal(init.type, 'R');
  assert.deepEqual(JSON.parse(reply.body), { got: { a: [1, 2.5, null] }, ü: 'ü' });
  assert.equal(code, 0);
});

test('the context says what AWS documents', async () => {
  const { reply } = await python(`
def handler(event, context):
    return [context.aws_request_id, context.invoked_function_arn, context.function_name, context.memory_limit_in_mb, context.client_context.custom,
            0 < context.get_remaining_time_in_millis() <= 3000]`, {}, {
    meta: { clientContext: '{"custom":{"a":1}}' }, env: { AWS_LAMBDA_FUNCTION_NAME: 'f', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128' },
  });
  assert.deepEqual(JSON.parse(reply.body), ['the-request', 'arn:aws:lambda:x', 'f', '128', { a: 1 }, true]);
});

test('print and logging are log events with the request id', async () => {
  const { reply } = await python(`
import logging
def handler(event, context):
    print("one\\ntwo")
    logging.getLogger().warning("careful")
    logging.getLogger().info("not shown")
    print("no end of line", end="")`);
  assert.deepEqual(reply.logs.slice(0, 2), ['one', 'two']);
  assert.match(reply.logs[2], /^\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tthe-request\tcareful$/);
  assert.deepEqual(reply.logs.slice(3), ['no end of line']);
});

test('the JSON log format', async () => {
  const { reply } = await python('import logging\ndef handler(e, c): logging.getLogger("mine").info("hello", extra={"k": 1})', {}, {
    env: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' },
  });
  const { timestamp, ...entry } = JSON.parse(reply.logs[0]);
  assert.match(timestamp, /Z$/);
  assert.deepEqual(entry, { level: 'INFO', message: 'hello', logger: 'mine', requestId: 'the-request', k: 1 });
});

test('an exception is the error object, with the trace of the function alone, and the runtime lives on', async () => {
  const runtime = new Runtime('python', { 'index.py': 'def handler(event, context):\n    raise ValueError("no such thing")' });
  await runtime.init();
  for (let i = 0; i < 2; ++i) {
    const { type, body, logs } = await runtime.invoke({});
    assert.equal(type, 'E');
    const error = JSON.parse(body);
    assert.deepEqual(Object.keys(error), ['errorMessage', 'errorType', 'requestId', 'stackTrace']);
    assert.equal(error.errorMessage, 'no such thing');
    assert.equal(error.errorType, 'ValueError');
    assert.equal(error.requestId, 'the-request');
    assert.equal(error.stackTrace.length, 1);
    assert.match(error.stackTrace[0], /^ {2}File ".*\/index\.py", line 2, in handler\n/);
    assert.match(logs[0], /^\[ERROR\] ValueError: no such thing\nTraceback \(most recent call last\):\n/);
  }
  assert.equal(await runtime.end(), 0);
});

for (const [title, source, options, type, message] of [
  ['a missing module', 'import nothing_like_it', {}, 'Runtime.ImportModuleError', "Unable to import module 'index': No module named 'nothing_like_it'"],
  ['a syntax error', 'def f(:', {}, 'Runtime.UserCodeSyntaxError', /^Syntax error in module 'index': invalid syntax/],
  ['no handler', 'x = 1', {}, 'Runtime.HandlerNotFound', "Handler 'handler' missing on module 'index'"],
  ['a bad name', 'x = 1', { handler: 'index' }, 'Runtime.MalformedHandlerName', "Bad handler 'index': not enough values to unpack (expected 2, got 1)"],
  ['a built-in module', 'x = 1', { handler: 'sys.handler' }, 'Runtime.BuiltInModuleConflict', 'Cannot use built-in module sys as a handler module'],
  ['any exception', 'raise KeyError("k")', {}, 'KeyError', "'k'"],
]) {
  test(`init fails: ${title}`, async () => {
    const { init, code } = await python(source, {}, options);
    assert.equal(init.type, 'F');
    const error = JSON.parse(init.body);
    assert.equal(error.errorType, type);
    if (message instanceof RegExp) assert.match(error.errorMessage, message);
    else assert.equal(error.errorMessage, message);
    assert.match(init.logs.at(-1), /^\[ERROR\] /);
    assert.equal(code, 1);
  });
}

test('what JSON cannot hold is a MarshalError, what is not JSON an UnmarshalError', async () => {
  assert.equal(JSON.parse((await python('def handler(e, c): return {1, 2}')).reply.body).errorType, 'Runtime.MarshalError');
  assert.equal(JSON.parse((await python('def handler(e, c): pass', '{bad')).reply.body).errorType, 'Runtime.UnmarshalError');
});

test('sys.exit ends the process with its code and no reply', async () => {
  const { reply, code } = await python('import sys\ndef handler(e, c): sys.exit(3)');
  assert.equal(reply.type, undefined);
  assert.equal(code, 3);
});

test('what a thread prints between calls goes to standard output, not into the frames', async () => {
  const runtime = new Runtime('python', {
    'index.py': 'import threading\ndef handler(e, c):\n    if e: return threading.active_count()\n    threading.Timer(0.02, lambda: print("late")).start()',
  });
  await runtime.init();
  await runtime.invoke(null);
  while (!runtime.stdout) await new Promise((resolve) => runtime.child.stdout.once('data', resolve));
  assert.equal(runtime.stdout, 'late\n');
  assert.equal((await runtime.invoke(1)).type, 'O');
  await runtime.end();
});

test('boto3 finds Wick by AWS_ENDPOINT_URL, even a botocore that is too old to know it', async () => {
  const { reply } = await python('import boto3\ndef handler(e, c): return [boto3.client(s).meta.endpoint_url for s in ("lambda", "sqs")]', {}, {
    env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9', AWS_DEFAULT_REGION: 'us-east-1' },
  });
  assert.deepEqual(JSON.parse(reply.body), ['http://127.0.0.1:4566', 'http://127.0.0.1:9']);
});

test('boto3 is there for a Python that has no packages of its own', async () => {
  const { reply } = await python('import boto3\ndef handler(e, c): return boto3.client("lambda").meta.endpoint_url', {}, {
    flags: ['-S'], env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_DEFAULT_REGION: 'us-east-1' },
  });
  assert.equal(reply?.body, '"http://127.0.0.1:4566"');
});
