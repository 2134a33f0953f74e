// What the machine and a process tree use, read from /proc.
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

import { descendants } from '../../tests/lib/machine.mjs';

const mib = 1 << 20;

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the process is gone
  }
};

// NaN where the text, of a process that is gone, has no such line.
const kib = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN);

export const availableMiB = () => kib(read('/proc/meminfo'), 'MemAvailable') / 1024;

export const residentMiB = (pid) => kib(read(`/proc/${pid}/status`), 'VmRSS') / 1024;

// The pids of a daemon and of all that it started.
export const tree = (pid) => [pid, ...descendants(pid).map(([child]) => child)];

// Memory of the instances below a daemon in MiB: pss (shared pages split among those who share them) and own (shared with nobody).
export function instanceMemory(pid) {
  const pids = descendants(pid).filter(([, command]) => !/wick-warden/.test(command)).map(([child]) => child);
  const rollups = pids.map((child) => read(`/proc/${child}/smaps_rollup`)).filter((text) => text !== '');
  const sum = (name) => rollups.reduce((total, text) => total + kib(text, name), 0) / 1024;
  return { processes: rollups.length, pss: sum('Pss'), own: sum('Private_Clean') + sum('Private_Dirty') };
}

// Nanoseconds of cpu that a process tree has used so far, its living threads only.
export function cpuNanoseconds(pid) {
  let total = 0;
  for (const member of tree(pid)) {
    let threads = [];
    try {
      threads = readdirSync(`/proc/${member}/task`);
    } catch {
      continue; // gone
    }
    for (const thread of threads) total += Number(read(`/proc/${member}/task/${thread}/schedstat`).split(' ')[0] || 0);
  }
  return total;
}

export function description() {
  return {
    cpu: os.cpus()[0].model, cores: os.cpus().length, memoryMiB: Math.round(os.totalmem() / mib), kernel: os.release(), load: os.loadavg(),
  };
}
