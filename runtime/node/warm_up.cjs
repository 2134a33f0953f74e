'use strict';
// Invocations of nothing, so that what each fork executes in its first one is compiled already; and the loading of handlers.
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

async function warmUp() {
  const fd = openFile();
  const channel = new Channel(fd);
  const log = { requestId: undefined };
  const call = async (event) => {
    channel.log(formatText('', 'INFO', ['%s', 'text', event]));
    return event;
  };
  const frame = frameOf(META, '{"key":"value"}');
  for (let i = 0; i < TIMES; ++i) {
    channel.renew();
    channel.ready();
    const { size } = fs.fstatSync(fd);
    fs.writeSync(fd, frame, 0, frame.length, size);
    await new Promise((done) => {
      answer(channel.next(), { call, isAsync: true }, runBuffered, channel, log, done);
    });
  }
  fs.closeSync(fd);
  delete process.env._X_AMZN_TRACE_ID;
}

module.exports = { warmUp, warmUpLoading };
