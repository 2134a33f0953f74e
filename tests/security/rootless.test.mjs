// The same attempts against a daemon that an ordinary user has started: user namespaces instead of root, and no cgroups.
import assert from 'node:assert/strict';
import { chownSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { Neighbour } from './neighbour.mjs';
import { testAttempts, testResidue } from './sandbox.mjs';

const nobody = 65534;

let daemon, lambda, neighbour;
before(async () => {
  const isRoot = process.getuid() === 0;
  const data = mkdtempSync(path.join(tmpdir(), 'wick-test-'));
  if (isRoot) chownSync(data, nobody, nobody);
  daemon = await Daemon.start({ data, args: ['--idle-timeout', '300ms'], uid: isRoot ? nobody : undefined });
  lambda = new Lambda(daemon);
  neighbour = await Neighbour.start(lambda);
});
after(() => daemon.dispose());

test('it is rootless, and says what it lacks', async () => {
  const { mode, missing } = await (await fetch(`${daemon.endpoint}/_wick/v1/status`)).json();
  assert.equal(mode, 'rootless');
  assert.ok(missing.length > 0);
});

testAttempts(() => ({ daemon, lambda, neighbour }));
testResidue(() => ({ daemon, lambda }));
