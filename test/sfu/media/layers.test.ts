import { expect, test } from 'vitest';
import { effectiveLayers, type Layers, topLayers } from '../../../sfu/media/layers.ts';

const l = (spatialLayer: number, temporalLayer: number): Layers => ({ spatialLayer, temporalLayer });

test.each<[string, Layers | null, Layers | null, Layers]>([
  ['nothing asked, nothing bounded: the top', null, null, topLayers],
  ['the wish counts where nothing bounds it', l(1, 2), null, l(1, 2)],
  ['the cap counts where nothing was wished', null, l(0, 1), l(0, 1)],
  ['the cap bounds a higher wish', l(2, 2), l(1, 0), l(1, 0)],
  ['a lower wish stays under the cap', l(0, 0), l(1, 2), l(0, 0)],
  ['each dimension is bounded on its own', l(0, 2), l(1, 1), l(0, 1)],
])('%s', (_name, wish, cap, expected) => {
  expect(effectiveLayers(wish, cap)).toEqual(expected);
});
