import { throughput } from '../lib/compare.mjs';
import { functionsFramework, nodeHttp, workerdHello } from '../lib/peers.mjs';
import { median } from '../lib/stats.mjs';
import { oneCore, sources, Wick } from '../lib/wick.mjs';

export const title = 'warm hello, Node, 64 connections, function URL';

export async function run({ scope, rounds, seconds }) {
  const wick = await Wick.start(scope);
  const subjects = [{ name: 'Wick, Node', url: await wick.deploy('hello', 'node', sources.nodeHello, oneCore) }];
  for (const peer of [nodeHttp, workerdHello, functionsFramework]) subjects.push({ name: peer.name, url: await peer.start(scope) });
  const rows = await throughput(subjects, rounds, seconds, 64);
  const value = (subject, measure) => median(rows.find((row) => row.subject === subject && row.measure === measure).values);
  const times = (peer) => value('Wick, Node', 'requests/s') / value(peer.name, 'requests/s');
  return {
    rows,
    goals: [
      { what: 'requests/s, of plain node:http', value: times(nodeHttp), unit: 'x', atLeast: 1 },
      { what: 'requests/s, of workerd', value: times(workerdHello), unit: 'x', atLeast: 2.5 },
      { what: 'requests/s, of functions-framework', value: times(functionsFramework), unit: 'x', atLeast: 9 },
      { what: 'p99', value: value('Wick, Node', 'p99'), unit: 'ms', atMost: 5 },
    ],
  };
}
