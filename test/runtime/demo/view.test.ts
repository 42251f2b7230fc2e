import { describe, expect, it } from 'vitest';
import type { CallRecords } from '../../../runtime/demo/records.ts';
import { clock, columns, fit, wrap } from '../../../runtime/demo/table.ts';
import { timeline } from '../../../runtime/demo/timeline.ts';
import {
  eventText,
  type LiveState,
  liveView,
  standingsOf,
  standingText,
} from '../../../runtime/demo/view.ts';
import { decision, incident, marks, records, score, start } from './sample.ts';

const forwarding: CallRecords['forwarding'] = [
  {
    receiver_id: 'p-b',
    sender_id: 'p-a',
    kind: 'video',
    paused: false,
    spatial_layer: 0,
    bitrate_bps: 88_400,
  },
  { receiver_id: 'p-b', sender_id: 'p-c', kind: 'video', paused: true, spatial_layer: 2, bitrate_bps: 0 },
  {
    receiver_id: 'p-b',
    sender_id: 'p-c',
    kind: 'audio',
    paused: false,
    spatial_layer: null,
    bitrate_bps: 30_000,
  },
];
const joinAddress = `http://localhost:4443/?invite=${'x'.repeat(200)}`;

function state(change: Partial<CallRecords> = {}, nowMs = start + 30_000): LiveState {
  const open = {
    incidents: [{ ...incident, ended_at: null }],
    decisions: [{ ...decision, lifted_at: null }],
  };
  const found = records({ ...open, forwarding, ...change });
  const now = { ...marks, faultOffMs: null, endMs: null };
  return {
    nowMs,
    startMs: start,
    marks: now,
    standings: standingsOf(now, found),
    timeline: timeline(now, found),
    joinAddress,
    plan: { faultOnMs: start + 25_000, faultOffMs: start + 55_000, endMs: start + 95_000 },
  };
}

const text = (live: LiveState, width: number, height = 50) =>
  liveView(live, width, height).map((line) => line.text);

describe('the live view', () => {
  it('shows who hears and sees how well, what they are sent and what is wrong', () => {
    const whole = text(state(), 120).join('\n');
    expect(whole).toContain("FAULT: Bruno's downlink at 250 kbit/s and 5 % loss, 25 s to go");
    expect(whole).toMatch(/> Bruno +2.0|> Bruno +4.2/);
    expect(whole).toContain('Ana low 88 kbit/s   Chiara none');
    expect(whole).toContain(incident.sentence);
    expect(whole).toContain(`in force: ${decision.reason}`);
  });

  it.each([30, 40, 60, 80, 200])('fits %d columns but for the address, which is never cut', (width) => {
    const lines = text(state(), width);
    const wide = lines.filter((line) => line.length > width);
    expect(wide).toEqual([`Join too: ${joinAddress}`]);
  });

  it('fits the height by leaving the oldest events out', () => {
    const lines = text(state(), 100, 16);
    expect(lines.length).toBeLessThanOrEqual(16);
    expect(lines.join('\n')).toContain('applied');
    expect(lines.join('\n')).not.toContain('joined');
  });

  it('colours by the worst of audio and video', () => {
    const tones = (mos: number | null) =>
      liveView(state({ scores: [score({ mos })], incidents: [] }), 100, 50).find((line) =>
        line.text.startsWith('> Bruno'),
      )?.tone;
    expect([4.2, 3.4, 2.5, null].map(tones)).toEqual(['good', 'warn', 'bad', 'plain']);
  });

  it('takes the newest window that has a score', () => {
    const rows = [
      score({ window_start: start, mos: 4 }),
      score({ window_start: start + 5_000, mos: 3 }),
      score({ window_start: start + 5_000, mos: 2, consumer_id: 'other' }),
      score({ window_start: start + 10_000, mos: null }),
    ];
    const standing = standingsOf(marks, records({ scores: rows })).find(({ name }) => name === 'Bruno');
    expect(standing).toMatchObject({ audioMos: 2.5, videoMos: null });
  });

  it('shows a person who joined by the address, and no more once gone', () => {
    const joined = {
      name: 'rtc.participant.joined',
      time: start,
      participant_id: 'p-v',
      producer_id: '',
      consumer_id: '',
    };
    const there = { ...joined, attributes: { display_name: 'Visitor' } };
    const gone = { ...joined, name: 'rtc.participant.left', time: start + 1, attributes: {} };
    const names = (events: CallRecords['events']) =>
      standingsOf(marks, records({ events })).map(({ name }) => name);
    expect(names([there])).toContain('Visitor');
    expect(names([there, gone])).not.toContain('Visitor');
  });

  it('has a plain line per participant and per event for logs', () => {
    const live = state();
    expect(standingText(live.standings[1]!)).toMatch(
      /^Bruno: audio 4.2, video 4.2, receives Ana low, Chiara none - /,
    );
    expect(live.timeline.map((entry) => eventText(entry, start))).toContain(
      '0:25.0  FAULT ON  Bruno: downlink held to 250 kbit/s and 5 % loss',
    );
  });
});

describe('layers in the timeline', () => {
  it('tells the target’s spatial layers as they change, not the temporal ones', () => {
    const change = (atMs: number, spatial: string, participant = 'p-b') => ({
      name: 'rtc.sfu.layers_changed',
      time: start + atMs,
      participant_id: participant,
      producer_id: '',
      consumer_id: 'c-1',
      attributes: {
        spatial_layer: spatial,
        temporal_layer: '2',
        producer_participant_id: 'p-a',
        source: 'camera',
      },
    });
    const events = [change(1, '2'), change(2, '2'), change(3, '0'), change(4, '-1'), change(5, '0', 'p-a')];
    const shown = timeline(marks, { ...records(), events }).filter(({ kind }) => kind === 'layers_changed');
    expect(shown.map(({ text }) => text)).toEqual([
      "is sent layer high of Ana's camera",
      "is sent layer low of Ana's camera",
      "is sent layer none of Ana's camera",
    ]);
  });
});

describe('text', () => {
  it.each([
    [0, false, '0:00'],
    [64_900, false, '1:04'],
    [59_960, true, '0:59.9'],
    [-1_500, true, '-0:01.5'],
  ])('%d ms on the clock', (ms, tenths, expected) => {
    expect(clock(ms, tenths)).toBe(expected);
  });

  it('cuts with an ellipsis and wraps at spaces', () => {
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(fit('abc', 3)).toBe('abc');
    expect(wrap('one two three four', 12, 2)).toEqual(['one two', '  three four']);
    expect(
      columns(
        [
          ['a', 'bb'],
          ['ccc', 'd'],
        ],
        1,
      ),
    ).toEqual(['a   bb', 'ccc d']);
  });
});
