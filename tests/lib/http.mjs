// One plain HTTP request to a daemon under whatever host name the URL has: *.localhost needs no resolver here.
import { once } from 'node:events';
import http from 'node:http';

// options: method, headers, body. Returns { status, headers, body }, the body parsed if it is JSON.
export async function request(endpoint, url, options = {}) {
  const target = new URL(url, endpoint);
  const { hostname, port } = new URL(endpoint);
  const sent = http.request({
    host: hostname, port, path: target.pathname + target.search, method: options.method ?? 'GET',
    headers: { Host: target.host, ...options.headers }, agent: false,
  });
  sent.end(options.body);
  const [reply] = await once(sent, 'response');
  const chunks = [];
  for await (const chunk of reply) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // plain text
  }
  return { status: reply.statusCode, headers: reply.headers, body };
}
