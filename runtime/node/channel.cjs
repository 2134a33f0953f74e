'use strict';
// The runtime's end of Wick's frames (runtime/README.md): blocking reads and writes of one stream socket.
//
// The channel knows where the protocol stands, so that nothing is sent out of order: what a late timer of the handler logs
// after the reply goes to standard output instead, and a second reply is dropped.
const fs = require('node:fs');

const HEADER_SIZE = 8;
const INBOX_SIZE = 64 * 1024;  // an ordinary invocation arrives in one read
const CHUNK_MAX = 64 * 1024;   // bytes in one frame of a streamed reply
const LOG_MAX = 64 * 1024;     // UTF-16 units in one log event, at most 192 KiB of UTF-8; longer messages are cut into several
// AWS's limit of a buffered reply. One byte more is enough for the daemon to see that a result is too large.
const RESULT_MAX = 6291556;

class Channel {
  #fd;
  #state = 'init';  // then idle, running or streaming
  #inbox = Buffer.allocUnsafe(INBOX_SIZE);

  constructor(fd) {
    this.#fd = fd;
  }

  ready() {
    this.#state = 'idle';
    this.#send('R');
  }

  // Blocks until the daemon sends an invocation. Ends the process when the channel closes.
  next() {
    let frame = this.#inbox;
    let have = this.#read(frame, 0);
    while (have < HEADER_SIZE) have += this.#read(frame, have);
    const end = HEADER_SIZE + frame.readUInt32LE(0);
    if (end > frame.length) {
      frame = Buffer.allocUnsafe(end);
      this.#inbox.copy(frame, 0, 0, have);
    }
    while (have < end) have += this.#read(frame, have);

    const payloadStart = HEADER_SIZE + 4 + frame.readUInt32LE(HEADER_SIZE);
    this.#state = 'running';
    return {
      meta: JSON.parse(frame.toString('utf8', HEADER_SIZE + 4, payloadStart)),
      payload: frame.toString('utf8', payloadStart, end),
    };
  }

  // json: text. False when the invocation is already answered.
  result(json) {
    return this.#reply('O', Buffer.from(json).subarray(0, RESULT_MAX + 1));
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
      this.#write(1, Buffer.from(message + '\n'));
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

  #send(type, body = '') {
    const size = Buffer.byteLength(body);
    const frame = Buffer.allocUnsafe(HEADER_SIZE + size);
    frame.writeUInt32LE(size, 0);
    frame.writeUInt32LE(type.charCodeAt(0), 4);  // the type and three zero bytes
    if (typeof body === 'string') frame.write(body, HEADER_SIZE);
    else frame.set(body, HEADER_SIZE);
    this.#write(this.#fd, frame);
  }

  #read(buffer, offset) {
    const count = this.#patiently(() => fs.readSync(this.#fd, buffer, offset, buffer.length - offset, null));
    if (count === 0) process.reallyExit(0);
    return count;
  }

  #write(fd, bytes) {
    for (let start = 0; start < bytes.length;) {
      start += this.#patiently(() => fs.writeSync(fd, bytes, start));
    }
  }

  // User code may have made the descriptor nonblocking (by opening a net.Socket on it): then wait here, as little as is useful.
  #patiently(call) {
    for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
      try {
        return call();
      } catch (error) {
        if (error.code === 'EPIPE' || error.code === 'ECONNRESET') process.reallyExit(0);  // the daemon is gone
        if (error.code !== 'EAGAIN') throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);  // milliseconds
      }
    }
  }
}

module.exports = { Channel };
