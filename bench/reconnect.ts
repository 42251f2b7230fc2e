/**
 * The herd: all clients of a media node lose their sockets at the same moment and come back with the page's own
 * backoff. Every one is to be back with its session, and the node is never to take more than its rate. Clients are
 * plain sockets without media, in this process; the node is a process of its own.
 */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { reconnectDelayMs } from '../client/page/backoff.ts';
import { freePort, freePortRange } from '../runtime/embedded/ports.ts';
import { workerBin } from '../runtime/worker-bin.ts';
import { graceMs } from '../sfu/signaling/Session.ts';
import { upgradeRate } from '../sfu/signaling/SignalingServer.ts';
import type { ResponseData } from '../telemetry/signaling.ts';
import { signToken } from '../telemetry/tokens.ts';
import { type Benchmark, type BenchmarkReport, commit, limit, machine, optionOf } from './benchmark.ts';

const defaultClients = 1_000;
const roomSize = 10;
const secret = 'the token secret of this benchmark';
const nodeId = 'herd';

export const reconnectBenchmark: Benchmark = {
  summary: 'all clients of a node lose their sockets at once: how they come back',
  usage: `--clients N (default ${defaultClients})`,
  run: async (args) => run(optionOf(args, '--clients', defaultClients)),
};

async function run(clients: number): Promise<BenchmarkReport> {
  const node = await startNode();
  try {
    const tokens: string[] = [];
    const sockets: WebSocket[] = [];
    for (let i = 0; i < clients; i++) {
      const { socket, resumeToken } = await joinPatiently(node.url, i);
      sockets.push(socket);
      tokens.push(resumeToken);
    }
    const cutAtMs = performance.now();
    for (const socket of sockets) socket.terminate();
    const attempts: number[] = [];
    const back = await Promise.all(tokens.map((token) => comeBack(node.url, token, cutAtMs, attempts)));
    return reportOf(clients, cutAtMs, attempts, back);
  } finally {
    node.stop();
  }
}

interface Back {
  /** When the node took the socket, and when the session went on; null: it was over by then. */
  readonly takenMs: number;
  readonly resumedMs: number | null;
}

/** As the page does it: at most the whole wait, doubled each time, by chance. */
async function comeBack(url: string, token: string, cutAtMs: number, attempts: number[]): Promise<Back> {
  for (let attempt = 0; performance.now() - cutAtMs < graceMs * 2; attempt++) {
    await delay(reconnectDelayMs(attempt, Math.random()));
    attempts.push(performance.now());
    const socket = await openSocket(url);
    if (!socket) continue;
    const takenMs = performance.now();
    const snapshot = await ask(socket, 'resume', { token });
    return { takenMs, resumedMs: snapshot ? performance.now() : null };
  }
  return { takenMs: Number.NaN, resumedMs: null };
}

/** Joins are bounded by the same rate. */
async function joinPatiently(url: string, i: number): Promise<{ socket: WebSocket; resumeToken: string }> {
  const roomId = `herd-${Math.floor(i / roomSize)}`;
  const claims = { tenantId: 'bench', roomId, callId: roomId, participantId: `p-${i}`, displayName: `P${i}` };
  const token = await signToken('join', { ...claims, nodeId }, { secret, ttlSeconds: 60 });
  for (;;) {
    const socket = await openSocket(url);
    const joined = socket && ((await ask(socket, 'join', { token })) as ResponseData['join'] | null);
    if (joined) return { socket, resumeToken: joined.resumeToken };
    await delay(1000 / upgradeRate.perSecond);
  }
}

async function openSocket(url: string): Promise<WebSocket | null> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/signaling`);
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket));
    socket.on('error', () => resolve(null));
  });
}

/** @returns null when it is refused, or the socket ends */
function ask(socket: WebSocket, method: string, data: object): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve(null));
    socket.on('message', (text) => {
      const message = JSON.parse(String(text)) as { id?: number; ok?: boolean; data?: unknown };
      if (message.id === 1) resolve(message.ok ? message.data : null);
    });
    socket.send(JSON.stringify({ id: 1, method, data }));
  });
}

/** The most in any second. */
function peak(timesMs: readonly number[]): number {
  const inOrder = timesMs.toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < inOrder.length; last++) {
    while (inOrder[last]! - inOrder[first]! > 1_000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function reportOf(
  clients: number,
  cutAtMs: number,
  attempts: readonly number[],
  back: readonly Back[],
): BenchmarkReport {
  const taken = back.map(({ takenMs }) => takenMs - cutAtMs);
  const resumed = back.flatMap(({ resumedMs }) => (resumedMs === null ? [] : [resumedMs - cutAtMs]));
  const inOrder = resumed.toSorted((a, b) => a - b);
  const seconds = (share: number) =>
    Math.round((inOrder[Math.ceil(inOrder.length * share) - 1] ?? Number.NaN) / 10) / 100;
  const result = {
    backClients: resumed.length,
    lostSessions: clients - resumed.length,
    attempts: attempts.length,
    attemptsPeakPerSecond: peak(attempts),
    takenPeakPerSecond: peak(taken),
    takenPeakPerSecondAfterBurst: peak(taken.filter((ms) => ms > 2_000)),
    backMedianSeconds: seconds(0.5),
    backP95Seconds: seconds(0.95),
    backLastSeconds: seconds(1),
  };
  return {
    name: 'reconnect',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: { clients, roomSize, ...upgradeRate },
    result,
    limits: [
      limit('lostSessions', result.lostSessions, 0),
      limit('takenPeakPerSecond', result.takenPeakPerSecond, upgradeRate.burst + upgradeRate.perSecond),
      limit('backLastSeconds', result.backLastSeconds, graceMs / 1000),
    ],
    details: { commit: commit() },
  };
}

async function startNode(): Promise<{ url: string; stop: () => void }> {
  const port = await freePort();
  const child = spawn(process.execPath, ['sfu/main.ts'], {
    env: {
      ...process.env,
      MEDIASOUP_WORKER_BIN: workerBin(),
      CALLSCOPE_SFU_PORT: String(port),
      CALLSCOPE_RTC_PORT: String(await freePortRange(1)),
      CALLSCOPE_SFU_WORKERS: '1',
      CALLSCOPE_SFU_NODE_ID: nodeId,
      CALLSCOPE_TOKEN_SECRET: secret,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of child.stdout) if (String(line).includes('"msg":"ready"')) break;
  if (child.exitCode !== null) throw new Error(`the media node did not start: exit code ${child.exitCode}`);
  child.stdout.destroy();
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => void child.kill('SIGKILL'),
  };
}
