// Plays the case files named on the command line (all, if none is) against a real daemon with the AWS SDK for JavaScript v3.
// Prints each failed step with what was expected and what came; the format is described in README.md.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { build, Daemon } from '../lib/daemon.mjs';
import { request } from '../lib/http.mjs';
import { Matcher } from '../lib/match.mjs';
import { inputOf, plainOf, shapesOf } from './values.mjs';

const sdk = createRequire(path.join(build, 'share/wick/runtime/node/package.json'));
const services = { lambda: '@aws-sdk/client-lambda' };
const folder = path.join(import.meta.dirname, 'cases');
const patience = 30_000; // ms, for what no call announces

class Player {
  #matcher = new Matcher();
  #begun = new Map();

  constructor(story, module, daemon) {
    this.story = story;
    this.module = module;
    this.daemon = daemon;
    const Client = Object.entries(module).find(([name]) => /^[A-Za-z]+Client$/.test(name))[1];
    this.client = new Client({
      endpoint: daemon.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1,
    });
  }

  async play() {
    const failures = [];
    for (const [index, step] of this.story.steps.entries()) {
      const differences = await this.#step(step);
      const what = step.do ?? step.wait ?? step.end ?? `fetch ${step.fetch}`;
      const why = step.why ? [`because: ${step.why}`] : [];
      if (differences.length) failures.push(`  step ${index + 1}, ${what}: ${[...differences, ...why].join('\n    ')}`);
    }
    return failures;
  }

  async #step(step) {
    if (step.wait) return this.#wait(step);
    if (step.end) return this.#check(step, await this.#begun.get(step.end));
    if (step.begin) {
      this.#begun.set(step.begin, this.#act(step));
      return [];
    }
    const deadline = Date.now() + patience;
    let differences = this.#check(step, await this.#act(step));
    while (step.until && differences.length && Date.now() < deadline) {
      await sleep(50); // the state is reached by work that no call announces
      differences = this.#check(step, await this.#act(step));
    }
    return differences;
  }

  // The SDK's own waiter.
  async #wait(step) {
    const limits = { client: this.client, maxWaitTime: patience / 1000, minDelay: 0.02, maxDelay: 0.2 };
    try {
      await this.module[`waitUntil${step.wait}`](limits, this.#input(step));
      return [];
    } catch (error) {
      return [`the waiter gave up: ${error.message}`];
    }
  }

  #input(step) {
    return inputOf(this.#matcher.substitute(step.with ?? {}));
  }

  async #act(step) {
    if (step.fetch) return { output: await request(this.daemon.endpoint, this.#matcher.substitute(step.fetch), this.#input(step)) };
    const Command = this.module[`${step.do}Command`];
    if (!Command) throw new Error(`the SDK knows no operation ${step.do}`);
    try {
      const output = await this.client.send(new Command(this.#input(step)));
      return { status: output.$metadata.httpStatusCode, output: await plainOf(output) };
    } catch (error) {
      if (!error.$metadata?.httpStatusCode) throw error;
      const { name, message, $metadata, $fault, $service, $response, $retryable, ...rest } = error;
      return { error: await plainOf({ name, message, status: $metadata.httpStatusCode, ...rest }) };
    }
  }

  #check(step, got) {
    const expected = shapesOf(step.fails ?? step.gives, this.story.define ?? {});
    if (step.fails) {
      if (!got.error) return [`expected the error ${step.fails.name ?? ''}, got ${JSON.stringify(got.output).slice(0, 600)}`];
      return this.#matcher.attempt(expected, got.error);
    }
    if (got.error) return [`expected success, got ${JSON.stringify(got.error).slice(0, 600)}`];
    const status = step.status && step.status !== got.status ? [`expected status ${step.status}, got ${got.status}`] : [];
    if (expected === undefined) return status;
    const output = step.fetch ? asked(got.output, expected) : got.output;
    const compared = step.until ? this.#matcher.attempt(expected, output) : this.#matcher.compare(expected, output);
    return [...status, ...compared];
  }
}

// Of a plain HTTP reply only what the step speaks of: every reply has a date and a length.
function asked(reply, expected) {
  const only = (object, keys) => Object.fromEntries(Object.entries(object).filter(([key]) => key in keys));
  return only({ ...reply, headers: only(reply.headers, expected.headers ?? {}) }, expected);
}

async function play(file) {
  const story = JSON.parse(readFileSync(file, 'utf8'));
  const module = sdk(services[path.basename(path.dirname(file))]);
  const daemon = await Daemon.start({ args: story.serve });
  try {
    return await new Player(story, module, daemon).play();
  } finally {
    await daemon.dispose();
  }
}

const files = process.argv.length > 2 ? process.argv.slice(2).map((name) => path.resolve(name))
  : readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.json')).sort().map((name) => path.join(folder, name));
let failed = 0;
for (const file of files) {
  let failures;
  try {
    failures = await play(file);
  } catch (error) {
    failures = [`  ${error.stack}`];
  }
  console.log(`${failures.length ? 'FAIL' : 'ok  '} ${path.relative(folder, file)}`);
  if (failures.length) console.log(failures.join('\n'));
  failed += failures.length ? 1 : 0;
}
console.log(`${files.length - failed} passed, ${failed} failed`);
process.exit(failed || !files.length ? 1 : 0);
