import { setTimeout as sleep } from 'node:timers/promises';

import { residentMiB, tree } from '../lib/machine.mjs';
import { sources, Wick } from '../lib/wick.mjs';

export const title = '2,000 deployed functions, none running';

const atOnce = 8;

// A count once it has been the same for two seconds, or after a minute.
async function settled(count) {
  let value = count();
  for (let same = 0, tries = 0; same < 20 && tries < 600; ++tries) {
    await sleep(100);
    const next = count();
    same = next === value ? same + 1 : 0;
    value = next;
  }
  return value;
}

export async function run({ scope, quick }) {
  const count = quick ? 40 : 2000;
  const wick = await Wick.start(scope);
  const empty = residentMiB(wick.pid);
  // A runtime has a process of its own, its bare template, once a function has it.
  await wick.lambda.deployNode('first', sources.nodeHello);
  await wick.active('first');
  const before = await settled(() => tree(wick.pid).length);
  const began = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) {
      const name = `deployed-${next++}`;
      await wick.lambda.deployNode(name, `// ${name}\n${sources.nodeHello}`);
      await wick.active(name);
    }
  }));
  const seconds = (performance.now() - began) / 1000;
  const deployed = { memory: residentMiB(wick.pid), processes: await settled(() => tree(wick.pid).length) };
  await wick.daemon.stop();
  const again = await Wick.start(scope, { data: wick.daemon.data });
  const restarted = residentMiB(again.pid);
  return {
    rows: [
      { subject: 'daemon, after the deploys', measure: 'resident', unit: 'MiB', values: [deployed.memory] },
      { subject: 'daemon, after a restart', measure: 'resident', unit: 'MiB', values: [restarted] },
      { subject: 'daemon, no function', measure: 'resident', unit: 'MiB', values: [empty] },
      { subject: 'deploys', measure: 'pace', unit: '/s', values: [count / seconds] },
    ],
    goals: [
      { what: 'daemon resident', value: deployed.memory, unit: 'MiB', atMost: 150 },
      { what: 'processes more than with one function', value: deployed.processes - before, unit: '', atMost: 0 },
    ],
  };
}
