/**
 * What an alert says. The first line: which parts are struck or what users suffer, how many, since when, the likeliest common factor. Then
 * numbers and links. One message for all receivers; delivery/ puts it into each one's form. Pure.
 */
import { z } from 'zod';
import { type AlertRow, severities } from '../telemetry/alerts.ts';
import { type Concern, isFault } from './concerns.ts';
import type { Explanation } from './explain.ts';
import type { Factor } from './factors.ts';
import type { Fault } from './faults/fault.ts';
import { dimensions, type Slo } from './slos/slo.ts';

/** Where links lead; without a trailing slash. */
export interface LinkBases {
  readonly dashboards?: string | undefined;
  readonly inspector?: string | undefined;
  readonly runbooks?: string | undefined;
}

export const messageSchema = z.object({
  /** Changes nothing when told twice: alert and kind. */
  noticeId: z.string(),
  alertId: z.string(),
  /** The incident that alerts are told together as. */
  groupId: z.string(),
  kind: z.enum(['firing', 'resolved']),
  severity: z.enum(severities),
  slo: z.string(),
  /** `country=DE`: about those there; empty: about everybody. */
  scope: z.string().default(''),
  title: z.string(),
  owner: z.string(),
  headline: z.string(),
  /** Further lines. */
  details: z.array(z.string()),
  links: z.array(z.object({ title: z.string(), url: z.string() })),
  runbook: z.string(),
  sinceMs: z.number(),
  firedMs: z.number(),
  endedMs: z.number().nullable(),
  /** When it was first told, on the clock of the one who tells: some time after the minute it is about. */
  toldMs: z.number(),
  factor: z.string(),
  /** Whether others of the incident are open still: a receiver that shows one thing per incident keeps it. */
  othersOpen: z.boolean(),
  /** Fired by hand to see that it arrives. */
  test: z.boolean(),
});
export type AlertMessage = z.infer<typeof messageSchema>;

export const noticeIdOf = (alert: AlertRow, kind: AlertMessage['kind']) => `${alert.alert_id}-${kind}`;

/** As rows and labels have it; empty where nothing stands out. */
export const factorKey = ({ scope }: AlertRow, { factors: [first] }: Explanation): string =>
  scope || (first ? `${first.dimension}=${first.value}` : '');

export const factorName = ({ dimension, value }: Pick<Factor, 'dimension' | 'value'>) =>
  `${dimensions[dimension as keyof typeof dimensions] ?? dimension} ${value}`;

const factorOfScope = (scope: string) => ({
  dimension: scope.slice(0, scope.indexOf('=')),
  value: scope.slice(scope.indexOf('=') + 1),
});

const percent = (ratio: number) => `${Number((100 * ratio).toPrecision(ratio < 0.1 ? 2 : 3))} %`;
const clock = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const rounded = (value: number) => Number(value.toPrecision(2));

const factorWords = (one: Factor) =>
  `${factorName(one)} (${one.bad} of ${one.people} there, ${one.otherBad} of ${one.otherPeople} elsewhere; ` +
  `relative risk ${rounded(one.relativeRisk)}, at least ${rounded(one.atLeast)})`;

/** The first line. */
export function headline(concern: Concern, alert: AlertRow, explanation: Explanation): string {
  const since = `since ${clock(alert.since_at)}`;
  return isFault(concern)
    ? faultLine(concern, explanation, since)
    : promiseLine(concern, alert, explanation, since);
}

function faultLine({ title, happened }: Fault, { parts = [], bad }: Explanation, since: string): string {
  const struck = parts.length > 0 ? parts.join(', ') : 'one that nobody names';
  return `${title}: ${struck} ${happened}, ${since}${bad > 0 ? `; calls struck: ${bad}` : ''}.`;
}

