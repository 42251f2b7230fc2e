/** What happened in the call, in order: the demo's own deeds beside what the service found and did. */
import { events } from '../../telemetry/events.ts';
import { describeFault, type Marks } from './marks.ts';
import type { CallRecords, Decision } from './records.ts';

export const timelineKinds = [
  'joined',
  'ready',
  'fault_on',
  'fault_off',
  'incident_detected',
  'incident_ended',
  'decision_sent',
  'decision_applied',
  'decision_refused',
  'decision_lifted',
  'layers_changed',
  'left',
] as const;
export type TimelineKind = (typeof timelineKinds)[number];

export interface TimelineEntry {
  /** Same for the same happening at every reading. */
  key: string;
  atMs: number;
  kind: TimelineKind;
  /** Name of the participant concerned; empty for the whole call. */
  subject: string;
  text: string;
}

const layerNames = ['low', 'middle', 'high'];

/** `high`, `middle`, `low`; for what a simulcast of three layers forwards. */
export function layerName(spatialLayer: number | null): string {
  if (spatialLayer === null || spatialLayer < 0) return 'none';
  return layerNames[spatialLayer] ?? `layer ${spatialLayer}`;
}

/** @param since entries before this are left out, epoch ms */
export function timeline(marks: Marks, records: Omit<CallRecords, 'scores' | 'forwarding'>): TimelineEntry[] {
  const names = new Map(marks.participants.map(({ participantId, name }) => [participantId, name]));
  for (const event of records.events) {
    if (event.name !== events.participantJoined || names.has(event.participant_id)) continue;
    names.set(event.participant_id, event.attributes.display_name || event.participant_id);
  }
  const nameOf = (participantId: string) => names.get(participantId) ?? participantId;
  const entries: TimelineEntry[] = [];
  const add = (atMs: number | null, kind: TimelineKind, id: string, subject: string, text: string) => {
    if (atMs !== null) entries.push({ key: `${kind}/${id}/${atMs}`, atMs, kind, subject, text });
  };

  add(marks.readyMs, 'ready', '', '', 'all are in the call and media flows');
  const fault = describeFault(marks.fault);
  add(marks.faultOnMs, 'fault_on', '', marks.target.name, `downlink held to ${fault}`);
  add(marks.faultOffMs, 'fault_off', '', marks.target.name, 'downlink free again');

  for (const incident of records.incidents) {
    const subject = nameOf(incident.participant_id);
    const what = `${incident.kind} (${incident.hop}): ${incident.sentence}`;
    add(incident.detected_at, 'incident_detected', incident.incident_id, subject, what);
    add(incident.ended_at, 'incident_ended', incident.incident_id, subject, `${incident.kind} is over`);
  }
  const applied = firstOf(records, events.decisionApplied);
  const lifted = firstOf(records, events.decisionLifted);
  for (const decision of records.decisions) {
    const subject = nameOf(decision.participant_id);
    const id = decision.decision_id;
    add(decision.sent_at, 'decision_sent', id, subject, `${action(decision)}: ${decision.reason}`);
    add(decision.applied_at ?? applied.get(id) ?? null, 'decision_applied', id, subject, action(decision));
    const why = decision.lift_reason ? ` (${decision.lift_reason})` : '';
    const liftedAt = decision.lifted_at ?? lifted.get(id) ?? null;
    add(liftedAt, 'decision_lifted', id, subject, `${action(decision)} let go${why}`);
  }
  const seenBy = new Map<string, string>();
  for (const event of records.events) {
    const subject = nameOf(event.participant_id);
    const id = event.consumer_id || event.participant_id;
    if (event.name === events.participantJoined) add(event.time, 'joined', id, subject, 'joined');
    if (event.name === events.participantLeft) add(event.time, 'left', id, subject, 'left');
    if (event.name === events.decisionRefused) {
      add(
        event.time,
        'decision_refused',
        event.attributes.decision_id ?? id,
        subject,
        event.attributes.reason ?? '',
      );
    }
    if (event.name === events.layersChanged && event.participant_id === marks.target.participantId) {
      const layer = layerName(Number(event.attributes.spatial_layer ?? -1));
      const whose = nameOf(event.attributes.producer_participant_id ?? '');
      const text = `is sent layer ${layer} of ${whose}'s ${event.attributes.source ?? 'video'}`;
      // Temporal layers change often and say little to a reader.
      if (seenBy.get(id) !== layer) add(event.time, 'layers_changed', id, subject, text);
      seenBy.set(id, layer);
    }
  }
  return entries.sort((a, b) => a.atMs - b.atMs || order(a.kind) - order(b.kind));
}

const order = (kind: TimelineKind) => timelineKinds.indexOf(kind);

/** decision_id -> when the SFU first said this of the decision, epoch ms: it may know before the row does. */
export function firstOf(records: Pick<CallRecords, 'events'>, eventName: string): Map<string, number> {
  const first = new Map<string, number>();
  for (const { name, time, attributes } of records.events) {
    const id = attributes.decision_id;
    if (name === eventName && id && !first.has(id)) first.set(id, time);
  }
  return first;
}

/** `video capped at layer low` and the like. */
export function action({ kind, params }: Pick<Decision, 'kind' | 'params'>): string {
  if (kind === 'audio_only') return 'audio only';
  const { spatialLayer, temporalLayer } = parsedObject(params);
  if (typeof spatialLayer !== 'number') return kind.replaceAll('_', ' ');
  const temporal = typeof temporalLayer === 'number' ? `, temporal ${temporalLayer}` : '';
  return `video capped at layer ${layerName(spatialLayer)}${temporal}`;
}

/** A row's JSON column; an empty object where it holds anything else. */
export function parsedObject(json: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // An empty column: nothing was written yet.
  }
  return {};
}
