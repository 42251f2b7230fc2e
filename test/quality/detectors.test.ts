import { describe, expect, it } from 'vitest';
import { play } from './support/play.ts';
import { type Conditions, type Script, startMs, syntheticCall } from './support/synthetic-call.ts';

const people = ['ann', 'ben', 'carl'];
const faultAt = 25;
const faultEnd = 45;
const seconds = 75;

/** Ben has this between the fault's start and end; everybody else is well. */
const forBen =
  (
    during: Conditions | ((second: number) => Conditions),
    afterwards: (second: number) => Conditions = () => ({}),
  ): Script =>
  (id, second) => {
    if (id !== 'ben') return {};
    if (second >= faultAt && second < faultEnd)
      return typeof during === 'function' ? during(second - faultAt) : during;
    return second >= faultEnd ? afterwards(second - faultEnd) : {};
  };

/** 250 kbit/s and 5 % loss: the storm first, then the lowest layer through a narrow estimate. */
const narrow = (since: number): Conditions =>
  since < 5
    ? {
        downLoss: since < 1 ? 0.12 : 0.3,
        estimateBps: 900_000 - since * 150_000,
        rtxBps: 1_500_000,
        concealed: 0.3,
        layer: 0,
        downRttMs: 250,
      }
    : { downLoss: 0.05, estimateBps: 180_000, layer: 0, downRttMs: 120 };

interface Case {
  name: string;
  script: Script;
  kind: string;
  participant: string;
  hop: string;
  /** Longest from fault to detection, seconds. */
  within: number;
}

const cases: Case[] = [
  {
    name: 'a downlink held to 250 kbit/s with 5 % loss',
    script: forBen(narrow),
    kind: 'downlink_congestion',
    participant: 'ben',
    hop: 'downlink',
    within: 3,
  },
  {
    name: 'a downlink that loses 5 % and nothing else',
    script: forBen({ downLoss: 0.05 }),
    kind: 'downlink_congestion',
    participant: 'ben',
    hop: 'downlink',
    within: 3.5,
  },
  {
    name: 'an uplink that loses 8 %',
    script: forBen({ upLoss: 0.08 }),
    kind: 'uplink_congestion',
    participant: 'ben',
    hop: 'uplink',
    within: 4,
  },
  {
    name: 'an uplink of 150 kbit/s, whose encoder is held back and whose round trip grows',
    script: forBen((since) => ({
      upShare: 0.2,
      upLoss: since < 3 ? 0.2 : 0.02,
      upRttMs: 300,
      limitedByBandwidth: true,
      senderEstimateBps: 140_000,
    })),
    kind: 'uplink_congestion',
    participant: 'ben',
    hop: 'uplink',
    within: 4,
  },
  {
    name: 'a participant cut off in both directions',
    script: forBen((since) => ({
      downCut: true,
      upCut: true,
      ...(since > 8 ? { iceState: 'disconnected' } : {}),
    })),
    kind: 'ice_loss',
    participant: 'ben',
    hop: 'far_network',
    within: 5,
  },
  {
    name: 'a camera that stops giving frames',
    script: forBen({ cameraDead: true }),
    kind: 'video_source_frozen',
    participant: 'ben',
    hop: 'sender_device',
    within: 7,
  },
  {
    name: 'a receiver whose decoder stands still',
    script: forBen({ decoderDead: true }),
    kind: 'freeze',
    participant: 'ben',
    hop: 'receiver_device',
    within: 7,
  },
];

