/** Text from speech: what an engine is. Adding one: a file beside this, and a line in `engineOf`. */
import type { FinisherConfig } from '../config.ts';
import { pocketsphinx } from './pocketsphinx.ts';
import { whisper } from './whisper.ts';

export interface Utterance {
  /** ms from the start of the file. */
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** 0 to 1, where the engine has one. */
  readonly confidence?: number | undefined;
}

export interface SpeechEngine {
  readonly name: string;
  /**
   * @param wavFile 16 kHz, 16 bit, one channel, less than half a minute
   * @throws RecorderError speech_refused, program_failed, program_missing
   */
  transcribe(wavFile: string): Promise<Utterance[]>;
}

export const engineOf = (config: FinisherConfig): SpeechEngine =>
  config.CALLSCOPE_SPEECH_URL
    ? whisper({
        url: config.CALLSCOPE_SPEECH_URL,
        key: config.CALLSCOPE_SPEECH_KEY,
        model: config.CALLSCOPE_SPEECH_MODEL,
      })
    : pocketsphinx();
