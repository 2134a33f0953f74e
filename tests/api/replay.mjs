// Plays the case files named on the command line (all, if none is) against a real daemon with the AWS SDK for JavaScript v3.
// Prints each failed step with what was expected and what came; the format is described in README.md.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { build, Daemon } from '../lib/daemon.mjs';
import { Matcher } from '../lib/match.mjs';
import { zip } from '../lib/zip.mjs';

const sdk = createRequire(path.join(build, 'share/wick/runtime/node/package.json'));
const services = { lambda: '@aws-sdk/client-lambda' };
const folder = path.join(import.meta.dirname, 'cases');

function input(value) {
  if (Array.isArray(value)) return value.map(input);
  if (value === null || typeof value !== 'object') return value;
  if (value.$zip) return zip(value.$zip, value.$executable);
  if (value.$repeat) return value.$repeat[0].repeat(value.$repeat[1]);
  if ('$json' in value) return Buffer.from(JSON.stringify(value.$json));
  if ('$text' in value) return Buffer.from(value.$text);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, input(item)]));
}

function expandRepeats(value) {
  if (Array.isArray(value)) return value.map(expandRepeats);
  if (value === null || typeof value !== 'object') return value;
  if (value.$repeat) return value.$repeat[0].repeat(value.$repeat[1]);
  if (value.$join) return value.$join.map(expandRepeats).join('');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expandRepeats(item)]));
}

// What the SDK returned, as plain JSON values.
async function plain(value, key) {
  if (value instanceof Uint8Array) {
    const text = Buffer.from(value).toString();
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  if (value instanceof Date) return value.toISOString();
  if (value === null || typeof value !== 'object') return value;
  if (key === 'EventStream') {
    const events = [];
    for await (const event of value) events.push(await plain(event));
    return events;
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => plain(item)));
  const entries = Object.entries(value).filter(([name]) => !name.startsWith('$'));
  return Object.fromEntries(await Promise.all(entries.map(async ([name, item]) => [name, await plain(item, name)])));
}

async function call(client, module, step, matcher) {
  const Command = module[`${step.do}Command`];
  if (!Command) throw new Error(`the SDK knows no operation ${step.do}`);
  try {
    const output = await client.send(new Command(input(matcher.substitute(step.with ?? {}))));
    return { status: output.$metadata.httpStatusCode, output: await plain(output) };
  } catch (error) {
    if (!error.$metadata?.httpStatusCode) throw error;
    const { name, message, $metadata, $fault, $service, $response, $retryable, ...rest } = error;
    return { error: await plain({ name, message, status: $metadata.httpStatusCode, ...rest }) };
  }
}

function check(step, got, matcher) {
  if (step.fails) {
    if (!got.error) return [`expected the error ${step.fails.name}, got ${JSON.stringify(got.output)}`];
    return matcher.compare(expandRepeats(step.fails), got.error);
  }
  if (got.error) return [`expected success, got ${JSON.stringify(got.error)}`];
  const status = step.status && step.status !== got.status ? [`expected status ${step.status}, got ${got.status}`] : [];
  return [...status, ...(step.gives === undefined ? [] : matcher.compare(expandRepeats(step.gives), got.output))];
}

async function play(file) {
  const story = JSON.parse(readFileSync(file, 'utf8'));
  const service = path.basename(path.dirname(file));
  const module = sdk(services[service]);
  const daemon = await Daemon.start({ args: story.serve });
  try {
    return await playSteps(story, module, daemon);
  } finally {
    await daemon.dispose();
  }
}

async function playSteps(story, module, daemon) {
  const matcher = new Matcher();
  const Client = Object.entries(module).find(([name]) => /^[A-Za-z]+Client$/.test(name))[1];
  const client = new Client({
    endpoint: daemon.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1,
  });
  const failures = [];
  for (const [index, step] of story.steps.entries()) {
    const deadline = Date.now() + 30_000;
    let differences = check(step, await call(client, module, step, matcher), matcher);
    while (step.until && differences.length && Date.now() < deadline) {
      await sleep(50); // the state is reached by work that no call announces
      differences = check(step, await call(client, module, step, matcher), matcher);
    }
    if (differences.length) failures.push(`  step ${index + 1}, ${step.do}: ${differences.join('\n    ')}${step.why ? `\n    because: ${step.why}` : ''}`);
  }
  return failures;
}

const files = process.argv.length > 2 ? process.argv.slice(2)
  : readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.json')).sort().map((name) => path.join(folder, name));
let failed = 0;
for (const file of files) {
  let failures;
  try {
    failures = await play(file);
  } catch (error) {
    failures = [`  ${error.stack}`];
  }
  console.log(`${failures.length ? 'FAIL' : 'ok  '} ${path.relative(folder, path.resolve(file))}`);
  if (failures.length) console.log(failures.join('\n'));
  failed += failures.length ? 1 : 0;
}
console.log(`${files.length - failed} passed, ${failed} failed`);
process.exit(failed || !files.length ? 1 : 0);
