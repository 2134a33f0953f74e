// Child processes in an environment made from nothing, ended by pid with their scope.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';

import { build, cleanEnvironment } from '../../tests/lib/daemon.mjs';

// The Node that Wick's functions run on; every Node peer runs on it too.
export const node = `${build}/share/wick/runtimes/nodejs22.x/bin/node`;

// options: cwd, env (more variables), stdio. The child is killed when the scope closes.
export function start(scope, command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: options.cwd, stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
    env: { PATH: cleanEnvironment.PATH, HOME: '/nonexistent', LANG: 'C.UTF-8', ...options.env },
  });
  const exited = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  scope.defer(() => {
    child.kill('SIGKILL');
    return exited;
  });
  return child;
}

// The first match of pattern in a line of the stream, which is read on to its end so that its writer never blocks.
export function lineMatching(stream, pattern, timeoutMs = 15_000) {
  return new Promise((resolve, reject) => {
    const seen = [];
    const timer = setTimeout(() => reject(new Error(`not within ${timeoutMs} ms: ${pattern}\n${seen.join('\n')}`)), timeoutMs);
    const lines = readline.createInterface({ input: stream });
    lines.on('line', (line) => {
      const found = pattern.exec(line);
      if (found) {
        clearTimeout(timer);
        resolve(found);
      } else if (seen.length < 100) {
        seen.push(line);
      }
    });
    lines.on('close', () => {
      clearTimeout(timer);
      reject(new Error(`ended without ${pattern}:\n${seen.join('\n')}`));
    });
  });
}

// Runs a command to its end and returns what it printed; it is killed after timeoutMs.
export async function output(command, args, timeoutMs) {
  const child = spawn(command, args, {
    env: { PATH: cleanEnvironment.PATH, LANG: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL',
  });
  let text = '';
  let errors = '';
  child.stdout.on('data', (data) => (text += data));
  child.stderr.on('data', (data) => (errors += data));
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}: ${errors.slice(-500)}`);
  return text;
}
