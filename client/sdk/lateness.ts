/**
 * How late the page gets its turn. A device that is too busy to encode, decode and play runs its timers late as well,
 * and unlike all else that it shows, this has no other cause: no network makes a timer late.
 */

/** Between two looks. A device that is stopped in step with them is still late by the rest of its stop. */
const EVERY_MS = 120;

export class Lateness {
  private latestMs: number | undefined;
  private dueMs: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.expect();
  }

  /** The latest that a timer was since the last call, ms; undefined where the browser holds timers back by itself. */
  take(): number | undefined {
    this.look();
    const { latestMs } = this;
    this.latestMs = undefined;
    return latestMs === undefined ? undefined : Math.round(latestMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private expect(): void {
    // Timers of a hidden page are rounded up to a second and more.
    this.dueMs = document.hidden ? undefined : performance.now() + EVERY_MS;
    this.timer = setTimeout(() => {
      this.look();
      this.expect();
    }, EVERY_MS);
  }

  private look(): void {
    if (this.dueMs === undefined || document.hidden) return;
    this.latestMs = Math.max(this.latestMs ?? 0, performance.now() - this.dueMs);
  }
}
