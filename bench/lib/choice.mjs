// What the command line asks for, and where what comes of it goes.
import { mkdirSync } from 'node:fs';
import path from 'node:path';

// Made if it is not there.
export const results = path.resolve(import.meta.dirname, '../../build/bench/results');
mkdirSync(results, { recursive: true });

// The names among the arguments, or all that are known when there is none. An argument that is neither known nor one of the options ends the
// program.
export function chosen(known, options) {
  const names = process.argv.slice(2).filter((argument) => !options.includes(argument));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(', ')}; there are: ${[...known, ...options].join(', ')}`);
    process.exit(2);
  }
  return names.length === 0 ? known : known.filter((name) => names.includes(name));
}
