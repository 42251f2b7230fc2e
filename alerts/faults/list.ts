/** All faults of the service that people on call are told of. Adding one: an entry here, and a runbook of its name. */
import { events, metrics } from '../../telemetry/events.ts';
import { between, callsWith, readings, signsOf } from '../slos/sources.ts';
import type { Fault } from './fault.ts';

const fault = (one: Omit<Fault, 'runbook' | 'dimensions'>): Fault => ({
  ...one,
  dimensions: [],
  runbook: `alerts/runbooks/${one.name}.md`,
});

const nodesMissed = readings('callscope-sfu', metrics.nodesMissed, 'value = 0');
const nodesLost = signsOf(events.nodeLost, 'sfu');

export const faults: readonly Fault[] = [
  fault({
    name: 'node-lost',
    title: 'Media node lost',
    // Its calls go on elsewhere by themselves. Where people cannot join, that is a page of its own.
    severity: 'ticket',
    // The event for a node that is back within seconds, the gauge for one that stays away.
    minutes: (bounds) => `${nodesLost(bounds)} UNION ALL ${nodesMissed(bounds)}`,
    parts: `SELECT DISTINCT attributes['lost_node_id'] AS part FROM rtc_event
WHERE ${between('time')} AND name = '${events.nodeLost}' AND source = 'sfu'`,
    happened: 'ended without having said so',
    over: 'five minutes after it is back or another node has come in its place, or once it has been missed for half an hour',
    people: callsWith(events.callTakenOver, "source = 'sfu'"),
    board: 'sfu',
    owner: 'media-sre',
  }),
  fault({
    name: 'worker-died',
    title: 'Media worker died',
    severity: 'ticket',
    minutes: signsOf(events.workerDied, 'sfu'),
    parts: `SELECT DISTINCT sfu_node_id AS part FROM rtc_event
WHERE ${between('time')} AND name = '${events.workerDied}' AND source = 'sfu'`,
    happened: 'lost a media worker and started another',
    over: 'five minutes after the last one died',
    people: callsWith(events.participantLeft, "source = 'sfu' AND attributes['reason'] = 'worker_died'"),
    board: 'sfu',
    owner: 'media-sre',
  }),
  fault({
    name: 'recorder-disk',
    title: 'Disk of a recorder',
    // Minutes of packets fit into memory; after that recordings have holes.
    severity: 'page',
    minutes: readings('callscope-recorder', metrics.recorderDiskRefuses, 'value = 0'),
    parts: `SELECT DISTINCT service_instance_id AS part FROM rtc_metric
WHERE ${between('time')} AND service_name = 'callscope-recorder' AND name = '${metrics.recorderDiskRefuses}' AND value > 0`,
    happened: 'has no room for recordings: packets wait in memory, and no further call is taken',
    over: 'five minutes after there is room again',
    board: 'recording',
    owner: 'recording',
  }),
];
