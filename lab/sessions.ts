/** The session that serves many runs, and a fresh one after a run that it did not survive. */
import type { Session } from './session.ts';

export interface Sessions {
  /**
   * Works with the session at hand; after a failure once more with a fresh one.
   * @returns undefined when both failed, or when it was ended
   * @throws Error when no session can be started
   */
  withRetry<T>(
    work: (session: Session) => Promise<T>,
    failed: (error: unknown) => void,
    signal: AbortSignal,
  ): Promise<T | undefined>;
  close(): Promise<void>;
}

const attempts = 2;

export function createSessions(start: () => Promise<Session>): Sessions {
  let session: Session | undefined;
  const close = async () => {
    const ended = session;
    session = undefined;
    await ended?.close();
  };
  return {
    async withRetry(work, failed, signal) {
      for (let attempt = 0; attempt < attempts && !signal.aborted; attempt++) {
        try {
          session ??= await start();
        } catch (error) {
          if (signal.aborted) return undefined;
          throw error;
        }
        try {
          return await work(session);
        } catch (error) {
          failed(error);
          await close();
        }
      }
      return undefined;
    },
    close,
  };
}
