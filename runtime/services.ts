/** Callscope's own services: how each is started, and in which order. */
import path from 'node:path';
import type { CertificateFiles } from './embedded/certificate.ts';
import { requestOnce } from './embedded/http-once.ts';
import { type Embedded, type LineLog, startPart } from './embedded/part.ts';
import { probeHost } from './embedded/ports.ts';
import { httpUrl, secured } from './own-urls.ts';
import type { Settings } from './settings.ts';
import { workerBin } from './worker-bin.ts';

export const projectDir = path.join(import.meta.dirname, '..');

export interface ServiceSpec {
  readonly name: string;
  /** A TypeScript file that Node runs as it is. */
  readonly script: string;
  /** Where `GET /readyz` answers 200 once it can work. */
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
  /** Besides what this process has. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ServiceContext {
  readonly settings: Settings;
  /** Variables for all services, addresses of the other parts included; see docs/environment.md. */
  readonly env: Readonly<Record<string, string>>;
  readonly ports: {
    page: number;
    rtc: number;
    collector: number;
    collectorGrpc: number;
    pipelines: number;
    inspector: number;
    recorder: number;
    finisher: number;
    turn: number;
    turnFleet: number;
    /** Of the media nodes after the first, whose are `page` and `rtc`. */
    moreNodes: readonly { readonly page: number; readonly rtc: number }[];
  };
  /** What is to survive a restart. */
  readonly dataDir: string;
  /** False when the telemetry goes to a collector elsewhere. */
  readonly ownCollector: boolean;
}

/**
 * Stages start one after the other, the services of one stage together. The collector makes the tables that the
 * pipelines and the inspector need; the media node needs neither.
 */
export function callscopeServices(context: ServiceContext): ServiceSpec[][] {
  const { settings, env, ports } = context;
  const collector: ServiceSpec = {
    name: 'collector',
    script: path.join(projectDir, 'collector', 'main.ts'),
    host: settings.CALLSCOPE_COLLECTOR_HOST,
    port: ports.collector,
    env: {
      CALLSCOPE_SPOOL_DIR: path.join(context.dataDir, 'spool'),
      ...env,
      CALLSCOPE_COLLECTOR_PORT: String(ports.collector),
      CALLSCOPE_COLLECTOR_GRPC_PORT: String(ports.collectorGrpc),
    },
  };
  const nodes = mediaNodes(context);
  const pipelines: ServiceSpec = {
    name: 'pipelines',
    script: path.join(projectDir, 'pipelines', 'main.ts'),
    host: settings.CALLSCOPE_PIPELINES_HOST,
    port: ports.pipelines,
    env: { ...env, CALLSCOPE_PIPELINES_PORT: String(ports.pipelines) },
  };
  const inspector: ServiceSpec = {
    name: 'inspector',
    script: path.join(projectDir, 'inspector', 'main.ts'),
    host: settings.CALLSCOPE_INSPECTOR_HOST,
    port: ports.inspector,
    tls: settings.CALLSCOPE_TLS_CERT !== undefined,
    env: {
      CALLSCOPE_INSPECTOR_PAGE_DIR: path.join(projectDir, '.callscope', 'inspector'),
      ...env,
      CALLSCOPE_INSPECTOR_PORT: String(ports.inspector),
    },
  };
  const recording = settings.CALLSCOPE_RECORDING === 'on' ? recordingServices(context) : [];
  return [context.ownCollector ? [collector, ...nodes] : nodes, [pipelines, inspector, ...recording]];
}

