'use strict';
// What init has left behind that a fork would not have, or would share with other forks: threads, processes,
// connections, operations under way, files.
const fs = require('node:fs');
const idleConnections = require('./idle_connections.cjs');

const SETTLE_MAX_MS = 1000;

const read = (file) => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';  // it has ended meanwhile
  }
};

function threads() {
  return fs.readdirSync('/proc/self/task');
}

// Descriptors of this process that are sockets: number -> inode.
function sockets() {
  const found = new Map();
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
      if (inode) found.set(fd, inode);
    } catch { /* the descriptor by which the folder was read */ }
  }
  return found;
}

// Processes that this one has started, and theirs when those have ended: the kernel gives them to this one's parent. That is the sandbox's
// first process, which has no other children.
function children() {
  const found = [];
  for (const pid of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const [, name, state, parent] = /\((.*)\) (\w) (\d+) /s.exec(read(`/proc/${pid}/stat`)) ?? [];
    if (state !== 'Z' && (Number(parent) === process.pid || Number(parent) === process.ppid)) found.push(`${pid} (${name})`);
  }
  return found;
}

// 0100007F:1538 -> 127.0.0.1:5432. The address is in words of the machine's byte order.
function address(text) {
  const [hex, port] = text.split(':');
  const bytes = hex.match(/.{8}/g).flatMap((word) => word.match(/../g).reverse());
  const host = bytes.length === 4
    ? bytes.map((byte) => parseInt(byte, 16)).join('.')
    : `[${bytes.join('').match(/.{4}/g).map((part) => part.toLowerCase().replace(/^0{1,3}/, '')).join(':')}]`;
  return `${host}:${parseInt(port, 16)}`;
}

function describeSocket(inode) {
  for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6']) {
    for (const line of read(`/proc/self/net/${protocol}`).split('\n')) {
      const columns = line.trim().split(/\s+/);
      if (columns[9] !== inode) continue;
      const peer = address(columns[2]);
      return peer.endsWith(':0') ? `listening at ${address(columns[1])}` : peer;
    }
  }
  return 'a local socket';
}

// What only this sandbox has; a fork's folders are empty.
const files = () => ['/tmp', '/dev/shm'].flatMap((folder) => fs.readdirSync(folder).map((name) => `${folder}/${name}`));

const count = (number, one, many = `${one}s`) => (number === 1 ? `a ${one}` : `${number} ${many}`);

const some = (names) => names.slice(0, 5).join(', ') + (names.length > 5 ? ' ...' : '');

class Leftovers {
  #threads;
  #sockets;
  #files;

  // To be made before the function's code is loaded.
  static async watch() {
    idleConnections.watch();
    await fs.promises.stat('/');  // starts the threads of libuv's pool, which Node has for itself
    return new Leftovers();
  }

  constructor() {
    this.#threads = new Set(threads());
    this.#sockets = sockets();
    this.#files = new Set(files());
  }

  // Gives what is under way a moment to end, and turns the event loop once at least. Returns a sentence, or undefined if there is nothing.
  async find() {
    const end = Date.now() + SETTLE_MAX_MS;
    for (let pause = 1; ; pause *= 2) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      idleConnections.close();
      const reason = this.#look();
      if (reason === undefined || Date.now() > end) return reason;
    }
  }

  #look() {
    const processes = children();
    if (processes.length > 0) {
      return `Init left ${count(processes.length, 'child process', 'child processes')} running: ${processes.join(', ')}.`;
    }
    const more = threads().filter((id) => !this.#threads.has(id));
    if (more.length > 0) {
      const names = more.map((id) => read(`/proc/self/task/${id}/comm`).trim());
      return `Init left ${count(more.length, 'thread')} running: ${names.join(', ')}.`;
    }
    const open = [...sockets()].filter(([fd, inode]) => this.#sockets.get(fd) !== inode);
    if (open.length > 0) {
      return `Init left ${count(open.length, 'connection')} open: ${open.map(([, inode]) => describeSocket(inode)).join(', ')}.`;
    }
    const requests = process._getActiveRequests();
    if (requests.length > 0) {
      return `Init left ${count(requests.length, 'operation')} under way: ${requests.map((request) => request.constructor.name).join(', ')}.`;
    }
    const left = files().filter((name) => !this.#files.has(name));
    if (left.length > 0) return `Init left ${count(left.length, 'file')} behind: ${some(left)}.`;
    return undefined;
  }
}

module.exports = { Leftovers };
