/** A list that is read page by page, from its beginning whenever what is asked for changes. */
import { useEffect, useState } from 'preact/hooks';

export interface Paged<Row> {
  /** Of all pages so far; undefined before the first. */
  readonly rows: readonly Row[] | undefined;
  readonly fault: unknown;
  /** Reads the next page; undefined where there is none. */
  readonly more: (() => void) | undefined;
}

/**
 * @param read one page; `cursor` is '0' for the first, then what the one before gave as `next`
 * @param wanted nothing is read while it is false
 * @param asked what `read` depends on
 */
export function usePaged<Row>(
  read: (cursor: string, signal: AbortSignal) => Promise<{ rows: readonly Row[]; next: string | null }>,
  wanted: boolean,
  asked: readonly unknown[],
): Paged<Row> {
  const [rows, setRows] = useState<readonly Row[]>();
  const [next, setNext] = useState<string | null>(null);
  const [fault, setFault] = useState<unknown>();
  const load = async (cursor: string, signal: AbortSignal) => {
    try {
      const page = await read(cursor, signal);
      setRows((known) => (cursor === '0' ? page.rows : [...(known ?? []), ...page.rows]));
      setNext(page.next);
      setFault(undefined);
    } catch (error) {
      if (!signal.aborted) setFault(error);
    }
  };
  useEffect(() => {
    if (!wanted) return;
    const control = new AbortController();
    void load('0', control.signal);
    return () => control.abort();
  }, [wanted, ...asked]);
  const more = next ? () => void load(next, new AbortController().signal) : undefined;
  return { rows, fault, more };
}
