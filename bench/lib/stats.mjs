// Order statistics of a list of numbers.
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// { n, min, median, p99, max }; p99 only where there are values enough to speak of one.
export function summary(values) {
  return {
    n: values.length, min: quantile(values, 0), median: median(values), max: quantile(values, 1),
    ...(values.length >= 50 ? { p99: quantile(values, 0.99) } : {}),
  };
}
