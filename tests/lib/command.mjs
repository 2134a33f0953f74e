// Runs the `wick` command, or any other, to its end in an environment made from nothing, as a person would in a fresh shell.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { cleanEnvironment, wick } from './daemon.mjs';

// options: input (standard input), env (over the clean one), cwd. Returns { code, out, err }.
export async function run(program, args, options = {}) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...environment } = cleanEnvironment;
  const child = spawn(program, args, { cwd: options.cwd, env: { ...environment, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}); // it need not read its input
  child.stdin.end(options.input ?? '');
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.err += text));
  const [code] = await once(child, 'close');
  return { code, ...output };
}

// The command against one daemon, in one folder.
export class Wick {
  constructor(daemon, folder) {
    this.folder = folder;
    this.env = { WICK_ENDPOINT: daemon.endpoint };
  }

  run(args, options = {}) {
    return run(wick, args, { cwd: this.folder, ...options, env: { ...this.env, ...options.env } });
  }

  // Runs what must succeed, and returns its standard output, parsed with --json.
  async must(...args) {
    const { code, out, err } = await this.run(args);
    if (code !== 0) throw new Error(`wick ${args.join(' ')}: exit ${code}\n${out}${err}`);
    return args.includes('--json') ? JSON.parse(out) : out;
  }

  // Under a pseudo terminal; standard output and error come together.
  async onTerminal(args, env = {}) {
    const words = [wick, ...args].map((word) => `'${word}'`).join(' ');
    const { code, out } = await run('script', ['-qec', words, '/dev/null'], { cwd: this.folder, env: { ...this.env, TERM: 'xterm', ...env } });
    return { code, out };
  }

  // A file of the folder, by its name in it.
  async write(name, text, mode = 0o644) {
    const file = path.join(this.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    return file;
  }
}
