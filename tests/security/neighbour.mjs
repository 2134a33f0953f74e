// Calls neighbour.py again and again while something else goes on, and holds that it has not noticed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { descendants } from '../lib/machine.mjs';

const source = readFileSync(path.join(import.meta.dirname, 'neighbour.py'), 'utf8');
// A call takes about 10 ms alone. What holds up a process of this test too is the machine, or the kernel's locks on the files of /usr that
// all map (docs/SECURITY.md); a call, which goes through three processes and starts one, may then take longer.
const slowestMs = 3000;
const perHeldUpMs = 4;
const startsEveryMs = 50;

export class Neighbour {
  #running = false;
  #calls = 0;
  #lines = [];

  // One that has been called once, so that its marks are there.
  static async start(lambda, name = 'neighbour') {
    const neighbour = new Neighbour();
    neighbour.lambda = lambda;
    neighbour.name = name;
    await lambda.deployPython(name, source, { MemorySize: 512, Timeout: 10, Environment: { Variables: { NEIGHBOURS_SECRET: 'it knows' } } });
    await neighbour.#call();
    return neighbour;
  }

  // The host's number of its process.
  static pid(daemon) {
    return descendants(daemon.child.pid).find(([, command]) => command === '/usr/bin/sleep 1000')?.[0];
  }

  async #call() {
    const call = ++this.#calls;
    const began = performance.now();
    const { payload, error } = await this.lambda.invoke(this.name, { call });
    const took = performance.now() - began;
    assert.equal(error, undefined, JSON.stringify(payload));
    assert.equal(payload.call, call);
    assert.deepEqual(payload.damage, []);
    this.#lines.push(`call ${call}`);
    return { took, child: payload.child };
  }

  // Runs work while the neighbour is called without a pause; returns work's result once nothing was noticed.
  async during(work) {
    assert.equal(this.#running, false);
    this.#running = true;
    const calls = this.#keepCalling();
    const starts = this.#keepStarting();
    calls.catch(() => {}); // looked at below; work ends first
    let result;
    try {
      result = await work();
    } finally {
      this.#running = false;
    }
    const { slowest, count } = await calls;
    const heldUp = await starts;
    assert.ok(slowest < slowestMs + perHeldUpMs * heldUp,
      `the slowest of the neighbour's ${count} calls took ${Math.round(slowest)} ms; a process outside took up to ${Math.round(heldUp)} ms`);
    return result;
  }

  async #keepCalling() {
    let slowest = 0;
    let count = 0;
    do {
      slowest = Math.max(slowest, (await this.#call()).took);
      ++count;
    } while (this.#running);
    return { slowest, count };
  }

  // Starts processes beside the daemon; the milliseconds of the slowest.
  async #keepStarting() {
    let slowest = 0;
    while (this.#running) {
      const began = performance.now();
      await once(spawn('/usr/bin/true', { stdio: 'ignore' }), 'exit');
      slowest = Math.max(slowest, performance.now() - began);
      await sleep(startsEveryMs);
    }
    return slowest;
  }

  // What it has printed so far, which must all be in its log.
  get lines() {
    return this.#lines;
  }
}
