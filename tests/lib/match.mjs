// Compares what a client got with what a case expects.
//
// In an expected string, <name> stands for any text; the same name must stand for the same text throughout a case, and <name:1> and
// <name:2> for different ones. <any> is anything, of any type. Lists and objects must have exactly the expected members.
// {"$json": x} is a string that parses to x, {"$base64": x} one that decodes to x, {"$either": [x, y]} is one of these, and
// {"$set": [...]} a list in any order.
const placeholder = /<[a-z][a-z0-9 _-]*(?::\d+)?>/;
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const stem = (name) => /^(<.*):\d+>$/.exec(name)?.[1];

export class Matcher {
  #bound = new Map();

  // Returns a list of differences, each "path: expected ..., got ...".
  compare(expected, actual, where = '$') {
    if (expected === '<any>') return actual === undefined ? [`${where}: expected something, got nothing`] : [];
    if (typeof expected === 'string' && placeholder.test(expected)) return this.#compareText(expected, actual, where);
    if (Array.isArray(expected)) return this.#compareList(expected, actual, where);
    if (expected !== null && typeof expected === 'object') {
      if ('$json' in expected) return this.compare(expected.$json, parsed(actual), where);
      if ('$base64' in expected) return this.compare(expected.$base64, Buffer.from(String(actual), 'base64').toString(), where);
      if ('$either' in expected) return this.#compareEither(expected.$either, actual, where);
      if ('$set' in expected) return this.#compareSet(expected.$set, actual, where);
      return this.#compareObject(expected, actual, where);
    }
    return Object.is(expected, actual) ? [] : [`${where}: expected ${show(expected)}, got ${show(actual)}`];
  }

  // Like compare, but a name keeps its text only if everything is as expected; for an attempt that may be repeated.
  attempt(expected, actual, where) {
    const before = new Map(this.#bound);
    const differences = this.compare(expected, actual, where);
    if (differences.length) this.#bound = before;
    return differences;
  }

  #compareList(expected, actual, where) {
    if (!Array.isArray(actual)) return [`${where}: expected a list, got ${show(actual)}`];
    const lengths = expected.length === actual.length ? [] : [`${where}: expected ${expected.length} items, got ${show(actual)}`];
    return [...lengths, ...expected.flatMap((item, i) => (i < actual.length ? this.compare(item, actual[i], `${where}[${i}]`) : []))];
  }

  #compareObject(expected, actual, where) {
    if (actual === null || typeof actual !== 'object') return [`${where}: expected an object, got ${show(actual)}`];
    const missing = Object.keys(expected).flatMap((key) =>
      actual[key] === undefined ? [`${where}.${key}: missing`] : this.compare(expected[key], actual[key], `${where}.${key}`));
    const extra = Object.keys(actual).filter((key) => actual[key] !== undefined && !(key in expected));
    return [...missing, ...extra.map((key) => `${where}.${key}: not expected, got ${show(actual[key])}`)];
  }

  #compareEither(choices, actual, where) {
    let differences = [];
    for (const choice of choices) {
      differences = this.attempt(choice, actual, where);
      if (!differences.length) return [];
    }
    return differences;
  }

  #compareSet(expected, actual, where) {
    if (!Array.isArray(actual)) return [`${where}: expected a list, got ${show(actual)}`];
    const rest = [...actual];
    const unmatched = expected.filter((item) => {
      const found = rest.findIndex((candidate) => !this.attempt(item, candidate, where).length);
      if (found >= 0) rest.splice(found, 1);
      return found < 0;
    });
    return unmatched.length || rest.length ? [`${where}: expected also ${show(unmatched)}, got also ${show(rest)}`] : [];
  }

  #compareText(expected, actual, where) {
    if (typeof actual !== 'string' && typeof actual !== 'number') return [`${where}: expected ${show(expected)}, got ${show(actual)}`];
    const names = [];
    const pattern = expected.split(new RegExp(`(${placeholder.source})`)).map((part, i) => {
      if (i % 2 === 0) return escape(part);
      if (part === '<any>') return '(?:[^]*?)';
      if (this.#bound.has(part)) return escape(this.#bound.get(part));
      const earlier = names.indexOf(part);
      if (earlier >= 0) return `\\${earlier + 1}`;
      names.push(part);
      return '([^]+?)';
    });
    const found = new RegExp(`^${pattern.join('')}$`).exec(String(actual));
    if (!found) return [`${where}: expected ${show(expected)}${this.#shown(expected)}, got ${show(actual)}`];
    for (const [i, name] of names.entries()) {
      const same = [...this.#bound].find(([other, text]) => stem(name) !== undefined && stem(other) === stem(name) && text === found[i + 1]);
      if (same) return [`${where}: expected ${name} to differ from ${same[0]}, got ${show(actual)}`];
      this.#bound.set(name, found[i + 1]);
    }
    return [];
  }

  #shown(expected) {
    const known = [...this.#bound].filter(([name]) => expected.includes(name)).map(([name, value]) => `${name}=${value}`);
    return known.length ? ` (${known.join(', ')})` : '';
  }

  // The text bound to <name>, for use in a later step's input.
  substitute(value) {
    if (typeof value === 'string') {
      return value.replace(new RegExp(placeholder, 'g'), (name) => this.#bound.get(name) ?? name);
    }
    if (Array.isArray(value)) return value.map((item) => this.substitute(item));
    if (value !== null && typeof value === 'object' && !(value instanceof Uint8Array)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.substitute(item)]));
    }
    return value;
  }
}

function parsed(text) {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function show(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 600 ? `${text.slice(0, 600)}... (${text.length} characters)` : text;
}
