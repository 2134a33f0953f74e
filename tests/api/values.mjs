// The special values of case files, and what an SDK returned as plain JSON values.
import { createCipheriv } from 'node:crypto';

import { zip } from '../lib/zip.mjs';

// Bytes that do not compress, the same ones every time.
function noise(length) {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(length));
}

function content(value) {
  if (typeof value === 'string') return value;
  if ('$zeros' in value) return Buffer.alloc(value.$zeros);
  if ('$noise' in value) return noise(value.$noise);
  return text(value);
}

function text(value) {
  if (value.$repeat) return value.$repeat[0].repeat(value.$repeat[1]);
  if (value.$join) return value.$join.map((part) => (typeof part === 'string' ? part : text(part))).join('');
  return undefined;
}

// A step's `with`, as the SDK takes it.
export function inputOf(value) {
  if (Array.isArray(value)) return value.map(inputOf);
  if (value === null || typeof value !== 'object') return value;
  if (value.$zip) return zip(Object.fromEntries(Object.entries(value.$zip).map(([name, item]) => [name, content(item)])), value.$executable);
  if ('$json' in value) return Buffer.from(JSON.stringify(inputOf(value.$json)));
  if ('$text' in value) return Buffer.from(value.$text);
  if ('$hex' in value) return Buffer.from(value.$hex, 'hex');
  return text(value) ?? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inputOf(item)]));
}

// A step's `gives` or `fails`, with the story's definitions put in: {"$as": "name", ...} is that shape with these members changed,
// where null leaves a member out.
export function shapesOf(value, definitions) {
  if (Array.isArray(value)) return value.map((item) => shapesOf(item, definitions));
  if (value === null || typeof value !== 'object') return value;
  const { $as, ...members } = value;
  const expanded = Object.fromEntries(Object.entries(members).map(([key, item]) => [key, shapesOf(item, definitions)]));
  if ($as === undefined) return text(value) ?? expanded;
  if (!definitions[$as]) throw new Error(`the story defines no ${$as}`);
  const merged = { ...shapesOf(definitions[$as], definitions), ...expanded };
  return Object.fromEntries(Object.entries(merged).filter(([, item]) => item !== null));
}

// What the SDK returned, as plain JSON values.
export async function plainOf(value, key) {
  if (value instanceof Uint8Array) {
    const decoded = Buffer.from(value).toString();
    try {
      return JSON.parse(decoded);
    } catch {
      return decoded;
    }
  }
  if (value === null && key === 'Payload') return ''; // the SDK's word for no bytes at all
  if (value instanceof Date) return value.toISOString();
  if (value === null || typeof value !== 'object') return value;
  if (key === 'EventStream') {
    const events = [];
    for await (const event of value) events.push(await plainOf(event));
    return events;
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => plainOf(item)));
  const entries = Object.entries(value).filter(([name]) => !name.startsWith('$'));
  return Object.fromEntries(await Promise.all(entries.map(async ([name, item]) => [name, await plainOf(item, name)])));
}
