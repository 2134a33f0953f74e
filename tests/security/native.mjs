// Compiles native/ to one static program, as a custom runtime is.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export function compileAttempts() {
  const sources = path.join(import.meta.dirname, 'native');
  const files = readdirSync(sources).filter((name) => name.endsWith('.c')).map((name) => path.join(sources, name));
  const folder = mkdtempSync(path.join(tmpdir(), 'wick-attempts-'));
  const program = path.join(folder, 'bootstrap');
  const flags = ['-std=c17', '-O1', '-Wall', '-Wextra', '-Werror', '-static'];
  const { status, stderr, error } = spawnSync('clang-19', [...flags, '-o', program, ...files], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`clang-19: ${error?.message ?? stderr}`);
  const bytes = readFileSync(program);
  rmSync(folder, { recursive: true });
  return bytes;
}
