import { once200 } from '../lib/connection.mjs';
import { median } from '../lib/stats.mjs';
import { sources, Wick } from '../lib/wick.mjs';

export const title = 'first call after a deploy, Node: nothing of this version has run yet';

export async function run({ scope, rounds, samples }) {
  const wick = await Wick.start(scope);
  const values = [];
  for (let i = 0; i < rounds * samples; ++i) {
    const url = await wick.deploy(`first-${i}`, 'node', `// ${i}\n${sources.nodeHello}`); // no two packages are alike
    values.push((await once200(url)).ms);
    await wick.lambda.call('DeleteFunction', { FunctionName: `first-${i}` });
  }
  return {
    rows: [{ subject: 'Wick, Node', measure: 'first call', unit: 'ms', values }],
    goals: [{ what: 'first call: p50', value: median(values), unit: 'ms', atMost: 15 }],
  };
}
