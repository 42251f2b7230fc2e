/**
 * The OTLP/gRPC receiver: the same admission, limits and answers as over HTTP. Messages are handed on as the bytes
 * they are; the readers of the HTTP bodies read them.
 */
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import type { Logger } from '../../telemetry/service/service.ts';
import type { Enrich, Sender } from '../enrich/sender.ts';
import { CollectorError } from '../errors.ts';
import { maxBodyBytes } from '../http/body.ts';
import type { Intake } from '../intake.ts';
import { encodeResponse, type Signal } from '../otlp/answer.ts';
import { encodeErrorDetails } from './details.ts';

const services: Record<Signal, string> = {
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
};

export interface GrpcServer {
  /** host:port */
  readonly address: string;
  /** Lets calls under way end. */
  close(): Promise<void>;
}

export interface GrpcParts {
  readonly intake: Intake;
  /** Adds what is known of a participant beside what it says. */
  readonly enrich?: Enrich;
  readonly log: Logger;
}

export async function startGrpc(parts: GrpcParts, host: string, port: number): Promise<GrpcServer> {
  const server = new Server({ 'grpc.max_receive_message_length': maxBodyBytes });
  for (const [signal, name] of Object.entries(services) as [Signal, string][]) {
    server.addService(definitionOf(name), { Export: handlerOf(signal, parts) });
  }
  const bound = await new Promise<number>((resolve, reject) => {
    const at = host.includes(':') ? `[${host}]` : host;
    // As with HTTP: whoever listens beyond loopback puts TLS before it.
    server.bindAsync(`${at}:${port}`, ServerCredentials.createInsecure(), (error, boundPort) =>
      error ? reject(error) : resolve(boundPort),
    );
  });
  return {
    address: `${host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), 5_000);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

const bytes = (value: Buffer): Buffer => value;

const definitionOf = (service: string): ServiceDefinition => ({
  Export: {
    path: `/${service}/Export`,
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
});

/** Metadata are HTTP/2's headers: those of a page's gRPC-Web request come through a proxy such as Envoy as they were. */
const grpcSender = (call: ServerUnaryCall<Buffer, Buffer>): Sender => ({
  address: hostOf(call.getPeer()),
  header: (name) => call.metadata.get(name).join(','),
});

/** @param peer `address:port` */
const hostOf = (peer: string): string =>
  peer.slice(0, Math.max(0, peer.lastIndexOf(':'))).replace(/^\[|\]$/g, '');

function handlerOf(signal: Signal, { intake, enrich, log }: GrpcParts): handleUnaryCall<Buffer, Buffer> {
  return async (call, answer) => {
    try {
      const [authorization] = call.metadata.get('authorization');
      const admitted = await intake.admit(
        authorization === undefined ? undefined : String(authorization),
        signal,
      );
      const writer = enrich ? enrich(admitted, grpcSender(call)) : admitted;
      const accepted = await intake.take({ signal, encoding: 'protobuf', writer, body: call.request });
      intake.count(signal, 'OK');
      answer(null, encodeResponse(signal, accepted, 'protobuf'));
    } catch (thrown) {
      const error = codedError(thrown, log);
      intake.refused(error);
      intake.count(signal, status[error.rpcCode] ?? 'UNKNOWN');
      const metadata = new Metadata();
      const details = `${error.code}: ${error.message}`;
      metadata.set(
        'grpc-status-details-bin',
        encodeErrorDetails(error.rpcCode, details, error.retryAfterSeconds),
      );
      answer({ code: error.rpcCode, details, metadata });
    }
  };
}

function codedError(thrown: unknown, log: Logger): CollectorError {
  if (thrown instanceof CollectorError) return thrown;
  log.error({ err: thrown }, 'request failed');
  return new CollectorError('internal', 'the request could not be handled');
}