/** One alone knows of no others; several know each other, and each is an entrance to all. */
function mediaNodes({ settings, env, ports }: ServiceContext): ServiceSpec[] {
  const all = [{ page: ports.page, rtc: ports.rtc }, ...ports.moreNodes];
  const origins = all.map(({ page }) => nodeOrigin(settings, page));
  const id = settings.CALLSCOPE_SFU_NODE_ID;
  return all.map(({ page, rtc }, index) => ({
    name: index === 0 ? 'sfu' : `sfu-${index + 1}`,
    script: path.join(projectDir, 'sfu', 'main.ts'),
    host: settings.CALLSCOPE_SFU_HOST,
    port: page,
    tls: settings.CALLSCOPE_TLS_CERT !== undefined,
    env: {
      CALLSCOPE_PAGE_DIR: path.join(projectDir, '.callscope', 'page'),
      ...(all.length > 1 && {
        CALLSCOPE_SFU_ENTRANCES: origins.join(','),
        CALLSCOPE_SFU_NODE_ORIGINS: origins[index]!,
      }),
      ...env,
      ...(index > 0 && { CALLSCOPE_SFU_NODE_ID: `${id.replace(/-1$/, '')}-${index + 1}` }),
      CALLSCOPE_SFU_PORT: String(page),
      CALLSCOPE_RTC_PORT: String(rtc),
      MEDIASOUP_WORKER_BIN: workerBin(),
    },
  }));
}

/** Where browsers reach a media node of this machine. */
export const nodeOrigin = (settings: Settings, port: number): string =>
  secured(httpUrl(settings.CALLSCOPE_SFU_HOST, port), settings);

/** Two, so that what makes files can neither slow down nor bring down what takes the call. */
function recordingServices({ settings, env, ports, dataDir }: ServiceContext): ServiceSpec[] {
  const shared = {
    CALLSCOPE_RECORDER_DIR: path.join(dataDir, 'recorder'),
    CALLSCOPE_RECORDING_STORE: path.join(dataDir, 'recordings'),
    ...env,
    CALLSCOPE_RECORDER_PORT: String(ports.recorder),
    CALLSCOPE_FINISHER_PORT: String(ports.finisher),
  };
  return [
    {
      name: 'recorder',
      script: path.join(projectDir, 'recorder', 'main.ts'),
      host: settings.CALLSCOPE_RECORDER_HOST,
      port: ports.recorder,
      env: shared,
    },
    {
      name: 'finisher',
      script: path.join(projectDir, 'recorder', 'finish', 'main.ts'),
      host: settings.CALLSCOPE_FINISHER_HOST,
      port: ports.finisher,
      env: shared,
    },
  ];
}

/** The TURN relays of this machine, as one service that starts and ends them. */
export function relayService(
  { env, ports, dataDir }: ServiceContext,
  certificate: CertificateFiles | undefined,
): ServiceSpec {
  return {
    name: 'turn',
    script: path.join(projectDir, 'turn', 'fleet', 'main.ts'),
    host: '127.0.0.1',
    port: ports.turnFleet,
    env: {
      ...env,
      CALLSCOPE_TURN_DATA_DIR: path.join(dataDir, 'turn'),
      CALLSCOPE_TURN_PORT: String(ports.turn),
      CALLSCOPE_TURN_FLEET_PORT: String(ports.turnFleet),
      ...(certificate && {
        CALLSCOPE_TURN_TLS_CERT: certificate.certFile,
        CALLSCOPE_TURN_TLS_KEY: certificate.keyFile,
      }),
    },
  };
}

/** A service takes up to 15 s to stop (telemetry/service/service.ts); killed only after that. */
const stopLimitMs = 20_000;

/** @throws EmbeddedError when it does not become ready */
export function startService(spec: ServiceSpec, log: LineLog, signal?: AbortSignal): Promise<Embedded> {
  const host = probeHost(spec.host);
  return startPart({
    name: spec.name,
    command: process.execPath,
    args: [spec.script],
    cwd: projectDir,
    env: { ...process.env, ...spec.env, CALLSCOPE_SUPERVISED: '1' },
    host,
    port: spec.port,
    answers: async () => {
      const request = { host, path: '/readyz', tls: spec.tls ?? false };
      const { status, text } = await requestOnce(spec.port, request);
      if (status !== 200) throw new Error(`/readyz says ${status} ${text}`);
      return true;
    },
    log,
    signal,
    stopLimitMs,
  });
}
