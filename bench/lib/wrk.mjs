// Load on loopback by wrk: one thread, keep-alive connections, each with one request in flight.
import path from 'node:path';

import { output } from './process.mjs';

const script = path.join(import.meta.dirname, 'wrk.lua');

// options: connections, seconds, headers {name: value}, body (makes it a POST).
// Returns { requests, failed, perSecond, p50, p99 (ms) }.
export async function load(url, options) {
  const headers = Object.entries(options.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--timeout', '10s', ...headers, '-s', script, url];
  if (options.body !== undefined) args.push('--', options.body);
  const text = await output('wrk', args, (options.seconds + 30) * 1000);
  const { requests, failed, microseconds, p50, p99 } = JSON.parse(text.trim().split('\n').at(-1));
  return { requests, failed, perSecond: requests / (microseconds / 1e6), p50: p50 / 1e3, p99: p99 / 1e3 };
}
