/** Figures as a person reads them: shares and scores with three digits, amounts by their size. */

/** 0.983, 532, 12,300; `-` where there is none. */
export function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  const size = Math.abs(value);
  if (size >= 100) return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  if (size >= 0.0005 || value === 0) return value.toFixed(3);
  return value.toPrecision(3);
}

/** The same with its sign. */
export function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${figure(value)}`;
}
