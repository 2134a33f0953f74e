// The Wick under measurement, and the functions that it is measured with.
import { createHash, createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Daemon } from '../../tests/lib/daemon.mjs';
import { Lambda } from '../../tests/lib/lambda.mjs';
import { Connection } from './connection.mjs';

const credentials = { accessKeyId: 'AKIDBENCH', secretAccessKey: 'bench-secret' };

// The memory size whose cpu share is one core (AWS, "Configure Lambda function memory"): what a peer's one process has.
export const oneCore = { MemorySize: 1769 };

export const sources = {
  nodeHello: `export const handler = async () => ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: 'hello' });\n`,
  pythonHello: `
def handler(event, context):
    return {'statusCode': 200, 'headers': {'Content-Type': 'text/plain'}, 'body': 'hello'}
`,
};

const spinning = {
  node: (ms) => `for (const end = Date.now() + ${ms}; Date.now() < end;);\n`,
  python: (ms) => `import time\nend = time.monotonic() + ${ms / 1000}\nwhile time.monotonic() < end: pass\n`,
};

// The hello functions with an init that keeps the cpu busy for so long.
export const withInit = (kind, ms) => (ms > 0 ? spinning[kind](ms) : '') + sources[`${kind}Hello`];

export class Wick {
  // options: args (more of `wick serve`), signed (signatures are checked against one configured key).
  static async start(scope, options = {}) {
    const keys = options.signed ? ['--access-key', credentials.accessKeyId, '--secret-key', credentials.secretAccessKey] : [];
    const daemon = await Daemon.start({ args: [...keys, ...(options.args ?? [])], data: options.data });
    scope.defer(() => daemon.dispose());
    return new Wick(daemon, new Lambda(daemon, options.signed ? { credentials } : {}));
  }

  constructor(daemon, lambda) {
    this.daemon = daemon;
    this.lambda = lambda;
    this.pid = daemon.child.pid;
  }

  // Deploys source text under a name, waits until it can be called and returns the address of its function URL.
  async deploy(name, kind, source, options = {}) {
    const deploy = { node: 'deployNode', python: 'deployPython', bootstrap: 'deployBootstrap' }[kind];
    await this.lambda[deploy](name, source, options);
    const { FunctionUrl } = await this.lambda.call('CreateFunctionUrlConfig', { FunctionName: name, AuthType: 'NONE' });
    await this.lambda.call('AddPermission', {
      FunctionName: name, StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE',
    });
    await this.active(name);
    return `${this.daemon.endpoint}/_wick/url/${new URL(FunctionUrl).hostname.split('.')[0]}/`;
  }

  async active(name) {
    for (const end = Date.now() + 30_000; Date.now() < end; await sleep(5)) {
      const { State, StateReason } = await this.lambda.call('GetFunctionConfiguration', { FunctionName: name });
      if (State === 'Active') return;
      if (State === 'Failed') throw new Error(`${name}: ${StateReason}`);
    }
    throw new Error(`${name} is not active within 30 s`);
  }

  // Waits until the function has no instance left.
  async atZero(name) {
    for (const end = Date.now() + 30_000; Date.now() < end; await sleep(10)) {
      if (!(await this.daemon.instances()).some((instance) => instance.function === name)) return;
    }
    throw new Error(`${name} still has instances after 30 s`);
  }

  // The headers that make POST path with this body a request signed by the configured key, good for five minutes.
  signature(path, body) {
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const scope = `${time.slice(0, 8)}/us-east-1/lambda/aws4_request`;
    const digest = (text) => createHash('sha256').update(text).digest('hex');
    const canonical = ['POST', path, '', `host:${new URL(this.daemon.endpoint).host}`, `x-amz-date:${time}`, '', 'host;x-amz-date', digest(body)];
    const key = scope.split('/').reduce((secret, part) => createHmac('sha256', secret).update(part).digest(), `AWS4${credentials.secretAccessKey}`);
    const signature = createHmac('sha256', key).update(['AWS4-HMAC-SHA256', time, scope, digest(canonical.join('\n'))].join('\n')).digest('hex');
    return {
      'X-Amz-Date': time,
      Authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    };
  }
}

// A subject of cold-start measurements: sample() makes sure that no instance is left, calls, and returns ms from write to reply.
export async function coldFunction(scope, wick, name, kind, source) {
  const url = await wick.deploy(name, kind, source);
  const connection = await Connection.open(url);
  scope.defer(() => connection.close());
  return async () => {
    await wick.atZero(name);
    return (await connection.request(url)).ms;
  };
}
