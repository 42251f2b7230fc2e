/** A recording's pieces of text as one transcript: JSON for programs, WebVTT beside the composed file for people. Pure. */
import { z } from 'zod';

/** What was said in one segment of one stream. Times are epoch ms. */
export const spokenSchema = z.object({
  streamId: z.string(),
  participantId: z.string(),
  displayName: z.string(),
  engine: z.string(),
  utterances: z.array(
    z.object({
      startMs: z.number(),
      endMs: z.number(),
      text: z.string(),
      confidence: z.number().optional(),
      /** From the end of the speech to the text. */
      latencyMs: z.number(),
    }),
  ),
});
export type Spoken = z.infer<typeof spokenSchema>;

export interface TranscriptLine {
  readonly participantId: string;
  readonly displayName: string;
  /** ms from the start of the recording. */
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly confidence?: number | undefined;
}

export function transcriptLines(pieces: readonly Spoken[], startedAtMs: number): TranscriptLine[] {
  return pieces
    .flatMap(({ participantId, displayName, utterances }) =>
      utterances.map(({ startMs, endMs, text, confidence }) => ({
        participantId,
        displayName,
        startMs: Math.max(0, Math.round(startMs - startedAtMs)),
        endMs: Math.max(0, Math.round(endMs - startedAtMs)),
        text,
        confidence,
      })),
    )
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

/** W3C WebVTT, with a voice span a line. */
export function webVtt(lines: readonly TranscriptLine[]): string {
  const cues = lines.map(
    ({ startMs, endMs, displayName, text }) =>
      `${vttTime(startMs)} --> ${vttTime(Math.max(endMs, startMs + 1))}\n<v ${escaped(displayName)}>${escaped(text)}</v>\n`,
  );
  return `WEBVTT\n\n${cues.join('\n')}`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', ' ');

function vttTime(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}.${String(ms % 1_000).padStart(3, '0')}`;
}
