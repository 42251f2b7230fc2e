/**
 * The media node: settings in, parts built, wired, started, stopped. The parts:
 *   Workers.ts          mediasoup processes          Rooms.ts, Room.ts, Participant.ts   who is where
 *   http/               page, admission, health      signaling/                          the clients' socket
 *   decisions/          what the pipelines decide    reflex/                             what cannot wait for them
 *   nodes/              the other media nodes, and which of them has which call
 *   pipes/              calls that go on at several nodes: who sits where, and what ties the parts together
 *   relays/             TURN relays and credentials for clients, and what becomes of calls when one is lost
 *   telemetry/          what the node says of itself     recording/                          what recorders take
 */
import type { AddressInfo } from 'node:net';
import { events } from '../telemetry/events.ts';
import { type Logger, type Running, runService } from '../telemetry/service/service.ts';
import { readSfuConfig, type SfuConfig } from './config.ts';
import { DecisionQueue } from './decisions/DecisionQueue.ts';
import { Decisions } from './decisions/Decisions.ts';
import { createHttpServer } from './http/HttpServer.ts';
import { drain } from './nodes/drain.ts';
import { Nodes } from './nodes/Nodes.ts';
import { Links } from './pipes/Links.ts';
import { Passes } from './pipes/Passes.ts';
import { Seats } from './pipes/Seats.ts';
import { type Call, Rooms } from './Rooms.ts';
import { RecordingTaps } from './recording/RecordingTaps.ts';
import { RecordQueue } from './recording/RecordQueue.ts';
import { Reflex } from './reflex/Reflex.ts';
import { Relays } from './relays/Relays.ts';
import { tellOfLostRelays } from './relays/tell.ts';
import { JoinTokens } from './signaling/JoinTokens.ts';
import { Sessions } from './signaling/Sessions.ts';
import { SignalingServer } from './signaling/SignalingServer.ts';
import { observeNode, observeNodes } from './telemetry/nodeMetrics.ts';
import { Telemetry, type TelemetryOptions } from './telemetry/Telemetry.ts';
import { Workers } from './Workers.ts';

export interface RunningSfu extends Running {
  readonly url: string;
  readonly rooms: Rooms;
  readonly workers: Workers;
  readonly telemetry: Telemetry;
  /** null where this node is the only one. */
  readonly nodes: Nodes | null;
}

