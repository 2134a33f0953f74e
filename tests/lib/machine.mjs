// What exists on the machine because of a daemon: processes, cgroups, mounts and network namespaces, read from /proc and /sys.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the process is gone
  }
};

// Every descendant of pid, as [pid, command line].
export function descendants(pid) {
  const children = new Map();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(/\) \S (\d+) /.exec(read(`/proc/${name}/stat`))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [];
  const visit = (parent) => {
    for (const child of children.get(parent) ?? []) {
      found.push([child, read(`/proc/${child}/cmdline`).replaceAll('\0', ' ').trim()]);
      visit(child);
    }
  };
  visit(pid);
  return found;
}

// The instances' processes below a daemon: everything but the warden itself.
export function instanceProcesses(daemon) {
  return descendants(daemon.child.pid).filter(([, command]) => !/^\S*wick-warden /.test(command) || /init/.test(command));
}

// A fork that has no order yet has no channel either.
function waits(pid) {
  try {
    return readlinkSync(`/proc/${pid}/fd/3`) === '/dev/null';
  } catch {
    return false; // the process is gone
  }
}

// What a runtime's process is: a fork of a template (which lies one pid namespace below it), also one that waits for its order, a template,
// or booted.
function kindOf(pid) {
  const depth = (/NSpid:(.*)/.exec(read(`/proc/${pid}/status`))?.[1] ?? '').trim().split(/\s+/).length;
  if (depth > 2) return waits(pid) ? 'waiting' : 'fork';
  return /WICK_TEMPLATE=(\w+)/.exec(read(`/proc/${pid}/environ`))?.[1] ?? 'booted';
}

const runtimeProcesses = (daemon, kinds) =>
  instanceProcesses(daemon).filter(([pid, command]) => /bootstrap/.test(command) && kinds.includes(kindOf(pid)));

// Those of functions that run or are idle: no first processes, no templates, and no forks that wait.
export const functionProcesses = (daemon) => runtimeProcesses(daemon, ['fork', 'booted']);
export const versionTemplates = (daemon) => runtimeProcesses(daemon, ['version']);

export const alive = (pid) => read(`/proc/${pid}/stat`) !== '' && !/\) [ZX] /.test(read(`/proc/${pid}/stat`));

function folders(root, depth) {
  if (depth === 0) return [];
  try {
    return readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
      .flatMap((entry) => [path.join(root, entry.name), ...folders(path.join(root, entry.name), depth - 1)]);
  } catch {
    return []; // gone
  }
}

// The control groups of a daemon's instances: its group is named after its data directory (src/sandbox/warden/host.cpp).
function cgroups(daemon) {
  const { dev, ino } = statSync(daemon.data);
  const name = `/wick-${dev.toString(16)}-${ino.toString(16)}/`;
  return folders('/sys/fs/cgroup', 6).filter((folder) => folder.includes(name)).length;
}

function networkNamespaces(pids) {
  const found = new Set();
  for (const pid of pids) {
    try {
      found.add(readlinkSync(`/proc/${pid}/ns/net`));
    } catch {
      continue; // gone
    }
  }
  return found.size;
}

// Counts that must be the same before and after functions ran. The warden keeps a few first processes ready, so compare counts
// of a daemon that has run something and is at rest (atRest).
export function census(daemon) {
  return {
    processes: descendants(daemon.child.pid).length,
    cgroups: cgroups(daemon),
    mounts: read('/proc/self/mountinfo').split('\n').length,
    wardenMounts: Math.max(0, ...descendants(daemon.child.pid).filter(([, command]) => /wick-warden/.test(command))
      .map(([pid]) => read(`/proc/${pid}/mountinfo`).split('\n').length)),
    networkNamespaces: networkNamespaces(descendants(daemon.child.pid).map(([pid]) => pid)),
  };
}

// Waits until condition() is true; for states of the machine that nothing announces.
export async function eventually(condition, what, timeoutMs = 10_000) {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'function' ? what() : what}`);
    await sleep(10);
  }
}

// The census once it has stopped changing.
export async function atRest(daemon) {
  let last = '';
  await eventually(async () => {
    const before = last;
    last = JSON.stringify(census(daemon));
    if (before !== last) await sleep(300); // longer than the warden waits before it makes new first processes
    return before === last;
  }, 'the daemon is at rest');
  return JSON.parse(last);
}

// Waits until nothing is there beyond what an earlier census counted. Places for forks that were made for many calls at once are halved
// every ten seconds without a fork, from 32 to 2 at most (src/sandbox/warden/template.h).
export async function restored(daemon, before, timeoutMs = 75_000) {
  let now;
  await eventually(() => {
    now = census(daemon);
    return Object.keys(before).every((what) => now[what] <= before[what]);
  }, () => `${JSON.stringify(now)} is at most ${JSON.stringify(before)}`, timeoutMs);
}
