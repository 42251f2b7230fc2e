/**
 * The units of panels: what Grafana calls them, and how the pictures in the docs write them. A ratio is 0 to 1 and
 * shown in percent; times are in the unit that the column's name says.
 */
export const units = {
  count: { grafana: 'short', decimals: 0, text: (value) => compact(value) },
  perSecond: { grafana: 'short', decimals: 1, text: (value) => `${compact(value)}/s` },
  ratio: { grafana: 'percentunit', decimals: 2, text: (value) => `${trim(value * 100, 2)} %` },
  /** A mean opinion score, 1 to 5. */
  mos: { grafana: 'none', decimals: 2, text: (value) => value.toFixed(2) },
  /** How many times as often. */
  times: { grafana: 'none', decimals: 1, text: (value) => `${trim(value, 1)}×` },
  milliseconds: { grafana: 'ms', decimals: 0, text: (value) => duration(value / 1000) },
  seconds: { grafana: 's', decimals: 1, text: (value) => duration(value) },
  bitsPerSecond: { grafana: 'bps', decimals: 1, text: (value) => `${compact(value)}b/s` },
  bytes: { grafana: 'bytes', decimals: 0, text: (value) => `${compact(value)}B` },
  /** Text, or a number that is only a name. */
  none: { grafana: 'string', decimals: 0, text: (value) => String(value) },
  /** A moment, as DateTime. */
  time: { grafana: 'dateTimeAsIso', decimals: 0, text: (value) => String(value) },
} as const satisfies Record<string, { grafana: string; decimals: number; text: (value: number) => string }>;

export type Unit = keyof typeof units;

const trim = (value: number, digits: number) => String(Number(value.toFixed(digits)));

function compact(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9, 1)} G`;
  if (size >= 1e6) return `${trim(value / 1e6, 1)} M`;
  if (size >= 1e4) return `${trim(value / 1e3, 1)} k`;
  return trim(value, size < 0.1 ? 4 : size < 10 ? 2 : 0);
}

function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 1) return `${trim(seconds * 1000, size < 0.01 ? 1 : 0)} ms`;
  if (size < 120) return `${trim(seconds, 1)} s`;
  if (size < 7200) return `${trim(seconds / 60, 1)} min`;
  return `${trim(seconds / 3600, 1)} h`;
}
