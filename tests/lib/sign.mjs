// Signs a request with the SDK's own signer, the one that Wick ships for functions.
import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';

import { build } from './daemon.mjs';

const { SignatureV4 } = createRequire(path.join(build, 'share/wick/runtime/node/package.json'))('@smithy/signature-v4');

class Sha256 {
  constructor(secret) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data) {
    this.hash.update(data);
  }
  async digest() {
    return this.hash.digest();
  }
}

// options: method, headers, body, as for lib/http.mjs; credentials, service. Returns the headers to send.
export async function signedHeaders(url, options = {}) {
  const target = new URL(url);
  const signer = new SignatureV4({
    credentials: options.credentials ?? { accessKeyId: 'test', secretAccessKey: 'test' },
    region: 'us-east-1', service: options.service ?? 'lambda', sha256: Sha256,
  });
  const signed = await signer.sign({
    method: options.method ?? 'GET', protocol: target.protocol, hostname: target.hostname, port: Number(target.port), path: target.pathname,
    query: Object.fromEntries(target.searchParams), headers: { host: target.host, ...options.headers }, body: options.body,
  });
  return signed.headers;
}
