// A row of bars for each measure, as SVG: the median, with a line from min to max.
import { summary } from './stats.mjs';

export const escaped = (text) => text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

const label = 260; // px
const width = 420;
const line = 20;

function bars(rows, top) {
  const largest = Math.max(...rows.map(({ values }) => Math.max(...values))) || 1;
  const x = (value) => label + (value / largest) * width;
  return rows.map((row, index) => {
    const { min, median, max } = summary(row.values);
    const y = top + index * line;
    return `<text x="${label - 8}" y="${y + 13}" text-anchor="end">${escaped(row.subject)}</text>` +
      `<rect x="${label}" y="${y + 3}" width="${x(median) - label}" height="12" fill="${index === 0 ? '#c2410c' : '#94a3b8'}"/>` +
      `<path d="M${x(min)} ${y + 9}H${x(max)}" stroke="black"/>` +
      `<text x="${x(max) + 6}" y="${y + 13}">${Number(median.toPrecision(3))} ${row.unit}</text>`;
  }).join('\n');
}

export function plot(title, rows) {
  const parts = [];
  let y = 30;
  for (const [measure, group] of Object.entries(Object.groupBy(rows, (row) => row.measure))) {
    parts.push(`<text x="${label}" y="${y + 14}" font-weight="bold">${escaped(measure)}</text>`, bars(group, y + line));
    y += (group.length + 2) * line;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${label + width + 100}" height="${y}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/><text x="10" y="18" font-size="14">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`;
}
