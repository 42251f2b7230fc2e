/** What a benchmark is, and what stands in every benchmark's JSON. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

export interface Benchmark {
  /** One line for `npm run bench -- --help`. */
  readonly summary: string;
  /** Options beside `--json FILE`, for the help. */
  readonly usage: string;
  run(args: readonly string[]): Promise<BenchmarkReport>;
}

export interface BenchmarkReport {
  readonly name: string;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  /** How big the tried thing was: participants, streams, seconds … */
  readonly sizes: Readonly<Record<string, number | string>>;
  /** The measured figures, names with units. */
  readonly result: Readonly<Record<string, number>>;
  /** Figure, upper limit, whether it holds. */
  readonly limits?: readonly Limit[];
  /** What others need for the same, with what was measured. */
  readonly peers?: readonly Peer[];
  /** Whatever else belongs in the file. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Limit {
  readonly figure: string;
  readonly measured: number;
  readonly limit: number;
  readonly holds: boolean;
}

export interface Peer {
  readonly name: string;
  readonly bundleGzipKb: number | null;
  readonly wireGzipKbPerMinute: number | null;
  readonly measured: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly browser?: string;
}

export function machine(browser?: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    ...(browser && { browser }),
  };
}

/** The commit a figure belongs to, or '' outside a checkout. */
export function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/**
 * The value of an option of whole numbers.
 * @throws Error when what was given is none, or below 1
 */
export function optionOf(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(name);
  if (at < 0) return otherwise;
  const value = Number(args[at + 1]);
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${name} must be a whole number of at least 1, not "${args[at + 1]}"`);
  }
  return value;
}

/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A value that was measured, with this share of the values below it; of the middle two the upper. NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function limit(figure: string, measured: number, upper: number): Limit {
  return { figure, measured, limit: upper, holds: measured <= upper };
}
