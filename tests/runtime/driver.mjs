// Plays the daemon's side of Wick's frames (src/invoke/frame.h) against a managed runtime, without a sandbox.
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { build } from '../lib/daemon.mjs';

const share = path.join(build, 'share/wick/runtime');
const commands = {
  node: [process.execPath, path.join(share, 'node/bootstrap.cjs')],
  python: ['/usr/bin/python3', path.join(share, 'python/bootstrap.py')],
};
// What a template's interpreter gets besides (src/sandbox/warden/entry.cpp).
const templateFlags = { node: ['--single-threaded', '--v8-pool-size=0'], python: [] };

// A folder with these files, { name: source }, as a function's code.
function writeCode(files) {
  const root = mkdtempSync('/var/tmp/wick-runtime-'); // a template has a /tmp of its own
  for (const [name, source] of Object.entries(files)) writeFileSync(path.join(root, name), source);
  return root;
}

function environmentOf(root, handler, env) {
  return { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', LAMBDA_TASK_ROOT: root, _HANDLER: handler, PYTHONPATH: path.join(share, 'python'), ...env };
}

// The daemon's end of one instance: its channel and its log.
class Instance {
  constructor(channel, log) {
    this.stdout = '';
    log.on('data', (data) => { this.stdout += data; });
    this.channel = channel;
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
    return this.exited;
  }
}

// A booted instance.
export class Runtime extends Instance {
  // files: { name: source }; handler: file.function; flags: of the interpreter
  constructor(kind, files, { handler = 'index.handler', env = {}, flags = [] } = {}) {
    const root = writeCode(files);
    const [command, ...args] = commands[kind];
    const child = spawn(command, [...flags, ...args], { env: environmentOf(root, handler, env), stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    super(child.stdio[3], child.stdout);
    this.child = child;
    this.root = root;
    this.exited = once(child, 'exit').then(([code]) => code);
  }

  async end() {
    const code = await super.end();
    rmSync(this.root, { recursive: true });
    return code;
  }
}

// A template of a function version, or with no files of the runtime. Its init() is the template's own.
export class Template extends Instance {
  static async start(kind, files, { handler = 'index.handler', env = {}, interpreter = commands[kind][0] } = {}) {
    const root = writeCode(files ?? {});
    const server = net.createServer().listen(path.join(root, '.forks'));
    await once(server, 'listening');
    const common = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
    const command = [interpreter, ...templateFlags[kind], commands[kind][1]];
    const child = spawn(path.join(build, 'bin/wick_test_forker'), [path.join(root, '.forks'), ...command], {
      env: files ? { ...environmentOf(root, handler, env), WICK_TEMPLATE: 'version' } : { ...common, ...env, WICK_TEMPLATE: 'runtime' },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe'],
    });
    return new Template(kind, child, server, root);
  }

  #forks = [];
  #codes = new Map(); // pid -> { promise, resolve } of its exit code
  #reports;

  constructor(kind, child, server, root) {
    super(child.stdio[3], child.stdio[4]);
    Object.assign(this, { kind, child, server, root, exited: once(child, 'exit') });
    this.#reports = new EventEmitter();
    createInterface(child.stdout).on('line', (line) => {
      const [what, pid, code] = line.split(' ');
      if (what === 'fork') this.#reports.emit('fork', pid);
      else this.#codeOf(pid).resolve(Number(code));
    });
  }

  #codeOf(pid) {
    if (!this.#codes.has(pid)) this.#codes.set(pid, Promise.withResolvers());
    return this.#codes.get(pid);
  }

  // A fork, in which env is set over the template's environment; of a template with no function: with these files.
  async fork(env = {}, files, handler = 'index.handler') {
    const root = files && writeCode(files);
    const entries = Object.entries(files ? environmentOf(root, handler, env) : { WICK_FORK: '1', ...env });
    const text = Buffer.from(entries.map(([name, value]) => `${name}=${value}\0`).join(''));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(text.length);
    const connections = [];
    const forked = once(this.#reports, 'fork');
    const connected = new Promise((resolve) => {
      this.server.on('connection', (socket) => { if (connections.push(socket) === 2) resolve(); });
    });
    this.child.stdin.write(Buffer.concat([size, text]));
    await connected;
    this.server.removeAllListeners('connection');
    const [pid] = await forked;
    const fork = Object.assign(new Instance(...connections), { pid: Number(pid), exited: this.#codeOf(pid).promise, root });
    this.#forks.push(fork);
    return fork;
  }

  // Ends the forks as well.
  async end() {
    for (const fork of this.#forks) {
      fork.channel.destroy();
      if (fork.root) rmSync(fork.root, { recursive: true });
    }
    this.child.stdin.end();
    await this.exited;
    this.server.close();
    rmSync(this.root, { recursive: true });
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
