/** Numbers and times for people, on their own clock. */
const clockFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const shortClockFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
const dateFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full' });

export const clock = (ms: number): string => clockFormat.format(ms);
export const shortClock = (ms: number): string => shortClockFormat.format(ms);
export const longDate = (ms: number): string => dateFormat.format(ms);

export function day(ms: number): string {
  const today = new Date();
  const then = new Date(ms);
  if (then.toDateString() === today.toDateString()) return 'today';
  today.setDate(today.getDate() - 1);
  return then.toDateString() === today.toDateString() ? 'yesterday' : dayFormat.format(ms);
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const score = (mos: number | null): string => (mos === null ? '–' : mos.toFixed(1));
export const percent = (ratio: number | null): string =>
  ratio === null ? '–' : `${ratio > 0 && ratio < 0.01 ? '<1' : Math.round(ratio * 100)} %`;
export const words = (name: string): string => name.replaceAll('_', ' ');

/** `roundTripMs` -> `round trip`, `92 ms`. */
export function fact(name: string, value: unknown): [string, string] {
  const [, stem = name, unit = ''] = /^(.*?)(Ms|Bps|Ratio|PerSecond)?$/.exec(name) ?? [];
  const label = stem.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  if (typeof value !== 'number') return [label, String(value)];
  if (unit === 'Ratio') return [label, percent(value)];
  if (unit === 'Bps') return [label, `${Math.round(value / 1000)} kbit/s`];
  if (unit === 'Ms') return value > 1e12 ? [label, clock(value)] : [label, `${Math.round(value)} ms`];
  if (unit === 'PerSecond') return [`${label} per second`, String(value)];
  return [label, String(value)];
}