function promiseLine(slo: Slo, alert: AlertRow, explanation: Explanation, since: string): string {
  if (alert.kind === 'blind')
    return `${slo.title}: ${slo.unseen ?? 'no event is seen'} ${since}. Nobody can say how many suffer.`;
  const bad = alert.bad ?? 0;
  const total = alert.total ?? 0;
  const who =
    slo.people && explanation.bad > 0
      ? `${explanation.bad} of ${explanation.people} ${slo.dimensions.length > 0 ? 'people' : 'calls'} (${percent(explanation.bad / explanation.people)}) ${slo.suffering}`
      : slo.people
        ? `${bad} of ${total} events (${percent(bad / Math.max(1, total))}): people ${slo.suffering}`
        : `${bad} of ${total} (${percent(bad / Math.max(1, total))}) ${slo.suffering}`;
  const [factor] = explanation.factors;
  const [cause] = explanation.causes;
  const [incident] = explanation.incidents;
  const because = [
    ...(factor ? [`likeliest common factor: ${factorWords(factor)}`] : []),
    ...(cause ? [`${cause.people} say "${cause.cause}"`] : []),
    ...(incident ? [`${incident.people} have ${incident.kind}`] : []),
  ];
  const where = alert.scope ? ` in ${factorName(factorOfScope(alert.scope))}` : '';
  return `${slo.title}${where}: ${who} ${since}; ${because.length > 0 ? because.join('; ') : 'no common factor stands out'}.`;
}

function details(slo: Concern, alert: AlertRow, explanation: Explanation): string[] {
  if (isFault(slo)) return [`Over ${slo.over}.`];
  if (alert.kind === 'blind') return [`Promise: ${slo.promise}.`];
  return [
    `Promise: ${slo.promise}. The budget burns ${rounded(alert.burn ?? 0)} times as fast as it may (${alert.burn_window}).`,
    ...explanation.factors.slice(1, 4).map((one) => `Also: ${factorWords(one)}.`),
    ...explanation.causes.slice(1, 3).map(({ cause, people }) => `${people} say "${cause}".`),
    ...explanation.incidents.slice(1, 3).map(({ kind, people }) => `${people} have ${kind}.`),
  ];
}

/** Time around the trouble that a dashboard opens with. */
const marginMs = 30 * 60_000;

function links(slo: Concern, alert: AlertRow, explanation: Explanation, bases: LinkBases) {
  const from = alert.since_at - marginMs;
  const to = (alert.ended_at ?? alert.fired_at ?? alert.began_at) + marginMs;
  return [
    ...(bases.dashboards
      ? [{ title: 'Dashboard', url: `${bases.dashboards}/d/callscope-${slo.board}?from=${from}&to=${to}` }]
      : []),
    ...(bases.inspector
      ? explanation.worstCalls.map((callId, i) => ({
          title: `Worst call ${i + 1}`,
          url: `${bases.inspector}/calls/${encodeURIComponent(callId)}`,
        }))
      : []),
    ...(bases.runbooks ? [{ title: 'Runbook', url: `${bases.runbooks}/${slo.runbook}` }] : []),
  ];
}

export interface MessageInput {
  readonly slo: Concern;
  readonly alert: AlertRow;
  readonly kind: AlertMessage['kind'];
  readonly explanation: Explanation;
  readonly bases: LinkBases;
  readonly othersOpen: boolean;
  readonly nowMs: number;
  readonly test?: boolean;
}

export function messageOf(input: MessageInput): AlertMessage {
  const { slo, alert, kind, explanation, bases, othersOpen, nowMs, test = false } = input;
  const first = alert.headline || headline(slo, alert, explanation);
  const over = `Over since ${clock(alert.calm_at ?? alert.ended_at ?? alert.began_at)}: ${first}`;
  return {
    noticeId: noticeIdOf(alert, kind),
    alertId: alert.alert_id,
    groupId: alert.group_id,
    kind,
    severity: alert.severity,
    slo: slo.name,
    scope: alert.scope,
    title: slo.title,
    owner: slo.owner,
    headline: `${test ? 'TEST. ' : ''}${kind === 'resolved' ? over : first}`,
    details: details(slo, alert, explanation),
    links: links(slo, alert, explanation, bases),
    runbook: slo.runbook,
    sinceMs: alert.since_at,
    firedMs: alert.fired_at ?? alert.began_at,
    endedMs: alert.ended_at,
    toldMs: nowMs,
    factor: alert.factor,
    othersOpen,
    test,
  };
}
