import { describe, expect, it } from 'vitest';
import { buildReport, phaseOf, startOfCall, summarise } from '../../../runtime/demo/report.ts';
import { reportText } from '../../../runtime/demo/report-text.ts';
import { ana, bruno, decision, facts, incident, marks, records, score, start } from './sample.ts';

describe('phases of the run', () => {
  it.each([
    ['before all are in', 0, null],
    ['calm', 10_000, 'before'],
    ['the last before the fault', 20_000, 'before'],
    ['straddling its beginning', 22_500, null],
    ['in the fault', 25_000, 'during'],
    ['its last', 50_000, 'during'],
    ['straddling its end', 52_500, null],
    ['just after it', 55_000, 'recovery'],
    ['straddling recovery and after', 67_500, null],
    ['after recovery', 70_000, 'after'],
    ['straddling the report', 92_500, null],
  ])('a window %s', (_name, at, phase) => {
    expect(phaseOf(start + at, 5_000, marks)).toBe(phase);
  });

  it('knows no phase after a fault that never ended', () => {
    expect(phaseOf(start + 60_000, 5_000, { ...marks, faultOffMs: null, endMs: null })).toBe('during');
    expect(phaseOf(start + 60_000, 5_000, { ...marks, faultOnMs: null, faultOffMs: null })).toBe('before');
  });
});

