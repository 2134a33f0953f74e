// Many instances at once: each call below is held by its instance until a given moment, so that calls in flight are instances alive.
import { Connection } from './connection.mjs';
import { availableMiB, instanceMemory } from './machine.mjs';

export const spareMiB = 4096; // what a benchmark leaves to the rest of the machine
const kernelMiB = 2; // of an instance: page tables, stacks, namespaces, control groups; an estimate

// Answers at Date.now() >= until, with an id of its own; the count tells a fresh instance from a used one.
export const holdingSource = `
  import { randomUUID } from 'node:crypto';
  let id, count = 0;
  export const handler = async (event) => {
    id ??= randomUUID();
    count += 1;
    await new Promise((resolve) => setTimeout(resolve, Number(event.queryStringParameters?.until ?? 0) - Date.now()));
    return { id, count };
  };
`;

// The same, held for one second.
export const oneSecondSource = holdingSource.replace(/Number\(.*Date\.now\(\)/, '1000');

export async function connections(scope, url, count) {
  const opened = [];
  scope.defer(() => opened.forEach((connection) => connection.close()));
  while (opened.length < count) {
    opened.push(...(await Promise.all(Array.from({ length: Math.min(50, count - opened.length) }, () => Connection.open(url)))));
  }
  return opened;
}

// One call on each connection, all at once. Returns { replies: [{ status, body, ms }], failed: [reason], seconds (to the last reply) }.
export async function callAll(opened, url) {
  const began = performance.now();
  const outcomes = await Promise.allSettled(opened.map((connection) => connection.request(url)));
  const replies = outcomes.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
  const good = replies.filter(({ status }) => status === 200);
  const failed = [
    ...outcomes.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message),
    ...replies.filter(({ status }) => status !== 200).map(({ status, body }) => `${status} ${body}`),
  ];
  return { replies: good, failed, seconds: (performance.now() - began) / 1000 };
}

// How many instances fit into the memory that is free, by what a few of them have for themselves; at most `wanted`.
export async function affordable(opened, url, pid, wanted) {
  await callAll(opened, `${url}?until=${Date.now() + 1500}`);
  const { own } = instanceMemory(pid);
  return Math.min(wanted, Math.floor((availableMiB() - spareMiB) / (own / opened.length + kernelMiB)));
}
