/** Every detector: finds its trouble once, the right one, soon; says nothing of what looks most like it. */
import { describe, expect, it } from 'vitest';
import { detectors } from '../../quality/detectors/list.ts';
import type { CallSamples, EventSample } from '../../quality/samples.ts';
import { play } from './support/play.ts';
import {
  type Conditions,
  callId,
  producerOf,
  type Script,
  sample,
  startMs,
  syntheticCall,
  tenantId,
} from './support/synthetic-call.ts';

const people = ['ann', 'ben', 'carl'];
const faultAt = 40;
const seconds = 80;

type Told = readonly [
  second: number,
  participant: string,
  name: string,
  attributes?: Record<string, string>,
  transport?: string,
];

const eventsOf = (told: readonly Told[]): EventSample[] =>
  told.map(([second, participant, name, attributes = {}, transport = '']) => ({
    tenant_id: tenantId,
    call_id: callId,
    participant_id: participant,
    transport_id: transport && `${participant}-${transport}`,
    producer_id: attributes.producer_id ?? '',
    consumer_id: '',
    name,
    time: startMs + second * 1000,
    attributes,
  }));

interface Happening {
  readonly script?: Script;
  readonly events?: readonly Told[];
  readonly people?: readonly string[];
  /** Whose transport the SFU has made at the fault, while no check of theirs reaches it for 20 s. */
  readonly unseen?: readonly string[];
}

function callOf({
  script = () => ({}),
  events = [],
  people: who = people,
  unseen = [],
}: Happening): CallSamples {
  const call = syntheticCall(who, seconds, script);
  const waiting = unseen.flatMap((id) =>
    Array.from({ length: 20 }, (_, n) =>
      sample('sfu_transport', {
        participant_id: id,
        transport_id: `${id}-send`,
        time: startMs + (faultAt + n) * 1000,
        direction: 'send',
        ice_state: 'new',
        dtls_state: 'new',
      }),
    ),
  );
  return {
    ...call,
    sfu_transport: [...call.sfu_transport, ...waiting].sort((a, b) => a.time - b.time),
    events: [...call.events, ...eventsOf(events)].sort((a, b) => a.time - b.time),
  };
}

/** From the fault on for so many seconds. */
const during =
  (who: readonly string[], conditions: Conditions, lastsSeconds = 20): Script =>
  (id, s) =>
    who.includes(id) && s >= faultAt && s < faultAt + lastsSeconds ? conditions : {};
const always =
  (who: readonly string[], conditions: Conditions): Script =>
  (id) =>
    who.includes(id) ? conditions : {};
const both =
  (...scripts: readonly Script[]): Script =>
  (id, s) =>
    Object.assign({}, ...scripts.map((script) => script(id, s))) as Conditions;

interface Case extends Happening {
  readonly kind: string;
  readonly participant: string;
  readonly hop: string;
  /** Longest from fault to detection, seconds. */
  readonly within: number;
  readonly affected?: readonly string[];
  readonly severity?: string;
  readonly sentence: RegExp;
  /** True as well, of the same fault. */
  readonly also?: readonly string[];
  /** It does not end by itself within the call. */
  readonly stays?: boolean;
  readonly lookAlikes: readonly (Happening & { readonly what: string })[];
}

const relay = (participant: string, relayProtocol = 'udp'): Told[] =>
  ['send', 'recv'].map(
    (transport): Told => [
      1,
      participant,
      'rtc.ice.pair_changed',
      { local_type: 'relay', remote_type: 'host', protocol: 'udp', relay_protocol: relayProtocol },
      transport,
    ],
  );
const handshakes = (second: number, who: readonly string[], suffix = ''): Told[] =>
  who.flatMap((id) =>
    ['send', 'recv'].map((t): Told => [second, id, 'rtc.dtls.state', { state: 'connected' }, t + suffix]),
  );

