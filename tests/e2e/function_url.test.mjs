// Function URLs: by host name and by path, payload format 2.0 both ways, streams, CORS, AWS_IAM, and what is refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { run } from '../lib/command.mjs';
import { Daemon } from '../lib/daemon.mjs';
import { request } from '../lib/http.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { signedHeaders } from '../lib/sign.mjs';

let daemon;
let lambda;
let mirror;
let says;
before(async () => {
  daemon = await Daemon.start();
  lambda = new Lambda(daemon);
  await lambda.deployNode('mirror', 'export const handler = async (event) => event;\n');
  await lambda.deployNode('says', `
    const kinds = {
      throws: () => { throw new Error('no'); },
      exits: () => process.exit(1),
      huge: () => 'x'.repeat(7_000_000),
    };
    export const handler = async (event) => {
      const say = JSON.parse(event.body ?? '"nothing"');
      return kinds[say] ? kinds[say]() : say;
    };
  `);
  mirror = await urlOf('mirror');
  says = await urlOf('says');
});
after(() => daemon.dispose());

async function urlOf(FunctionName, options = {}) {
  return (await lambda.call('CreateFunctionUrlConfig', { FunctionName, AuthType: 'NONE', ...options })).FunctionUrl;
}
const get = (url, options) => request(daemon.endpoint, url, options);
const say = (what, options) => get(says, { method: 'POST', body: JSON.stringify(what), headers: { 'content-type': 'application/json' }, ...options });

test('a request becomes an event in payload format 2.0', async () => {
  const { status, headers, body } = await get(`${mirror}a/b%20c?x=1&x=2&y=%2F%20&flag`, {
    headers: { 'User-Agent': 'tests', Cookie: 'one=1; two=2', 'X-Several': ['a', 'b'], 'X-Amzn-Trace-Id': 'Root=1-67891233-abcdef012345678912345678' },
  });
  assert.equal(status, 200);
  assert.match(headers['x-amzn-requestid'], /^[0-9a-f-]{36}$/);
  assert.match(headers['x-amzn-trace-id'], /^Root=1-67891233-abcdef012345678912345678/);
  assert.equal(headers['content-type'], 'application/json');
  const { host, hostname, port } = new URL(mirror);
  const { time, timeEpoch, requestId, ...context } = body.requestContext;
  assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.ok(Math.abs(timeEpoch - Date.now()) < 60_000);
  assert.equal(requestId, headers['x-amzn-requestid']);
  assert.deepEqual({ ...body, requestContext: context }, {
    version: '2.0', routeKey: '$default', rawPath: '/a/b%20c', rawQueryString: 'x=1&x=2&y=%2F%20&flag', cookies: ['one=1', 'two=2'],
    headers: {
      host, 'user-agent': 'tests', cookie: 'one=1; two=2', 'x-several': 'a,b', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-port': port,
      'x-forwarded-proto': 'http', 'x-amzn-trace-id': body.headers['x-amzn-trace-id'],
    },
    queryStringParameters: { x: '1,2', y: '/ ', flag: '' },
    requestContext: {
      accountId: 'anonymous', apiId: hostname.split('.')[0], domainName: hostname, domainPrefix: hostname.split('.')[0],
      http: { method: 'GET', path: '/a/b%20c', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'tests' }, routeKey: '$default', stage: '$default',
    },
    isBase64Encoded: false,
  });
});

test('bodies: text as text, bytes in base64', async () => {
  const post = async (body, type) => (await get(mirror, { method: 'POST', body, headers: { 'content-type': type } })).body;
  assert.deepEqual(((event) => [event.body, event.isBase64Encoded])(await post('{"a":"ü"}', 'application/json')), ['{"a":"ü"}', false]);
  const bytes = Buffer.from([0, 255, 1, 254]);
  assert.deepEqual(((event) => [event.body, event.isBase64Encoded])(await post(bytes, 'application/octet-stream')), [bytes.toString('base64'), true]);
});

