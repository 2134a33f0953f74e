import { coldGoals, coldStarts } from '../lib/cold.mjs';

export const title = 'cold start of a function whose init takes 300 ms: is init paid again?';

export async function run(context) {
  const { rows, notes, find } = await coldStarts({ ...context, samples: Math.ceil(context.samples / 2) }, 300);
  return { rows, goals: coldGoals(find), notes };
}
