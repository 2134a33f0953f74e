// The AWS SDK's Lambda client (the one that Wick ships for functions) against a test daemon, and a way to deploy source text.
import { createRequire } from 'node:module';
import path from 'node:path';

import { build } from './daemon.mjs';
import { zip } from './zip.mjs';

export const sdk = createRequire(path.join(build, 'share/wick/runtime/node/package.json'))('@aws-sdk/client-lambda');

const role = 'arn:aws:iam::000000000000:role/test';

export class Lambda {
  constructor(daemon, options = {}) {
    this.client = new sdk.LambdaClient({
      endpoint: daemon.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      ...options,
    });
  }

  call(operation, input = {}) {
    return this.client.send(new sdk[`${operation}Command`](input));
  }

  // Python source with a function `handler`; options are CreateFunction's.
  deployPython(name, source, options = {}) {
    return this.#deploy(name, { 'index.py': source }, { Runtime: 'python3.11', ...options });
  }

  // ES module source that exports `handler`.
  deployNode(name, source, options = {}) {
    return this.#deploy(name, { 'index.mjs': source }, { Runtime: 'nodejs22.x', ...options });
  }

  // An executable `bootstrap`.
  deployBootstrap(name, source, options = {}) {
    return this.#deploy(name, { bootstrap: source }, { Runtime: 'provided.al2023', ...options }, ['bootstrap']);
  }

  #deploy(name, files, options, executable = []) {
    return this.call('CreateFunction', {
      FunctionName: name, Role: role, Handler: 'index.handler', Code: { ZipFile: zip(files, executable) }, Timeout: 10, ...options,
    });
  }

  // Returns { payload (parsed), error (FunctionError), log (tail), status }.
  async invoke(name, payload = {}, options = {}) {
    const reply = await this.call('Invoke', { FunctionName: name, Payload: JSON.stringify(payload), LogType: 'Tail', ...options });
    const text = Buffer.from(reply.Payload ?? '').toString();
    return {
      payload: text ? JSON.parse(text) : undefined,
      error: reply.FunctionError,
      log: reply.LogResult ? Buffer.from(reply.LogResult, 'base64').toString() : '',
      status: reply.StatusCode,
      version: reply.ExecutedVersion,
    };
  }
}
