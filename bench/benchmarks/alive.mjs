import { setTimeout as sleep } from 'node:timers/promises';

import { callAll, connections, holdingSource, spareMiB } from '../lib/crowd.mjs';
import { availableMiB, instanceMemory } from '../lib/machine.mjs';
import { Wick } from '../lib/wick.mjs';

export const title = 'instances alive at once, Node, each answering';

const target = 3000;
const batch = 50; // calls between two looks at the free memory
const holdMaxMs = 180_000;

export async function run({ scope, quick }) {
  const wick = await Wick.start(scope, { args: ['--concurrency', '4000', '--idle-timeout', '10m'] });
  const url = await wick.deploy('alive', 'node', holdingSource, { Timeout: 600 });
  const wanted = quick ? 2 * batch : target;
  const measured = async () => ({
    ...instanceMemory(wick.pid), available: availableMiB(), instances: (await wick.daemon.instances()).length,
  });
  const few = await callAll(await connections(scope, url, 10), url);
  const msEach = Math.max(...few.replies.map(({ ms }) => ms)) / 10;
  const before = await measured();

  // Each call is held until all instances should have come, at three times the pace of the first few.
  const until = Date.now() + Math.min(holdMaxMs, 5000 + 3 * msEach * wanted);
  const held = [];
  const notes = [];
  for (let from = 0; from < wanted; from += batch) {
    if (availableMiB() < spareMiB) {
      notes.push(`memory is enough for ${from} only`);
      break;
    }
    held.push(callAll(await connections(scope, url, batch), `${url}?until=${until}`));
    while ((await wick.daemon.busy()) < from + batch && Date.now() < until) await sleep(50);
    if (Date.now() >= until) {
      notes.push(`time was enough for ${from} only`);
      break;
    }
  }
  const after = await measured();
  const failed = (await Promise.all(held)).flatMap((outcome) => outcome.failed);
  const again = await callAll(await connections(scope, url, after.instances), `${url}?until=${Date.now() + 2000 + 3 * after.instances}`);
  failed.push(...again.failed);
  if (failed.length > 0) notes.push(`${failed.length} calls failed, one with: ${failed[0].slice(0, 200)}`);
  const used = again.replies.map(({ body }) => JSON.parse(body)).filter(({ count }) => count > 1);
  const answering = new Set(used.map(({ id }) => id)).size;
  const added = after.instances - before.instances;
  const each = (after.pss - before.pss) / added;
  const taken = (before.available - after.available) / added;
  return {
    rows: [
      { subject: 'Wick, Node', measure: 'alive and answering', unit: 'instances', values: [answering] },
      { subject: 'Wick, Node', measure: 'one more instance, PSS', unit: 'MiB', values: [each] },
      { subject: 'Wick, Node', measure: 'one more instance, of the free memory', unit: 'MiB', values: [taken] },
    ],
    goals: [
      { what: 'alive and answering', value: answering, unit: 'instances', atLeast: target },
      { what: 'each beyond the template (PSS)', value: each, unit: 'MiB', atMost: 4 },
    ],
    notes,
  };
}
