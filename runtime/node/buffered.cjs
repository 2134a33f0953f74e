'use strict';
// One invocation of a handler that answers with a value: by a promise, by its callback, or by context.done, succeed and fail.
// Whichever comes first counts.
const { RuntimeError, toErrorObject } = require('./errors.cjs');

const NEVER_SETTLED = 'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise '
  + 'that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

function toJson(value) {
  try {
    return JSON.stringify(value) ?? 'null';  // undefined for undefined and for functions
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

module.exports = function runBuffered(handler, { event, context, channel, log, whenLoopIsEmpty, finished }) {
  let waitForEmptyLoop = true;
  let answered = false;

  const fail = (error) => {
    log.error('Invoke Error', error);
    channel.fail(toErrorObject(error));
    finished();
  };
  const succeed = (result) => {
    let json;
    try {
      json = toJson(result);
    } catch (error) {
      fail(error);
      return;
    }
    channel.result(json);
    finished();
  };
  // wait: until the event loop has nothing left to do, which is what callbackWaitsForEmptyEventLoop asks for.
  const answer = (error, result, wait) => {
    if (answered) return;
    answered = true;
    if (error !== undefined && error !== null) fail(error);
    else if (wait) whenLoopIsEmpty(() => setImmediate(succeed, result));
    else succeed(result);
  };

  const callbacks = {
    get callbackWaitsForEmptyEventLoop() { return waitForEmptyLoop; },
    set callbackWaitsForEmptyEventLoop(value) { waitForEmptyLoop = value; },
    succeed: (result) => answer(null, result),
    fail: (error) => answer(error ?? 'handled'),
    done: (error, result) => answer(error, result),
  };

  // A handler that never answers: a promise that cannot settle any more is an error, a callback never called means null.
  whenLoopIsEmpty(() => {
    if (handler.isAsync) answer(new RuntimeError('NodeJsExit', NEVER_SETTLED));
    else answer(null, null);
  });

  try {
    const result = handler.call(event(), Object.assign(callbacks, context()), (error, value) => answer(error, value, waitForEmptyLoop));
    if (typeof result?.then === 'function') result.then(callbacks.succeed, callbacks.fail);
  } catch (error) {
    answer(error);
  }
};
