'use strict';
// The template's way through init (runtime/README.md, docs/decisions/021-templates.md): where a boot would go on, it parks, and what goes
// on is each fork of it. Only loaded in templates.
const Module = require('node:module');
const native = require('./wick_fork.node');
const fresh = require('./fresh.cjs');
const hooks = require('./snapshot_hooks.cjs');
const { Leftovers } = require('./leftovers.cjs');
const { warmUp, warmUpLoading, warmUpOnce } = require('./warm_up.cjs');

const CONTROL = 4;

// Node's own ways out join threads that a fork does not have.
function leaveByAddon() {
  process.reallyExit = native.exit;
  // Added when the loop has run empty, as the last listener of all, so that the function's are heard.
  process.on('beforeExit', () => process.off('exit', native.exit).on('exit', native.exit));
}

// What a fork does first. waits: for its order. The template does it as well, so that it is compiled.
function prepareFork(waits) {
  fresh.refresh();
  if (waits) warmUpOnce();
}

// And when it has its order. zone: the template's TZ.
function takeOrder(channel, zone) {
  channel.renew();
  if (process.env.TZ !== zone) process.env.TZ = process.env.TZ;  // tells V8
}

// Says that it is a template, and returns in each fork.
function park(channel) {
  const zone = process.env.TZ;
  channel.ready('{"forkable":true}');
  const waits = native.park(CONTROL);
  if (waits === undefined) process.exit(1);
  prepareFork(waits);
  native.adopt();
  takeOrder(channel, zone);
}

async function prepare(channel) {
  await warmUp();
  native.copyFiles();
  prepareFork(true);
  takeOrder(channel, process.env.TZ);
  await new Promise(setImmediate);  // uv_loop_fork is for a loop that is not in the middle of reading events
}

// Of one function version, forked when its handler is loaded.
class VersionTemplate {
  #channel;
  #leftovers;

  constructor(channel) {
    this.#channel = channel;
  }

  async beforeInit() {
    this.#leftovers = await Leftovers.watch();
  }

  async afterInit() {
    await hooks.runBefore();
    const reason = await this.#leftovers.find();
    if (reason !== undefined) {
      this.#channel.ready(JSON.stringify({ forkable: false, reason }));
      process.reallyExit(0);
    }
    await prepare(this.#channel);
    park(this.#channel);
    if (hooks.after.length > 0) await hooks.runAfter();
  }
}

// Of a runtime, forked before there is any code of a function.
class RuntimeTemplate {
  #channel;

  constructor(channel) {
    this.#channel = channel;
  }

  async beforeInit() {
    require('./streaming.cjs');
    await warmUpLoading();
    await prepare(this.#channel);
    park(this.#channel);
    Module._initPaths();  // NODE_PATH
    native.limitHeap(Math.floor(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE * 0.9));  // as a booted instance's; NaN is no limit
  }

  async afterInit() {}
}

// kind: WICK_TEMPLATE. To be called before any code of a function is loaded.
function begin(kind, channel) {
  delete process.env.WICK_TEMPLATE;
  fresh.install();
  leaveByAddon();
  return kind === 'version' ? new VersionTemplate(channel) : new RuntimeTemplate(channel);
}

module.exports = { begin };
