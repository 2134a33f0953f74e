'use strict';
// What would be the same in every fork of a template: random numbers, and the pid, which Node keeps. V8's state of Math.random is out of
// reach, so a template has one of its own from before the function's code runs, which may keep a reference to it. Of node:crypto,
// randomUUID and randomInt hand out what they have drawn ahead; everything else is fresh by itself.
const crypto = require('node:crypto');
const native = require('./wick_fork.node');

const state = new Uint32Array(4);
let pid;

// xoshiro128** (Blackman, Vigna), two words for the 53 bits of a double.
function next() {
  const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate(state[3], 11);
  return result;
}

function rotate(value, bits) {
  return (value << bits) | (value >>> (32 - bits));
}

// crypto.randomInt as Node documents it, without numbers drawn ahead: [min, max), at most 2^48 - 1 of them.
function replaceRandomInt() {
  const { randomInt } = crypto;
  const LIMIT = 2 ** 48;
  crypto.randomInt = (...given) => {
    const callback = typeof given.at(-1) === 'function' ? given.at(-1) : undefined;
    const [min, max] = (callback ? given.length - 1 : given.length) < 2 ? [0, given[0]] : given;
    const count = max - min;
    const isPlain = Number.isSafeInteger(min) && Number.isSafeInteger(max) && count > 0 && count < LIMIT;
    if (!isPlain) return randomInt(...given);  // which says what is wrong
    let value;
    do value = crypto.randomBytes(6).readUIntBE(0, 6); while (value >= LIMIT - (LIMIT % count));
    const result = (value % count) + min;
    if (!callback) return result;
    process.nextTick(callback, undefined, result);
    return undefined;
  };
}

// To be called in each fork.
function refresh() {
  native.random(state.buffer);  // node:crypto takes a while to seed itself anew
  pid = native.pid();
}

// To be called in a template before the function's code runs.
function install() {
  refresh();
  Object.defineProperty(process, 'pid', { get: () => pid, enumerable: true, configurable: true });
  Math.random = function random() {
    return ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  };
  const randomUUID = crypto.randomUUID;
  crypto.randomUUID = (options) => randomUUID({ ...options, disableEntropyCache: true });
  crypto.webcrypto.randomUUID = () => randomUUID({ disableEntropyCache: true });
  replaceRandomInt();
}

module.exports = { install, refresh };
