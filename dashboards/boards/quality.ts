/** Quality by dimension: who suffers more than the others, by how much, and is the sample large enough to say so. */
import type { Board } from '../board.ts';
import { badMos, thresholds } from '../objectives.ts';
import { type Panel, series, table } from '../panel.ts';
import { bucket, during, leastSample, ofTenants, quantile, sql } from '../sql.ts';
import type { Threshold } from '../thresholds.ts';

/** What participants are compared by: a column of participant_dimension, or an expression over its columns. */
export const dimensions = [
  { name: 'region', value: 'country' },
  { name: 'operator', value: 'operator' },
  { name: 'browser', value: 'browser' },
  { name: 'version', value: "if(browser = '', '', concat(browser, ' ', browser_version))" },
  { name: 'platform', value: 'platform' },
  { name: 'codec', value: 'video_codec' },
  { name: 'SFU', value: 'sfu_node_id' },
  {
    name: 'path',
    value:
      "multiIf(relay_protocol != '', concat('relay ', relay_protocol), candidate_type != '', 'direct', '')",
  },
] as const;

/** A participant had a bad call when more than this share of scored windows was under the bad MOS. */
const badShare = 0.1;

/** Participants of the span, each with its dimensions and whether the call was bad for it. */
const people = (from: string) => `
  SELECT p.first_seen_at >= $__fromTime AS in_range, p.suffered AS suffered, d.*
  FROM (
    SELECT tenant_id, call_id, participant_id, first_seen_at, bad_window_ratio > ${badShare} AS suffered
    FROM participant_by_time FINAL
    WHERE first_seen_at >= ${from} AND first_seen_at <= $__toTime AND bad_window_ratio IS NOT NULL AND ${ofTenants}
    ORDER BY revision DESC LIMIT 1 BY tenant_id, call_id, participant_id
  ) AS p
  INNER JOIN (
    SELECT tenant_id, call_id, participant_id, max(country) AS country, max(operator) AS operator,
      max(browser) AS browser, max(browser_version) AS browser_version, max(platform) AS platform, max(sfu_node_id) AS sfu_node_id,
      max(candidate_type) AS candidate_type, max(relay_protocol) AS relay_protocol, max(video_codec) AS video_codec
    FROM participant_dimension
    WHERE (tenant_id, call_id) IN (
      SELECT tenant_id, call_id FROM participant_by_time
      WHERE first_seen_at >= ${from} AND first_seen_at <= $__toTime AND ${ofTenants})
    GROUP BY tenant_id, call_id, participant_id
  ) AS d USING (tenant_id, call_id, participant_id)`;

/**
 * Per group: its share of bad calls against all others'. The relative risk adds half a participant to every cell
 * (Haldane), so that no cell is empty; its lower bound is that of the 95 % interval on the log scale (Katz).
 */
const risks = (pairs: string, from: string) => `
  SELECT dimension, value, people, bad, all_people, bad / people AS share,
    (all_bad - bad) / greatest(all_people - people, 1) AS share_of_others,
    ((bad + 0.5) / (people + 1)) / ((all_bad - bad + 0.5) / (all_people - people + 1)) AS relative_risk,
    exp(log(relative_risk) - 1.96 * sqrt(greatest(0, 1 / (bad + 0.5) - 1 / (people + 1)
      + 1 / (all_bad - bad + 0.5) - 1 / (all_people - people + 1)))) AS at_least,
    if(people_before = 0, NULL, share - bad_before / people_before) AS change
  FROM (
    SELECT pair.1 AS dimension, pair.2 AS value, countIf(in_range) AS people, countIf(in_range AND suffered) AS bad,
      countIf(NOT in_range) AS people_before, countIf(NOT in_range AND suffered) AS bad_before,
      sum(people) OVER (PARTITION BY dimension) AS all_people, sum(bad) OVER (PARTITION BY dimension) AS all_bad
    FROM (${people(from)})
    ARRAY JOIN ${pairs} AS pair
    WHERE pair.2 != ''
    GROUP BY dimension, value
  )`;

const allPairs = `[${dimensions.map(({ name, value }) => `('${name}', ${value})`).join(', ')}]`;
const before = '$__fromTime - ($__toTime - $__fromTime)';

const riskThresholds: readonly Threshold[] = [
  { from: null, colour: 'text' },
  { from: 1.5, colour: 'orange' },
  { from: 3, colour: 'red' },
];

