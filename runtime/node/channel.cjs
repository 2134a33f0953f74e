'use strict';
// The runtime's end of Wick's frames (runtime/README.md): blocking reads and writes of one stream socket.
//
// The channel knows where the protocol stands, so that nothing is sent out of order: what a late timer of the handler logs
// after the reply goes to standard output instead, and a second reply is dropped.
const native = require('./wick_fork.node');

const HEADER_SIZE = 8;
const INBOX_SIZE = 64 * 1024;  // an ordinary invocation arrives in one read
const CHUNK_MAX = 64 * 1024;   // bytes in one frame of a streamed reply
const LOG_MAX = 64 * 1024;     // UTF-16 units in one log event, at most 192 KiB of UTF-8; longer messages are cut into several
const TEXT_MAX = 8 * 1024;     // UTF-16 units of a frame that needs no Buffer
// AWS's limit of a buffered reply. One byte more is enough for the daemon to see that a result is too large.
const RESULT_MAX = 6291556;

class Channel {
  #fd;
  #state = 'init';  // then idle, running or streaming
  #inbox = Buffer.allocUnsafe(INBOX_SIZE);

  constructor(fd) {
    this.#fd = fd;
  }

  // said: JSON, of a template.
  ready(said = '') {
    this.#state = 'idle';
    this.#send('R', said);
  }

  // In a fork, whose channel is another one: init goes on.
  renew() {
    this.#state = 'init';
  }

  // Blocks until the daemon sends an invocation. Ends the process when the channel closes.
  next() {
    let frame = this.#inbox;
    let have = native.receive(this.#fd, frame, 0);
    while (have < HEADER_SIZE) have += native.receive(this.#fd, frame, have);
    const end = HEADER_SIZE + frame.readUInt32LE(0);
    if (end > frame.length) {
      frame = Buffer.allocUnsafe(end);
      this.#inbox.copy(frame, 0, 0, have);
    }
    while (have < end) have += native.receive(this.#fd, frame, have);

    const payloadStart = HEADER_SIZE + 4 + frame.readUInt32LE(HEADER_SIZE);
    this.#state = 'running';
    return {
      meta: JSON.parse(frame.utf8Slice(HEADER_SIZE + 4, payloadStart)),
      payload: frame.utf8Slice(payloadStart, end),
    };
  }

  // json: text. False when the invocation is already answered.
  result(json) {
    return this.#reply('O', json.length <= TEXT_MAX ? json : Buffer.from(json).subarray(0, RESULT_MAX + 1));
  }

  // Reports a failed init, a failed invocation, or a stream that broke off, whichever is due.
  fail(errorObject) {
    const type = { init: 'F', running: 'E', streaming: 'Z' }[this.#state];
    return type !== undefined && this.#reply(type, JSON.stringify(errorObject), this.#state);
  }

  beginStream(contentType) {
    this.#state = 'streaming';
    this.#send('S', contentType);
  }

  chunk(bytes) {
    for (let start = 0; start < bytes.length; start += CHUNK_MAX) {
      this.#send('C', bytes.subarray(start, start + CHUNK_MAX));
    }
  }

  endStream() {
    return this.#reply('Z', '', 'streaming');
  }

  log(message) {
    if (this.#state === 'idle') {
      native.write(1, Buffer.from(message + '\n'));
      return;
    }
    let start = 0;
    do {
      this.#send('L', message.slice(start, start + LOG_MAX));
      start += LOG_MAX;
    } while (start < message.length);
  }

  #reply(type, body, due = 'running') {
    if (this.#state !== due) return false;
    this.#send(type, body);
    this.#state = 'idle';
    return true;
  }

  // body: text, or bytes.
  #send(type, body = '') {
    const code = type.charCodeAt(0);
    if (typeof body === 'string' && body.length <= TEXT_MAX) {
      native.send(this.#fd, code, body);
      return;
    }
    const size = Buffer.byteLength(body);
    const frame = Buffer.allocUnsafe(HEADER_SIZE + size);
    frame.writeUInt32LE(size, 0);
    frame.writeUInt32LE(code, 4);  // the type and three zero bytes
    if (typeof body === 'string') frame.write(body, HEADER_SIZE);
    else frame.set(body, HEADER_SIZE);
    native.write(this.#fd, frame);
  }
}

module.exports = { Channel };
