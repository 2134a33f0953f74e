// Attempts to get out, in JavaScript: what Node itself and the machine's own programs reach. Same replies as attempts.py.
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import dns from 'node:dns/promises';
import { Worker } from 'node:worker_threads';

const attempts = [];
const add = (name, expected, why, run) => attempts.push({ name, expected, why, run });
const { TARGET_DATA: data, TARGET_PORT: port, TARGET_HOST: host } = process.env;

// What a program of the machine says, or "refused".
function words(command, ...args) {
  const { status, stdout, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'pipe'] });
  if (error) throw error;
  return status === 0 ? stdout : 'refused';
}

const read = (path) => {
  const fd = fs.openSync(path);
  try {
    return fs.readSync(fd, Buffer.alloc(16)) === 0 ? 'empty' : undefined;
  } finally {
    fs.closeSync(fd);
  }
};

async function connect(options) {
  const socket = net.connect({ timeout: 3000, ...options });
  socket.on('timeout', () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

async function status(path, options = {}) {
  const request = http.get({ host: '127.0.0.1', port: 4566, path, agent: false, timeout: 5000, ...options });
  const [response] = await once(request, 'response');
  response.resume();
  return String(response.statusCode);
}

async function datagram(address) {
  const socket = dgram.createSocket('udp4');
  try {
    await new Promise((resolve, reject) => socket.send('x', 53, address, (error) => (error ? reject(error) : resolve())));
  } finally {
    socket.close();
  }
}

{
  const why = 'it is one user with no privilege, for good';
  add('setuid', 'EINVAL|EPERM', why, () => process.setuid(0));
  add('setgid', 'EINVAL|EPERM', why, () => process.setgid(0));
  add('setgroups', 'EPERM', why, () => process.setgroups([]));
  add('initgroups', 'EPERM|EINVAL', why, () => process.initgroups(0, 0));
  add('user', '993 990', why, () => `${process.getuid()} ${process.getgid()}`);
  add('a better priority', 'EACCES|EPERM', why, () => os.setPriority(-10));
  add('give a file to root', 'EINVAL|EPERM', why, () => {
    fs.writeFileSync('/tmp/own', '');
    fs.chownSync('/tmp/own', 0, 0);
  });
  add('unshare', 'refused', why, () => words('unshare', '--user', '--map-root-user', 'id'));
  add('unshare by flags', 'refused', why, () => words('unshare', '--mount', '--pid', '--fork', 'id'));
  add('nsenter', 'refused', why, () => words('nsenter', '--target', '1', '--all', 'id'));
  add('mount', 'refused', why, () => words('mount', '-t', 'tmpfs', 'none', '/tmp'));
  add('chroot', 'refused', why, () => words('/usr/sbin/chroot', '/tmp', '/usr/bin/id'));
  add('su', 'refused', why, () => words('su', '-c', 'id'));
  add('dmesg', 'refused', why, () => words('dmesg'));
  add('id', 'uid=993(sbx_user1051) gid=990(sbx_user1051) groups=990(sbx_user1051)\n', 'the control of the programs', () => words('id'));
}
{
  const why = 'no process may look into another';
  for (const target of ['TARGET_DAEMON_PID', 'TARGET_WARDEN_PID', 'TARGET_NEIGHBOUR_PID']) {
    add(`a signal to ${target}`, 'ESRCH', why, () => process.kill(Number(process.env[target]), 'SIGKILL'));
    add(`memory of ${target}`, 'ENOENT', why, () => read(`/proc/${process.env[target]}/mem`));
  }
  for (const name of ['environ', 'mem', 'maps', 'root', 'fd']) add(`/proc/1/${name}`, 'ENOENT', why, () => read(`/proc/1/${name}`));
  add('processes', String(process.pid), why, () => fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).join(' '));
  add('the debugger of another', 'ESRCH', why, () => process._debugProcess(Number(process.env.TARGET_NEIGHBOUR_PID)));
}
{
  const why = 'nothing of the warden\'s or the daemon\'s is inherited: standard streams and the runtime\'s channel';
  add('descriptors', 'null pipe pipe socket', why, () => {
    const kinds = fs.readdirSync('/proc/self/fd').map(Number).sort((a, b) => a - b).flatMap((fd) => {
      try {
        return [fs.readlinkSync(`/proc/self/fd/${fd}`).replace('/dev/', '').split(':')[0]];
      } catch {
        return []; // the one that listed them
      }
    });
    return [...kinds.slice(0, 4), ...kinds.slice(4).filter((kind) => !['anon_inode', 'pipe', 'socket', 'null'].includes(kind))].join(' ');
  });
}
{
  const why = 'nothing but /tmp and /dev/shm may be written';
  for (const path of ['/x', '/usr/x', '/etc/x', '/etc/passwd', '/var/task/x', '/var/task/index.mjs', '/var/runtime/bootstrap.cjs', '/opt/x', '/dev/x',
    '/proc/sys/kernel/core_pattern', '/proc/self/oom_score_adj']) {
    add(`write ${path}`, 'EROFS|EACCES', why, () => fs.writeFileSync(path, 'x'));
  }
  add('delete own code', 'EROFS|EACCES', why, () => fs.unlinkSync('/var/task/index.mjs'));
  add('make own code writable', 'EROFS|EPERM', why, () => fs.chmodSync('/var/task/index.mjs', 0o777));
  add('a link to a file of the system', 'EXDEV|EPERM', why, () => fs.linkSync('/usr/bin/su', '/tmp/su'));
  add('write /tmp/x', 'ok', '/tmp is the function\'s own', () => fs.writeFileSync('/tmp/x', 'x'));
}
{
  const why = 'neither the host\'s files nor the daemon\'s are there';
  for (const path of ['/root', '/home', '/sys', '/run', '/etc/shadow', '/var/lib', '/proc/1/root/etc/shadow']) {
    add(`read ${path}`, 'ENOENT', why, () => read(path));
  }
  add('/host', 'empty', why, () => fs.readdirSync('/host').join(' ') || 'empty');
  for (const under of ['', '/host', '/proc/self/root', '/proc/self/cwd/../../../..']) {
    add(`the data directory under '${under}'`, 'ENOENT', why, () => fs.readdirSync(under + data).join(' '));
  }
  add('through a link', 'ENOENT', why, () => {
    fs.rmSync('/tmp/link', { force: true });
    fs.symlinkSync(data, '/tmp/link');
    return fs.readdirSync('/tmp/link').join(' ');
  });
  add('/usr/bin/env', 'ok', 'the control of those above', () => read('/usr/bin/env'));
}
{
  const why = 'a neighbour\'s is not to be found';
  add('neighbour\'s file', 'ENOENT', why, () => read('/tmp/neighbour'));
  add('neighbour\'s shared memory', 'ENOENT', why, () => read('/dev/shm/neighbour'));
  add('neighbour\'s socket', 'ENOENT', why, () => connect({ path: '/tmp/neighbour.sock' }));
  add('neighbour\'s abstract socket', 'ECONNREFUSED', why, () => connect({ path: '\0neighbour' }));
  add('neighbour\'s port', 'ECONNREFUSED', why, () => connect({ port: 7777, host: '127.0.0.1' }));
  add('neighbour\'s secret', 'none', why, () => ('NEIGHBOURS_SECRET' in process.env ? 'found' : 'none'));
}
{
  const why = 'there is nothing but the instance\'s own loopback';
  add('interfaces', 'lo', why, () => Object.keys(os.networkInterfaces()).join(' '));
  add('the daemon\'s port', 'ECONNREFUSED', why, () => connect({ port, host: '127.0.0.1' }));
  add('the daemon\'s port at the host', 'ENETUNREACH', why, () => connect({ port, host }));
  add('metadata of the cloud', 'ENETUNREACH', why, () => connect({ port: 80, host: '169.254.169.254' }));
  add('the world', 'ENETUNREACH', why, () => connect({ port: 443, host: '1.1.1.1' }));
  add('a datagram to the world', 'ENETUNREACH', why, () => datagram('8.8.8.8'));
  add('a name of the world', 'EAI_AGAIN|ENOTFOUND|ECONNREFUSED', why, () => dns.lookup('example.com').then(() => undefined));
  add('localhost', '127.0.0.1', 'the control of those above', () => dns.lookup('localhost', 4).then(({ address }) => address));
}
{
  const why = 'Wick\'s own API is the operator\'s';
  for (const path of ['/_wick/v1/instances', '/_wick/v1/status', '/_wick/v1/functions/neighbour/logs?follow=true']) {
    add(`GET ${path}`, '403', why, () => status(path));
  }
  for (const path of ['//_wick/v1/instances', '/%5fwick/v1/instances', '/2015-03-31/../_wick/v1/instances', '/.//_wick/v1/instances']) {
    add(`GET ${path}`, '400|403|404', why, () => status(path));
  }
  add('GET http://.../_wick/v1/instances', '400|403|404', why, () => status(`http://127.0.0.1:${port}/_wick/v1/instances`));
  const headers = { 'X-Forwarded-For': '127.0.0.1', Host: `127.0.0.1:${port}` };
  add('with headers of a proxy', '403', why, () => status('/_wick/v1/instances', { headers }));
  add('install a runtime', '403', why, () => status('/_wick/v1/runtimes/install', { method: 'POST' }));
}
add('a thread', 'ok', 'threads may be made', async () => {
  await once(new Worker('0', { eval: true }), 'exit');
});
add('own listener', 'ok', 'loopback is the function\'s own', async () => {
  const server = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await connect({ port: server.address().port, host: '127.0.0.1' });
  server.close();
});

async function makeAttempts() {
  const outcomes = {};
  for (const { name, expected, why, run } of attempts) {
    let outcome;
    try {
      outcome = (await run()) ?? 'ok';
    } catch (error) {
      outcome = error.info?.code ?? error.code ?? String(error);
    }
    outcomes[name] = { outcome: String(outcome), expected, why };
  }
  return outcomes;
}

const init = await makeAttempts();

export async function handler() {
  return { init, invocation: await makeAttempts() };
}
