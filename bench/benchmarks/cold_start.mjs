import { coldGoals, coldStarts } from '../lib/cold.mjs';
import { median } from '../lib/stats.mjs';

export const title = 'cold start of hello, client to reply over HTTP, no idle instance';

export async function run(context) {
  const { rows, notes, find } = await coldStarts(context, 0);
  const over = (name, peer) => (find(peer) ? median(find(name)) / median(find(peer)) : undefined);
  const goals = coldGoals(find);
  for (const name of ['Wick, Node', 'Wick, Python']) {
    goals.push({ what: `${name}: of crun + Node`, value: over(name, 'crun + Node'), unit: 'x', atMost: 1 / 20 });
    goals.push({ what: `${name}: of a new isolate in workerd`, value: over(name, 'workerd, new isolate'), unit: 'x', atMost: 1 });
  }
  return { rows, goals, notes };
}
