'use strict';
// One invocation of a handler made by awslambda.streamifyResponse. It is over when the handler's promise is settled and its
// stream has ended, or when either fails.
const { finished: streamFinished } = require('node:stream');
const { toErrorObject } = require('./errors.cjs');
const { ResponseStream } = require('./response_stream.cjs');

module.exports = async function runStreaming(handler, { event, context, channel, log, whenLoopIsEmpty, finished }) {
  const stream = new ResponseStream(channel, handler.highWaterMark);
  const ended = new Promise((resolve, reject) => {
    streamFinished(stream, (error) => (error ? reject(error) : resolve()));
    whenLoopIsEmpty(() => reject(new Error('Response stream is not finished.')));
  });
  ended.catch(() => {});  // the handler may fail first

  try {
    const result = handler.call(event(), stream, Object.assign({ callbackWaitsForEmptyEventLoop: true }, context()));
    if (typeof result?.then !== 'function') throw 'Streaming does not support non-async handlers.';
    // A failed stream ends the invocation at once, even if the handler would go on; a finished one waits for the handler.
    const value = await Promise.race([result, ended.then(() => result)]);
    if (value !== undefined) console.warn('Streaming handlers ignore return values.');
    await ended;
    channel.endStream();
  } catch (error) {
    log.error('Invoke Error', error);
    channel.fail(toErrorObject(error));
  }
  finished();
};
