// Containers of one call by crun: the plain hello under Node in a container's namespaces and a memory cgroup, on the host's network so
// that it can be reached.
//
// crun 1.8 refuses a version 2 hierarchy mounted beside version 1 controllers (systemd's "hybrid"), so it runs in a mount namespace where
// that one is unmounted; a shell that was started there beforehand runs crun, so that the entering is not measured.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

import { once200 } from './connection.mjs';
import { peerFiles } from './peers.mjs';
import { node, start } from './process.mjs';

const readOnly = (source, destination) => ({ destination, source, type: 'bind', options: ['rbind', 'ro'] });

const configuration = (initMs) => ({
  ociVersion: '1.0.0',
  process: {
    user: { uid: 65534, gid: 65534 }, args: ['/node', '/hello.cjs', 'once', String(initMs)], env: ['PATH=/usr/bin'], cwd: '/',
    noNewPrivileges: true,
  },
  root: { path: 'rootfs', readonly: true },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'size=512m'] },
    readOnly('/usr', '/usr'), readOnly(node, '/node'), readOnly(path.join(peerFiles, 'node_http.cjs'), '/hello.cjs'),
  ],
  linux: {
    namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
    resources: { memory: { limit: 128 << 20 }, pids: { limit: 1024 } },
  },
});

async function bundle(scope, initMs) {
  const directory = await mkdtemp(path.join(tmpdir(), 'wick-bench-crun-'));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const root = path.join(directory, 'rootfs');
  for (const name of ['proc', 'dev', 'tmp', 'usr']) await mkdir(path.join(root, name), { recursive: true });
  for (const name of ['lib', 'lib64']) await symlink(`usr/${name}`, path.join(root, name));
  await writeFile(path.join(root, 'node'), '');
  await writeFile(path.join(root, 'hello.cjs'), '');
  await writeFile(path.join(directory, 'config.json'), JSON.stringify(configuration(initMs)));
  return directory;
}

// Returns sample(): starts a container, calls it once and gives ms from the start of crun to the reply; or throws what crun said.
export async function crunNode(scope, initMs = 0) {
  const directory = await bundle(scope, initMs);
  const loop = `umount /sys/fs/cgroup/unified 2>/dev/null
    while read -r id; do crun run --bundle "$0" "$id" </dev/null 2>&1; echo ended; done`;
  const shell = start(scope, 'unshare', ['-m', 'sh', '-c', loop, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  let count = 0;
  return async () => {
    const began = performance.now();
    shell.stdin.write(`wick-bench-${process.pid}-${++count}\n`);
    const line = (await lines.next()).value ?? 'the shell ended';
    const port = /^listening on (\d+)/.exec(line)?.[1];
    if (!port) throw new Error(`crun: ${line}`);
    await once200(`http://127.0.0.1:${port}/`);
    const ms = performance.now() - began;
    while ((await lines.next()).value !== 'ended');
    return ms;
  };
}
