// Rows and goals as text.
//
// A row is { subject, measure, unit, values }; a goal { what, value, unit, atMost or atLeast }, its value undefined if it was not measured.
import { median, summary } from './stats.mjs';

function number(value) {
  if (value === 0) return '0';
  if (value === undefined || Number.isNaN(value)) return '';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

function table(head, lines) {
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column].length)));
  const padded = (cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  const text = (line) => `  ${line.map(padded).join('  ')}`.trimEnd();
  return [head, ...lines].map(text).join('\n');
}

// Wick's median over the row's: of the first row of the same measure, which is Wick's.
export function ratio(rows, row) {
  const first = rows.find(({ measure }) => measure === row.measure);
  return first === row ? undefined : median(first.values) / median(row.values);
}

export function rowsText(rows) {
  return table(['subject', 'measure', 'min', 'median', 'p99', 'max', 'Wick/it'], rows.map((row) => {
    const { min, median: middle, p99, max } = summary(row.values);
    return [row.subject, `${row.measure} (${row.unit})`, number(min), number(middle), number(p99), number(max), number(ratio(rows, row))];
  }));
}

export function judged(goal) {
  const limit = goal.atMost ?? goal.atLeast;
  if (goal.value === undefined || Number.isNaN(goal.value)) return { ...goal, limit, verdict: 'not measured' };
  const met = goal.atMost === undefined ? goal.value >= limit : goal.value <= limit;
  const factor = goal.atMost === undefined ? limit / goal.value : goal.value / limit;
  return { ...goal, limit, met, verdict: met ? 'met' : Number.isFinite(factor) ? `missed by ${number(factor)} x` : 'missed' };
}

export function goalsText(goals) {
  return goals.map(judged).map(({ what, value, unit, limit, atMost, verdict }) => {
    const goal = `${atMost === undefined ? '>=' : '<='} ${number(limit)}`;
    return `  ${verdict.padEnd(18)} ${what}: ${number(value) || '-'}${unit ? ` ${unit}` : ''} (goal ${goal})`;
  }).join('\n');
}
