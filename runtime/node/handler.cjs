'use strict';
// Finds and loads the handler that a name like dir/file.handler or file.object.method stands for, by AWS's rules.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { RuntimeError } = require('./errors.cjs');
const { snapshot } = require('./snapshot_hooks.cjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const NODE_MAJOR = Number(process.versions.node.split('.')[0]);
const NO_CALLBACKS_SINCE = 24;
const NO_CALLBACKS = 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to '
  + 'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see '
  + 'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

// What a function finds as the global awslambda. HttpResponseStream is loaded when it is used, with all of node:stream.
const awslambda = {
  snapshot,
  streamifyResponse(handler, options) {
    handler[STREAMING] = 'response';
    if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = options.highWaterMark;
    return handler;
  },
  get HttpResponseStream() {
    return require('./response_stream.cjs').HttpResponseStream;
  },
};

// dir/file.object.method -> dir/, file, object.method
function parseName(name) {
  if (name.includes('..')) {
    throw new RuntimeError('MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(name);
  const dot = base.indexOf('.');
  if (dot < 0) throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  return { directory: name.slice(0, name.indexOf(base)), module: base.slice(0, dot), property: base.slice(dot + 1) };
}

// Whether the nearest package.json says "type": "module", looking no further up than a node_modules folder.
function isModuleFolder(folder) {
  for (; !folder.endsWith('/node_modules'); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (fs.existsSync(file)) {
      try {
        return JSON.parse(fs.readFileSync(file, 'utf8')).type === 'module';
      } catch (error) {
        console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
        return false;
      }
    }
    if (folder === path.dirname(folder)) return false;
  }
  return false;
}

async function loadModule(taskRoot, directory, name) {
  const stem = path.resolve(taskRoot, directory, name);
  const isModule = isModuleFolder(path.dirname(stem));
  const ways = [['', false], ['.js', isModule], ['.mjs', true], ['.cjs', false]];
  if (NODE_MAJOR >= 24) ways.push(['.ts', isModule], ['.mts', true], ['.cts', false]);
  for (const [extension, asModule] of ways) {
    const file = stem + extension;
    if (fs.existsSync(file)) return asModule ? import(file) : require(file);
  }
  // A package, from the function's own node_modules, a layer's or the runtime's.
  const resolve = createRequire(path.join(taskRoot, 'index.js')).resolve;
  return require(resolve(name, { paths: [taskRoot, directory] }));
}

async function importModule(taskRoot, directory, name) {
  try {
    return await loadModule(taskRoot, directory, name);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const fault = new RuntimeError('UserCodeSyntaxError', error);
      fault.stack = error.stack;  // it names the file and the line
      throw fault;
    }
    if (error?.code === 'MODULE_NOT_FOUND') throw new RuntimeError('ImportModuleError', error);
    throw error;
  }
}

function streamingOf(handler) {
  const mode = handler[STREAMING];
  if (!mode) return false;
  if (mode !== 'response') throw new RuntimeError('MalformedStreamingHandler', 'Only response streaming is supported.');
  return true;
}

// Returns { call, streaming, isAsync, highWaterMark }. Throws what AWS's runtime reports: Runtime.* errors for what it knows,
// and whatever the module itself throws.
async function loadHandler(taskRoot, name) {
  globalThis.awslambda = awslambda;
  const { directory, module, property } = parseName(name);
  const loaded = await importModule(taskRoot, directory, module);
  const handler = property.split('.').reduce((object, key) => object?.[key], loaded);
  if (!handler) throw new RuntimeError('HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new RuntimeError('HandlerNotFound', `${name} is not a function`);

  const streaming = streamingOf(handler);
  if (NODE_MAJOR >= NO_CALLBACKS_SINCE && handler.length >= 3 && !streaming) {
    throw new RuntimeError('CallbackHandlerDeprecated', NO_CALLBACKS);
  }
  return {
    call: handler,
    streaming,
    isAsync: handler.constructor.name === 'AsyncFunction',
    highWaterMark: handler[HIGH_WATER_MARK],
  };
}

module.exports = { loadHandler };
