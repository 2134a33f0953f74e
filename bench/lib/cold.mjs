// Cold starts of hello functions beside a container and an isolate of the same hello.
import { latencies } from './compare.mjs';
import { Connection } from './connection.mjs';
import { crunNode } from './crun.mjs';
import { workerdIsolates } from './peers.mjs';
import { median, quantile } from './stats.mjs';
import { coldFunction, Wick, withInit } from './wick.mjs';

const idleTimeout = '20ms';
const settled = 3; // cold starts before those that count: packages unpacked, templates made

async function newIsolate(scope) {
  const url = await workerdIsolates.start(scope);
  const connection = await Connection.open(url);
  scope.defer(() => connection.close());
  return async () => (await connection.request(url)).ms;
}

// Node and Python hello functions whose init takes so long. Returns { rows, notes, find(subject) -> values or undefined }.
export async function coldStarts({ scope, rounds, samples }, initMs) {
  const wick = await Wick.start(scope, { args: ['--idle-timeout', idleTimeout] });
  const subjects = [
    { name: 'Wick, Node', sample: await coldFunction(scope, wick, 'node', 'node', withInit('node', initMs)) },
    { name: 'Wick, Python', sample: await coldFunction(scope, wick, 'python', 'python', withInit('python', initMs)) },
    { name: 'crun + Node', sample: await crunNode(scope, initMs) },
  ];
  if (initMs === 0) subjects.push({ name: workerdIsolates.name, sample: await newIsolate(scope) });
  const notes = [];
  for (const subject of [...subjects]) {
    try {
      for (let i = 0; i < settled; ++i) await subject.sample();
    } catch (error) {
      if (subject.name.startsWith('Wick')) throw error;
      subjects.splice(subjects.indexOf(subject), 1);
      notes.push(`${subject.name} is left out: ${error.message}`);
    }
  }
  const rows = await latencies(subjects, rounds, samples, 'start to reply');
  return { rows, notes, find: (name) => rows.find(({ subject }) => subject === name)?.values };
}

// p50 <= 2 ms and p99 <= 8 ms, for each of the two runtimes.
export function coldGoals(find) {
  return ['Wick, Node', 'Wick, Python'].flatMap((name) => [
    { what: `${name}: p50`, value: median(find(name)), unit: 'ms', atMost: 2 },
    { what: `${name}: p99`, value: quantile(find(name), 0.99), unit: 'ms', atMost: 8 },
  ]);
}
