/**
 * All of Callscope on one machine: ClickHouse and Redis (or what the settings name instead), then the services,
 * TURN relays among them, each in its own process and started again when it ends by itself. Used by `npm start`, the demo and
 * the end-to-end tests.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { type InviteClaims, signToken } from '../telemetry/tokens.ts';
import { selfMadeCertificate } from './embedded/certificate.ts';
import { type EmbeddedClickHouse, startClickHouse } from './embedded/clickhouse.ts';
import type { Embedded, LineLog } from './embedded/part.ts';
import { freePort, freePortRange } from './embedded/ports.ts';
import { startRedis } from './embedded/redis.ts';
import { keptSecrets } from './embedded/secret-file.ts';
import { inspectorLink, inspectorUrl } from './inspector-link.ts';
import { logFile } from './log-file.ts';
import { httpUrl } from './own-urls.ts';
import {
  callscopeServices,
  nodeOrigin,
  relayService,
  type ServiceContext,
  type ServiceSpec,
  startService,
} from './services.ts';
import { readSettings, type Settings } from './settings.ts';
import { type Child, supervised } from './supervise.ts';

/** 0 takes a free one. `rtc` is the first of one per media worker. */
export interface StackPorts {
  page: number;
  rtc: number;
  collector: number;
  collectorGrpc: number;
  pipelines: number;
  inspector: number;
  recorder: number;
  finisher: number;
  clickhouse: number;
  redis: number;
  /** Of the first relay, UDP and TCP. */
  turn: number;
  /** Where the relays' service tells how it is. */
  turnFleet: number;
  /** Of the media nodes after the first; CALLSCOPE_SFU_NODES tells how many there are. */
  moreNodes: readonly { readonly page: number; readonly rtc: number }[];
}

export interface StackOptions {
  /** @default a temporary folder that is removed at the stop */
  readonly dataDir?: string;
  /** Settings (docs/environment.md) besides and above those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default free ones */
  readonly ports?: Partial<StackPorts>;
  /** Told of every part that becomes ready, ends or is started again. */
  readonly log?: LineLog;
  /** Ends an unfinished start; the promise then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** @default Callscope's services */
  readonly services?: (context: ServiceContext) => ServiceSpec[][];
}

export interface Stack {
  readonly urls: {
    /** What people open. */
    page: string;
    sfu: string;
    /** Of all media nodes, the first among them. */
    nodes: readonly string[];
    collector: string;
    pipelines: string;
    inspector: string;
    /** With the user that may do everything. */
    clickhouse: string;
    /** With a user that may only read; undefined for a ClickHouse elsewhere. */
    clickhouseReadOnly: string | undefined;
    redis: string;
    /** The relays' service; undefined where they run elsewhere. */
    relays: string | undefined;
  };
  readonly secrets: { token: string; serverKey: string; turn: string; recorder: string };
  /** What clients are told of. */
  readonly turnUrls: readonly string[];
  /** Where the first media worker takes media. */
  readonly media: { host: string; port: number };
  readonly dataDir: string;
  readonly logsDir: string;
  /** By name: clickhouse, redis, turn, collector, sfu (sfu-2, …), pipelines, inspector, recorder, finisher; without those that run elsewhere. */
  readonly children: ReadonlyMap<string, Child>;
  /** @throws Error when it does not run at this moment */
  pid(name: string): number;
  /**
   * @param recording whether the call is recorded, and its speech written down. @default neither
   * @returns the link that opens a room in the browser, good for a day
   */
  invite(roomId: string, tenantId?: string, recording?: InviteClaims['recording']): Promise<string>;
  /**
   * @param view of the inspector's page, such as `/calls/ID`. @default where calls are found
   * @returns a link that signs in once, good for a day
   */
  inspectorLink(view?: string, tenantId?: string): Promise<string>;
  /** Ends all in reverse order. May be called again. */
  stop(): Promise<void>;
}

const inviteTtlSeconds = 24 * 3600;

