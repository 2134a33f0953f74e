// Code that tries to get out of its sandbox, at its neighbours, the daemon, the warden or the machine, and cannot.
import { after, before } from 'node:test';

import { Daemon } from '../lib/daemon.mjs';
import { Lambda } from '../lib/lambda.mjs';
import { Neighbour } from './neighbour.mjs';
import { testAttempts, testResidue } from './sandbox.mjs';

let daemon, lambda, neighbour;
before(async () => {
  daemon = await Daemon.start({ args: ['--idle-timeout', '300ms'] });
  lambda = new Lambda(daemon);
  neighbour = await Neighbour.start(lambda);
});
after(() => daemon.dispose());

testAttempts(() => ({ daemon, lambda, neighbour }));
testResidue(() => ({ daemon, lambda }));
