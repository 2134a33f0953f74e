import { throughput } from '../lib/compare.mjs';
import { median } from '../lib/stats.mjs';
import { oneCore, sources, Wick } from '../lib/wick.mjs';

export const title = 'warm hello, Node, 64 connections: Lambda Invoke with its SigV4 checked, beside the function URL';

// One signature is good for five minutes, so the load generator sends the same signed request all the time; Wick checks each.
export async function run({ scope, rounds, seconds }) {
  const wick = await Wick.start(scope, { signed: true });
  const url = await wick.deploy('hello', 'node', sources.nodeHello, oneCore);
  const path = '/2015-03-31/functions/hello/invocations';
  const refused = await fetch(wick.daemon.endpoint + path, { method: 'POST', body: '{}' });
  if (refused.status !== 403) throw new Error(`an unsigned Invoke was answered ${refused.status}`);
  const rows = await throughput([
    { name: 'Invoke, signed', url: wick.daemon.endpoint + path, body: '{}', headers: wick.signature(path, '{}') },
    { name: 'function URL', url },
  ], rounds, seconds, 64);
  const [invoke, plain] = rows.filter(({ measure }) => measure === 'requests/s').map(({ values }) => median(values));
  return { rows, goals: [{ what: 'requests/s, of the function URL', value: invoke / plain, unit: 'x', atLeast: 0.7 }] };
}
