/** A call, wherever it is: in the store, or a recording that somebody dropped on the page. */
import type { CallPage, EventList, SampleKind, SampleList, SeriesAnswer } from '../contract.ts';

export interface SeriesRequest {
  readonly participantId: string;
  /** '' for all. */
  readonly senderId: string;
  readonly from: number;
  readonly to: number;
  /** Pixels to be filled. */
  readonly points: number;
}

export interface EventRequest {
  readonly participantId: string;
  readonly offset: number;
  readonly limit: number;
}

export interface SampleRequest {
  readonly participantId: string;
  readonly kind: SampleKind;
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly limit: number;
}

/** What a source did not say is left out. */
export const saidOnly = (row: Readonly<Record<string, unknown>>): SampleList['rows'][number] =>
  Object.fromEntries(
    Object.entries(row).filter(
      (entry): entry is [string, string | number | boolean] => entry[1] !== null && entry[1] !== '',
    ),
  );

export interface CallSource {
  page(): Promise<CallPage>;
  series(request: SeriesRequest): Promise<SeriesAnswer>;
  events(request: EventRequest): Promise<EventList>;
  samples(request: SampleRequest): Promise<SampleList>;
}
