/**
 * Runs the steps of the set-up one after the other and keeps the person who waits informed, on standard error: what a
 * command prints stays its own, also into a file.
 */
import { withLock } from './lock.mjs';

/** What went wrong, and the exact line (or lines) to type. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} fix
   */
  constructor(message, fix) {
    super(message);
    this.name = 'SetupError';
    this.fix = fix;
  }
}

/**
 * @typedef {(detail: string) => void} Say tells what a long step is at
 * @typedef {{ title: string, work: (say: Say) => Promise<string> }} Step `work` returns what was found or done
 */

/** Without a terminal, a long step speaks this often. */
const plainEveryMs = 10_000;
const spinnerEveryMs = 120;
const spinner = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/**
 * @param {Step[]} steps
 * @returns {Promise<number>} the exit code
 */
export async function runSteps(steps) {
  const begun = Date.now();
  try {
    await withLock(async () => {
      for (const [index, step] of steps.entries()) {
        await runStep(step, `[${index + 1}/${steps.length}] ${step.title}`);
      }
    });
    console.error(`Set-up is complete (${seconds(begun)}).\n`);
    return 0;
  } catch (error) {
    const { message, fix } =
      error instanceof SetupError ? error : { message: describe(error), fix: undefined };
    console.error(`\nThe set-up failed after ${seconds(begun)}: ${message}`);
    console.error(fix ? `To mend it, run:\n\n  ${fix.split('\n').join('\n  ')}\n` : '');
    return 1;
  }
}

/**
 * @param {Step} step
 * @param {string} label
 */
async function runStep(step, label) {
  const begun = Date.now();
  const display = process.stderr.isTTY ? terminalDisplay(label, begun) : plainDisplay(label, begun);
  try {
    const found = await step.work(display.say);
    display.end();
    console.error(`${label}: ${found} (${seconds(begun)})`);
  } catch (error) {
    display.end();
    console.error(`${label}: failed (${seconds(begun)})`);
    throw error;
  }
}

/** One line that is drawn over again. */
function terminalDisplay(/** @type {string} */ label, /** @type {number} */ begun) {
  let detail = '';
  let frame = 0;
  const draw = () => {
    const width = process.stderr.columns || 80;
    const mark = spinner[frame++ % spinner.length];
    const line = `${mark} ${label}, ${seconds(begun)}${detail ? `: ${detail}` : ''}`;
    process.stderr.write(`\r\x1b[2K${line.slice(0, width - 1)}`);
  };
  const timer = setInterval(draw, spinnerEveryMs);
  return {
    say: (/** @type {string} */ text) => {
      detail = text;
    },
    end: () => {
      clearInterval(timer);
      process.stderr.write('\r\x1b[2K');
    },
  };
}

/** A line when something new begins and then every ten seconds, for logs. */
function plainDisplay(/** @type {string} */ label, /** @type {number} */ begun) {
  let detail = '';
  let spokeAt = begun;
  const speak = () => {
    if (Date.now() - spokeAt < plainEveryMs) return;
    spokeAt = Date.now();
    console.error(`${label}, ${seconds(begun)}: ${detail || 'still at it'}`);
  };
  const timer = setInterval(speak, 1000);
  return {
    say: (/** @type {string} */ text) => {
      if (!detail) console.error(`${label}: ${text}`);
      detail = text;
    },
    end: () => clearInterval(timer),
  };
}

const seconds = (/** @type {number} */ since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const describe = (/** @type {unknown} */ error) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
