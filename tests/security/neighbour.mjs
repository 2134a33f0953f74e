// Calls neighbour.py again and again while something else goes on, and holds that it has not noticed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { descendants } from '../lib/machine.mjs';

const source = readFileSync(path.join(import.meta.dirname, 'neighbour.py'), 'utf8');
// A call takes about 10 ms alone. On a machine that is busy with something else too, this test is held up as well; a call, which goes
// through three processes, may then take longer.
const slowestMs = 3000;
const perHeldUpMs = 10;

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
    const heldUp = monitorEventLoopDelay({ resolution: 10 });
    heldUp.enable();
    const calls = this.#keepCalling();
    calls.catch(() => {}); // looked at below; work ends first
    let result;
    try {
      result = await work();
    } finally {
      this.#running = false;
    }
    const { slowest, count } = await calls;
    heldUp.disable();
    const held = Math.round(heldUp.max / 1e6);
    assert.ok(slowest < slowestMs + perHeldUpMs * held,
      `the slowest of the neighbour's ${count} calls took ${Math.round(slowest)} ms; this test itself was held up ${held} ms`);
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

  // What it has printed so far, which must all be in its log.
  get lines() {
    return this.#lines;
  }
}
