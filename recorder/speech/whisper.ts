/**
 * Any server that takes what OpenAI's audio transcriptions API takes (whisper.cpp, faster-whisper, vLLM and others have
 * one): a file by multipart/form-data, `verbose_json` back.
 */
import { openAsBlob } from 'node:fs';
import { z } from 'zod';
import { RecorderError } from '../errors.ts';
import type { SpeechEngine } from './engine.ts';

const answerSchema = z.object({
  segments: z
    .array(
      z.object({
        start: z.number(),
        end: z.number(),
        text: z.string(),
        avg_logprob: z.number().optional(),
        no_speech_prob: z.number().optional(),
      }),
    )
    .max(10_000),
});

const limitMs = 3 * 60_000;
/** Whisper makes up words for noise; it says so itself. */
const mostNoSpeech = 0.8;

export function whisper(options: {
  readonly url: string;
  readonly key?: string | undefined;
  readonly model: string;
}): SpeechEngine {
  const { url, key, model } = options;
  return {
    name: `whisper:${model}`,
    async transcribe(wavFile) {
      const form = new FormData();
      form.set('file', await openAsBlob(wavFile, { type: 'audio/wav' }), 'speech.wav');
      form.set('model', model);
      form.set('response_format', 'verbose_json');
      let answer: unknown;
      try {
        const response = await fetch(url, {
          method: 'POST',
          body: form,
          headers: key ? { authorization: `Bearer ${key}` } : {},
          signal: AbortSignal.timeout(limitMs),
        });
        if (!response.ok) throw new Error(`${response.status} ${(await response.text()).slice(0, 200)}`);
        answer = await response.json();
      } catch (error) {
        throw new RecorderError('speech_refused', `${url}: ${(error as Error).message}`, { cause: error });
      }
      const parsed = answerSchema.safeParse(answer);
      if (!parsed.success) {
        throw new RecorderError(
          'speech_refused',
          `${url} answered without segments: ${parsed.error.message}`,
        );
      }
      return parsed.data.segments
        .filter(({ text, no_speech_prob }) => text.trim() && (no_speech_prob ?? 0) <= mostNoSpeech)
        .map(({ start, end, text, avg_logprob }) => ({
          startMs: Math.round(start * 1_000),
          endMs: Math.round(end * 1_000),
          text: text.trim(),
          confidence: avg_logprob === undefined ? undefined : Math.min(1, Math.exp(avg_logprob)),
        }));
    },
  };
}
