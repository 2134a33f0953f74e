// What a benchmark started, ended in reverse order when it is over, however it went.
export class Scope {
  #ends = [];

  defer(end) {
    this.#ends.push(end);
  }

  async close() {
    while (this.#ends.length > 0) await this.#ends.pop()();
  }
}
