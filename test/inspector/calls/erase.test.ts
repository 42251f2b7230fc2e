import { expect, test } from 'vitest';
import { namedBy, statement } from '../../../inspector/calls/erase.ts';

const table = {
  ...{ table: 'incident_local', whole: 'incident', participantColumns: [] },
  ...{ textColumns: [], listColumns: [], mapColumns: [] },
};

test('with a Keeper the statement goes to all nodes of the cluster', () => {
  expect(statement({ table: { ...table, cluster: 'fleet' }, verb: 'DELETE', where: 'a' })).toBe(
    'ALTER TABLE {table:Identifier} ON CLUSTER fleet DELETE WHERE a',
  );
  expect(statement({ table: { ...table, cluster: '' }, verb: 'DELETE', where: 'a' })).toBe(
    'ALTER TABLE {table:Identifier} DELETE WHERE a',
  );
});

test.each([
  ['Ann froze', true],
  ['for Ann, and', true],
  ['{"receiverId":"p-1.2"}', true],
  ['Annex', false],
  ['JoAnn', false],
  ['Änn', false],
  ['p-1x2', false],
])('%s names Ann or p-1.2: %s', (text, named) => {
  const pattern = new RegExp(
    namedBy(['p-1.2', 'Ann']).replaceAll('\\pL', '\\p{L}').replaceAll('\\pN', '\\p{N}'),
    'u',
  );
  expect(pattern.test(text)).toBe(named);
});
