'use strict';
// Entry point of the Node.js runtime: loads the handler, then serves one invocation at a time.
//
// The runtime is CommonJS because starting Node's loader for ES modules costs several milliseconds; so only handlers that are
// ES modules pay for it. Between invocations the event loop stands still inside one blocking read (Channel.next).
const { Channel } = require('./channel.cjs');
const { contextOf } = require('./context.cjs');
const { patchConsole } = require('./console.cjs');
const { RuntimeError, toErrorObject } = require('./errors.cjs');
const { loadHandler } = require('./handler.cjs');

const channel = new Channel(3);
const log = patchConsole(channel);

// What happens when the event loop runs empty before the invocation is answered; set by the invocation itself.
let onEmptyLoop = null;
process.on('beforeExit', () => {
  const action = onEmptyLoop;
  onEmptyLoop = null;
  action?.();
});

// The process cannot be trusted after these, so it ends with the codes of AWS's runtime.
function die(title, error, code) {
  log.error(title, error);
  channel.fail(toErrorObject(error));
  process.exit(code);
}
process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason, promise) => {
  const error = new RuntimeError('UnhandledPromiseRejection', reason);
  die('Unhandled Promise Rejection', Object.assign(error, { reason, promise }), 128);
});

function serveNext(handler, run) {
  const { meta, payload } = channel.next();
  log.requestId = meta.requestId;
  if (meta.traceId) process.env._X_AMZN_TRACE_ID = meta.traceId;
  else delete process.env._X_AMZN_TRACE_ID;

  run(handler, {
    event: () => JSON.parse(payload),
    context: () => contextOf(meta),
    channel,
    log,
    whenLoopIsEmpty: (action) => { onEmptyLoop = action; },
    // A fresh turn of the event loop, so that stacks do not grow from one invocation to the next.
    finished: () => {
      onEmptyLoop = null;
      setImmediate(serveNext, handler, run);
    },
  });
}

async function main() {
  let handler;
  let run;
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    // Few functions stream, and node:stream takes a while to load.
    run = handler.streaming ? require('./streaming.cjs') : require('./buffered.cjs');
  } catch (error) {
    die('Uncaught Exception', error, 129);
  }
  channel.ready();
  serveNext(handler, run);
}

main();
