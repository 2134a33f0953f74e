// Runs the benchmarks that were named, or all; prints each as it ends and writes build/bench/results/latest.json.
//
//   main.mjs [--quick] [NAME...]
//
// A benchmark is a file of benchmarks/ with `title` and `run({ scope, rounds, seconds, samples })`, which returns { rows, goals, notes }.
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { chosen, results } from './lib/choice.mjs';
import { description } from './lib/machine.mjs';
import { plot } from './lib/plot.mjs';
import { goalsText, judged, ratio, rowsText } from './lib/report.mjs';
import { Scope } from './lib/scope.mjs';
import { summary } from './lib/stats.mjs';

const here = import.meta.dirname;
const benchmarkMs = 15 * 60_000;

const quick = process.argv.includes('--quick');
const effort = quick ? { rounds: 2, seconds: 1, samples: 3 } : { rounds: 5, seconds: 3, samples: 20 };
const known = readdirSync(path.join(here, 'benchmarks')).map((file) => path.basename(file, '.mjs')).sort();
const wanted = chosen(known, ['--quick']);

let scope = new Scope();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => scope.close().finally(() => process.exit(1)));

async function measure(benchmark) {
  scope = new Scope();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over within ${benchmarkMs / 60_000} minutes`)), benchmarkMs);
  });
  try {
    return await Promise.race([benchmark.run({ scope, quick, ...effort }), late]);
  } finally {
    clearTimeout(timer);
    await scope.close();
  }
}

const report = { started: new Date().toISOString(), quick, machine: description(), benchmarks: [] };
console.log(`${report.machine.cores} x ${report.machine.cpu}, ${report.machine.memoryMiB} MiB, Linux ${report.machine.kernel}, ` +
  `load ${report.machine.load[0].toFixed(1)}${quick ? ', quick: the figures mean little' : ''}`);

for (const name of wanted) {
  const benchmark = await import(path.join(here, 'benchmarks', `${name}.mjs`));
  console.log(`\n${name}: ${benchmark.title}`);
  const began = Date.now();
  try {
    const { rows, goals = [], notes = [] } = await measure(benchmark);
    console.log(rowsText(rows));
    console.log(goalsText(goals));
    for (const note of notes) console.log(`  note: ${note}`);
    writeFileSync(path.join(results, `${name}.svg`), plot(benchmark.title, rows));
    report.benchmarks.push({
      name, title: benchmark.title, seconds: (Date.now() - began) / 1000, notes, goals: goals.map(judged),
      rows: rows.map((row) => ({ ...row, ...summary(row.values), ratio: ratio(rows, row) })),
    });
  } catch (error) {
    console.log(`  failed: ${error.message}`);
    report.benchmarks.push({ name, title: benchmark.title, failed: error.message });
    process.exitCode = 1;
  }
  writeFileSync(path.join(results, 'latest.json'), JSON.stringify(report, undefined, 1));
}

const goals = report.benchmarks.flatMap(({ goals = [] }) => goals);
console.log(`\n${goals.filter(({ met }) => met).length} of ${goals.length} goals met; ${path.relative(process.cwd(), results)}/latest.json`);
process.exit();
