/** Join funnel: from the click to the first remote frame. */
import { spans } from '../../telemetry/events.ts';
import type { Board } from '../board.ts';
import { thresholds } from '../objectives.ts';
import { bars, series, stat, table } from '../panel.ts';
import { bucket, during, ofTenants, quantile, sql } from '../sql.ts';

/** The steps in the order in which a join takes them, as the funnel shows them. */
export const joinSteps = [
  { span: spans.getUserMedia, title: 'camera and microphone' },
  { span: spans.admission, title: 'admission' },
  { span: spans.signaling, title: 'signaling' },
  { span: spans.transport, title: 'transport' },
  { span: spans.ice, title: 'ICE' },
  { span: spans.dtls, title: 'DTLS' },
  { span: spans.firstPacket, title: 'first packet' },
  { span: spans.firstFrame, title: 'first frame' },
] as const;

const names = joinSteps.map(({ span }) => `'${span}'`).join(', ');
const titles = joinSteps.map(({ title }, index) => `'${index + 1} ${title}'`).join(', ');
/** The step as people call it, numbered so that it sorts. */
const stepTitle = `transform(step, [${names}], [${titles}], step)`;
const steps = `step IN (${names})`;
const durations = '0.5, 0.95';
const ms = (nth: number) => `${quantile(durations, 'duration', nth)} / 1000`;

/** Of whole joins in the time range. */
const joins = `FROM join_minute WHERE ${during('minute')} AND step = '${spans.join}' AND ${ofTenants}`;

