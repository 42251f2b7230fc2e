/** One run as a line of the results file: what was done, what was true, what was found. All that scoring needs. */
import { z } from 'zod';
import { hops } from '../telemetry/rows.ts';
import { severities } from './families/family.ts';

const seat = z.number().int().min(0);

const expectedSchema = z.object({
  guilty: seat.nullable(),
  hops: z.array(z.enum(hops)),
  kinds: z.array(z.string()),
});

const sideEffectSchema = z.object({
  kinds: z.array(z.string()),
  seats: z.array(seat).optional(),
  hops: z.array(z.enum(hops)),
});

/** An incident as the service wrote it. Times in ms from the onset: negative ones came before the fault. */
const foundSchema = z.object({
  kind: z.string(),
  detector: z.string(),
  hop: z.enum(hops),
  /** Null: no participant is named, or one that is none of this call's. */
  seat: seat.nullable(),
  severity: z.string(),
  confidence: z.number(),
  startedMs: z.number(),
  detectedMs: z.number(),
  endedMs: z.number().nullable(),
  affected: z.array(seat),
  evidence: z.string(),
  sentence: z.string(),
});

const meanSchema = z.object({ audio: z.number().nullable(), video: z.number().nullable() });

export const rowSchema = z.object({
  family: z.string(),
  severity: z.enum(severities),
  seed: z.number(),
  loop: z.enum(['on', 'shadow', 'off']),
  /** When the onset was, ISO 8601. */
  date: z.string(),
  callIds: z.array(z.string()),
  participants: z.number(),
  /** All ids that each seat had: coming back after a loss makes a new one. */
  seats: z.array(z.array(z.string())),
  /** From the onset: when media flowed (or the first one came), the end of the fault, the end of the call. */
  readyMs: z.number(),
  faultEndMs: z.number(),
  endMs: z.number(),
  truth: z.object({
    expected: z.array(expectedSchema),
    sideEffects: z.array(sideEffectSchema),
    affected: z.array(seat),
  }),
  found: z.array(foundSchema),
  decisions: z.array(
    z.object({
      kind: z.string(),
      seat: seat.nullable(),
      sentMs: z.number(),
      /** When it was lifted because the trouble was over; null: was not. Older rows lack it. */
      recoveredMs: z.number().nullable().optional(),
      outcome: z.string(),
    }),
  ),
  /** Mean scores of what the affected ones (all, in a clean call) receive, before and during the fault. */
  mos: z.object({ before: meanSchema, during: meanSchema }),
  /** Share of all cores in use, 0 to 1. */
  load: z.object({ before: z.number(), during: z.number() }),
  /** Of what the run was made with: chromium, mediasoup, node, machine. */
  versions: z.record(z.string(), z.string()),
  /** Packets that the lines dropped while the fault lasted, by seat. */
  dropped: z.array(z.object({ up: z.number(), down: z.number() })),
});

export type RunRow = z.infer<typeof rowSchema>;
export type FoundIncident = RunRow['found'][number];
export type ExpectedFinding = RunRow['truth']['expected'][number];

/**
 * A machine that was full before the fault began starves calls by itself, which the truth does not know of. Decided by
 * the load alone, before anybody looks at what was found.
 */
export const crowdedAt = 0.9;
export const isCrowded = ({ load }: Pick<RunRow, 'load'>): boolean => load.before > crowdedAt;

export const keyOf = (run: { family: string; severity: string; seed: number }): string =>
  `${run.family} ${run.severity} ${run.seed}`;

/** @throws Error that names the line that is no result */
export const parseRows = (text: string, file: string): RunRow[] => parseLines(text, file, rowSchema);

/** Results of a kind of their own, a line each. @throws Error that names the line that is no result */
export function parseLines<Row>(text: string, file: string, schema: z.ZodType<Row>): Row[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [schema.parse(JSON.parse(line))];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(
        `${file}, line ${i + 1} is no result of this lab: ${why}. Delete the line to play it again.`,
      );
    }
  });
}
