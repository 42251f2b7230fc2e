import { describe, expect, it } from 'vitest';
import type { CallSamples } from '../../../quality/samples.ts';
import { keptMs, RecentSamples, type SfuTable } from '../../../sfu/reflex/RecentSamples.ts';
import { Reflex, type ReflexOptions } from '../../../sfu/reflex/Reflex.ts';
import type { Identity, Telemetry } from '../../../sfu/telemetry/Telemetry.ts';
import type { DecisionMessage } from '../../../telemetry/queues.ts';
import { readTaken } from '../../../telemetry/reflex.ts';
import {
  type Conditions,
  callId,
  type Script,
  startMs,
  syntheticCall,
  tenantId,
} from '../../quality/support/synthetic-call.ts';

const people = ['ann', 'ben', 'carl'];
const faultAt = 25;

const narrow: Conditions = {
  downLoss: 0.3,
  estimateBps: 400_000,
  rtxBps: 900_000,
  downRttMs: 250,
};

const tables: SfuTable[] = ['sfu_transport', 'sfu_producer', 'sfu_consumer'];

interface Said {
  readonly atSecond: number;
  readonly name: string;
  readonly identity: Identity;
  readonly attributes: Record<string, string>;
}

/** Second by second, as the sampler does it. */
function run(
  script: Script,
  options: Partial<Pick<ReflexOptions, 'mode'>> & { held?: (second: number) => boolean } = {},
) {
  const seconds = 60;
  const call: CallSamples = syntheticCall(people, seconds, script);
  const messages: (DecisionMessage & { atSecond: number })[] = [];
  const said: Said[] = [];
  const faults: unknown[] = [];
  let second = 0;
  const reflex = new Reflex({
    mode: options.mode ?? 'on',
    telemetry: {
      event: (name, identity, attributes) =>
        said.push({ atSecond: second, name, identity, attributes: attributes as Record<string, string> }),
    } as Pick<Telemetry, 'event'> as Telemetry,
    decisions: {
      take: (message) => messages.push({ ...message, atSecond: second }),
      holds: () => options.held?.(second) ?? false,
    },
    onFault: (error) => faults.push(error),
  });
  const room = {
    callId,
    identity: { tenant_id: tenantId, call_id: callId },
    participants: new Map(people.map((id) => [id, { displayName: id.toUpperCase() }])),
  };
  const recent = new RecentSamples();
  for (second = 0; second <= seconds; second++) {
    const timeMs = startMs + second * 1000;
    for (const table of tables) {
      for (const row of call[table].filter((r) => r.time === timeMs)) {
        recent.add(table, row as unknown as Identity, { ...row } as never, timeMs);
      }
    }
    recent.forgetBefore(timeMs - keptMs);
    reflex.judge(room, recent, timeMs + 20);
  }
  expect(faults).toEqual([]);
  return { messages, said };
}

const benNarrow: Script = (id, second) =>
  id === 'ben' && second >= faultAt && second < faultAt + 15 ? narrow : {};