const cases: Case[] = [
  {
    kind: 'video_source_frozen',
    participant: 'ben',
    hop: 'sender_device',
    within: 5,
    affected: ['ann', 'carl'],
    sentence: /^ben's camera gave no pictures from .* ann and carl saw ben standing still\.$/,
    script: during(['ben'], { cameraDead: true }),
    lookAlikes: [
      { what: 'a camera switched off', script: during(['ben'], { cameraPaused: true }) },
      {
        what: 'a hidden page whose camera the phone took',
        script: during(['ben'], { cameraDead: true }, 4),
        events: [[faultAt - 1, 'ben', 'rtc.page.visibility', { state: 'hidden' }]],
      },
    ],
  },
  {
    kind: 'video_source_black',
    participant: 'ben',
    hop: 'sender_device',
    within: 9,
    affected: ['ann', 'carl'],
    severity: 'minor',
    sentence: /^ben's camera gave pictures in which nothing changed/,
    script: during(['ben'], { cameraBlack: true }),
    lookAlikes: [{ what: 'a camera switched off', script: during(['ben'], { cameraPaused: true }) }],
  },
  {
    kind: 'silent_microphone',
    participant: 'ben',
    hop: 'sender_device',
    within: 36,
    affected: ['ann', 'carl'],
    sentence: /^ben's microphone was open but gave no sound/,
    script: during(['ben'], { microphoneSilent: true }, 36),
    stays: true,
    lookAlikes: [
      { what: 'a muted microphone', script: during(['ben'], { microphoneMuted: true }, 36) },
      { what: 'a pause of 20 s', script: during(['ben'], { microphoneSilent: true }, 20) },
      {
        what: 'a microphone switched off on the page',
        script: during(['ben'], { microphoneSilent: true }, 36),
        events: [[faultAt, 'ben', 'rtc.source.toggled', { source: 'microphone', enabled: 'false' }]],
      },
    ],
  },
  {
    kind: 'capture_failed',
    participant: 'ben',
    hop: 'sender_device',
    within: 1,
    stays: true,
    sentence: /^ben's camera could not be opened from .*: it was in use/,
    events: [[faultAt, 'ben', 'rtc.media.error', { name: 'NotReadableError', constraint: 'camera' }]],
    script: always(['ben'], { cameraPaused: true }),
    lookAlikes: [
      {
        what: 'a screen picker that was closed',
        events: [[faultAt, 'ben', 'rtc.media.error', { name: 'NotAllowedError', constraint: 'screen' }]],
      },
    ],
  },
  {
    kind: 'sender_cpu_limited',
    participant: 'ben',
    hop: 'sender_device',
    within: 9,
    affected: ['ann', 'carl'],
    sentence: /^ben's device was too busy to send/,
    script: during(['ben'], { cpuLimited: 0.8, encodedShare: 0.3, encodeMsPerFrame: 60 }),
    lookAlikes: [
      {
        what: 'an encoder held back for CPU now and then, at full pace',
        script: during(['ben'], { cpuLimited: 0.5 }),
      },
      {
        what: 'an encoder that rests, and leaves frames out after a large one',
        script: during(['ben'], { encodedShare: 0.3, encodeMsPerFrame: 2 }),
      },
      { what: 'a camera switched off', script: during(['ben'], { cameraPaused: true }) },
    ],
  },
  {
    kind: 'sender_cpu_limited',
    participant: 'ben',
    hop: 'sender_device',
    // Two of the client's samples, which here come every second second, and 2.5 s late.
    within: 7,
    sentence: /^ben's device was too busy to send/,
    script: both(always(people, { pageLateMs: 2 }), during(['ben'], { pageLateMs: 180, upJitterMs: 25 })),
    lookAlikes: [
      { what: 'a page that is busy while media flow evenly', script: during(['ben'], { pageLateMs: 400 }) },
      {
        what: 'a page that is busy setting up the call',
        script: (_, s) => (s < 6 ? { pageLateMs: 300, upJitterMs: 30, stretched: 0.05 } : { pageLateMs: 2 }),
      },
      {
        what: 'jitter with a page that gets its turn',
        script: both(always(people, { pageLateMs: 2 }), during(['ben'], { upJitterMs: 25 })),
      },
    ],
  },
  {
    kind: 'sender_cpu_limited',
    participant: 'ben',
    hop: 'sender_device',
    // One of the client's samples: its sound stalls again and again.
    within: 4.5,
    sentence: /^ben's device was too busy to send/,
    script: both(always(people, { pageLateMs: 2 }), during(['ben'], { pageLateMs: 180, upJitterMs: 35 })),
    lookAlikes: [
      {
        what: 'one long hiccup',
        script: both(
          always(people, { pageLateMs: 2 }),
          during(['ben'], { pageLateMs: 800 }, 2),
          during(['ben'], { upJitterMs: 30 }, 1),
        ),
      },
    ],
  },
  {
    kind: 'receiver_cpu_limited',
    participant: 'ben',
    hop: 'receiver_device',
    within: 4.5,
    sentence: /^ben's device was too busy to show and play what arrived/,
    script: both(
      always(['ben'], { cameraPaused: true }),
      always(people, { pageLateMs: 2 }),
      during(['ben'], { pageLateMs: 180, upJitterMs: 35 }),
    ),
    lookAlikes: [],
  },
  {
    kind: 'receiver_cpu_limited',
    participant: 'ben',
    hop: 'receiver_device',
    within: 7,
    affected: ['ben'],
    sentence: /^ben's device was too busy to show and play what arrived/,
    script: both(
      always(['ben'], { cameraPaused: true }),
      always(people, { pageLateMs: 2 }),
      during(['ben'], { pageLateMs: 180, stretched: 0.05 }),
    ),
    lookAlikes: [],
  },
  {
    kind: 'receiver_cpu_limited',
    participant: 'ben',
    hop: 'receiver_device',
    within: 9,
    affected: ['ben'],
    sentence: /^ben's device was too busy to show and play what arrived/,
    script: during(['ben'], { decodedShare: 0.4, decodeMsPerFrame: 90, concealed: 0.1 }),
    lookAlikes: [
      { what: 'a decoder that takes long and keeps up', script: during(['ben'], { decodeMsPerFrame: 25 }) },
      { what: 'senders who send fewer frames', script: during(['ann', 'carl'], { encodedShare: 0.6 }) },
    ],
  },
  {
    kind: 'connection_not_established',
    participant: 'dora',
    hop: 'far_network',
    within: 6,
    stays: true,
    sentence: /^dora could not connect to the media server from .*: no network path was found\.$/,
    events: [
      [faultAt, 'dora', 'rtc.ice.state', { state: 'checking' }, 'send'],
      [faultAt, 'dora', 'rtc.connection.state', { state: 'connecting' }, 'send'],
    ],
    lookAlikes: [
      {
        what: 'a slow join',
        events: [
          [faultAt, 'dora', 'rtc.ice.state', { state: 'checking' }, 'send'],
          [faultAt + 4, 'dora', 'rtc.ice.state', { state: 'connected' }, 'send'],
          [faultAt + 4, 'dora', 'rtc.connection.state', { state: 'connected' }, 'send'],
        ],
      },
      {
        what: 'a join that was given up',
        events: [
          [faultAt, 'dora', 'rtc.ice.state', { state: 'checking' }, 'send'],
          [faultAt + 3, 'dora', 'rtc.connection.state', { state: 'closed' }, 'send'],
        ],
      },
      {
        what: 'a transport that nobody has used yet',
        events: [[faultAt, 'dora', 'rtc.ice.state', { state: 'new' }, 'recv']],
      },
    ],
  },
  {
    kind: 'connection_not_established',
    participant: 'dora',
    hop: 'far_network',
    within: 3.5,
    stays: true,
    sentence: /^dora could not connect to the media server from .*: no network path was found\.$/,
    events: [
      [faultAt, 'dora', 'rtc.ice.state', { state: 'checking' }, 'send'],
      [faultAt, 'dora', 'rtc.connection.state', { state: 'connecting' }, 'send'],
    ],
    unseen: ['dora'],
    lookAlikes: [
      {
        what: 'a join over a far relay',
        events: [
          [faultAt, 'dora', 'rtc.ice.state', { state: 'checking' }, 'send'],
          [faultAt + 2.5, 'dora', 'rtc.ice.state', { state: 'connected' }, 'send'],
          [faultAt + 2.5, 'dora', 'rtc.connection.state', { state: 'connected' }, 'send'],
        ],
        unseen: ['dora'],
      },
    ],
  },
  {
    kind: 'ice_flapping',
    participant: 'ben',
    hop: 'far_network',
    within: 13,
    sentence: /^ben's network path broke or changed 3 times in half a minute/,
    events: [
      [0, 'ben', 'rtc.connection.state', { state: 'connected' }, 'send'],
      ...[0, 4, 8].flatMap((after): Told[] => [
        [faultAt + after, 'ben', 'rtc.ice.state', { state: 'disconnected' }, 'send'],
        [faultAt + after + 1, 'ben', 'rtc.ice.state', { state: 'connected' }, 'send'],
      ]),
    ],
    lookAlikes: [
      {
        what: 'pairs that settle at the join',
        events: [0, 1, 2, 3].map(
          (s): Told => [
            s,
            'ben',
            s === 0 ? 'rtc.connection.state' : 'rtc.ice.pair_changed',
            { state: 'connected', local_type: 'host', protocol: 'udp' },
            'send',
          ],
        ),
      },
      {
        what: 'one handover and back',
        events: [0, faultAt, faultAt + 10].map(
          (s): Told => [
            s,
            'ben',
            s === 0 ? 'rtc.connection.state' : 'rtc.ice.pair_changed',
            { state: 'connected', local_type: 'host', protocol: 'udp' },
            'send',
          ],
        ),
      },
    ],
  },
  {
    kind: 'relay_over_tcp',
    participant: 'ben',
    hop: 'relay',
    within: 1,
    severity: 'minor',
    stays: true,
    sentence: /^ben was connected through a relay over TLS/,
    events: [
      [
        faultAt,
        'ben',
        'rtc.ice.pair_changed',
        { local_type: 'relay', protocol: 'udp', relay_protocol: 'tls' },
        'send',
      ],
    ],
    lookAlikes: [{ what: 'a relay over UDP', events: relay('ben') }],
  },
  {
    kind: 'udp_blocked',
    participant: 'ben',
    hop: 'far_network',
    within: 3,
    severity: 'minor',
    sentence: /^ben's media went over TCP/,
    script: during(['ben'], { protocol: 'tcp' }),
    lookAlikes: [{ what: 'a relay over UDP', events: relay('ben') }],
  },
  {
    kind: 'telemetry_gap',
    participant: 'ben',
    hop: 'unknown',
    within: 18,
    severity: 'minor',
    sentence: /^ben's device sent no measurements/,
    script: during(['ben'], { clientSilent: true }),
    lookAlikes: [
      {
        what: 'a hidden page',
        script: during(['ben'], { clientSilent: true }),
        events: [[faultAt - 1, 'ben', 'rtc.page.visibility', { state: 'hidden' }]],
      },
      { what: 'a client that never told anything', script: always(['ben'], { clientSilent: true }) },
      { what: 'samples that come 8 s late', script: during(['ben'], { clientSilent: true }, 8) },
    ],
  },
  {
    kind: 'sfu_death',
    participant: '',
    hop: 'sfu',
    within: 6,
    affected: people,
    sentence: /^The media server stopped working from .*, so .* lost the call/,
    script: during(people, { sfuSilent: true, downCut: true, upCut: true, iceState: 'disconnected' }, 15),
    lookAlikes: [
      { what: 'an SFU whose telemetry does not come', script: during(people, { sfuSilent: true }, 15) },
    ],
  },
  {
    kind: 'sfu_death',
    participant: '',
    hop: 'sfu',
    within: 4,
    affected: people,
    sentence: /^The media server stopped working from .*, so .* lost the call/,
    // The node is gone, and the clients with it: they come back in another call.
    script: during(people, { sfuSilent: true, clientSilent: true }, 15),
    events: people.map((id): Told => [faultAt, id, 'rtc.signaling.state', { state: 'closed' }]),
    lookAlikes: [
      {
        what: 'one socket that broke',
        script: during(['ben'], { sfuSilent: true }, 3),
        events: [[faultAt, 'ben', 'rtc.signaling.state', { state: 'closed' }]],
      },
      {
        what: 'all sockets broken at a proxy, while media go on',
        events: people.map((id): Told => [faultAt, id, 'rtc.signaling.state', { state: 'closed' }]),
      },
    ],
  },
  {
    kind: 'sfu_death',
    participant: '',
    hop: 'sfu',
    within: 1,
    affected: people,
    sentence: /^The media server sfu-1 stopped working from .*, so .* lost the call/,
    // Back at another node before anything is missing for long.
    events: [
      [faultAt, '', 'rtc.sfu.call_taken_over', { lost_node_id: 'sfu-1', new_node_id: 'sfu-2' }],
      ...people.map((id): Told => [faultAt + 1, id, 'rtc.participant.joined']),
    ],
    lookAlikes: [
      {
        what: 'a call that was handed over in order',
        events: people.flatMap((id): Told[] => [
          [faultAt, id, 'rtc.participant.left'],
          [faultAt + 1, id, 'rtc.participant.joined'],
        ]),
      },
    ],
  },
  {
    kind: 'sfu_death',
    participant: '',
    hop: 'sfu',
    within: 1,
    affected: ['ben'],
    sentence: /^The media server sfu-2 stopped working from .*, so .* lost the call/,
    // Of a call on two nodes, one is gone with those who sat there.
    events: [
      [faultAt, 'ben', 'rtc.participant.left', { reason: 'node_lost', lost_node_id: 'sfu-2' }],
      [faultAt + 1, 'ben-again', 'rtc.participant.joined'],
    ],
    lookAlikes: [{ what: 'one who left by themselves', events: [[faultAt, 'ben', 'rtc.participant.left']] }],
  },
  {
    kind: 'dtls_wave',
    participant: '',
    hop: 'sfu',
    within: 3,
    affected: people,
    sentence: /had to connect to the media server anew/,
    events: [...handshakes(0, people), ...handshakes(faultAt, people, '-2')],
    lookAlikes: [
      {
        what: 'a join',
        events: [...handshakes(0, ['ann']), ...handshakes(20, ['ben']), ...handshakes(faultAt, ['carl'])],
      },
      {
        what: 'one page that was reloaded',
        events: [...handshakes(0, people), ...handshakes(faultAt, ['ben'], '-2')],
      },
    ],
  },
  {
    kind: 'sfu_congestion',
    participant: '',
    hop: 'sfu',
    within: 4,
    affected: people,
    sentence: /^The media server was overloaded from .*: it handled packets up to 300 ms late/,
    // What its links show meanwhile is its own, and is said of none of them.
    script: (_, s) =>
      s >= faultAt && s < faultAt + 12
        ? { workerAnswerMs: 300, downLoss: 0.06, upLoss: 0.06, upJitterMs: 50 }
        : { workerAnswerMs: 4 },
    lookAlikes: [],
  },
  {
    kind: 'sfu_congestion',
    participant: '',
    hop: 'sfu',
    within: 8,
    affected: people,
    sentence: /^The media server was overloaded from/,
    script: during(people, {
      downRttMs: 300,
      upRttMs: 290,
      upJitterMs: 70,
      concealed: 0.1,
      downJitterMs: 60,
    }),
    lookAlikes: [
      {
        what: 'a worker that answers late for a second now and then',
        script: (_, s) => ({ workerAnswerMs: s % 10 === 5 ? 400 : 5 }),
      },
      {
        what: 'everybody late for a second',
        script: (_, s) => (s % 10 === 5 ? { downRttMs: 350, upRttMs: 350 } : {}),
      },
    ],
  },
  {
    kind: 'relay_degraded',
    participant: '',
    hop: 'relay',
    within: 4,
    affected: ['ben', 'carl'],
    sentence:
      /^The relay that .* went through lost or delayed their packets .* participants with a direct path were fine/,
    script: during(['ben', 'carl'], { downLoss: 0.08, upLoss: 0.06 }),
    events: [...relay('ben'), ...relay('carl')],
    lookAlikes: [],
  },
  {
    // All are late, and arrive in bursts, as through a busy SFU; that they share a relay is what the SFU was told.
    kind: 'relay_degraded',
    participant: '',
    hop: 'relay',
    within: 4,
    affected: people,
    sentence: /^The relay that .* went through lost or delayed their packets/,
    script: both(
      always(people, { usesRelay: true }),
      during(people, { downLoss: 0.08, upLoss: 0.06, downRttMs: 500, upRttMs: 490, upJitterMs: 60 }),
    ),
    lookAlikes: [],
  },
  {
    kind: 'estimate_collapse',
    participant: 'ben',
    hop: 'downlink',
    within: 6,
    affected: ['ben'],
    sentence: /^What ben's downlink was believed to carry fell from 1800 to 200 kbit\/s/,
    script: during(['ben'], { estimateBps: 200_000, layer: 0 }),
    lookAlikes: [
      {
        what: 'an estimate that falls while all layers go on',
        script: during(['ben'], { estimateBps: 200_000 }),
      },
      { what: 'a lower layer under a good estimate', script: during(['ben'], { layer: 0 }) },
    ],
  },
  {
    kind: 'fixed_bitrate',
    participant: 'ben',
    hop: 'sender_device',
    within: 6,
    severity: 'minor',
    sentence: /^ben went on sending \d+ kbit\/s from .* believed to carry only 300\.$/,
    script: during(['ben'], { senderEstimateBps: 300_000 }, 10),
    lookAlikes: [
      {
        what: 'an encoder that follows its estimate down',
        script: during(['ben'], { senderEstimateBps: 800_000, upShare: 0.7 }),
      },
    ],
  },
  {
    kind: 'no_simulcast',
    participant: 'ben',
    hop: 'sender_device',
    within: 5,
    severity: 'minor',
    affected: ['carl'],
    sentence: /^ben sent its camera in one size only from .* nothing smaller could be sent to carl/,
    script: both(always(['ben'], { singleLayer: true }), during(['carl'], { downLoss: 0.08 })),
    also: ['downlink_congestion carl'],
    lookAlikes: [{ what: 'one layer that all links hold', script: always(['ben'], { singleLayer: true }) }],
  },
  {
    kind: 'no_simulcast',
    participant: 'ben',
    hop: 'sender_device',
    within: 6,
    affected: ['carl'],
    sentence: /^ben sent its camera in one size only/,
    // The link is so full that the feedback does not tell of it yet.
    script: both(
      always(['ben'], { singleLayer: true }),
      during(['carl'], { downLoss: 0.5, feedbackLoss: 0, downRttMs: 120 }),
    ),
    also: ['downlink_congestion carl'],
    lookAlikes: [],
  },
  {
    kind: 'high_delay',
    participant: 'ben',
    hop: 'far_network',
    within: 6,
    sentence: /^ben's packets took 400 ms to the media server and back/,
    script: during(['ben'], { downRttMs: 400, upRttMs: 390 }),
    lookAlikes: [
      { what: 'a far but usable way', script: during(['ben'], { downRttMs: 180, upRttMs: 180 }) },
      {
        what: 'late for a second',
        script: (id, s) => (id === 'ben' && s % 9 === 4 ? { downRttMs: 400, upRttMs: 400 } : {}),
      },
      { what: 'what only the SFU finds late', script: during(['ben'], { downRttMs: 400 }) },
      {
        what: 'what only the SFU finds late while a call is set up',
        script: both(always(people, { pageLateMs: 3 }), (id, s) =>
          id === 'ben' && s < 7 ? { downRttMs: 400 } : {},
        ),
      },
    ],
  },
  {
    kind: 'high_delay',
    participant: 'ben',
    hop: 'far_network',
    within: 3,
    sentence: /^ben's packets took 400 ms to the media server and back/,
    // The SFU's word is enough of a device that gets its turn: only a busy one is late by itself.
    script: both(always(people, { pageLateMs: 3 }), during(['ben'], { downRttMs: 400 })),
    lookAlikes: [],
  },
  {
    kind: 'high_jitter',
    participant: 'ben',
    hop: 'downlink',
    within: 8,
    affected: ['ben'],
    sentence: /^Packets reached ben unevenly/,
    script: during(['ben'], { downJitterMs: 60, audioBufferMs: 150 }),
    lookAlikes: [
      { what: 'jitter that the buffer hides', script: during(['ben'], { downJitterMs: 35 }) },
      { what: 'a longer buffer over an even way', script: during(['ben'], { audioBufferMs: 150 }) },
    ],
  },
  {
    kind: 'high_jitter',
    participant: 'ben',
    hop: 'uplink',
    within: 8,
    affected: ['ann', 'carl'],
    sentence: /^ben's packets reached the media server unevenly/,
    script: both(during(['ben'], { upJitterMs: 60 }), during(['ann', 'carl'], { audioBufferMs: 130 })),
    lookAlikes: [{ what: 'uneven packets that nobody hears', script: during(['ben'], { upJitterMs: 60 }) }],
  },
  {
    kind: 'unconsumed_track',
    participant: 'ben',
    hop: 'sfu',
    within: 15,
    severity: 'minor',
    stays: true,
    sentence: /^ben sent a (camera|microphone) from .* that nobody in the call received\.$/,
    script: always(['ben'], { unconsumed: true }),
    lookAlikes: [
      { what: 'consumers that are paused', script: always(['ann', 'carl'], { videoPaused: true }) },
      { what: 'nobody else in the call', people: ['ben'], script: always(['ben'], { unconsumed: true }) },
    ],
  },
  {
    kind: 'track_not_forwarded',
    participant: 'ann',
    hop: 'sfu',
    within: 6,
    sentence: /^The media server received ben's (sound|picture) but did not pass it on to (ann|carl)/,
    script: during(['ben'], { notForwarded: true }),
    also: ['track_not_forwarded carl', 'freeze ben'],
    lookAlikes: [
      { what: 'video held back by decision', script: during(['ann'], { videoPaused: true }) },
      { what: 'a switch that waits for its key frame', script: during(['ben'], { notForwarded: true }, 2) },
    ],
  },
  {
    kind: 'publisher_fault',
    participant: 'ben',
    hop: 'sender_device',
    within: 9,
    affected: ['ann', 'carl'],
    sentence:
      /^ben's sound left ben damaged from .*: ann and carl had trouble with it, and with nobody else\.$/,
    script: during(['ben'], { soundTorn: 0.25 }),
    lookAlikes: [{ what: 'one hiccup', script: during(['ben'], { soundTorn: 0.5 }, 1) }],
  },
  {
    kind: 'stuck_decoder',
    participant: 'ben',
    hop: 'receiver_device',
    within: 8,
    affected: ['ben'],
    sentence: /^ben's device received (ann|carl)'s picture but could not show it/,
    script: during(['ben'], { decoderDead: true, plisPerSecond: 1 }),
    lookAlikes: [{ what: 'video held back by decision', script: during(['ben'], { videoPaused: true }) }],
  },
  {
    kind: 'pli_storm',
    participant: 'ben',
    hop: 'receiver_device',
    within: 14,
    affected: ['ben'],
    sentence: /^ben's device asked for a fresh picture/,
    script: during(['ben'], { plisPerSecond: 1.2 }),
    lookAlikes: [{ what: 'two requests of a switch', script: during(['ben'], { plisPerSecond: 1 }, 2) }],
  },
  {
    kind: 'decoder_drops',
    participant: 'ben',
    hop: 'receiver_device',
    within: 12,
    affected: ['ben'],
    sentence: /^ben's device threw away \d+ % of the pictures/,
    script: during(['ben'], { decodedShare: 0.72 }),
    lookAlikes: [
      { what: 'a bad second', script: during(['ben'], { decodedShare: 0.5 }, 1) },
      { what: 'one frame in twenty', script: during(['ben'], { decodedShare: 0.95 }) },
    ],
  },
  {
    kind: 'audio_concealment',
    participant: 'ben',
    hop: 'receiver_device',
    within: 14,
    affected: ['ben'],
    sentence: /^ben heard the others torn from .*: \d+ % of the sound had to be made up\.$/,
    script: during(['ben'], { concealed: 0.12 }),
    lookAlikes: [
      { what: 'one hiccup', script: during(['ben'], { concealed: 0.6 }, 1) },
      { what: 'what nobody hears', script: during(['ben'], { concealed: 0.01 }) },
      { what: 'a muted microphone', script: during(['ann'], { microphoneMuted: true }) },
    ],
  },
  {
    kind: 'jitter_buffer_inflated',
    participant: 'ben',
    hop: 'receiver_device',
    within: 16,
    affected: ['ben'],
    sentence: /^ben heard the others \d+ ms late/,
    script: during(['ben'], { audioBufferMs: 380, videoBufferMs: 380, stretched: 0.04 }),
    lookAlikes: [
      {
        what: 'a long buffer that rests',
        script: during(['ben'], { audioBufferMs: 320, videoBufferMs: 320 }),
      },
      { what: 'one late burst', script: during(['ben'], { audioBufferMs: 350, stretched: 0.05 }, 3) },
    ],
  },
  {
    kind: 'audio_video_desync',
    participant: 'ben',
    hop: 'receiver_device',
    within: 16,
    severity: 'minor',
    affected: ['ben'],
    sentence: /^ben saw and heard (ann|carl) about \d+ ms apart/,
    script: during(['ben'], { videoBufferMs: 700 }),
    lookAlikes: [
      {
        what: 'sound and picture late together',
        script: during(['ben'], { videoBufferMs: 300, audioBufferMs: 180 }),
      },
    ],
  },
];