test('by path, for tools that cannot resolve *.localhost', async () => {
  const id = new URL(mirror).hostname.split('.')[0];
  const reply = await fetch(`${daemon.endpoint}/_wick/url/${id}/deep/path?q=1`);
  const event = await reply.json();
  assert.deepEqual([event.rawPath, event.rawQueryString, event.requestContext.apiId], ['/deep/path', 'q=1', id]);
  assert.equal((await (await fetch(`${daemon.endpoint}/_wick/url/${id}`)).json()).rawPath, '/');
});

test('curl reaches a URL as it is printed', async () => {
  const { code, out, err } = await run('curl', ['-sS', '-d', '{"statusCode": 201, "body": "hello\\n"}', '-H', 'content-type: application/json', '-w', '%{http_code}', says]);
  assert.deepEqual([code, out], [0, 'hello\n201'], err);
});

test('the result becomes the response: status, headers, cookies, body', async () => {
  const { status, headers, body } = await say({
    statusCode: 418, headers: { 'content-type': 'text/plain; charset=utf-8', 'X-Number': 5 }, cookies: ['a=1; Path=/', 'b=2'], body: 'tëa',
  });
  assert.deepEqual([status, body, headers['content-type'], headers['x-number'], headers['set-cookie']],
    [418, 'tëa', 'text/plain; charset=utf-8', '5', ['a=1; Path=/', 'b=2']]);
  assert.deepEqual((await say({ plain: ['object'] })).body, { plain: ['object'] });
  const plain = await say('just text');
  assert.deepEqual([plain.status, plain.body, plain.headers['content-type']], [200, 'just text', 'application/json']);
  assert.equal((await say({ statusCode: 200, body: Buffer.from('bytes').toString('base64'), isBase64Encoded: true })).body, 'bytes');
  assert.deepEqual(((reply) => [reply.status, reply.body])(await say({ statusCode: 204 })), [204, '']);
});

test('HEAD has the headers and no body', async () => {
  const { status, headers, body } = await get(mirror, { method: 'HEAD' });
  assert.equal(status, 200);
  assert.equal(body, '');
  assert.ok(Number(headers['content-length']) > 100);
});

test('a function that fails, exits or answers what cannot be a response is 502', async () => {
  for (const what of ['throws', 'exits', 'huge', { statusCode: 'many' }, { statusCode: 200, headers: { 'a b': 'c' } }, { statusCode: 200, headers: { a: 'b\r\nc: d' } }]) {
    const { status, body, headers } = await say(what);
    assert.deepEqual([status, body], [502, 'Internal Server Error'], JSON.stringify(what));
    assert.equal(headers.c, undefined);
  }
});

test('too large a request is 413; the URL serves on', async () => {
  const { hostname, port } = new URL(daemon.endpoint);
  const sent = http.request({ host: hostname, port, method: 'POST', headers: { Host: new URL(says).host, 'content-length': 7_000_000 }, agent: false });
  sent.on('error', () => {}); // the answer may come before everything is sent
  sent.end(Buffer.alloc(7_000_000, 'x'));
  const [reply] = await once(sent, 'response');
  assert.equal(reply.statusCode, 413);
  reply.destroy();
  assert.equal((await say('still here')).body, 'still here');
});

test('over the concurrency: 429', async () => {
  await lambda.call('PutFunctionConcurrency', { FunctionName: 'mirror', ReservedConcurrentExecutions: 0 });
  const { status, headers, body } = await get(mirror);
  assert.deepEqual([status, headers['x-amzn-errortype'], body], [429, 'TooManyRequestsException', { Message: 'Rate Exceeded.' }]);
  await lambda.call('DeleteFunctionConcurrency', { FunctionName: 'mirror' });
  assert.equal((await get(mirror)).status, 200);
});

