import { affordable, callAll, connections, holdingSource, oneSecondSource } from '../lib/crowd.mjs';
import { Wick } from '../lib/wick.mjs';

export const title = 'burst: 1,000 concurrent calls of a function of one second, from zero instances, Node';

export async function run({ scope, quick, rounds }) {
  const wick = await Wick.start(scope, { args: ['--idle-timeout', '500ms'] });
  const url = await wick.deploy('burst', 'node', oneSecondSource, { Timeout: 60 });
  const opened = await connections(scope, url, quick ? 20 : 1000);
  const trial = await wick.deploy('trial', 'node', holdingSource);
  const count = await affordable(opened.slice(0, 10), trial, wick.pid, opened.length);
  const walls = [];
  const latencies = [];
  let failed = [];
  for (let round = 0; round < Math.min(3, rounds); ++round) {
    await wick.atZero('burst');
    await wick.atZero('trial');
    const outcome = await callAll(opened.slice(0, count), url);
    walls.push(outcome.seconds);
    latencies.push(...outcome.replies.map(({ ms }) => ms / 1000));
    failed = failed.concat(outcome.failed);
  }
  const notes = failed.slice(0, 1).map((reason) => `a failure was: ${reason.slice(0, 200)}`);
  if (count < opened.length) notes.push(`memory is enough for ${count} calls only`);
  return {
    rows: [
      { subject: `Wick, ${count} calls`, measure: 'all answered', unit: 's', values: walls },
      { subject: `Wick, ${count} calls`, measure: 'each call', unit: 's', values: latencies.length ? latencies : [NaN] },
    ],
    goals: [
      { what: 'calls at once', value: count, unit: '', atLeast: 1000 },
      { what: 'all answered within', value: Math.max(...walls), unit: 's', atMost: 3 },
      { what: 'failed', value: failed.length, unit: '', atMost: 0 },
    ],
    notes,
  };
}