const groupTable = ({ name, value }: (typeof dimensions)[number]): Panel =>
  table({
    title: `By ${name}`,
    description: `Participants by ${name}: how many, the share with a bad call (more than ${badShare * 100} % of 5 s windows under MOS ${badMos}), and how many times as often as all others.`,
    sql: sql`
      SELECT value, people, share, relative_risk
      FROM (${risks(`[('${name}', ${value})]`, '$__fromTime')})
      ORDER BY people DESC, value LIMIT 15`,
    width: 6,
    height: 7,
    columns: {
      value: { title: name },
      people: { unit: 'count', width: 65 },
      share: { title: 'bad calls', unit: 'ratio', thresholds: thresholds.badCalls, width: 78 },
      relative_risk: { title: 'risk', unit: 'times', thresholds: riskThresholds, width: 56 },
    },
    empty: `No participant in this time range tells its ${name}`,
  });

const overTime = (title: string, description: string, column: string, levels: string, nth: number) => ({
  title,
  description,
  sql: sql`
    SELECT ${bucket('minute')} AS at, kind AS series, ${quantile(levels, column, nth)} AS value
    FROM quality_minute
    WHERE ${during('minute')} AND ${ofTenants}
    GROUP BY at, series ORDER BY at, series`,
});

export const quality: Board = {
  name: 'quality',
  title: 'Quality by dimension',
  owner: 'media-sre',
  question: 'Who has bad calls more often than everybody else, and what do they have in common?',
  reading: `A call was bad for a participant when more than ${badShare * 100} % of its 5 s windows were under MOS ${badMos}. Relative risk compares a group with all others; "at least" is the lower end of its 95 % interval, and the table is sorted by it, so that chance does not lead.`,
  next: [
    { board: 'sfu', when: 'It is one SFU' },
    { board: 'turn', when: 'It is relay' },
    { board: 'loop', when: 'Did our decisions help or harm' },
    { board: 'fleet', when: 'Back to the overview' },
  ],
  from: 'now-6h',
  refresh: '5m',
  variables: ['sample'],
  rows: [
    {
      title: 'Worst movers',
      panels: [
        table({
          title: 'Groups that suffer more than the rest',
          description:
            'Relative risk 3 with "at least" above 1 and a control group is a finding; a wide gap between the two is a small sample. "change" is against the span of equal length before.',
          sql: sql`
            SELECT dimension, value, people, bad, share, share_of_others, relative_risk, at_least, change
            FROM (${risks(allPairs, before)})
            WHERE people >= ${leastSample}
              AND all_people - people >= ${leastSample}
            ORDER BY at_least DESC, dimension, value LIMIT 25`,
          height: 11,
          columns: {
            dimension: { width: 110 },
            value: { title: 'group' },
            people: { title: 'participants', unit: 'count' },
            bad: { title: 'with a bad call', unit: 'count' },
            share: { title: 'share', unit: 'ratio', thresholds: thresholds.badCalls },
            share_of_others: { title: "all others' share", unit: 'ratio' },
            relative_risk: { title: 'relative risk', unit: 'times', thresholds: riskThresholds },
            at_least: { title: 'at least (95 %)', unit: 'times', thresholds: riskThresholds },
            change: { unit: 'ratio' },
          },
          empty: 'No group of the least sample stands against a control group as large',
        }),
      ],
    },
    { title: 'Every dimension', panels: dimensions.map(groupTable) },
    {
      title: 'Against the SLOs',
      panels: [
        series({
          ...overTime(
            'MOS, worst twentieth',
            'One window in twenty was worse. Audio and video are different scales.',
            'mos',
            '0.05, 0.5',
            1,
          ),
          unit: 'mos',
          thresholds: thresholds.mos,
          min: 1,
          max: 5,
        }),
        series({
          ...overTime(
            'Mouth to ear, p95',
            'Estimated one-way delay from capture to playout. The SLO asks for less than 300 ms.',
            'delay_ms',
            '0.5, 0.95',
            2,
          ),
          unit: 'milliseconds',
          thresholds: thresholds.delay,
          min: 0,
        }),
        series({
          ...overTime(
            'Loss, p95',
            'Packets lost on the wire up to the receiver. The SLO asks for less than 1 %.',
            'loss_ratio',
            '0.5, 0.95',
            2,
          ),
          unit: 'ratio',
          thresholds: thresholds.loss,
          min: 0,
        }),
        series({
          ...overTime(
            'Jitter, p95',
            'At the receiver. The SLO asks for less than 30 ms.',
            'jitter_ms',
            '0.5, 0.95',
            2,
          ),
          unit: 'milliseconds',
          thresholds: thresholds.jitter,
          min: 0,
        }),
      ],
    },
  ],
};