describe('the catalogue of detectors', { timeout: 60_000 }, () => {
  for (const {
    kind,
    participant,
    hop,
    within,
    affected,
    severity,
    sentence,
    also = [],
    stays,
    lookAlikes,
    ...what
  } of cases) {
    describe(`${kind} at hop ${hop}`, () => {
      it('finds its trouble once, the right one, soon', () => {
        const { incidents } = play(callOf(what), { toSecond: seconds });
        const told = incidents.map((i) => `${i.kind} ${i.participant_id}`);
        const due = `${kind} ${participant}`;
        const found = incidents.filter((i) => `${i.kind} ${i.participant_id}` === due);
        expect(found.length, told.join(', ')).toBeGreaterThan(0);
        expect(told.filter((one) => one !== due && !also.includes(one))).toEqual([]);
        expect(new Set(found.map((i) => i.subject_id)).size).toBe(found.length);
        const [first] = found;
        expect(first!.hop).toBe(hop);
        expect(first!.sentence).toMatch(sentence);
        expect(first!.sentence).not.toMatch(/undefined|NaN/);
        if (severity) expect(first!.severity).toBe(severity);
        if (affected) expect([...first!.affected].sort()).toEqual([...affected].sort());
        const from = kind === 'unconsumed_track' ? 0 : faultAt;
        const delay = (first!.detected_at - startMs) / 1000 - from;
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(within);
        if (!stays) for (const incident of found) expect(incident.ended_at).not.toBeNull();
      });

      for (const { what: lookAlike, ...happening } of lookAlikes) {
        it(`says nothing of ${lookAlike}`, () => {
          const { incidents } = play(callOf(happening), { toSecond: seconds });
          expect(incidents.map((i) => `${i.kind} ${i.participant_id} ${i.evidence}`)).toEqual([]);
        });
      }
    });
  }

  it('opens the same incidents once when the past is judged again', () => {
    for (const kind of [
      'video_source_frozen',
      'audio_concealment',
      'connection_not_established',
      'sfu_death',
    ]) {
      const call = callOf(cases.find((c) => c.kind === kind)!);
      const once = play(call, { toSecond: seconds });
      let before = play(call, { toSecond: 52 });
      before = play(call, { fromSecond: 46, toSecond: seconds, known: before });
      expect(before.incidents.map((i) => [i.incident_id, i.started_at, i.ended_at])).toEqual(
        once.incidents.map((i) => [i.incident_id, i.started_at, i.ended_at]),
      );
    }
  });

  it('judges the words and samples of clients alone: no SFU table at all', () => {
    const call = callOf({
      script: during(['ben'], { downCut: true, upCut: true, iceState: 'disconnected' }),
      events: cases.find((c) => c.kind === 'connection_not_established')!.events!,
    });
    const alone: CallSamples = { ...call, sfu_transport: [], sfu_producer: [], sfu_consumer: [] };
    const { incidents } = play(alone, { toSecond: seconds });
    expect(incidents.map((i) => `${i.kind} ${i.participant_id}`)).toEqual(
      expect.arrayContaining(['connection_not_established dora', 'ice_loss ben']),
    );
    const clean = callOf({});
    const quiet = play(
      { ...clean, sfu_transport: [], sfu_producer: [], sfu_consumer: [] },
      { toSecond: seconds },
    );
    expect(quiet.incidents).toEqual([]);
  });

  it('has a case for every detector but those of detectors.test.ts', () => {
    const older = ['ice_loss', 'uplink_congestion', 'downlink_congestion', 'freeze'];
    expect([...new Set(cases.map((c) => c.kind)), ...older].sort()).toEqual(
      detectors.map((d) => d.name).sort(),
    );
    expect(new Set(detectors.map((d) => d.name)).size).toBe(detectors.length);
  });

  it('explains only kinds that there are', () => {
    const names = new Set(detectors.map((d) => d.name));
    for (const { explains = [] } of detectors) {
      for (const { kinds } of explains) for (const kind of kinds) expect(names).toContain(kind);
    }
  });
});

// Named here so that a renamed producer id does not silently empty a script.
expect(producerOf('ben', 'video')).toBe('ben-video');
