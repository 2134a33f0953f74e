import { throughput } from '../lib/compare.mjs';
import { nodeHttp } from '../lib/peers.mjs';
import { median } from '../lib/stats.mjs';
import { oneCore, sources, Wick } from '../lib/wick.mjs';

export const title = 'warm hello, Node, one connection';

export async function run({ scope, rounds, seconds }) {
  const wick = await Wick.start(scope);
  const rows = await throughput([
    { name: 'Wick, Node', url: await wick.deploy('hello', 'node', sources.nodeHello, oneCore) },
    { name: nodeHttp.name, url: await nodeHttp.start(scope) },
  ], rounds, seconds, 1);
  const [ours, theirs] = rows.filter(({ measure }) => measure === 'p50').map(({ values }) => median(values));
  return { rows, goals: [{ what: "p50, of plain node:http's", value: ours / theirs, unit: 'x', atMost: 1.5 }] };
}
