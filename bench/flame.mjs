// Shows where Wick's time goes: a flame graph of the whole machine for each load, as build/bench/results/NAME.flame.svg.
//
//   flame.mjs [NAME...]
//
// It needs root, Debian's linux-perf and a quiet machine: every process counts, those that have nothing to do with Wick too.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { chosen, results } from './lib/choice.mjs';
import { callAll, connections, oneSecondSource } from './lib/crowd.mjs';
import { flame, record, samples } from './lib/flame.mjs';
import { Scope } from './lib/scope.mjs';
import { oneCore, sources, Wick } from './lib/wick.mjs';
import { load } from './lib/wrk.mjs';

// A load is ready, then runs for so many seconds.
const loads = {
  warm: async (scope) => {
    const wick = await Wick.start(scope);
    const url = await wick.deploy('hello', 'node', sources.nodeHello, oneCore);
    await load(url, { connections: 64, seconds: 3 });
    return { title: 'warm hello, Node, 64 connections, function URL', seconds: 5, run: () => load(url, { connections: 64, seconds: 6 }) };
  },
  burst: async (scope) => {
    const wick = await Wick.start(scope, { args: ['--idle-timeout', '500ms'] });
    const url = await wick.deploy('burst', 'node', oneSecondSource, { Timeout: 60 });
    const opened = await connections(scope, url, 1000);
    await callAll(opened.slice(0, 1), url);
    await wick.atZero('burst');
    return { title: '1,000 concurrent calls of a function of one second, from zero instances, Node', seconds: 4, run: () => callAll(opened, url) };
  },
};

const wanted = chosen(Object.keys(loads), []);
const folder = mkdtempSync(path.join(os.tmpdir(), 'wick-flame-'));
try {
  for (const name of wanted) {
    const scope = new Scope();
    const file = path.join(folder, name);
    try {
      const { title, seconds, run } = await loads[name](scope);
      const recorded = await record(scope, file, seconds);
      await Promise.all([recorded.over, run()]);
      const list = (await samples(file)).filter(({ process }) => process !== 'swapper');
      const picture = path.join(results, `${name}.flame.svg`);
      writeFileSync(picture, flame(title, list));
      console.log(`${path.relative(process.cwd(), picture)}: ${list.length} samples`);
    } finally {
      await scope.close();
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exit();
