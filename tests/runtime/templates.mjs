// Templates and forks for a file of tests, which ends them when it is over.
import assert from 'node:assert/strict';
import { after } from 'node:test';

import { Template } from './driver.mjs';

// code: a function's, the source of its one file or all files; undefined for a template of the bare runtime.
export function templates(kind, file) {
  const open = [];
  after(() => Promise.all(open.map((template) => template.end())));

  async function start(code, options) {
    const template = await Template.start(kind, typeof code === 'string' ? { [file]: code } : code, options);
    open.push(template);
    return template;
  }

  // One that has parked; logs is what its init logged.
  async function startForkable(code, options) {
    const template = await start(code, options);
    const { type, body, logs } = await template.init();
    assert.deepEqual([type, body], ['R', '{"forkable":true}']);
    template.logs = logs;
    return template;
  }

  return { start, startForkable };
}

export async function forkReady(template, ...args) {
  const fork = await template.fork(...args);
  assert.deepEqual(await fork.init(), { type: 'R', body: '', logs: [], chunks: [] });
  return fork;
}

export async function valueOf(fork, event = {}) {
  const { type, body } = await fork.invoke(event);
  assert.equal(type, 'O', body);
  return JSON.parse(body);
}
