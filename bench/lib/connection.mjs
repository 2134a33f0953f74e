// One keep-alive HTTP/1.1 connection with one request in flight: as little client as possible between the clock and the server.
import { once } from 'node:events';
import net from 'node:net';

export class Connection {
  #socket;
  #pending;
  #received = '';

  static async open(url) {
    const { hostname, port } = new URL(url);
    const socket = net.connect({ host: hostname, port, noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (data) => this.#take(data));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.#pending?.reject(new Error('the connection was closed before the reply')));
  }

  // Returns { status, body, ms (from the write to the reply's last byte) }.
  request(url) {
    const { host, pathname, search } = new URL(url);
    const head = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    if (this.#socket.destroyed) return Promise.reject(new Error('the connection is closed'));
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject, start: performance.now() };
      this.#socket.write(head);
    });
  }

  close() {
    this.#pending = undefined;
    this.#socket.destroy();
  }

  // Every server here says how long its reply is, by Content-Length or in chunks.
  #take(data) {
    this.#received += data;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.slice(0, end).toLowerCase();
    const rest = this.#received.slice(end + 4);
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    const complete = length === undefined ? rest.endsWith('0\r\n\r\n') : rest.length >= Number(length);
    if (!complete) return;
    const { resolve, start } = this.#pending;
    this.#pending = undefined;
    this.#received = '';
    const body = length === undefined ? rest.split('\r\n').filter((_, index) => index % 2 === 1).join('') : rest;
    resolve({ status: Number(head.slice(9, 12)), body, ms: performance.now() - start });
  }
}

// One request on a connection of its own.
export async function once200(url) {
  const connection = await Connection.open(url);
  try {
    const reply = await connection.request(url);
    if (reply.status !== 200) throw new Error(`${url}: status ${reply.status}: ${reply.body}`);
    return reply;
  } finally {
    connection.close();
  }
}