export const join: Board = {
  name: 'join',
  title: 'Join funnel',
  owner: 'media-sre',
  question: 'Can people get into their calls, how fast, and where do those who cannot get stuck?',
  reading:
    'A join is one trace told by the client, from the click to the first remote frame. A client that vanishes half-way tells nothing: compare attempts with what the application counts.',
  next: [
    { board: 'slos', when: 'How much budget is left' },
    { board: 'sfu', when: 'Signaling or transport fails' },
    { board: 'turn', when: 'ICE fails' },
    { board: 'quality', when: 'Some groups fail more' },
  ],
  from: 'now-6h',
  refresh: '1m',
  variables: [],
  rows: [
    {
      title: 'Joins',
      panels: [
        stat({
          title: 'Attempts',
          description: 'Joins that ended in the time range, well or badly.',
          sql: sql`SELECT sum(spans) AS attempts ${joins}`,
          unit: 'count',
        }),
        stat({
          title: 'Succeeded',
          description: 'Of all attempts. The SLO asks for more than 99.9 %.',
          sql: sql`SELECT if(sum(spans) = 0, NULL, 1 - sum(failed) / sum(spans)) AS success ${joins}`,
          unit: 'ratio',
          thresholds: thresholds.joinSuccess,
        }),
        stat({
          title: 'Failed',
          description: 'Attempts that ended with an error. The table below says at which step and why.',
          sql: sql`SELECT sum(failed) AS failed ${joins}`,
          unit: 'count',
          thresholds: thresholds.none,
        }),
        stat({
          title: 'Time to join, p50',
          description: 'Half of the people were in after this time.',
          sql: sql`SELECT ${ms(1)} AS p50 ${joins}`,
          unit: 'milliseconds',
          thresholds: thresholds.timeToJoin,
        }),
        stat({
          title: 'Time to join, p95',
          description: 'One in twenty waited longer. The SLO asks for less than 3 s.',
          sql: sql`SELECT ${ms(2)} AS p95 ${joins}`,
          unit: 'milliseconds',
          thresholds: thresholds.timeToJoin,
        }),
        stat({
          title: 'In within 3 s',
          description: 'Of all attempts, failed ones included: the good events of the SLO on time to join.',
          sql: sql`SELECT if(sum(spans) = 0, NULL, sum(within_3s) / sum(spans)) AS within ${joins}`,
          unit: 'ratio',
          thresholds: [
            { from: null, colour: 'red' },
            { from: 0.9, colour: 'orange' },
            { from: 0.95, colour: 'green' },
          ],
        }),
      ],
    },
    {
      title: 'The funnel',
      panels: [
        bars({
          title: 'How far joins got',
          description:
            'Joins that finished each step. The largest drop between two bars is where people are lost. First packet and frame are fewer where nobody else sends.',
          sql: sql`
            SELECT ${stepTitle} AS label, sum(spans) - sum(failed) AS joins
            FROM join_minute WHERE ${during('minute')} AND ${steps} AND ${ofTenants}
            GROUP BY label ORDER BY label`,
          unit: 'count',
          width: 9,
          height: 10,
        }),
        table({
          title: 'Each step',
          description:
            'How often it was taken, how often it failed, how long it took. Steps overlap: their times do not add up to the whole.',
          sql: sql`
            SELECT ${stepTitle} AS label, sum(spans) AS taken, sum(join_minute.failed) AS failures,
              failures / taken AS failed_ratio, ${ms(1)} AS p50_ms, ${ms(2)} AS p95_ms
            FROM join_minute WHERE ${during('minute')} AND ${steps} AND ${ofTenants}
            GROUP BY label ORDER BY label`,
          width: 15,
          height: 10,
          columns: {
            label: { title: 'step', width: 190 },
            taken: { unit: 'count' },
            failures: { title: 'failed', unit: 'count' },
            failed_ratio: {
              title: 'failed, share',
              unit: 'ratio',
              thresholds: [
                { from: null, colour: 'green' },
                { from: 0.001, colour: 'orange' },
                { from: 0.01, colour: 'red' },
              ],
            },
            p50_ms: { title: 'p50', unit: 'milliseconds' },
            p95_ms: { title: 'p95', unit: 'milliseconds' },
          },
        }),
        table({
          title: 'Failures by cause',
          description: 'The step whose error ended the join and its message, numbers taken out.',
          sql: sql`
            SELECT if(countIf(step != '${spans.join}') = 0, 'none told of it', anyIf(${stepTitle}, step != '${spans.join}')) AS label,
              cause AS why,
              greatest(sumIf(failed, step = '${spans.join}'), sumIf(failed, step != '${spans.join}')) AS failures,
              max(minute) AS last_at
            FROM join_minute
            WHERE ${during('minute')} AND cause != '' AND (${steps} OR step = '${spans.join}') AND ${ofTenants}
            GROUP BY why ORDER BY failures DESC, why LIMIT 30`,
          width: 12,
          height: 9,
          columns: {
            label: { title: 'step', width: 170 },
            why: { title: 'cause' },
            failures: { title: 'failed', unit: 'count', width: 70 },
            last_at: { title: 'last', unit: 'time', width: 160 },
          },
          empty: 'No join failed',
        }),
        table({
          title: 'How people are connected',
          description:
            'The candidate pair that ICE chose. Relay over TCP or TLS is slower; a share that jumps says UDP is blocked or direct paths broke.',
          sql: sql`
            SELECT multiIf(type = 'relay', concat('relay over ', relay), type = '', 'not known', concat('direct, ', kind)) AS path,
              count() AS people, count() / sum(count()) OVER () AS share
            FROM (
              SELECT max(candidate_type) AS type, max(relay_protocol) AS relay, max(protocol) AS kind
              FROM participant_dimension
              WHERE (tenant_id, call_id) IN (
                SELECT tenant_id, call_id FROM call_by_time WHERE ${during('started_at')} AND ${ofTenants})
              GROUP BY tenant_id, call_id, participant_id
            )
            GROUP BY path ORDER BY people DESC, path`,
          width: 12,
          height: 9,
          columns: { path: {}, people: { unit: 'count' }, share: { unit: 'ratio' } },
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        series({
          title: 'Joins that succeeded',
          description:
            'Share of attempts. With few attempts one failure is a deep dip: look at the count beside it.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, 1 - sum(failed) / sum(spans) AS success
            ${joins} GROUP BY at ORDER BY at`,
          unit: 'ratio',
          thresholds: thresholds.joinSuccess,
          max: 1,
        }),
        series({
          title: 'Attempts',
          description: 'Joins that ended, well and badly.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, sum(spans) - sum(join_minute.failed) AS joined, sum(join_minute.failed) AS failed
            ${joins} GROUP BY at ORDER BY at`,
          unit: 'count',
          style: 'bars',
          min: 0,
        }),
        series({
          title: 'Time to join',
          description: 'Median and p95 of the whole join. The dashed line is the SLO.',
          sql: sql`SELECT ${bucket('minute')} AS at, ${ms(1)} AS p50, ${ms(2)} AS p95 ${joins} GROUP BY at ORDER BY at`,
          unit: 'milliseconds',
          thresholds: thresholds.timeToJoin,
          min: 0,
        }),
        series({
          title: 'Each step, p95',
          description: 'Which step grew when joins became slow.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, ${stepTitle} AS series, ${ms(2)} AS p95
            FROM join_minute WHERE ${during('minute')} AND ${steps} AND ${ofTenants}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'milliseconds',
          min: 0,
        }),
        series({
          title: 'ICE and DTLS that failed',
          description:
            'State changes to failed, as clients and SFU tell them, joins and later. Silent elsewhere: here they are counted.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, concat(name, ' ', detail) AS series, sum(events) AS changes
            FROM event_minute
            WHERE ${during('minute')} AND detail = 'failed'
              AND name IN ('rtc.ice.state', 'rtc.dtls.state', 'rtc.sfu.ice_state', 'rtc.sfu.dtls_state', 'rtc.connection.state')
              AND ${ofTenants}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'count',
          style: 'bars',
          min: 0,
          empty: 'None failed',
        }),
        series({
          title: 'Requests that the SFU refused',
          description:
            'By code, docs/conventions.md. Expired tokens and full rooms are the application; rate limits and overload are ours.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, detail AS series, sum(events) AS refused
            FROM event_minute
            WHERE ${during('minute')} AND name = 'rtc.signaling.refused' AND ${ofTenants}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'count',
          style: 'bars',
          min: 0,
          empty: 'None refused',
        }),
      ],
    },
  ],
};
