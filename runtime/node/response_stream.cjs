'use strict';
// The stream that a streaming handler writes its reply to, and awslambda.HttpResponseStream.
const { Writable } = require('node:stream');
const { RuntimeError } = require('./errors.cjs');

// A write returns when the daemon has taken the bytes, so a slow client holds the handler back.
class ResponseStream extends Writable {
  #channel;
  #contentType = 'application/octet-stream';
  #begun = false;

  constructor(channel, highWaterMark) {
    super({ highWaterMark });
    this.#channel = channel;
  }

  setContentType(contentType) {
    if (this.#begun) throw new RuntimeError('InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this.#contentType = contentType;
  }

  write(chunk, encoding, callback) {
    const bytes = typeof chunk === 'string' || ArrayBuffer.isView(chunk) ? chunk : JSON.stringify(chunk);
    return super.write(bytes, encoding, callback);
  }

  _write(chunk, _encoding, callback) {
    this.#begin();
    this.#channel.chunk(chunk);
    callback();
  }

  _final(callback) {
    this.#begin();
    callback();
  }

  // AWS's name of the hook, which web framework adapters set as well.
  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    this.#channel.beginStream(this.#contentType);
    this._onBeforeFirstWrite?.((chunk) => this.#channel.chunk(Buffer.from(chunk)));
  }
}

// Status, headers and cookies ahead of the body: a JSON prelude, eight zero bytes, the body.
const HttpResponseStream = {
  from(stream, prelude) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    const json = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => write(`${json}${'\0'.repeat(8)}`);
    return stream;
  },
};

module.exports = { ResponseStream, HttpResponseStream };
