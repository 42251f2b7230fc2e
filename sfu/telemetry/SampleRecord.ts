/**
 * A sample on its way to the collector: a log record as any of opentelemetry-js, without the copy and the checks that
 * its own makes for every attribute. A node writes thousands a second.
 */
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { attributeName, type IdentityColumn } from '../../telemetry/identity.ts';

/** Who a record is about; columns that do not apply are left out. */
export type Identity = Partial<Record<IdentityColumn, string>>;

/** What all samples of a node have in common. */
export interface SampleOrigin {
  readonly resource: Resource;
  readonly instrumentationScope: { readonly name: string };
}

export class SampleRecord implements ReadableLogRecord {
  readonly eventName: string;
  readonly identity: Identity;
  /** By column name: numbers, texts, flags. */
  readonly values: Attributes;
  readonly timeMs: number;
  readonly observedMs: number;
  readonly droppedAttributesCount = 0;
  readonly #origin: SampleOrigin;

  /** @param timeMs wall time, epoch ms */
  constructor(
    eventName: string,
    identity: Identity,
    values: Attributes,
    timeMs: number,
    origin: SampleOrigin,
  ) {
    this.eventName = eventName;
    this.identity = identity;
    this.values = values;
    this.timeMs = timeMs;
    this.observedMs = Date.now();
    this.#origin = origin;
  }

  get resource(): Resource {
    return this.#origin.resource;
  }

  get instrumentationScope(): SampleOrigin['instrumentationScope'] {
    return this.#origin.instrumentationScope;
  }

  get attributes(): Attributes {
    return { ...prefixed(this.identity), ...prefixed(this.values) };
  }

  get hrTime(): HrTime {
    return hrTime(this.timeMs);
  }

  get hrTimeObserved(): HrTime {
    return hrTime(this.observedMs);
  }
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];

export function prefixed(attributes: Attributes): Attributes {
  const named: Attributes = {};
  for (const [column, value] of Object.entries(attributes)) {
    if (value !== undefined) named[attributeName(column)] = value;
  }
  return named;
}
