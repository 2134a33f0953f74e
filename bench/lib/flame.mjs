// A flame graph, as SVG: what the processors were doing while something ran, the root at the top, each frame as wide as its share of samples.
import { once } from 'node:events';
import path from 'node:path';

import { lineMatching, output, start } from './process.mjs';
import { escaped } from './plot.mjs';

const width = 1200; // px
const line = 17;
const narrowest = 1 / 600; // of all samples; what has less is left out
const perCharacter = 6.4; // px of the font
const colours = { process: '#94a3b8', kernel: '#a5b4fc', user: '#fdba74' };

// Begins to record all processors for so long, which is over when `over` is.
export async function record(scope, file, seconds) {
  // perf starts the command when it counts.
  const perf = start(scope, 'perf', ['record', '-q', '-a', '-e', 'cpu-clock', '-F', '499', '--call-graph', 'dwarf,8192', '-o', file, '--',
    'sh', '-c', `echo recording; exec sleep ${seconds}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const over = once(perf, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`perf ended with ${code}`);
  });
  over.catch(() => {}); // said below, if it is at once
  await lineMatching(perf.stdout, /^recording$/);
  return { over };
}

// The samples of a recording, as [{ process, frames: [{ name, kernel }] }], the outermost frame first.
export async function samples(file) {
  const text = await output('perf', ['script', '-i', file, '--no-inline', '-F', 'comm,ip,sym,dso'], 10 * 60_000);
  return text.split('\n\n').filter((sample) => sample.trim() !== '').map((sample) => {
    const [process, ...lines] = sample.split('\n');
    const frames = lines.map((text) => /^\s*[0-9a-f]+ (.*) \((.*?)\)$/.exec(text)).filter(Boolean).map(([, name, object]) => ({
      name: name === '[unknown]' ? path.basename(object) : plain(name), kernel: object.startsWith('[kernel'),
    }));
    return { process: process.trim(), frames: frames.filter(({ name }) => !isPlumbing(name)).reverse() };
  });
}

// A function's name without its arguments, neither those in parentheses nor those of templates.
function plain(name) {
  let before;
  do {
    before = name;
    name = name.replace(/<[^<>]*>|\([^()]*\)/g, '');
  } while (name !== before);
  return name.replace(/ \[clone .*|\+0x.*| const$/g, '').trim();
}

// Frames that say nothing: a coroutine's way through Asio and the standard library.
const isPlumbing = (name) => /^(?:[a-z ]*\b)?(?:boost::asio|std|non-virtual thunk)\b/.test(name);

function grown(list) {
  const root = { name: '', value: 0, children: new Map() };
  for (const { process, frames } of list) {
    let node = root;
    ++node.value;
    for (const { name, kernel } of [{ name: process, kernel: undefined }, ...frames]) {
      const key = `${kernel} ${name}`;
      if (!node.children.has(key)) node.children.set(key, { name, kernel, value: 0, children: new Map() });
      node = node.children.get(key);
      ++node.value;
    }
  }
  return root;
}

export function flame(title, list) {
  const root = grown(list);
  const boxes = [];
  let deepest = 0;
  const draw = (node, left, depth) => {
    deepest = Math.max(deepest, depth);
    for (const child of [...node.children.values()].sort((a, b) => b.value - a.value)) {
      const share = child.value / root.value;
      if (share < narrowest) continue;
      const [x, y, wide] = [left, 30 + depth * line, share * width];
      const kind = child.kernel === undefined ? 'process' : child.kernel ? 'kernel' : 'user';
      const text = escaped(child.name.slice(0, Math.max(0, Math.floor(wide / perCharacter) - 1)));
      boxes.push(`<g><title>${escaped(child.name)}: ${(share * 100).toFixed(1)} %</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${line - 1}" fill="${colours[kind]}"/>` +
        (text.length > 2 ? `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${text}</text></g>` : '</g>'));
      draw(child, left, depth + 1);
      left += wide;
    }
  };
  draw(root, 0, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${40 + deepest * line}" font-family="monospace" font-size="10.5">
<rect width="100%" height="100%" fill="white"/><text x="3" y="18" font-size="14">${escaped(title)}</text>
${boxes.join('\n')}
</svg>
`;
}
