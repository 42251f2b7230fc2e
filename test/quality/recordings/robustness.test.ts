import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordingError } from '../../../quality/recordings/error.ts';
import { exportLines } from '../../../quality/recordings/export.ts';
import { defaultLimits } from '../../../quality/recordings/limits.ts';
import { readRecording } from '../../../quality/recordings/read.ts';
import { type Verdict, verdictOf } from '../../../quality/recordings/verdict.ts';
import { startMs, syntheticCall } from '../support/synthetic-call.ts';
import { clientSide, format3Dump, happenings, internalsDump, jitsiDump, reportsOf } from './support/dumps.ts';

const call = syntheticCall(['ann', 'ben'], 8, () => ({}));
const own = clientSide(call, 'ann');
const reports = reportsOf(own);
const events = happenings(['ann-send', 'ann-recv'], startMs);
const dumps: Record<string, string> = {
  jitsi: jitsiDump(reports, events),
  'format 3': format3Dump(reports, events),
  internals: internalsDump(reports, events),
  export: [...exportLines(own)].join('\n'),
};

/** A verdict or an error with a place; anything else is thrown on. */
function outcome(text: string): Verdict | RecordingError {
  try {
    return verdictOf(readRecording(text));
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    expect(error.message).toMatch(/^(?:line \d+(?:, column \d+)?|byte \d+): ./);
    return error;
  }
}

const strange = fc.oneof(
  fc.constantFrom(
    'null',
    '-1',
    '1e308',
    '1e999',
    '-0',
    '""',
    '"\\u001b[2J"',
    '[]',
    '{}',
    'true',
    '[[[]]]',
    '4294967295',
  ),
  fc.constantFrom(
    '{"__proto__":{"kind":"video"}}',
    '{"constructor":null}',
    '"__proto__"',
    '"toString"',
    '1e15',
  ),
  fc.json({ maxDepth: 2 }),
);

describe.each(Object.entries(dumps))('a damaged recording (%s)', (_, whole) => {
  it('is judged when it is whole', () => {
    const verdict = outcome(whole) as Verdict;
    expect(verdict.unclassified).toBe('');
    expect(verdict.recording.samples).toBeGreaterThan(50);
  });

  it('cut anywhere, gives a verdict or says where', () => {
    fc.assert(
      fc.property(fc.nat(whole.length), (length) => {
        outcome(whole.slice(0, length));
      }),
      { numRuns: 60 },
    );
  });

  it('with characters replaced anywhere, gives a verdict or says where', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(whole.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        (changes) => {
          let text = whole;
          for (const [at, put] of changes) text = text.slice(0, at) + put + text.slice(at + 1);
          outcome(text);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('with values replaced by others, gives a verdict or says where', () => {
    const values = [...whole.matchAll(/(?<=[:,[])(?:-?\d+(?:\.\d+)?|"[^"\\]*"|\{\})(?=[,}\]])/g)];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(values.length - 1), strange), { minLength: 1, maxLength: 5 }),
        (changes) => {
          let text = whole;
          for (const [index, put] of [...changes].sort(([a], [b]) => b - a)) {
            const { index: at, 0: old } = values[index]!;
            if (text.startsWith(old, at)) text = text.slice(0, at) + put + text.slice(at + old.length);
          }
          outcome(text);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what is no recording', () => {
  it.each([
    ['\n\n  hello', 'line 3, column 3: "hello" is not how a recording begins'],
    ['PK\u0003\u0004', 'line 1, column 1: "PK\\u0003\\u0004" is not how'],
    ['{"log":{"entries":[]}}', 'line 1, column 1: an object without PeerConnections'],
    ['[1', 'line 1, column 3: it ends'],
    ['["x",null,{},1647265164829]\n{"a":1}', 'line 2: an object where a list'],
    ['RTCStatsDump\n{"fileFormat":9}', 'line 2: rtcstats file format 9; only 3 is known here'],
    ['RTCStatsDump\n{"fileFormat":3}', 'line 2: an rtcstats dump without any entry'],
  ])('%j is refused with a place', (text, says) => {
    expect(() => readRecording(text)).toThrow(RecordingError);
    expect(() => readRecording(text)).toThrow(says);
  });

  it.each([
    ['samples', { samples: 10 }, 'more than 10 samples; split the recording or raise --max-samples'],
    ['events', { events: 3 }, 'more than 3 events'],
    ['connections', { connections: 1 }, 'more than 1 connections'],
    ['objects of a connection', { objects: 2 }, 'more than 2 statistics objects of one connection at a time'],
  ])('too many %s are refused, with the line', (_, limit, says) => {
    const read = () => readRecording(dumps.jitsi!, { ...defaultLimits, ...limit });
    expect(read).toThrow(says);
    expect(read).toThrow(/^line \d+: /);
  });

  it('leaves prototypes alone', () => {
    const text =
      '["getstats","__proto__",{"__proto__":{"type":"inbound-rtp","ssrc":1,"polluted":true,"timestamp":0},' +
      `"a":{"__proto__":{"polluted":true},"type":"inbound-rtp","ssrc":2,"timestamp":0},"timestamp":${startMs}},${startMs}]`;
    const { connections } = outcome(text) as Verdict;
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(connections[0]!.streams.map((s) => s.ssrc).sort()).toEqual([1, 2]);
  });

  it('keeps judging with times of another century, and says what is left out', () => {
    const verdict = outcome(
      `["getstats","PC_0",{"T":{"type":"transport","timestamp":0}},12]\n["onconnectionstatechange","PC_0","failed",${startMs}]`,
    ) as Verdict;
    expect(verdict.recording.warnings).toEqual(['line 1: entries without a time are left out']);
    expect(verdict.connections[0]!.failed).toBe(true);
    expect(verdict.unclassified).toBe('no statistics in the recording');
  });
});
