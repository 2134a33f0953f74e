// Event invocations: accepted once, run at least once, across kill -9 and SIGTERM; where their outcome goes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { eventually } from '../lib/machine.mjs';

const arn = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

async function accept(lambda, FunctionName, event, options = {}) {
  const reply = await lambda.call('Invoke', { FunctionName, InvocationType: 'Event', Payload: JSON.stringify(event), ...options });
  assert.deepEqual([reply.StatusCode, Buffer.from(reply.Payload ?? '').toString()], [202, '']);
  return reply.$metadata.requestId;
}

// What a function printed as "RAN <json>", parsed.
async function runs(daemon, name) {
  const reply = await fetch(`${daemon.endpoint}/_wick/v1/functions/${name}/logs?limit=10000`);
  const { events } = await reply.json();
  return events.filter(({ message }) => message.startsWith('RAN ')).map(({ message }) => JSON.parse(message.slice(4)));
}

const recorder = 'import json\ndef handler(event, context):\n    print("RAN " + json.dumps(event))\n    return {"ran": event}\n';

let daemon;
let lambda;
before(async () => {
  daemon = await Daemon.start();
  lambda = new Lambda(daemon);
  await lambda.deployPython('recorder', recorder);
  await lambda.deployPython('fails', 'def handler(event, context):\n    raise ValueError("sad")\n');
});
after(() => daemon.dispose());

test('an event is accepted with 202 and nothing else, and runs', async () => {
  await accept(lambda, 'recorder', { plain: 'event' });
  await eventually(async () => (await runs(daemon, 'recorder')).some(({ plain }) => plain === 'event'), 'it ran');
});

test('what cannot be an event is refused at once', async () => {
  await assert.rejects(accept(lambda, 'nobody', {}), { name: 'ResourceNotFoundException' });
  await assert.rejects(lambda.call('Invoke', { FunctionName: 'recorder', InvocationType: 'Event', Payload: '{broken' }), { name: 'InvalidRequestContentException' });
  await assert.rejects(accept(lambda, 'recorder', 'x'.repeat(1_100_000)), (error) => error.$metadata.httpStatusCode === 413);
});

test('the on-success destination gets AWS\'s record', async () => {
  await lambda.deployPython('succeeds', recorder, { Publish: true });
  await lambda.deployPython('told-of-success', recorder);
  await lambda.call('PutFunctionEventInvokeConfig', { FunctionName: 'succeeds', DestinationConfig: { OnSuccess: { Destination: arn('told-of-success') } } });
  const requestId = await accept(lambda, 'succeeds', { a: 1 });
  await eventually(async () => (await runs(daemon, 'told-of-success')).length === 1, 'the record has come');
  const [{ timestamp, ...record }] = await runs(daemon, 'told-of-success');
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(record, {
    version: '1.0',
    requestContext: { requestId, functionArn: `${arn('succeeds')}:$LATEST`, condition: 'Success', approximateInvokeCount: 1 },
    requestPayload: { a: 1 },
    responseContext: { statusCode: 200, executedVersion: '$LATEST' },
    responsePayload: { ran: { a: 1 } },
  });
});

test('after the last attempt the on-failure destination gets the error', async () => {
  await lambda.deployPython('told-of-failure', recorder);
  await lambda.call('PutFunctionEventInvokeConfig', {
    FunctionName: 'fails', MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: arn('told-of-failure') } },
  });
  const requestId = await accept(lambda, 'fails', { b: 2 });
  await eventually(async () => (await runs(daemon, 'told-of-failure')).length === 1, 'the record has come');
  const [{ timestamp, responsePayload, ...record }] = await runs(daemon, 'told-of-failure');
  assert.deepEqual(record, {
    version: '1.0',
    requestContext: { requestId, functionArn: `${arn('fails')}:$LATEST`, condition: 'RetriesExhausted', approximateInvokeCount: 1 },
    requestPayload: { b: 2 },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  });
  assert.deepEqual([responsePayload.errorType, responsePayload.errorMessage], ['ValueError', 'sad']);
});

test('a function error is not retried before its minute, and waits across kill -9', async () => {
  const data = await retrying('retried');
  daemon = await Daemon.start({ data });
  lambda = new Lambda(daemon);
  // The event is due a minute after its first attempt: what is asked of it here must not run it again.
  await accept(lambda, 'recorder', { after: 'restart' });
  await eventually(async () => (await runs(daemon, 'recorder')).some(({ after: when }) => when === 'restart'), 'others run meanwhile');
  assert.equal((await runs(daemon, 'retried')).length, 1);
});

