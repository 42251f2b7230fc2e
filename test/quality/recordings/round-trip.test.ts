import { describe, expect, it } from 'vitest';
import { exportLines } from '../../../quality/recordings/export.ts';
import { judgeRecording } from '../../../quality/recordings/judge.ts';
import { readRecording } from '../../../quality/recordings/read.ts';
import { verdictOf } from '../../../quality/recordings/verdict.ts';
import type { CallSamples } from '../../../quality/samples.ts';
import { play } from '../support/play.ts';
import { type Conditions, type Script, startMs, syntheticCall } from '../support/synthetic-call.ts';
import { clientSide, format3Dump, happenings, internalsDump, jitsiDump, reportsOf } from './support/dumps.ts';

const people = ['ann', 'ben', 'carl'];
const seconds = 60;
const forAnn =
  (during: Conditions): Script =>
  (id, second) =>
    id === 'ann' && second >= 25 && second < 45 ? during : {};
const forBen =
  (during: Conditions): Script =>
  (id, second) =>
    id === 'ben' && second >= 25 && second < 45 ? during : {};

const scripts: { name: string; script: Script; kinds: string[] }[] = [
  { name: 'a clean call', script: () => ({}), kinds: [] },
  {
    name: 'a decoder that stands still',
    script: forAnn({ decoderDead: true }),
    kinds: ['freeze'],
  },
  {
    name: 'a client cut off in both directions',
    script: forAnn({ downCut: true, upCut: true, iceState: 'disconnected' }),
    kinds: ['ice_loss'],
  },
  { name: 'a remote camera switched off', script: forBen({ cameraPaused: true }), kinds: [] },
  {
    name: 'a remote microphone and camera off',
    script: forBen({ cameraPaused: true, microphoneMuted: true }),
    kinds: [],
  },
];

const writers = {
  'rtcstats as jitsi writes it': jitsiDump,
  'rtcstats file format 3': format3Dump,
  'webrtc-internals': internalsDump,
  'webrtc-internals before timestamps': (reports, events) => internalsDump(reports, events, 'words'),
} satisfies Record<string, typeof jitsiDump>;

const unnamed = { decisions: [], names: new Map(), codecs: new Map(), screens: new Set<string>() };

/** Verdicts without the ids, which a browser's recording does not know. */
function told(samples: CallSamples) {
  return toldOf(judgeRecording({ samples, ...unnamed }));
}

function toldOf({ incidents, windows }: ReturnType<typeof judgeRecording>) {
  return {
    incidents: incidents
      .map((i) => [i.kind, i.hop, i.severity, i.started_at, i.detected_at, i.ended_at, i.evidence].join(' '))
      .sort(),
    windows: windows.map((w) => [w.window_start, w.point, w.kind, w.mos, w.unclassified].join(' ')).sort(),
  };
}

describe('a call recorded by one of its clients', { timeout: 60_000 }, () => {
  for (const { name, script, kinds } of scripts) {
    const own = clientSide(syntheticCall(people, seconds, script), 'ann');
    const truth = told(own);
    const events = happenings(['ann-send', 'ann-recv'], startMs);

    it(`${name}: issues are ${kinds.join(', ') || 'none'}`, () => {
      expect([...new Set(truth.incidents.map((text) => text.split(' ')[0]))]).toEqual(kinds);
    });

    it.each(Object.entries(writers))(`${name}, as %s, is judged as its samples are`, (_, write) => {
      const recording = readRecording(write(reportsOf(own), events));
      expect(recording.warnings.filter((text) => !text.includes('no zone'))).toEqual([]);
      expect(toldOf(judgeRecording({ ...recording, codecs: new Map() }))).toEqual(truth);
      const { connections } = verdictOf(recording);
      expect(connections.map((c) => [c.id, c.lastState, c.failed])).toEqual([
        ['ann-send', 'connected', false],
        ['ann-recv', 'connected', false],
      ]);
      // Words of a time know no milliseconds.
      for (const { timeToConnectMs } of connections) {
        expect(Math.abs(timeToConnectMs! - 500)).toBeLessThanOrEqual(1_000);
      }
    });
  }
});

describe('our own export', () => {
  const script: Script = (id, s) =>
    id === 'ben' && s >= 25 && s < 45 ? { downLoss: 0.08, estimateBps: 300_000 } : {};
  const call = syntheticCall(people, seconds, script);

  it('gives back the samples and events that were written', () => {
    const recording = readRecording([...exportLines(call)].join('\n'));
    expect(recording).toMatchObject({ format: 'callscope', warnings: [] });
    expect(recording.samples).toEqual(call);
    expect(recording.names.get('ben')).toBe('ben');
  });

  it('is judged as the pipelines judge the call, with names', () => {
    const { incidents } = verdictOf(readRecording([...exportLines(call)].join('\n')));
    const live = play(call, { toSecond: seconds + 10 }).incidents;
    expect(incidents.map((i) => [i.kind, i.participant_id, i.hop])).toEqual(
      live.map((i) => [i.kind, i.participant_id, i.hop]),
    );
    expect(incidents[0]!.sentence).toMatch(
      /^ben's own downlink lost \d+ % .*; others in the call were fine\.$/,
    );
  });

  it('takes 64-bit numbers in quotes, columns and tables that are not judged, and decisions', () => {
    const lines = [
      '{"callscope":"export","version":1,"tenant_id":"t","call_id":"c"}',
      `{"table":"rtc_stats_transport","transport_id":"T","stat_id":"T1","time":${startMs},"bytes_sent":"123","room_id":"r"}`,
      '{"table":"rtc_stats_codec","participant_id":"p"}',
      `{"table":"decision","decision_id":"d","kind":"audio_only","participant_id":"p","ttl_ms":1000,"decided_at":${startMs},"sent_at":${startMs}}`,
      `{"table":"rtc_event","name":"rtc.ice.state","transport_id":"T","participant_id":"p","time":${startMs},"attributes":{"state":"failed"}}`,
    ];
    const recording = readRecording(lines.join('\n'));
    expect(recording.samples.transport[0]).toMatchObject({
      bytes_sent: 123,
      bytes_received: null,
      ice_state: '',
    });
    expect(recording.decisions).toHaveLength(1);
    expect(recording.warnings).toEqual(['line 3: rows of the table "rtc_stats_codec" are not judged']);
    expect(verdictOf(recording).connections[0]).toMatchObject({ id: 'T', participantId: 'p', failed: true });
  });

  it.each([
    ['', 'line 1, column 1: nothing in it'],
    ['{"callscope":"export","version":2}', 'line 1: no header of an export: column "version"'],
    ['{"callscope":"export","version":1}\n[1]', 'line 2: something else than an object'],
    ['{"callscope":"export","version":1}\n{"x":1}', 'line 2: a row without the name of its table'],
    [
      '{"callscope":"export","version":1}\n{"table":"rtc_stats_transport","time":5}',
      'line 2: column "time": no epoch milliseconds',
    ],
    [
      `{"callscope":"export","version":1}\n{"table":"rtc_stats_transport","time":${startMs},"bytes_sent":"many"}`,
      'line 2: column "bytes_sent"',
    ],
  ])('refuses %j', (text, says) => {
    expect(() => readRecording(text)).toThrow(says);
  });
});
