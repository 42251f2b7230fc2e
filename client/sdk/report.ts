/** Reading a getStats report as cheaply as it can be. */
import { type RawStats, selectedPair, selectedPairId } from '../../telemetry/browser-stats.ts';
import { isEverySample } from './convert.ts';

/** All objects are looked at this often, in case one changed that is not read with every sample. */
export const FULL_READ_MS = 10_000;

/** The part of RTCStatsReport that is used; the DOM type does not know the objects' members. */
export interface StatsReport {
  readonly size: number;
  get(id: string): RawStats | undefined;
  forEach(callback: (stats: RawStats) => void): void;
}

/**
 * Browsers make each object of a report only when it is asked for, and making them is most of what a sample
 * costs. Half of them (candidates, certificates, codecs) never change: as long as the report has the same size and
 * pair as before, only those that change are asked for.
 */
export class ReportReader {
  /** Whether the last read looked at every object. */
  sawAll = false;
  private ids: string[] = [];
  private size = -1;
  private pairId: string | undefined;
  private fullAtMs = Number.NEGATIVE_INFINITY;

  read(report: StatsReport, nowMs: number): RawStats[] {
    const known = this.readKnown(report, nowMs);
    this.sawAll = !known;
    return known ?? this.readAll(report, nowMs);
  }

  /** After an event that may add, change or replace objects: the next read looks at all. */
  expectChange(): void {
    this.fullAtMs = Number.NEGATIVE_INFINITY;
  }

  private readKnown(report: StatsReport, nowMs: number): RawStats[] | undefined {
    if (report.size !== this.size || nowMs - this.fullAtMs >= FULL_READ_MS) return undefined;
    const objects: RawStats[] = [];
    for (const id of this.ids) {
      const stats = report.get(id);
      if (!stats) return undefined;
      objects.push(stats);
    }
    // The transport may name a pair that is not among the known objects.
    return (selectedPairId(objects) ?? this.pairId) === this.pairId ? objects : undefined;
  }

  private readAll(report: StatsReport, nowMs: number): RawStats[] {
    const objects: RawStats[] = [];
    report.forEach((stats) => {
      objects.push(stats);
    });
    this.size = report.size;
    this.fullAtMs = nowMs;
    this.pairId = selectedPair(objects)?.id;
    this.ids = objects
      .filter((stats) => isEverySample(stats) || stats.id === this.pairId)
      .map((stats) => stats.id);
    return objects;
  }
}