describe('the reflex', () => {
  it('caps a breaking downlink within two samples, once, with the reason', () => {
    const { messages } = run(benNarrow);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({
      callId,
      tenantId,
      participantId: 'ben',
      action: { kind: 'cap_layers', spatialLayer: 0, drainMs: 1_500 },
    });
    expect(messages[0]!.atSecond).toBeLessThanOrEqual(faultAt + 2);
    expect(messages[0]!.reason).toMatch(/^BEN's own downlink lost \d+ % of packets/);
  });

  it('takes the picture away where a full queue lets none of it through, and has less audio sent', () => {
    const { messages } = run((id, second) =>
      id === 'ben' && second >= faultAt && second < faultAt + 8 ? { videoDrowned: true, rtxBps: 12_000 } : {},
    );
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({
      participantId: 'ben',
      action: { kind: 'audio_only', audioDrainMs: 400, audioMaxBitrateBps: 16_000 },
    });
    expect(messages[0]!.atSecond).toBeLessThanOrEqual(faultAt + 1);
  });

  it('tells the pipelines the whole of it', () => {
    const { said, messages } = run(benNarrow);
    expect(said).toHaveLength(1);
    const [event] = said;
    expect(event).toMatchObject({
      name: 'rtc.decision.taken',
      identity: { tenant_id: tenantId, call_id: callId, participant_id: 'ben' },
    });
    const taken = readTaken({
      tenant_id: tenantId,
      call_id: callId,
      attributes: event!.attributes,
    });
    expect(taken).toMatchObject({
      incident: { kind: 'downlink_congestion', hop: 'downlink', participant_id: 'ben', ended_at: null },
      decision: { decision_id: messages[0]!.decisionId, participant_id: 'ben', kind: 'cap_layers' },
    });
    expect(taken!.decision.incident_id).toBe(taken!.incident.incident_id);
  });

  it('names the relay where all who are known to come over one are in trouble, and nobody else', () => {
    const behindRelay = (id: string) => id !== 'carl';
    const hopOfFirst = (told: boolean) => {
      const { said } = run((id, second) => ({
        ...(behindRelay(id) && told && { usesRelay: true }),
        ...(behindRelay(id) && second >= faultAt && second < faultAt + 15 && narrow),
      }));
      const [event] = said;
      return readTaken({ tenant_id: tenantId, call_id: callId, attributes: event!.attributes })!.incident.hop;
    };
    expect(hopOfFirst(true)).toBe('relay');
    expect(hopOfFirst(false)).toBe('downlink');
  });

  it('decides again when the trouble ended and another came', () => {
    const { messages } = run((id, second) =>
      id === 'ben' && ((second >= 15 && second < 20) || (second >= 45 && second < 50)) ? narrow : {},
    );
    expect(messages.map((m) => m.participantId)).toEqual(['ben', 'ben']);
    expect(new Set(messages.map((m) => m.decisionId)).size).toBe(2);
  });

  it('leaves alone who is under a decision already', () => {
    expect(run(benNarrow, { held: () => true })).toEqual({ messages: [], said: [] });
  });

  it('does nothing in a clean call, for an uplink, or in the first seconds', () => {
    expect(run(() => ({})).messages).toEqual([]);
    expect(run((id, second) => (id === 'ben' && second >= faultAt ? { upLoss: 0.2 } : {})).messages).toEqual(
      [],
    );
  });

  it('in shadow says what it would do; off, nothing', () => {
    const shadow = run(benNarrow, { mode: 'shadow' });
    expect(shadow.messages).toEqual([]);
    expect(shadow.said.map((s) => s.attributes.mode)).toEqual(['shadow']);
    expect(run(benNarrow, { mode: 'off' })).toEqual({ messages: [], said: [] });
  });
});

describe('recent samples', () => {
  it('are forgotten in time, and with them who left', () => {
    const recent = new RecentSamples();
    const add = (participant_id: string, timeMs: number) =>
      recent.add(
        'sfu_transport',
        { participant_id, transport_id: `${participant_id}-recv` },
        { direction: 'recv', bytes_sent: 1 },
        timeMs,
      );
    for (let timeMs = 0; timeMs < 30_000; timeMs += 1_000) {
      if (timeMs < 5_000) add('gone', timeMs);
      add('here', timeMs);
      recent.forgetBefore(timeMs - 10_000);
    }
    const links = [...recent.downlinks()];
    expect(links.map((l) => l.participantId)).toEqual(['here']);
    expect(links[0]!.samples.map((s) => s.time)).toEqual(
      Array.from({ length: 11 }, (_, i) => 19_000 + i * 1_000),
    );
  });

  it('hand out consumers of the receivers asked for only, with nothing invented', () => {
    const recent = new RecentSamples();
    for (const participant_id of ['ann', 'ben']) {
      recent.add(
        'sfu_consumer',
        { participant_id, consumer_id: `c-${participant_id}` },
        { kind: 'audio' },
        1,
      );
      recent.add('sfu_transport', { participant_id }, { direction: 'recv' }, 1);
    }
    const call = recent.call(tenantId, callId, new Set(['ben']));
    expect(call.sfu_consumer.map((row) => row.consumer_id)).toEqual(['c-ben']);
    expect(call.sfu_consumer[0]).toMatchObject({
      kind: 'audio',
      mime_type: '',
      packet_count: null,
      paused: null,
    });
    expect(call.sfu_transport).toHaveLength(2);
  });
});
