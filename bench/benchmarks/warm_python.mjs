import { throughput } from '../lib/compare.mjs';
import { uvicorn } from '../lib/peers.mjs';
import { median } from '../lib/stats.mjs';
import { oneCore, sources, Wick } from '../lib/wick.mjs';

export const title = 'warm hello, Python, 64 connections, function URL';

export async function run({ scope, rounds, seconds }) {
  const wick = await Wick.start(scope);
  const rows = await throughput([
    { name: 'Wick, Python', url: await wick.deploy('hello', 'python', sources.pythonHello, oneCore) },
    { name: uvicorn.name, url: await uvicorn.start(scope) },
  ], rounds, seconds, 64);
  const [ours, theirs] = rows.filter(({ measure }) => measure === 'requests/s').map(({ values }) => median(values));
  return { rows, goals: [{ what: 'requests/s, of uvicorn', value: ours / theirs, unit: 'x', atLeast: 1 }] };
}
