'use strict';
// awslambda.snapshot: what a function wants done before its process becomes a template, and in each fork of it, as AWS's hooks of
// other languages: the former run in the reverse order of registration, the latter in the order.
const before = [];
const after = [];

function register(list, hook, args) {
  if (typeof hook !== 'function') throw new TypeError('The hook is not a function.');
  list.push(() => hook(...args));
}

const snapshot = {
  beforeSnapshot: (hook, ...args) => register(before, hook, args),
  afterRestore: (hook, ...args) => register(after, hook, args),
};

async function runBefore() {
  for (const hook of before.reverse()) await hook();
}

async function runAfter() {
  for (const hook of after) await hook();
}

module.exports = { snapshot, after, runBefore, runAfter };
