/** OTLP over HTTP as opentelemetry-js does it, with retries; samples are encoded by ourselves. */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
  type OTLPExporterNodeConfigBase,
} from '@opentelemetry/otlp-exporter-base/node-http';
import {
  type IExportLogsServiceResponse,
  type ISerializer,
  LogsExporterMetricsHelper,
  ProtobufLogsSerializer,
} from '@opentelemetry/otlp-transformer';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { encodeSamples } from './encodeSamples.ts';
import { SampleRecord } from './SampleRecord.ts';

export const logsSerializer: ISerializer<ReadableLogRecord[], IExportLogsServiceResponse> = {
  serializeRequest(records) {
    const samples = records.filter((record) => record instanceof SampleRecord);
    const others =
      samples.length === records.length ? [] : records.filter((r) => !(r instanceof SampleRecord));
    // Messages of one kind, one behind the other, are one with the repeated fields of all.
    return Buffer.concat([
      encodeSamples(samples),
      ProtobufLogsSerializer.serializeRequest(others) ?? Buffer.alloc(0),
    ]);
  },
  deserializeResponse: (bytes) => ProtobufLogsSerializer.deserializeResponse(bytes),
};

export function createLogExporter(config: OTLPExporterNodeConfigBase): LogRecordExporter {
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      convertLegacyHttpOptions(config, 'LOGS', 'v1/logs', { 'Content-Type': 'application/x-protobuf' }),
      logsSerializer,
      'otlp_http_log_exporter',
      LogsExporterMetricsHelper,
      undefined,
    ),
  );
}
