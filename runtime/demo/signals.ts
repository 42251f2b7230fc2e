/** The ways in which the demo is told to end before it is through. */

/** How often it is checked whether the starter is still there. */
const parentEveryMs = 1_000;
/** A signal that comes again this soon is the same one, passed on by npm. */
const sameSignalMs = 500;

/**
 * Aborts on Ctrl-C, SIGTERM or SIGHUP, when nobody reads the output any more, and when the process that started
 * this one is gone: a shell killed under `npm run` passes no signal on, and everything would be left running.
 * A second Ctrl-C ends the process at once; its children notice that it is gone.
 */
export function endedFromOutside(): AbortSignal {
  const ended = new AbortController();
  let endedAtMs = 0;
  const end = (why: string) => {
    if (ended.signal.aborted) {
      if (performance.now() - endedAtMs > sameSignalMs) process.exit(130);
      return;
    }
    endedAtMs = performance.now();
    ended.abort(new Error(why));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => end(name));
  process.stdout.on('error', () => {
    if (!ended.signal.aborted) end('the output was closed');
  });
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && !ended.signal.aborted) end('the starter is gone');
  }, parentEveryMs).unref();
  return ended.signal;
}
