import os from 'node:os';

import { connections } from '../lib/crowd.mjs';
import { median } from '../lib/stats.mjs';
import { Wick } from '../lib/wick.mjs';

export const title = 'new instances per second, sustained for 10 s, Node hello: each one started, called once and ended';

const functions = 50; // called in turn, so that an instance's idle time is over long before its function is called again
const callers = 4 * os.availableParallelism();
const source = `
  let count = 0;
  export const handler = async () => ({ count: ++count });
`;

export async function run({ scope, quick }) {
  const wick = await Wick.start(scope, { args: ['--idle-timeout', '5ms'] });
  const urls = [];
  for (let i = 0; i < functions; ++i) urls.push(await wick.deploy(`fork-${i}`, 'node', source));
  const opened = await connections(scope, urls[0], callers);
  let next = 0;
  let warm = 0;

  // Returns the cold replies in each second.
  const drive = async (seconds) => {
    const counts = Array(seconds).fill(0);
    const began = performance.now();
    await Promise.all(opened.map(async (connection) => {
      for (;;) {
        const { status, body } = await connection.request(urls[next++ % functions]);
        const second = Math.floor((performance.now() - began) / 1000);
        if (second >= seconds) return;
        if (status !== 200) throw new Error(`status ${status}: ${body}`);
        if (JSON.parse(body).count === 1) counts[second] += 1;
        else warm += 1;
      }
    }));
    return counts;
  };

  await drive(3); // every function once or more: packages unpacked, templates made
  warm = 0;
  const values = await drive(quick ? 2 : 10);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    rows: [{ subject: 'Wick, Node', measure: 'new instances', unit: '/s', values }],
    goals: [{ what: `sustained, per core of ${os.availableParallelism()}`, value: mean / os.availableParallelism(), unit: '/s', atLeast: 500 }],
    notes: [`slowest second ${Math.min(...values)}, median ${median(values)}; ${warm} calls met a warm instance and do not count`],
  };
}
