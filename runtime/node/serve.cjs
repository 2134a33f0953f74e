'use strict';
// Invocations, one at a time. Between them the event loop stands still while Channel.next waits.
const { contextOf } = require('./context.cjs');
const native = require('./wick_fork.node');

const TRACE_MAX = 128;  // UTF-16 units that native.trace takes; AWS's own are of 74 and more

// What happens when the event loop runs empty before the invocation is answered; set by the invocation itself.
let onEmptyLoop = null;
process.on('beforeExit', () => {
  const action = onEmptyLoop;
  onEmptyLoop = null;
  action?.();
});

function setTrace(id) {
  if (!id) delete process.env._X_AMZN_TRACE_ID;
  else if (id.length <= TRACE_MAX) native.trace(id);
  else process.env._X_AMZN_TRACE_ID = id;
}

// handler: of handler.cjs; run: buffered.cjs or streaming.cjs. done is called when the reply is on its way.
function answer({ meta, payload }, handler, run, channel, log, done) {
  log.requestId = meta.requestId;
  setTrace(meta.traceId);

  run(handler, {
    event: () => JSON.parse(payload),
    context: () => contextOf(meta),
    channel,
    log,
    whenLoopIsEmpty: (action) => { onEmptyLoop = action; },
    finished: () => {
      onEmptyLoop = null;
      done();
    },
  });
}

function serve(handler, run, channel, log) {
  // A fresh turn of the event loop, so that stacks do not grow from one invocation to the next.
  answer(channel.next(), handler, run, channel, log, () => setImmediate(serve, handler, run, channel, log));
}

module.exports = { answer, serve };
