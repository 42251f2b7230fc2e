/** Is it the node that is late? What all its links show then is its own, and none of them is to blame. */
import type { SfuLossFeatures } from '../features/loss.ts';
import { atLeast } from './detector.ts';

/** A worker at rest answers within 15 ms on a busy machine; sound that waits for this long again and again is torn. */
export const lateAnswerMs = 150;

export const nodeLate = ({ workerAnswerMs }: SfuLossFeatures): boolean =>
  atLeast(workerAnswerMs, lateAnswerMs);
