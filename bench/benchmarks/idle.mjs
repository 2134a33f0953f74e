import { setTimeout as sleep } from 'node:timers/promises';

import { once200 } from '../lib/connection.mjs';
import { cpuNanoseconds } from '../lib/machine.mjs';
import { sources, Wick } from '../lib/wick.mjs';

export const title = 'cpu of an idle Wick: daemon, warden, and one idle instance each of Node and Python';

export async function run({ scope, quick }) {
  const wick = await Wick.start(scope);
  for (const kind of ['node', 'python']) await once200(await wick.deploy(kind, kind, sources[`${kind}Hello`]));
  await sleep(2000); // what follows a call is over
  const seconds = quick ? 1 : 10;
  const began = performance.now();
  const before = cpuNanoseconds(wick.pid);
  await sleep(seconds * 1000);
  const share = (cpuNanoseconds(wick.pid) - before) / ((performance.now() - began) * 1e6);
  return {
    rows: [{ subject: 'Wick', measure: 'cpu', unit: '% of a core', values: [share * 100] }],
    goals: [{ what: 'cpu of one core', value: share * 100, unit: '%', atMost: 0.5 }],
  };
}
