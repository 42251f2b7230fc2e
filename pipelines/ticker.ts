/** Something done again and again, never twice at once, whose failures do not end it. */
export interface Ticker {
  /** Resolves when the run under way is done. */
  stop(): Promise<void>;
}

/** @param onError told of every failed run */
export function every(
  intervalMs: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Ticker {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  }, intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
