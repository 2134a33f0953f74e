import { setTimeout as sleep } from 'node:timers/promises';

import { Connection } from '../lib/connection.mjs';
import { connections } from '../lib/crowd.mjs';
import { oneCore, sources, Wick } from '../lib/wick.mjs';

export const title = 'one call every 20 ms of a quiet function, alone and while another one takes all that it can get';

// The quiet function has a core's share of the processor, so that it does not wait for its own limit.
const crowd = 64; // calls of the noisy function at any time
const burning = `export const handler = async () => { for (const end = Date.now() + 100; Date.now() < end;); return 'burnt'; };\n`;

// The same as a runtime of its own, whose instances are booted instead of forked.
const burningBootstrap = `#!/usr/bin/python3
import http.client, os, time
api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
while True:
    api.request('GET', '/2018-06-01/runtime/invocation/next')
    reply = api.getresponse()
    reply.read()
    end = time.monotonic() + 0.1
    while time.monotonic() < end: pass
    api.request('POST', f"/2018-06-01/runtime/invocation/{reply.headers['Lambda-Runtime-Aws-Request-Id']}/response", '"burnt"')
    api.getresponse().read()
`;

// Keeps the crowd calling until stop().
function noise(opened, url) {
  let going = true;
  const loops = opened.map(async (connection) => {
    while (going) await connection.request(url);
  });
  return async () => {
    going = false;
    await Promise.all(loops);
  };
}

export async function run({ scope, samples }) {
  const wick = await Wick.start(scope, { args: ['--idle-timeout', '1s'] });
  const quiet = await wick.deploy('quiet', 'node', sources.nodeHello, oneCore);
  const connection = await Connection.open(quiet);
  scope.defer(() => connection.close());
  const observe = async () => {
    const values = [];
    for (let i = 0; i < samples * 10; ++i) {
      const { status, body, ms } = await connection.request(quiet);
      if (status !== 200) throw new Error(`the quiet function: status ${status}: ${body}`);
      values.push(ms);
      await sleep(20);
    }
    return values;
  };

  const noisy = [
    { name: `beside ${crowd} calls that burn cpu`, url: await wick.deploy('burning', 'node', burning, { MemorySize: 512 }) },
    { name: `beside ${crowd} calls that burn cpu in booted instances`, url: await wick.deploy('booted', 'bootstrap', burningBootstrap, { MemorySize: 512 }) },
    { name: `beside ${crowd} calls that each die of exit`, url: await wick.deploy('dying', 'node', 'export const handler = async () => process.exit(1);\n') },
  ];
  const opened = await connections(scope, quiet, crowd);
  await observe();
  const rows = [{ subject: 'alone', measure: 'reply', unit: 'ms', values: await observe() }];
  for (const { name, url } of noisy) {
    const stop = noise(opened, url);
    await sleep(2000); // until it has all its instances
    rows.push({ subject: name, measure: 'reply', unit: 'ms', values: await observe() });
    await stop();
  }
  return { rows };
}
