// Plays the daemon's side of Wick's frames (src/invoke/frame.h) against a managed runtime, without a sandbox.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { build } from '../lib/daemon.mjs';

const share = path.join(build, 'share/wick/runtime');
const commands = {
  node: [process.execPath, path.join(share, 'node/bootstrap.cjs')],
  python: ['/usr/bin/python3', path.join(share, 'python/bootstrap.py')],
};

export class Runtime {
  // files: { name: source }; handler: file.function; flags: of the interpreter
  constructor(kind, files, { handler = 'index.handler', env = {}, flags = [] } = {}) {
    this.root = mkdtempSync(path.join(tmpdir(), 'wick-runtime-'));
    for (const [name, source] of Object.entries(files)) writeFileSync(path.join(this.root, name), source);
    const [command, ...args] = commands[kind];
    this.child = spawn(command, [...flags, ...args], {
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', LAMBDA_TASK_ROOT: this.root, _HANDLER: handler, PYTHONPATH: path.join(share, 'python'), ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    this.stdout = '';
    this.child.stdout.on('data', (data) => { this.stdout += data; });
    this.exited = once(this.child, 'exit').then(([code]) => code);
    this.channel = this.child.stdio[3];
    this.channel.on('error', () => {}); // the runtime has ended; frames() says so
    this.frames = this.#read();
  }

  async* #read() {
    let pending = Buffer.alloc(0);
    for await (const data of this.channel) {
      pending = Buffer.concat([pending, data]);
      while (pending.length >= 8 && pending.length >= 8 + pending.readUInt32LE(0)) {
        const end = 8 + pending.readUInt32LE(0);
        yield { type: String.fromCharCode(pending[4]), body: pending.subarray(8, end) };
        pending = pending.subarray(end);
      }
    }
  }

  // Frames up to and including the first of one of these types: { type, body (text), logs, chunks }; type undefined when it ended.
  async #until(types) {
    const logs = [];
    const chunks = [];
    for (;;) {
      const { value, done } = await this.frames.next();
      if (done) return { logs, chunks };
      const body = value.body.toString();
      if (types.includes(value.type)) return { type: value.type, body, logs, chunks };
      if (value.type === 'L') logs.push(body);
      else chunks.push(`${value.type}:${body}`);
    }
  }

  init() {
    return this.#until('RF');
  }

  invoke(event, meta = {}) {
    const header = Buffer.from(JSON.stringify({ requestId: 'the-request', deadlineMs: Date.now() + 3000, arn: 'arn:aws:lambda:x', traceId: '', clientContext: '', ...meta }));
    const payload = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
    const frame = Buffer.alloc(12);
    frame.writeUInt32LE(4 + header.length + payload.length, 0);
    frame.write('I', 4);
    frame.writeUInt32LE(header.length, 8);
    this.channel.write(Buffer.concat([frame, header, payload]));
    return this.#until('OEZ');
  }

  // Closes the channel, as the daemon does to end an instance; returns the exit code.
  async end() {
    this.channel.end();
    const code = await this.exited;
    rmSync(this.root, { recursive: true });
    return code;
  }
}

// One runtime, one call: what init and the call gave.
export async function callOnce(kind, source, event = {}, options = {}) {
  const runtime = new Runtime(kind, { [options.file ?? (kind === 'node' ? 'index.mjs' : 'index.py')]: source }, options);
  const init = await runtime.init();
  const reply = init.type === 'R' ? await runtime.invoke(event, options.meta) : undefined;
  const code = await runtime.end();
  return { init, reply, code, stdout: runtime.stdout };
}