async function retrying(name) {
  await lambda.deployPython(name, 'def handler(event, context):\n    print("RAN {}")\n    raise ValueError("sad")\n');
  await accept(lambda, name, {});
  const reported = async () => (await (await fetch(`${daemon.endpoint}/_wick/v1/functions/${name}/logs`)).json()).events.some(({ message }) => message.startsWith('REPORT'));
  await eventually(reported, 'the first attempt is over');
  // Outcomes are written behind the attempt; another event's way through the queue is after that.
  await accept(lambda, 'recorder', { behind: name });
  await eventually(async () => (await runs(daemon, 'recorder')).some(({ behind }) => behind === name), 'the queue went on');
  await daemon.kill9();
  return daemon.data;
}

test('zero reserved concurrency sends events to the destination without an attempt', async () => {
  await lambda.deployPython('told-of-zero', recorder);
  await lambda.deployPython('stopped', recorder);
  await lambda.call('PutFunctionConcurrency', { FunctionName: 'stopped', ReservedConcurrentExecutions: 0 });
  await lambda.call('PutFunctionEventInvokeConfig', { FunctionName: 'stopped', DestinationConfig: { OnFailure: { Destination: arn('told-of-zero') } } });
  await accept(lambda, 'stopped', { c: 3 });
  await eventually(async () => (await runs(daemon, 'told-of-zero')).length === 1, 'the record has come');
  const [record] = await runs(daemon, 'told-of-zero');
  assert.deepEqual([record.requestContext.condition, record.requestPayload], ['ZeroReservedConcurrency', { c: 3 }]);
  assert.deepEqual(await runs(daemon, 'stopped'), []);
});

// The log of a daemon that is killed may end early, so these runs leave an alias each, which is kept when the call returns.
const lasting = `
import json, os, urllib.error, urllib.request
def handler(event, context):
    body = json.dumps({"Name": event["name"], "FunctionVersion": "$LATEST"}).encode()
    try:
        urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/2015-03-31/functions/lasting/aliases", body)
    except urllib.error.HTTPError as error:
        if error.code != 409: raise  # it has run before
`;

async function aliases(name) {
  const names = new Set();
  let Marker;
  do {
    const page = await lambda.call('ListAliases', { FunctionName: name, Marker });
    for (const { Name } of page.Aliases) names.add(Name);
    Marker = page.NextMarker;
  } while (Marker);
  return names;
}

test('every accepted event runs, though the daemon is killed while they are accepted and run', async () => {
  await lambda.deployPython('lasting', lasting, { Timeout: 60 });
  const accepted = [];
  let killed = false;
  const senders = Array.from({ length: 4 }, async (_, sender) => {
    for (let i = 0; !killed; ++i) {
      const name = `ran-${sender}-${i}`;
      try {
        await accept(lambda, 'lasting', { name });
      } catch (error) {
        if (killed) return;
        throw error;
      }
      accepted.push(name);
    }
  });
  await eventually(() => accepted.length >= 40, 'some are accepted', 30_000);
  killed = true;
  await daemon.kill9();
  await Promise.all(senders);

  daemon = await Daemon.start({ data: daemon.data });
  lambda = new Lambda(daemon);
  const missing = async () => {
    const ran = await aliases('lasting');
    return accepted.filter((name) => !ran.has(name));
  };
  const before = (await missing()).length;
  assert.ok(before > 0, 'the kill came too late to show anything');
  await eventually(async () => (await missing()).length === 0, `all ran, of which ${before} had not`, 60_000);
});

test('SIGTERM keeps what is queued', async () => {
  await lambda.deployPython('slow', 'import json, time\ndef handler(event, context):\n    time.sleep(event["sleep"])\n    print("RAN " + json.dumps(event))\n');
  await lambda.call('PutFunctionConcurrency', { FunctionName: 'slow', ReservedConcurrentExecutions: 1 });
  await accept(lambda, 'slow', { n: 0, sleep: 0.5 });
  await eventually(async () => (await daemon.instances()).some(({ function: name, state }) => name === 'slow' && state === 'busy'), 'the first runs');
  for (let n = 1; n <= 5; ++n) await accept(lambda, 'slow', { n, sleep: 0 });
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  daemon = await Daemon.start({ data: daemon.data });
  await eventually(async () => new Set((await runs(daemon, 'slow')).map(({ n }) => n)).size === 6, 'all ran', 30_000);
});
