// Starts a real `wick serve` on a port of the kernel's choice with a data directory of its own, for the tests that need one.
//
// The environment is made from nothing, so that a developer's AWS_*, proxy or Node variables change no result.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

export const build = process.env.WICK_BUILD ?? path.resolve(import.meta.dirname, '../../build/release');
export const wick = path.join(build, 'bin/wick');
export const sanitized = /san$/.test(build);

export const cleanEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/nonexistent',
  LANG: 'C.UTF-8',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_DEFAULT_REGION: 'us-east-1',
  ASAN_OPTIONS: 'detect_leaks=0', // for that it would have to trace the daemon, which nobody may
};

export class Daemon {
  // options: args (more of `wick serve`), data (keep an existing directory), env, uid (run as that user), program, cwd
  static async start(options = {}) {
    const data = options.data ?? (await mkdtemp(path.join(tmpdir(), 'wick-test-')));
    const child = spawn(options.program ?? wick, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...(options.args ?? [])], {
      env: { ...cleanEnvironment, ...options.env },
      cwd: options.cwd,
      uid: options.uid,
      gid: options.uid,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const daemon = new Daemon(child, data, options);
    await daemon.#ready();
    return daemon;
  }

  constructor(child, data, options) {
    this.child = child;
    this.data = data;
    this.options = options;
    this.log = [];
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  async #ready() {
    const lines = readline.createInterface({ input: this.child.stderr });
    const listening = new Promise((resolve) => {
      lines.on('line', (line) => {
        this.log.push(line);
        const found = /listening on (http:\/\/\S+)/.exec(line);
        if (found) resolve(found[1]);
      });
    });
    const outcome = await Promise.race([listening, this.exited]);
    if (typeof outcome !== 'string') throw new Error(`wick serve ended before it listened:\n${this.log.join('\n')}`);
    this.endpoint = outcome.replace(/\/$/, '');
  }

  // What runs now: [{ function, version, instance, state }].
  async instances() {
    const reply = await fetch(`${this.endpoint}/_wick/v1/instances`);
    return (await reply.json()).instances;
  }

  async busy() {
    return (await this.instances()).filter(({ state }) => state === 'busy').length;
  }

  // SIGTERM, as an operator would; returns how it ended.
  async stop() {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  async kill9() {
    this.child.kill('SIGKILL');
    return this.exited;
  }

  // Ends the daemon if it still runs, which must go well, and removes its data.
  async dispose() {
    const running = this.child.exitCode === null && this.child.signalCode === null;
    const end = running ? await this.stop() : { code: 0 };
    await rm(this.data, { recursive: true, force: true });
    if (end.code !== 0) throw new Error(`wick serve ended badly (${end.signal ?? end.code}):\n${this.log.join('\n')}`);
  }
}
