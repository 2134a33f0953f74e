// The servers that Wick is measured beside. Each answers GET / with "hello" as text/plain; start() returns its URL.
import path from 'node:path';

import { lineMatching, node, start } from './process.mjs';

const root = path.resolve(import.meta.dirname, '../..');
export const peerFiles = path.join(root, 'bench/peers');
const modules = path.join(root, 'build/bench/npm/node_modules');

const at = (port) => `http://127.0.0.1:${port}/`;

async function workerd(scope, config) {
  const binary = path.join(modules, '@cloudflare/workerd-linux-64/bin/workerd');
  const args = ['serve', '--experimental', '--control-fd=3', path.join(peerFiles, 'workerd.capnp'), config];
  const child = start(scope, binary, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  return at((await lineMatching(child.stdio[3], /"port":(\d+)/))[1]);
}

export const nodeHttp = {
  name: 'node:http',
  async start(scope) {
    const child = start(scope, node, [path.join(peerFiles, 'node_http.cjs')]);
    return at((await lineMatching(child.stdout, /listening on (\d+)/))[1]);
  },
};

export const functionsFramework = {
  name: 'functions-framework',
  async start(scope) {
    const child = start(scope, node, [path.join(peerFiles, 'functions_framework.cjs')], { env: { NODE_PATH: modules, NODE_ENV: 'production' } });
    return at((await lineMatching(child.stdout, /listening on (\d+)/))[1]);
  },
};

export const workerdHello = { name: 'workerd', start: (scope) => workerd(scope, 'hello') };

export const workerdIsolates = { name: 'workerd, new isolate', start: (scope) => workerd(scope, 'isolates') };

export const uvicorn = {
  name: 'uvicorn',
  async start(scope) {
    const options = ['--port', '0', '--loop', 'uvloop', '--http', 'httptools', '--lifespan', 'off', '--no-access-log'];
    const child = start(scope, '/usr/bin/python3', ['-m', 'uvicorn', ...options, 'uvicorn_hello:app'], { cwd: peerFiles });
    return at((await lineMatching(child.stderr, /running on http:\/\/127\.0\.0\.1:(\d+)/))[1]);
  },
};