/**
 * @throws ConfigError for wrong settings, EmbeddedError for a part that does not start; nothing is left running
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { log = () => {}, signal } = options;
  signal?.throwIfAborted();
  const env = { ...process.env, ...options.env };
  const settings = readSettings(env);
  const ports = await choosePorts(options.ports ?? {}, settings);
  const temporary = options.dataDir === undefined;
  const dataDir = path.resolve(options.dataDir ?? mkdtempSync(path.join(tmpdir(), 'callscope-')));
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logsDir = path.join(dataDir, 'logs');
  const kept = keptSecrets(path.join(dataDir, 'secrets.json'), ['token', 'serverKey', 'turn', 'recorder']);
  const secrets = {
    token: settings.CALLSCOPE_TOKEN_SECRET ?? kept.token,
    serverKey: settings.CALLSCOPE_SERVER_KEY ?? kept.serverKey,
    turn: settings.CALLSCOPE_TURN_SECRET ?? kept.turn,
    recorder: settings.CALLSCOPE_RECORDER_SECRET ?? kept.recorder,
  };

  const children = new Map<string, Child>();
  const stages: Child[][] = [];
  /** Starts the parts of a stage together; all are ready afterwards. */
  const startStage = async (
    starts: Record<string, (log: LineLog, signal: AbortSignal) => Promise<Embedded>>,
  ) => {
    signal?.throwIfAborted();
    const begun = Date.now();
    const stage = Object.entries(starts).map(([name, start]) => {
      const output = logFile(path.join(logsDir, `${name}.log`));
      const child = supervised(name, (ended) => start(output, ended), log);
      children.set(name, child);
      return child;
    });
    stages.push(stage);
    const results = await Promise.allSettled(
      stage.map(async (child) => {
        await child.start();
        log(`${child.name} is ready (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
      }),
    );
    signal?.throwIfAborted();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };
  const stopChildren = async () => {
    for (const stage of stages.toReversed()) await Promise.all(stage.map((child) => child.stop()));
  };
  const onAbort = () => void stopChildren();
  signal?.addEventListener('abort', onAbort);

  try {
    const stores = storeStarts(dataDir, settings, ports);
    await startStage(stores.starts);
    const found = stores.found();
    const serviceEnv = environment(options.env ?? {}, settings, ports, secrets, found);
    const ownCollector = !settings.CALLSCOPE_COLLECTOR_URL;
    const context = { settings, env: serviceEnv, ports, dataDir, ownCollector };
    const services = (options.services ?? callscopeServices)(context);
    if (!settings.CALLSCOPE_TURN_URLS) {
      const certificate = await selfMadeCertificate(path.join(dataDir, 'turn', 'certificate'));
      const [first = [], ...later] = services;
      services.splice(0, services.length, [relayService(context, certificate), ...first], ...later);
    }
    for (const specs of services) {
      await startStage(
        Object.fromEntries(
          specs.map((spec) => [spec.name, (output, ended) => startService(spec, output, ended)]),
        ),
      );
    }
    const page = nodeOrigin(settings, ports.page);
    const inspector = inspectorUrl(settings, ports.inspector);
    let stopped: Promise<void> | undefined;
    return {
      urls: {
        page,
        sfu: page,
        nodes: nodePages(settings, ports),
        collector: serviceEnv.CALLSCOPE_COLLECTOR_URL!,
        pipelines: httpUrl(settings.CALLSCOPE_PIPELINES_HOST, ports.pipelines),
        inspector,
        relays: settings.CALLSCOPE_TURN_URLS ? undefined : httpUrl('127.0.0.1', ports.turnFleet),
        ...found.urls,
      },
      secrets,
      turnUrls: found.turnUrls,
      media: {
        host: settings.CALLSCOPE_RTC_ANNOUNCED_ADDRESS ?? settings.CALLSCOPE_RTC_HOST,
        port: ports.rtc,
      },
      dataDir,
      logsDir,
      children,
      pid(name) {
        const pid = children.get(name)?.pid;
        if (pid === undefined) throw new Error(`no ${name} runs in this stack`);
        return pid;
      },
      async invite(roomId, tenantId = 'default', recording = undefined) {
        const ttlSeconds = inviteTtlSeconds;
        const claims = { tenantId, roomId, ...(recording && { recording }) };
        const token = await signToken('invite', claims, { secret: secrets.token, ttlSeconds });
        return `${page}/?invite=${token}`;
      },
      inspectorLink: (view = '/', tenantId = 'default') =>
        inspectorLink({ url: inspector, view, tenantId, secret: secrets.token }),
      stop() {
        stopped ??= stopChildren().then(() => {
          if (temporary) rmSync(dataDir, { recursive: true, force: true });
        });
        return stopped;
      },
    };
  } catch (error) {
    await stopChildren();
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function choosePorts(wanted: Partial<StackPorts>, settings: Settings): Promise<StackPorts> {
  const workers = settings.CALLSCOPE_SFU_WORKERS ?? availableParallelism();
  return {
    page: wanted.page || (await freePort()),
    rtc: wanted.rtc || (await freePortRange(workers, settings.CALLSCOPE_RTC_HOST)),
    collector: wanted.collector || (await freePort()),
    collectorGrpc: wanted.collectorGrpc || (await freePort()),
    pipelines: wanted.pipelines || (await freePort()),
    inspector: wanted.inspector || (await freePort()),
    recorder: wanted.recorder || (await freePort()),
    finisher: wanted.finisher || (await freePort()),
    // The embedded parts find free ones themselves.
    clickhouse: wanted.clickhouse ?? 0,
    redis: wanted.redis ?? 0,
    turn: wanted.turn || (await freePortRange(1)),
    turnFleet: wanted.turnFleet || (await freePort()),
    moreNodes: wanted.moreNodes ?? (await moreNodes(settings, workers)),
  };
}

async function moreNodes(settings: Settings, workers: number): Promise<StackPorts['moreNodes']> {
  const ports: { page: number; rtc: number }[] = [];
  while (ports.length < settings.CALLSCOPE_SFU_NODES - 1) {
    ports.push({
      page: await freePort(),
      rtc: await freePortRange(workers, settings.CALLSCOPE_RTC_HOST),
    });
  }
  return ports;
}

interface Found {
  urls: { clickhouse: string; clickhouseReadOnly: string | undefined; redis: string };
  turnUrls: readonly string[];
}

/** The stores that are not elsewhere. Started again, each takes the port it had. */
function storeStarts(dataDir: string, settings: Settings, ports: StackPorts) {
  let clickhouse: EmbeddedClickHouse | undefined;
  let redis: Awaited<ReturnType<typeof startRedis>> | undefined;
  const starts: Record<string, (log: LineLog, signal: AbortSignal) => Promise<Embedded>> = {};
  if (!settings.CALLSCOPE_CLICKHOUSE_URL) {
    starts.clickhouse = async (log, signal) => {
      const port = clickhouse?.port ?? ports.clickhouse;
      clickhouse = await startClickHouse({ dataDir: path.join(dataDir, 'clickhouse'), port, log, signal });
      return clickhouse;
    };
  }
  if (!settings.CALLSCOPE_REDIS_URL) {
    starts.redis = async (log, signal) => {
      const port = redis?.port ?? ports.redis;
      redis = await startRedis({ dataDir: path.join(dataDir, 'redis'), port, log, signal });
      return redis;
    };
  }
  return {
    starts,
    /** Call it once they are started. */
    found: (): Found => ({
      urls: {
        clickhouse: settings.CALLSCOPE_CLICKHOUSE_URL ?? clickhouse!.url,
        clickhouseReadOnly: clickhouse?.readOnlyUrl,
        redis: settings.CALLSCOPE_REDIS_URL ?? redis!.url,
      },
      turnUrls:
        settings.CALLSCOPE_TURN_URLS ??
        ['udp', 'tcp'].map((transport) => `turn:127.0.0.1:${ports.turn}?transport=${transport}`),
    }),
  };
}

function environment(
  given: Readonly<Record<string, string>>,
  settings: Settings,
  ports: StackPorts,
  secrets: Stack['secrets'],
  found: Found,
): Record<string, string> {
  const pages = nodePages(settings, ports);
  const origins = [
    ...pages,
    ...pages.map((page) => page.replace('//127.0.0.1:', '//localhost:')),
    ...(settings.CALLSCOPE_ALLOWED_ORIGINS ?? []),
  ];
  return {
    ...given,
    CALLSCOPE_CLICKHOUSE_URL: found.urls.clickhouse,
    CALLSCOPE_REDIS_URL: found.urls.redis,
    CALLSCOPE_TURN_URLS: found.turnUrls.join(','),
    CALLSCOPE_TURN_SECRET: secrets.turn,
    CALLSCOPE_FLEET_DRIVER:
      settings.CALLSCOPE_FLEET_DRIVER ?? (settings.CALLSCOPE_TURN_URLS ? 'off' : 'local'),
    CALLSCOPE_COLLECTOR_URL:
      settings.CALLSCOPE_COLLECTOR_URL ?? httpUrl(settings.CALLSCOPE_COLLECTOR_HOST, ports.collector),
    CALLSCOPE_TOKEN_SECRET: secrets.token,
    CALLSCOPE_SERVER_KEY: secrets.serverKey,
    // Without it the media node records nothing.
    CALLSCOPE_RECORDER_SECRET: settings.CALLSCOPE_RECORDING === 'on' ? secrets.recorder : '',
    CALLSCOPE_INSPECTOR_URL: settings.CALLSCOPE_INSPECTOR_URL ?? inspectorUrl(settings, ports.inspector),
    CALLSCOPE_ALLOWED_ORIGINS: [...new Set(origins)].join(','),
  };
}

const nodePages = (settings: Settings, { page, moreNodes }: StackPorts): string[] =>
  [page, ...moreNodes.map((node) => node.page)].map((port) => nodeOrigin(settings, port));