describe('the report', () => {
  const report = buildReport(marks, records(), facts);

  it('counts time from the first one in', () => {
    expect(startOfCall(marks, records())).toBe(start);
    expect(startOfCall(marks, { events: [] })).toBe(marks.readyMs);
    expect(report.fault).toMatchObject({ target: 'p-b', onMs: 25_000, offMs: 55_000 });
  });

  it('tells detection and action from the fault on', () => {
    expect(report.loop).toEqual({
      faultToDetectionMs: 2_000,
      faultToActionMs: 2_200,
      faultEndToLiftMs: 7_000,
    });
  });

  it('has what each heard and saw, by phase', () => {
    const [first, second] = report.participants;
    expect(second).toMatchObject({ id: 'p-b', name: 'Bruno' });
    expect(second?.before.audio.score).toBeCloseTo(4.2);
    expect(second?.during.video.score).toBeCloseTo(2);
    expect(second?.after.audio.score).toBeCloseTo(4.2);
    expect(second?.mos.audio).toMatchObject({ scale: 'fullband', worst: 2 });
    expect(second?.mos.audio.confidence).toBeCloseTo(0.8);
    expect(second?.mos.video.scale).toBe('video');
    expect(first?.during.audio.score).toBeCloseTo(4.2);
  });

  it('takes the times of application and release from the events where the row has none yet', () => {
    const said = (name: string, atMs: number) => ({
      name,
      time: start + atMs,
      participant_id: 'p-b',
      producer_id: '',
      consumer_id: '',
      attributes: { decision_id: 'd-1' },
    });
    const events = [
      ...records().events,
      said('rtc.decision.applied', 27_300),
      said('rtc.decision.applied', 35_000),
      said('rtc.decision.lifted', 63_000),
    ];
    const decisions = [{ ...decision, applied_at: null, lifted_at: null }];
    const late = buildReport(marks, records({ events, decisions }), facts);
    expect(late.decisions[0]).toMatchObject({ appliedMs: 27_300, liftedMs: 63_000 });
    expect(late.loop).toMatchObject({ faultToActionMs: 2_300, faultEndToLiftMs: 8_000 });
  });

  it('does not count as detection what was there before the fault, or blames another kind, hop or person', () => {
    for (const change of [
      { detected_at: start + 24_000 },
      { kind: 'freeze' },
      { hop: 'uplink' as const },
      { participant_id: 'p-a' },
    ]) {
      const other = buildReport(marks, records({ incidents: [{ ...incident, ...change }] }), facts);
      expect(other.loop.faultToDetectionMs).toBeNull();
    }
  });

  it('orders the timeline and names people', () => {
    const { timeline } = report;
    expect(timeline.map(({ kind }) => kind)).toEqual([
      'joined',
      'joined',
      'joined',
      'ready',
      'fault_on',
      'incident_detected',
      'decision_sent',
      'decision_applied',
      'fault_off',
      'incident_ended',
      'decision_lifted',
    ]);
    expect(timeline.every(({ tMs }, i) => i === 0 || tMs >= timeline[i - 1]!.tMs)).toBe(true);
    expect(timeline.find(({ kind }) => kind === 'fault_on')?.subject).toBe('Bruno');
  });

  it('follows the target’s streams along the path, and leaves others out', () => {
    const rows = [
      score({ window_start: start + 25_000, loss_ratio: 0.2 }),
      score({
        window_start: start + 25_000,
        point: 'sfu_in',
        receiver_id: '',
        consumer_id: '',
        loss_ratio: 0,
      }),
      score({ window_start: start + 25_000, point: 'sfu_out', loss_ratio: 0.1 }),
      score({ window_start: start + 25_000, receiver_id: 'p-c', loss_ratio: 0.9 }),
      score({
        window_start: start + 25_000,
        point: 'sfu_in',
        receiver_id: '',
        producer_id: 'x',
        loss_ratio: 0.9,
      }),
    ];
    const { path } = buildReport(marks, records({ scores: rows }), facts);
    const lossDuring = (point: string) =>
      path.find((entry) => entry.point === point && entry.kind === 'audio')?.phases.during.lossRatio;
    expect(['sender', 'sfu_in', 'sfu_out', 'receiver'].map(lossDuring)).toEqual([null, 0, 0.1, 0.2]);
  });

  it('survives damaged JSON columns', () => {
    const odd = records({ incidents: [{ ...incident, evidence: '[1' }] });
    expect(buildReport(marks, odd, facts).incidents[0]?.evidence).toEqual({});
  });

  it('can be read at 60 and at 120 columns, and names what counts', () => {
    for (const width of [60, 120]) {
      const lines = reportText({ ...report, passed: true }, width).map(({ text }) => text);
      expect(Math.max(...lines.map((text) => text.length))).toBeLessThanOrEqual(width);
      const whole = lines.join('\n');
      for (const word of ['Bruno', 'downlink_congestion', 'cap_layers', 'The loop closed', '2.2 s']) {
        expect(whole).toContain(word);
      }
    }
    const failed = reportText({ ...report, failures: ['Ana was blamed'] }, 80).map(({ text }) => text);
    expect(failed.join('\n')).toMatch(/did not close[\s\S]*Ana was blamed/);
  });
});

describe('a summary of scores', () => {
  it('never averages two scales together', () => {
    const rows = [
      score({ mos: 4 }),
      score({ mos: 4.4 }),
      score({ mos: 1, scale: 'narrowband' }),
      score({ mos: null, unclassified: 'silence' }),
    ];
    expect(summarise(rows)).toMatchObject({
      score: 4.2,
      worst: 4,
      scale: 'fullband',
      windows: { scored: 2, unclassified: 1 },
    });
  });

  it('says nothing of nothing', () => {
    expect(summarise([])).toMatchObject({ score: null, worst: null, scale: null, confidence: null });
  });

  it('takes only what was heard and seen by the participant', () => {
    const own = [
      score({ point: 'sfu_in', receiver_id: '', mos: 1 }),
      score({ receiver_id: ana.participantId, mos: 3 }),
    ];
    const shifted = own.map((row) => ({ ...row, window_start: start + 10_000 }));
    const { participants } = buildReport(marks, records({ scores: shifted }), facts);
    expect(participants.find(({ id }) => id === ana.participantId)?.mos.audio.score).toBe(3);
    expect(participants.find(({ id }) => id === bruno.participantId)?.mos.audio.score).toBeNull();
  });
});
