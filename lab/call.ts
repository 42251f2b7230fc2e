/** One call of a run: three participants, each on a line of its own, set up as the family asks. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JoinAnswer } from '../telemetry/signaling.ts';
import type { Plan, Seat, SeatSetup } from './families/family.ts';
import { rendererCpu, workedBetween } from './machine/processes.ts';
import type { Line } from './network/network.ts';
import { joinCall, type Participant } from './participants/participant.ts';
import type { Session } from './session.ts';

export const seatCount = 3;
const names = ['Ana', 'Bruno', 'Chiara'];

/** Each way, for everybody: the round trip of people in one country. */
export const baseDelayMs = 20;

export interface SeatInCall {
  readonly participant: Participant;
  readonly line: Line;
  /** All that it had: coming back after a loss makes a new one. */
  readonly participantIds: Set<string>;
  readonly callIds: Set<string>;
  /** Processes that may carry its page, with their CPU seconds after the join; only where the plan slows it down. */
  readonly renderers: ReadonlyMap<number, number> | null;
  /** When its page asked to be let in, epoch ms. */
  readonly joinedAtMs: number;
}

export interface LabCall {
  readonly seats: readonly SeatInCall[];
  /** Between relay users and the TURN relay; only where the plan has some. */
  readonly relayLine: Line | null;
  close(): Promise<void>;
}

/** @throws Error when somebody cannot join; what was opened by then has been closed */
export async function openCall(
  session: Session,
  room: string,
  plan: Plan,
  seed: number,
  signal: AbortSignal,
): Promise<LabCall> {
  const { stack, browser, network } = session;
  const link = await stack.invite(room);
  const seats: SeatInCall[] = [];
  const lines: Line[] = [];
  const close = async () => {
    await Promise.allSettled(seats.map(({ participant }) => participant.close()));
    await Promise.allSettled(lines.map((line) => line.close()));
  };
  const open = async (number: number, target: { host: string; port: number }, listenPort: number) => {
    const line = await network.open({
      listenHost: `127.1.0.${number}`,
      listenPort,
      targetHost: target.host,
      targetPort: target.port,
      seed: seed * 16 + number,
      up: { delayMs: baseDelayMs },
      down: { delayMs: baseDelayMs },
    });
    lines.push(line);
    return line;
  };
  try {
    const usesRelay = Object.values(plan.seats ?? {}).some(({ relay }) => relay !== undefined);
    const turn = usesRelay ? turnAddress(stack) : null;
    const relayLine = turn && (await open(seatCount + 1, turn, 0));
    const slowed = new Set(
      plan.steps.flatMap(({ action }) =>
        action.kind === 'starve' && action.who !== 'worker' ? [action.who] : [],
      ),
    );

    const join = async (seat: Seat) => {
      const setup: SeatSetup = plan.seats?.[seat] ?? {};
      const line = await open(seat + 1, stack.media, stack.media.port);
      if (setup.udpBlocked)
        await Promise.all([line.change('up', { cutOff: true }), line.change('down', { cutOff: true })]);
      const before = slowed.has(seat) ? await rendererCpu(browser) : null;
      const participant = await joinCall({
        browser,
        link,
        name: names[seat]!,
        signal,
        ...waysOf(setup, session, line, relayLine),
      });
      const participantIds = new Set([participant.participantId]);
      const callIds = new Set([participant.callId]);
      participant.page.on('response', async (response) => {
        if (new URL(response.url()).pathname !== '/api/v1/join' || !response.ok()) return;
        const answer = (await response.json().catch(() => null)) as JoinAnswer | null;
        if (!answer) return;
        participantIds.add(answer.participantId);
        callIds.add(answer.callId);
      });
      const renderers = before && workedBetween(before, await rendererCpu(browser));
      seats[seat] = {
        participant,
        line,
        participantIds,
        callIds,
        renderers,
        joinedAtMs: participant.askedAtMs,
      };
    };

    // Who is to be slowed down comes alone, so that its process can be told from the others'.
    const all = Array.from({ length: seatCount }, (_, seat) => seat);
    for (const seat of all.filter((one) => slowed.has(one))) await join(seat);
    const joining = await Promise.allSettled(all.filter((one) => !slowed.has(one)).map(join));
    const failed = joining.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return { seats, relayLine, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function waysOf(setup: SeatSetup, { stack }: Session, line: Line, relayLine: Line | null) {
  const { media } = stack;
  const common = {
    ...(setup.devices && { devices: setup.devices }),
    ...(setup.cameraOff && { camera: false }),
  };
  if (setup.relay === 'udp') {
    // The relay passes UDP on: the SFU's own candidates, without those over TCP.
    return {
      ...common,
      via: { from: media, to: media },
      relay: { host: relayLine!.host, port: relayLine!.port, transport: 'udp' as const },
    };
  }
  if (setup.relay === 'tcp') {
    return {
      ...common,
      via: { from: media, to: media },
      relay: { ...turnAddress(stack), transport: 'tcp' as const },
    };
  }
  const to = { host: line.host, port: line.port };
  return { ...common, via: { from: media, to, tcp: setup.udpBlocked?.tcp ?? false } };
}

function turnAddress(stack: Session['stack']): { host: string; port: number } {
  const url = stack.turnUrls[0];
  const parts = /^turn:([^:]+):(\d+)/.exec(url ?? '');
  if (!parts)
    throw new Error('this stack has no TURN relay with an address and a port, which the family needs');
  return { host: parts[1]!, port: Number(parts[2]) };
}

const flowLimitMs = 30_000;

/**
 * Resolves once everybody decodes and hears all that the others send.
 * @throws Error that says who lacks what, after 30 s
 */
export async function mediaFlows(call: LabCall, plan: Plan, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + flowLimitMs;
  const sendsVideo = (seat: Seat) => !plan.seats?.[seat]?.cameraOff;
  for (;;) {
    const lacking: string[] = [];
    const received = await Promise.all(call.seats.map(({ participant }) => participant.received()));
    received.forEach((got, seat) => {
      const others = call.seats.map((_, other) => other).filter((other) => other !== seat);
      const videos = others.filter(sendsVideo).length;
      if (got.videoStreams < videos)
        lacking.push(`${names[seat]} gets ${got.videoStreams} of ${videos} video streams`);
      else if (videos > 0 && got.leastFramesDecoded < 5)
        lacking.push(`${names[seat]} sees no moving picture of somebody`);
      else if (got.audioStreams < others.length || got.leastAudioBytes < 500)
        lacking.push(`${names[seat]} does not hear somebody`);
    });
    if (lacking.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`media does not flow after ${flowLimitMs / 1000} s: ${lacking.join('; ')}`);
    await sleep(200, undefined, { signal });
  }
}