// A machine that is busy with other things plays a call in seconds.
describe('detectors', { timeout: 60_000 }, () => {
  for (const { name, script, kind, participant, hop, within } of cases) {
    it(`names ${name}: once, the right one, soon`, () => {
      const { incidents } = play(syntheticCall(people, seconds, script), { toSecond: seconds });
      const told = incidents.map((i) => `${i.kind} ${i.participant_id}`);
      expect(new Set(told)).toEqual(new Set([`${kind} ${participant}`]));
      const first = incidents[0]!;
      expect(first.hop).toBe(hop);
      const delay = (first.detected_at - startMs) / 1000 - faultAt;
      expect(delay).toBeGreaterThan(0);
      expect(delay).toBeLessThanOrEqual(within);
      expect(Math.abs(first.started_at - startMs - faultAt * 1000)).toBeLessThanOrEqual(2_000);
      for (const incident of incidents) expect(incident.ended_at).not.toBeNull();
      if (kind !== 'freeze') expect(incidents).toHaveLength(1);
    });
  }

  const quiet: { name: string; script: Script }[] = [
    { name: 'a clean call from the join on', script: () => ({}) },
    {
      name: 'an estimate that swings at join',
      script: (_, s) => (s < 12 ? { estimateBps: s % 3 === 0 ? 300_000 : 1_200_000 } : {}),
    },
    {
      name: 'hiccups of a busy machine: late for a second, a packet or two lost',
      script: (id, s) =>
        s % 9 === 4 && id !== 'ann' ? { downRttMs: 300, upRttMs: 280, downLoss: 0.02 } : {},
    },
    { name: 'one second of loss in one feedback', script: (_, s) => (s === 30 ? { downLoss: 0.08 } : {}) },
    {
      name: 'feedback and estimate of a receiver too busy to read its packets in time',
      script: (_, s) => (s > 20 && s < 45 ? { feedbackLoss: 0.1, estimateBps: 110_000, downRttMs: 120 } : {}),
    },
    { name: 'steady loss of one in a hundred', script: () => ({ downLoss: 0.01, upLoss: 0.008 }) },
    { name: 'a muted microphone', script: forBen({ microphoneMuted: true }) },
    { name: 'a camera that its owner switched off', script: forBen({ cameraPaused: true }) },
    {
      name: 'a participant who neither speaks nor shows anything',
      script: forBen({ cameraPaused: true, microphoneMuted: true }),
    },
    { name: 'video that the SFU holds back by decision', script: forBen({ videoPaused: true }) },
    { name: 'video on the lowest layer', script: forBen({ layer: 0 }) },
    {
      name: 'an SFU whose telemetry does not come',
      script: (_, s) => (s > 20 && s < 50 ? { sfuSilent: true } : {}),
    },
  ];
  for (const { name, script } of quiet) {
    it(`says nothing about ${name}`, () => {
      const { incidents } = play(syntheticCall(people, seconds, script), { toSecond: seconds });
      expect(incidents.map((i) => `${i.kind} ${i.participant_id} ${i.evidence}`)).toEqual([]);
    });
  }

  it('tells receivers who suffer from one bad uplink as one incident that names them', () => {
    const script = forBen({ upLoss: 0.15, soundTorn: 0.15 });
    const { incidents } = play(syntheticCall(people, seconds, script), { toSecond: seconds });
    expect(incidents.map((i) => i.kind)).toEqual(['uplink_congestion']);
    expect([...incidents[0]!.affected].sort()).toEqual(['ann', 'carl']);
    expect(incidents[0]!.sentence).toMatch(
      /^ben's uplink lost 15 % of packets from .* to .*, so ann and carl/,
    );
  });

  it('takes what never reached the SFU for no loss of a receiver’s link, however its estimate moves', () => {
    const script: Script = (id, s) => {
      if (s < faultAt) return {};
      return id === 'ben' ? { upLoss: 0.4, soundTorn: 0.4 } : { estimateBps: 500_000 };
    };
    const { incidents } = play(syntheticCall(people, seconds, script), { toSecond: seconds });
    expect(incidents.map((i) => i.kind)).toContain('uplink_congestion');
    expect(incidents.filter((i) => i.kind === 'downlink_congestion')).toEqual([]);
  });

  it('takes what is asked for again of one sender’s holes for no witness of a receiver’s link', () => {
    const script = (upLoss: number): Script => {
      return (id, s) =>
        s < faultAt ? {} : id === 'ben' ? { feedbackLoss: 0.06 } : id === 'ann' ? { upLoss } : {};
    };
    for (const upLoss of [0, 0.04]) {
      const { incidents } = play(syntheticCall(people, seconds, script(upLoss)), { toSecond: seconds });
      expect(incidents.filter((i) => i.kind === 'downlink_congestion')).toEqual([]);
    }
  });

  it('finds a relapse at once, though the feedback’s mean has not come down since', () => {
    const relapseAt = 15;
    const call = syntheticCall(
      people,
      seconds,
      forBen((since) =>
        since < 5
          ? { downLoss: 0.3 - since * 0.04 }
          : since < relapseAt
            ? { feedbackLoss: 0.07 - since * 0.001 }
            : { downLoss: 0.3 },
      ),
    );
    const { incidents } = play(call, { toSecond: seconds });
    const found = incidents.filter((i) => i.kind === 'downlink_congestion');
    expect(found).toHaveLength(2);
    const [first, relapse] = found as [(typeof found)[0], (typeof found)[0]];
    expect(relapse.detected_at - startMs).toBeLessThan((faultAt + relapseAt + 3) * 1000);
    expect(relapse.started_at).toBeGreaterThan(first.ended_at!);
  });

  it('says in one sentence what happened to whom, and how the others did', () => {
    const { incidents } = play(syntheticCall(people, seconds, forBen(narrow)), { toSecond: seconds });
    expect(incidents[0]!.sentence).toMatch(
      /^ben's own downlink lost \d+ % of packets.* from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d; others in the call were fine\.$/,
    );
  });

  it('finds the same incidents again when the past is judged twice', () => {
    const call = syntheticCall(people, seconds, forBen(narrow));
    const once = play(call, { toSecond: seconds });
    let before = play(call, { toSecond: 20 });
    let playedTo = 20;
    for (const restartAt of [28, 35, 52]) {
      before = play(call, { fromSecond: playedTo + 0.5, toSecond: restartAt, known: before });
      playedTo = restartAt;
      const again = play(call, { fromSecond: Math.max(0, restartAt - 8), toSecond: seconds, known: before });
      expect(again.incidents.map((i) => [i.incident_id, i.started_at, i.ended_at])).toEqual(
        once.incidents.map((i) => [i.incident_id, i.started_at, i.ended_at]),
      );
    }
  });
});
