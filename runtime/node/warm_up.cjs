'use strict';
// Invocations of nothing, so that what each fork executes in its first one is compiled already; and the loading of handlers.
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const runBuffered = require('./buffered.cjs');
const { Channel } = require('./channel.cjs');
const { formatText } = require('./console.cjs');
const { loadHandler } = require('./handler.cjs');
const { answer } = require('./serve.cjs');

const TIMES = 10;  // by measurement: more gains nothing
const META = '{"requestId":"","deadlineMs":0,"arn":"","traceId":"-","clientContext":""}';

function frameOf(meta, payload) {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(4 + meta.length + payload.length, 0);
  head.write('I', 4);
  head.writeUInt32LE(meta.length, 8);
  return Buffer.concat([head, Buffer.from(meta + payload)]);
}

// A file that takes the place of the channel: what is written to it is what is read next.
function openFile() {
  const name = `/tmp/.wick-warm-up-${process.pid}`;
  const fd = fs.openSync(name, 'wx+', 0o600);
  fs.unlinkSync(name);
  return fd;
}

async function warmUpLoading() {
  const folder = path.join(__dirname, 'warm_up');
  await loadHandler(folder, 'script.handler');
  await loadHandler(folder, 'module.handler');
}

// Calls of a handler of nothing, one after the other.
class Rehearsal {
  #fd = openFile();
  #channel = new Channel(this.#fd);
  #log = { requestId: undefined };
  #frame = frameOf(META, '{"key":"value"}');

  begin(call, isAsync, done) {
    this.#channel.renew();
    this.#channel.ready();
    const { size } = fs.fstatSync(this.#fd);
    fs.writeSync(this.#fd, this.#frame, 0, this.#frame.length, size);
    answer(this.#channel.next(), { call, isAsync }, runBuffered, this.#channel, this.#log, done);
  }

  log(event) {
    this.#channel.log(formatText('', 'INFO', ['%s', 'text', event]));
  }

  end() {
    fs.closeSync(this.#fd);
    delete process.env._X_AMZN_TRACE_ID;
  }
}

async function warmUp() {
  const rehearsal = new Rehearsal();
  const call = async (event) => {
    rehearsal.log(event);
    crypto.randomUUID();  // which many functions call first
    return event;
  };
  for (let i = 0; i < TIMES; ++i) await new Promise((done) => { rehearsal.begin(call, true, done); });
  rehearsal.end();
}

// Without the event loop, which is the function's: in a fork, whose memory becomes its own by this before there is any hurry.
function warmUpOnce() {
  const rehearsal = new Rehearsal();
  rehearsal.begin((event, context) => {
    rehearsal.log(event);
    context.succeed(event);
  }, true, () => {});
  rehearsal.end();
}

module.exports = { warmUp, warmUpLoading, warmUpOnce };
