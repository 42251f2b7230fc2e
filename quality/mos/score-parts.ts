/** What the audio and the video judgement share: an empty score and the reading of uncertain inputs. */

import type { Score } from './score.ts';

/** Shortest window that gets a score, ms: below it one lost packet or frame is the verdict. */
export const shortestWindowMs = 1000;

export function startScore(scale: Score['scale'], model: string, inputs: Score['inputs']): Score {
  return { mos: null, scale, model, confidence: 0, unclassified: '', inputs, missing: [] };
}

/** A number that is one; NaN and infinities count as not known. */
export function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** A share held between 0 and 1; counters read at different moments can give 1.002. */
export function clampedRatio(value: number | undefined): number | undefined {
  const known = finite(value);
  return known === undefined ? undefined : Math.min(1, Math.max(0, known));
}

/** `audio/opus` and `OPUS` are `opus`; empty when not known. */
export function codecName(codec: string | undefined): string {
  if (!codec) return '';
  return codec.slice(codec.indexOf('/') + 1).toLowerCase();
}

/** The inputs that were really given, for the score to carry. */
export function givenInputs(input: object): Record<string, number | string> {
  const given: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(input)) {
    if (typeof value === 'string' ? value !== '' : typeof value === 'number' && Number.isFinite(value)) {
      given[name] = value;
    }
  }
  return given;
}
