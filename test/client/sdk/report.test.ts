import { describe, expect, it } from 'vitest';
import { FULL_READ_MS, ReportReader } from '../../../client/sdk/report.ts';
import { type RawStats, selectedPair } from '../../../telemetry/browser-stats.ts';

const stats = (type: string, id: string, members: object = {}): RawStats => ({ type, id, ...members });

/** A report that tells which objects were asked for. */
function reportOf(objects: readonly RawStats[]) {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const asked: string[] = [];
  return {
    asked,
    size: byId.size,
    get: (id: string) => {
      asked.push(id);
      return byId.get(id);
    },
    forEach: (callback: (object: RawStats) => void) => {
      asked.push('all');
      byId.forEach(callback);
    },
  };
}

const call = [
  stats('codec', 'C1'),
  stats('local-candidate', 'L1'),
  stats('candidate-pair', 'P1', { nominated: true, state: 'succeeded' }),
  stats('candidate-pair', 'P2', { state: 'waiting' }),
  stats('transport', 'T', { selectedCandidatePairId: 'P1' }),
  stats('inbound-rtp', 'I1'),
];

const read = (reader: ReportReader, objects: readonly RawStats[], nowMs: number) => {
  const report = reportOf(objects);
  const ids = reader.read(report, nowMs).map(({ id }) => id);
  return { ids, asked: report.asked };
};

describe('reading a report', () => {
  it('asks only for what changes once it knows the objects', () => {
    const reader = new ReportReader();
    expect(read(reader, call, 0).asked).toEqual(['all']);
    expect(read(reader, call, 1_000)).toEqual({ ids: ['P1', 'T', 'I1'], asked: ['P1', 'T', 'I1'] });
    expect(reader.sawAll).toBe(false);
  });

  it.each<[string, readonly RawStats[]]>([
    ['an object more', [...call, stats('inbound-rtp', 'I2')]],
    [
      'one replaced by another',
      call.map((object) => (object.id === 'I1' ? stats('inbound-rtp', 'I9') : object)),
    ],
    [
      'another pair in use',
      call.map((object) =>
        object.id === 'T' ? stats('transport', 'T', { selectedCandidatePairId: 'P2' }) : object,
      ),
    ],
  ])('looks at all objects when there is %s', (_, changed) => {
    const reader = new ReportReader();
    read(reader, call, 0);
    const { ids, asked } = read(reader, changed, 1_000);
    expect(asked).toContain('all');
    expect(ids).toEqual(changed.map(({ id }) => id));
  });

  it('looks at all objects every now and then, and when told that something changed', () => {
    const reader = new ReportReader();
    read(reader, call, 0);
    expect(read(reader, call, FULL_READ_MS - 1).asked).not.toContain('all');
    expect(read(reader, call, FULL_READ_MS).asked).toContain('all');
    reader.expectChange();
    expect(read(reader, call, FULL_READ_MS + 1).asked).toContain('all');
  });
});

describe('the pair in use', () => {
  const pairs = [
    stats('candidate-pair', 'P1', { nominated: true, state: 'succeeded' }),
    stats('candidate-pair', 'P2', { nominated: true, state: 'succeeded' }),
  ];
  it.each<[string, readonly RawStats[], string | undefined]>([
    ['the transport’s word', [...pairs, stats('transport', 'T', { selectedCandidatePairId: 'P2' })], 'P2'],
    ['Firefox’s own member', [pairs[0]!, stats('candidate-pair', 'P3', { selected: true })], 'P3'],
    ['the nominated one that works', pairs, 'P1'],
    ['none while connecting', [stats('candidate-pair', 'P1', { state: 'in-progress' })], undefined],
  ])('is %s', (_, objects, wanted) => {
    expect(selectedPair(objects)?.id).toBe(wanted);
  });
});
