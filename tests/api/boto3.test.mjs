// Debian's boto3, unmodified: boto3_story.py told against a daemon.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

import { cleanEnvironment, Daemon } from '../lib/daemon.mjs';

test('a function lives its whole life under boto3', async () => {
  const daemon = await Daemon.start();
  try {
    const script = path.join(import.meta.dirname, 'boto3_story.py');
    const child = spawn('/usr/bin/python3', ['-B', script, daemon.endpoint], { env: cleanEnvironment, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of Object.keys(said)) child[name].on('data', (data) => (said[name] += data));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, said.stdout + said.stderr);
    assert.deepEqual(said.stdout.split('\n'), ['create', 'call', 'code', 'versions', 'settings', 'provisioned', 'url', 'end', '']);
  } finally {
    await daemon.dispose();
  }
});
