'use strict';
// Entry point of the Node.js runtime: loads the handler, then serves one invocation at a time.
//
// The runtime is CommonJS because starting Node's loader for ES modules costs several milliseconds; so only handlers that are
// ES modules pay for it.
const { Channel } = require('./channel.cjs');
const { patchConsole } = require('./console.cjs');
const { RuntimeError, toErrorObject } = require('./errors.cjs');
const { loadHandler } = require('./handler.cjs');
const { serve } = require('./serve.cjs');

const channel = new Channel(3);
const template = process.env.WICK_TEMPLATE && require('./template.cjs').begin(process.env.WICK_TEMPLATE, channel);
let log = patchConsole(channel);

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

async function main() {
  if (template) {
    await template.beforeInit();
    log = patchConsole(channel);  // in the format of the function that is known by now
  }
  let handler;
  let run;
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    // Few functions stream, and node:stream takes a while to load.
    run = handler.streaming ? require('./streaming.cjs') : require('./buffered.cjs');
    if (template) await template.afterInit();
  } catch (error) {
    die('Uncaught Exception', error, 129);
  }
  channel.ready();
  serve(handler, run, channel, log);
}

main();
