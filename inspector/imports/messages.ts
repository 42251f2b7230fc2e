/** What the inspector and the process that holds a recording say to each other. */

import type { EventRequest, SampleRequest, SeriesRequest } from '../calls/source.ts';
import type { CallPage, EventList, SampleList, SeriesAnswer } from '../contract.ts';

export interface RecordingTask {
  readonly file: string;
  readonly callId: string;
}

export type Ask =
  | { readonly id: number; readonly kind: 'series'; readonly request: SeriesRequest }
  | { readonly id: number; readonly kind: 'events'; readonly request: EventRequest }
  | { readonly id: number; readonly kind: 'samples'; readonly request: SampleRequest };

export type Told =
  | { readonly kind: 'page'; readonly page: CallPage }
  /** The recording's own fault, for whoever dropped it. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: SeriesAnswer | EventList | SampleList }
  | { readonly kind: 'failed'; readonly id: number; readonly why: string };
