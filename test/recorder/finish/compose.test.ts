import { expect, test } from 'vitest';
import { composeArguments } from '../../../recorder/finish/compose.ts';

const graphOf = (args: string[] | null) => args![args!.indexOf('-filter_complex') + 1]!;

test('three people make a grid of two by two; a picture shows while it is on', () => {
  const person = { file: 'f', hasAudio: true, shown: [[0.5, 10] as const, [20, 30] as const] };
  const graph = graphOf(composeArguments([person, person, { ...person, hasAudio: false }], 30));
  expect(graph).toContain('color=c=black:s=1280x720:r=15:d=30.000[canvas0]');
  expect(graph).toContain(
    "[canvas2][tile2]overlay=0:360:eof_action=repeat:enable='between(t,0.50,10.00)+between(t,20.00,30.00)'",
  );
  expect(graph).toContain('[voice0][voice1]amix=inputs=2');
});

test('voices alone make a file without a picture; nothing makes none', () => {
  const args = composeArguments([{ file: 'f', hasAudio: true, shown: null }], 5);
  expect(args?.join(' ')).not.toContain('libvpx');
  expect(composeArguments([{ file: 'f', hasAudio: false, shown: null }], 5)).toBeNull();
  expect(composeArguments([], 0)).toBeNull();
});

test('sixteen tiles at most: those seen longest; of very many gaps the shortest are closed', () => {
  const inputs = Array.from({ length: 20 }, (_, i) => ({
    file: 'f',
    hasAudio: false,
    shown: [[0, i + 1] as const],
  }));
  const graph = graphOf(composeArguments(inputs, 20));
  expect(graph).not.toContain('[3:v:0]');
  expect(graph).toContain('[4:v:0]');
  const flickering = Array.from({ length: 200 }, (_, i) => [2 * i, 2 * i + 1] as const);
  const one = graphOf(composeArguments([{ file: 'f', hasAudio: false, shown: flickering }], 400));
  expect(one.match(/between/g)).toHaveLength(50);
});