test('a URL of an alias runs its version; unknown, deleted and orphaned URLs are 403', async () => {
  await lambda.deployPython('versioned', 'def handler(event, context): return context.invoked_function_arn + " " + context.function_version\n', { Publish: true });
  await lambda.call('CreateAlias', { FunctionName: 'versioned', Name: 'live', FunctionVersion: '1' });
  const live = await urlOf('versioned', { Qualifier: 'live' });
  assert.equal((await get(live)).body, 'arn:aws:lambda:us-east-1:000000000000:function:versioned:live 1');
  await lambda.call('DeleteAlias', { FunctionName: 'versioned', Name: 'live' });
  assert.equal((await get(live)).status, 403);

  const gone = await urlOf('versioned');
  assert.equal((await get(gone)).status, 200);
  await lambda.call('DeleteFunctionUrlConfig', { FunctionName: 'versioned' });
  assert.equal((await get(gone)).status, 403);
  assert.equal((await get(`http://${'a'.repeat(32)}.lambda-url.localhost:${new URL(mirror).port}/`)).status, 403);
});

test('CORS: a preflight is answered here, and what is configured is on every answer', async () => {
  await lambda.deployNode('shared', 'export const handler = async (event) => ({ statusCode: 200, headers: { "access-control-allow-origin": "https://other.test" }, body: event.requestContext.http.method });\n');
  const url = await urlOf('shared', {
    Cors: { AllowOrigins: ['https://app.test'], AllowMethods: ['PUT', 'GET'], AllowHeaders: ['x-mine'], ExposeHeaders: ['x-out'], MaxAge: 60, AllowCredentials: true },
  });
  const preflight = await get(url, { method: 'OPTIONS', headers: { Origin: 'https://app.test', 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'x-mine' } });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.body, '');
  const rules = Object.fromEntries(Object.entries(preflight.headers).filter(([name]) => name.startsWith('access-control-')));
  assert.deepEqual(rules, {
    'access-control-allow-origin': 'https://app.test', 'access-control-allow-methods': 'PUT,GET', 'access-control-allow-headers': 'x-mine',
    'access-control-expose-headers': 'x-out', 'access-control-max-age': '60', 'access-control-allow-credentials': 'true',
  });
  const stranger = await get(url, { method: 'OPTIONS', headers: { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'PUT' } });
  assert.equal(stranger.headers['access-control-allow-origin'], undefined);
  const called = await get(url, { headers: { Origin: 'https://app.test' } });
  assert.deepEqual([called.body, called.headers['access-control-allow-origin'], called.headers['access-control-expose-headers'], called.headers.vary],
    ['GET', 'https://app.test', 'x-out', 'Origin']);
});

test('AWS_IAM: only what is signed rightly gets through, and the function hears who signed', async (t) => {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'right' };
  const guarded = await Daemon.start({ args: ['--access-key', 'AKIAEXAMPLE', '--secret-key', 'right'] });
  t.after(() => guarded.dispose());
  const its = new Lambda(guarded, { credentials });
  await its.deployNode('private', 'export const handler = async (event) => event;\n');
  const { FunctionUrl } = await its.call('CreateFunctionUrlConfig', { FunctionName: 'private', AuthType: 'AWS_IAM' });
  const id = new URL(FunctionUrl).hostname.split('.')[0];
  const call = async (url, options) => request(guarded.endpoint, url, { ...options, headers: await signedHeaders(url, { credentials, ...options }) });

  for (const url of [`${FunctionUrl}a%20b?q=1`, `${guarded.endpoint}/_wick/url/${id}/a%20b?q=1`]) {
    const { status, body } = await call(url);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.rawPath, body.rawQueryString], ['/a%20b', 'q=1']);
    assert.equal(body.requestContext.accountId, '000000000000');
    assert.equal(body.requestContext.authorizer.iam.accessKey, 'AKIAEXAMPLE');
  }
  const posted = await call(FunctionUrl, { method: 'POST', body: 'signed text', headers: { 'content-type': 'text/plain' } });
  assert.equal(posted.body.body, 'signed text');

  assert.deepEqual(((reply) => [reply.status, reply.body])(await request(guarded.endpoint, FunctionUrl)), [403, { Message: 'Forbidden' }]);
  assert.equal((await call(FunctionUrl, { credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'wrong' } })).status, 403);
  assert.equal((await call(FunctionUrl, { service: 's3' })).status, 403);
  const headers = await signedHeaders(FunctionUrl, { credentials, method: 'POST', body: 'what was signed' });
  assert.equal((await request(guarded.endpoint, FunctionUrl, { method: 'POST', headers, body: 'something else' })).status, 403);
});

