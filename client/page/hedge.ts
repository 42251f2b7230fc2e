/** Doing one thing by several ways, without waiting in vain for the first. */

/** A way that has not come through by then gets the next one beside it. */
export const lateMs = 2_500;

/**
 * The first way that comes through. The next is begun when the one before fails or is late; those on their way are
 * aborted once it is settled.
 *
 * @param final an error after which no other way is tried
 * @throws what the first way threw, or a final error
 */
export function hedged<T>(
  ways: readonly string[],
  go: (way: string, signal: AbortSignal) => Promise<T>,
  final: (error: unknown) => boolean = () => false,
): Promise<T> {
  const control = new AbortController();
  const errors: unknown[] = [];
  return new Promise<T>((resolve, reject) => {
    let next = 0;
    const begin = () => {
      const way = ways[next++];
      if (way === undefined || control.signal.aborted) return;
      const timer = setTimeout(begin, lateMs);
      go(way, control.signal).then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
          control.abort();
        },
        (error: unknown) => {
          clearTimeout(timer);
          errors.push(error);
          const over = final(error);
          if (!over && errors.length < ways.length) return begin();
          reject(over ? error : errors[0]);
          control.abort();
        },
      );
    };
    begin();
  });
}