export async function startSfu(
  config: SfuConfig,
  log: Logger,
  exporters?: TelemetryOptions['exporters'],
): Promise<RunningSfu> {
  const { nodeId, redisUrl } = config;
  const telemetry = new Telemetry({
    nodeId,
    collector: config.collector,
    log,
    ...(exporters && { exporters }),
  });
  const workers = await Workers.start({ ...config.rtc, count: config.rtc.workers, log });
  const rooms = new Rooms({ nodeId, workers, telemetry, log });
  observeNode(telemetry, workers, rooms);

  const decisions = new Decisions({ rooms, telemetry });
  const reflex = new Reflex({
    mode: config.loopMode,
    decisions,
    telemetry,
    onTaken: ({ decision_id, participant_id }, { call_id, sentence }) =>
      log.info(
        { callId: call_id, participantId: participant_id, decisionId: decision_id },
        `reflex: ${sentence}`,
      ),
  });
  rooms.onSampled((room, recent) => reflex.judge(room, recent, Date.now()));
  const onMessage = decisions.take.bind(decisions);
  const queue = redisUrl ? new DecisionQueue({ redisUrl, nodeId, log, onMessage }) : null;

  const recordQueue = config.recording && new RecordQueue(config.recording.redisUrl);
  const taps =
    config.recording &&
    recordQueue &&
    new RecordingTaps({
      rooms,
      nodeId,
      host: config.recording.host,
      url: () => urlOf(config, http.server.address() as AddressInfo),
      announce: (job) => recordQueue.add(job),
      log,
    });
  const relays = new Relays({ ...config, log });
  tellOfLostRelays({ relays, rooms, telemetry, nodeId });

  const nodes =
    redisUrl && config.nodeOrigins.length > 0
      ? new Nodes({
          ...config,
          origins: config.nodeOrigins,
          redisUrl,
          rooms,
          load: () => loadOf(rooms, workers),
          onLost: (lost_node_id, why) =>
            telemetry.event(events.nodeLost, { sfu_node_id: nodeId }, { lost_node_id, why }),
          onTakenOver: ({ tenantId, callId, lostNodeId, newNodeId }) =>
            telemetry.event(
              events.callTakenOver,
              { tenant_id: tenantId, call_id: callId, sfu_node_id: nodeId },
              { lost_node_id: lostNodeId, new_node_id: newNodeId },
            ),
          log,
        })
      : null;
  if (nodes) observeNodes(telemetry, nodes);

  const toBeRecorded = (call: Call, recording: 'recorded' | 'transcribed') =>
    taps?.want(call, recording === 'transcribed');
  const passes = nodes && new Passes({ nodeId, tokenSecret: config.tokenSecret, tls: config.http.tls });
  const { host: ip, announcedAddress } = config.rtc;
  const listenInfo = { protocol: 'udp', ip, ...(announcedAddress && { announcedAddress }) } as const;
  const links =
    nodes &&
    passes &&
    new Links({ rooms, nodes, passes, listenInfo, telemetry, log, onRecording: toBeRecorded });
  const seats =
    nodes && passes && new Seats({ nodeId, region: config.region, ...config.seats, rooms, nodes, passes });
  rooms.onEntered(({ recording }, call) => {
    if (!recording) return;
    if (call.homeNodeId === null) toBeRecorded(call, recording);
    else links?.record(call, recording);
  });

  const http = await createHttpServer({
    config,
    rooms,
    taps,
    relays,
    nodes,
    seats,
    onCredentialsRefused: (code) => {
      log.warn({ code }, 'TURN credentials refused');
      telemetry.event(events.credentialsRefused, { sfu_node_id: nodeId }, { code });
    },
    lacking: () => [
      ...(workers.missing > 0 ? [`${workers.missing} media workers are not running`] : []),
      ...(nodes?.draining ? ['the node is about to stop'] : []),
    ],
    state: () => ({
      workers: workers.slots.length,
      telemetry: telemetry.counts,
      decisions: queue?.connected ?? null,
    }),
  });
  const tokens = new JoinTokens(config.tokenSecret);
  const sessions = new Sessions({ rooms, telemetry });
  const signaling = new SignalingServer(http.server, {
    nodeId,
    rooms,
    sessions,
    entrances: config.entrances,
    links,
    tokens,
    relays,
    telemetry,
    log,
  });

  const stop = async () => {
    if (nodes) await drain(nodes, rooms, log);
    // Before the last clients are shown out: they ask the others at once.
    await nodes?.stop();
    taps?.stop();
    rooms.stop();
    decisions.stop();
    relays.stop();
    await Promise.all([signaling.stop(), queue?.stop(), recordQueue?.close()]);
    await http.close();
    await telemetry.stop();
    workers.stop();
  };
  try {
    await http.listen({ host: config.http.host, port: config.http.port });
    await nodes?.announce();
  } catch (error) {
    await stop();
    throw error;
  }
  const url = urlOf(config, http.server.address() as AddressInfo);
  const info = { url, nodeId, rtc: `${config.rtc.host}:${config.rtc.port}`, workers: config.rtc.workers };
  return { url, rooms, workers, telemetry, nodes, info, stop };
}

/** One worker, one core: so many participants are more than it carries well. */
const participantsPerWorker = 100;

function loadOf(rooms: Rooms, { slots }: Workers): number {
  const participants = rooms.calls.reduce((sum, { room }) => sum + (room?.participants.size ?? 0), 0);
  return participants / (Math.max(1, slots.length) * participantsPerWorker);
}

const urlOf = ({ http }: SfuConfig, { port }: AddressInfo) =>
  `${http.tls ? 'https' : 'http'}://${http.host}:${port}`;

if (import.meta.main) await runService('sfu', (log) => startSfu(readSfuConfig(), log));
