// Subjects measured side by side: in turns, A B A B, so that what else happens on the machine meets all of them.
import { load } from './wrk.mjs';

// subjects: [{ name, sample() -> ms }]. Returns one row for each, of rounds x samples values.
export async function latencies(subjects, rounds, samples, measure) {
  const rows = subjects.map(({ name }) => ({ subject: name, measure, unit: 'ms', values: [] }));
  for (let round = 0; round < rounds; ++round) {
    for (const [index, subject] of subjects.entries()) {
      for (let i = 0; i < samples; ++i) rows[index].values.push(await subject.sample());
    }
  }
  return rows;
}

// Load until a run of it went smoothly: every connection's instance is there and has been compiled by its runtime.
async function warm(subject, connections) {
  for (let attempt = 0; attempt < 10; ++attempt) {
    const { requests, failed } = await load(subject.url, { ...subject, connections, seconds: 2 });
    if (failed === 0 && requests > 10 * connections) return;
  }
  throw new Error(`${subject.name} does not get warm`);
}

// subjects: [{ name, url, headers, body }]. Returns for each three rows with a value for each round: requests/s, p50 and p99.
export async function throughput(subjects, rounds, seconds, connections) {
  const rows = subjects.map(({ name }) => [
    { subject: name, measure: 'requests/s', unit: '/s', values: [] },
    { subject: name, measure: 'p50', unit: 'ms', values: [] },
    { subject: name, measure: 'p99', unit: 'ms', values: [] },
  ]);
  for (const subject of subjects) await warm(subject, connections);
  for (let round = 0; round < rounds; ++round) {
    for (const [index, subject] of subjects.entries()) {
      const { requests, failed, perSecond, p50, p99 } = await load(subject.url, { ...subject, connections, seconds });
      if (failed > 0 || requests === 0) throw new Error(`${subject.name}: ${failed} requests failed, ${requests} were answered`);
      [perSecond, p50, p99].forEach((value, row) => rows[index][row].values.push(value));
    }
  }
  return rows.flat();
}