// Streams wait for a word in another function's description, which the test changes once it has seen the first chunk.
const streams = `
  import { LambdaClient, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
  const client = new LambdaClient();
  const word = async (wanted) => {
    while ((await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'mirror' }))).Description !== wanted) await new Promise((f) => setTimeout(f, 5));
  };
  export const handler = awslambda.streamifyResponse(async (event, stream) => {
    const { wait, fails } = event.queryStringParameters ?? {};
    const out = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { 'content-type': 'text/event-stream', 'x-own': '1' }, cookies: ['c=1'] });
    out.write('first');
    if (wait) await word(wait);
    if (fails) throw new Error('in the middle');
    out.write('second');
    out.end();
  });
`;

async function open(url) {
  const { hostname, port } = new URL(daemon.endpoint);
  const sent = http.get({ host: hostname, port, path: new URL(url).pathname + new URL(url).search, headers: { Host: new URL(url).host }, agent: false });
  const [reply] = await once(sent, 'response');
  return reply;
}

test('RESPONSE_STREAM: what is written arrives while the function still runs', async () => {
  await lambda.deployNode('streams', streams, { Timeout: 20 });
  const url = await urlOf('streams', { InvokeMode: 'RESPONSE_STREAM' });
  const reply = await open(`${url}?wait=go`);
  assert.deepEqual([reply.statusCode, reply.headers['content-type'], reply.headers['x-own'], reply.headers['set-cookie'], reply.headers['transfer-encoding']],
    [202, 'text/event-stream', '1', ['c=1'], 'chunked']);
  const chunks = reply[Symbol.asyncIterator]();
  assert.equal(String((await chunks.next()).value), 'first');
  assert.equal(await daemon.busy(), 1);
  await lambda.call('UpdateFunctionConfiguration', { FunctionName: 'mirror', Description: 'go' });
  assert.equal(String((await chunks.next()).value), 'second');
  assert.equal((await chunks.next()).done, true);

  // One that fails in the middle breaks the connection off: the header has been sent.
  const broken = await open(`${url}?fails=1`);
  assert.equal(broken.statusCode, 202);
  let text = '';
  await assert.rejects(async () => {
    for await (const chunk of broken) text += chunk;
  }, { code: 'ECONNRESET' });
  assert.equal(text, 'first');

  // A function that does not stream answers in one piece.
  await lambda.call('UpdateFunctionUrlConfig', { FunctionName: 'says', InvokeMode: 'RESPONSE_STREAM' });
  assert.deepEqual(((whole) => [whole.status, whole.body])(await say({ statusCode: 203, body: 'in one piece' })), [203, 'in one piece']);
  assert.equal((await say('throws')).status, 502);
});

test('a client that goes away in the middle of a stream leaves nothing stuck', async () => {
  const { FunctionUrl } = await lambda.call('GetFunctionUrlConfig', { FunctionName: 'streams' });
  const reply = await open(`${FunctionUrl}?wait=later`);
  const chunks = reply[Symbol.asyncIterator]();
  await chunks.next();
  reply.destroy();
  await lambda.call('UpdateFunctionConfiguration', { FunctionName: 'mirror', Description: 'later' });
  const again = await open(FunctionUrl);
  let text = '';
  for await (const chunk of again) text += chunk;
  assert.equal(text, 'firstsecond');
});
