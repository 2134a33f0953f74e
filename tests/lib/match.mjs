// Compares what a client got with what a case expects.
//
// In an expected string, <name> stands for any text; the same name must stand for the same text throughout a case, except
// <any> (anything, of any type). Lists and objects must have exactly the expected members.
export class Matcher {
  #bound = new Map();

  // Returns a list of differences, each "path: expected ..., got ...".
  compare(expected, actual, where = '$') {
    if (expected === '<any>') return actual === undefined ? [`${where}: expected something, got nothing`] : [];
    if (typeof expected === 'string' && expected.includes('<')) return this.#compareText(expected, actual, where);
    if (Array.isArray(expected)) {
      if (!Array.isArray(actual)) return [`${where}: expected a list, got ${show(actual)}`];
      const lengths = expected.length === actual.length ? [] : [`${where}: expected ${expected.length} items, got ${show(actual)}`];
      return [...lengths, ...expected.flatMap((item, i) => (i < actual.length ? this.compare(item, actual[i], `${where}[${i}]`) : []))];
    }
    if (expected !== null && typeof expected === 'object') {
      if (actual === null || typeof actual !== 'object') return [`${where}: expected an object, got ${show(actual)}`];
      const missing = Object.keys(expected).flatMap((key) =>
        actual[key] === undefined ? [`${where}.${key}: missing`] : this.compare(expected[key], actual[key], `${where}.${key}`));
      const extra = Object.keys(actual).filter((key) => actual[key] !== undefined && !(key in expected));
      return [...missing, ...extra.map((key) => `${where}.${key}: not expected, got ${show(actual[key])}`)];
    }
    return Object.is(expected, actual) ? [] : [`${where}: expected ${show(expected)}, got ${show(actual)}`];
  }

  #compareText(expected, actual, where) {
    if (typeof actual !== 'string' && typeof actual !== 'number') return [`${where}: expected ${show(expected)}, got ${show(actual)}`];
    const names = [];
    const pattern = expected.split(/(<[a-z][a-z0-9 _-]*(?::\d+)?>)/).map((part, i) => {
      if (i % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      if (part === '<any>') return '(?:[^]*?)';
      if (this.#bound.has(part)) return this.#bound.get(part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const earlier = names.indexOf(part);
      if (earlier >= 0) return `\\${earlier + 1}`;
      names.push(part);
      return '([^]+?)';
    });
    const found = new RegExp(`^${pattern.join('')}$`).exec(String(actual));
    if (!found) return [`${where}: expected ${show(expected)}${this.#shown(expected)}, got ${show(actual)}`];
    names.forEach((name, i) => this.#bound.set(name, found[i + 1]));
    return [];
  }

  #shown(expected) {
    const known = [...this.#bound].filter(([name]) => expected.includes(name)).map(([name, value]) => `${name}=${value}`);
    return known.length ? ` (${known.join(', ')})` : '';
  }

  // The text bound to <name>, for use in a later step's input.
  substitute(value) {
    if (typeof value === 'string') {
      return value.replace(/<[a-z][a-z0-9 _-]*(?::\d+)?>/g, (name) => this.#bound.get(name) ?? name);
    }
    if (Array.isArray(value)) return value.map((item) => this.substitute(item));
    if (value !== null && typeof value === 'object' && !(value instanceof Uint8Array)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.substitute(item)]));
    }
    return value;
  }
}

function show(value) {
  return JSON.stringify(value);
}
