/** A call, wherever it is: in the store, or a recording that somebody dropped on the page. */
import type { CallPage, EventList, SeriesAnswer } from '../contract.ts';

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

export interface CallSource {
  page(): Promise<CallPage>;
  series(request: SeriesRequest): Promise<SeriesAnswer>;
  events(request: EventRequest): Promise<EventList>;
}
