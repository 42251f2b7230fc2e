import { describe, expect, it } from 'vitest';
import { cameraEncodings, wishedSpatialLayer } from '../../../client/page/layers.ts';

describe('the layer that a tile asks for', () => {
  it.each([
    // Three layers of 135, 270 and 540 lines; a layer is stretched by a quarter at most.
    [60, 3, 0],
    [168, 3, 0],
    [169, 3, 1],
    [337, 3, 1],
    [338, 3, 2],
    [1080, 3, 2],
    // Two layers: 135 and 270.
    [168, 2, 0],
    [169, 2, 1],
    // Nothing to choose.
    [1080, 1, 0],
    [1080, 0, 0],
  ])('%i lines of %i layers: layer %i', (lines, layers, wanted) => {
    expect(wishedSpatialLayer(lines, layers)).toBe(wanted);
  });

  it('steps down only well below where it stepped up, so that the edge does not flap', () => {
    expect(wishedSpatialLayer(336, 3, 2)).toBe(2);
    expect(wishedSpatialLayer(287, 3, 2)).toBe(2);
    expect(wishedSpatialLayer(286, 3, 2)).toBe(1);
    expect(wishedSpatialLayer(286, 3, 1)).toBe(1);
    expect(wishedSpatialLayer(338, 3, 1)).toBe(2);
  });
});

describe('what the camera sends', () => {
  it('three VP8 layers of a quarter, a half and the whole picture, each with three temporal layers', () => {
    expect(cameraEncodings({ width: 960, height: 540 })).toEqual([
      { scaleResolutionDownBy: 4, maxBitrate: 90_000, scalabilityMode: 'L1T3' },
      { scaleResolutionDownBy: 2, maxBitrate: 250_000, scalabilityMode: 'L1T3' },
      { scaleResolutionDownBy: 1, maxBitrate: 720_000, scalabilityMode: 'L1T3' },
    ]);
  });

  it.each([
    [1280, 720, 3],
    [540, 960, 3],
    [640, 480, 2],
    [640, 360, 2],
    [480, 270, 2],
    [320, 240, 1],
    [160, 90, 1],
  ])('a picture of %i x %i: as many layers as Chromium sends of it, %i', (width, height, layers) => {
    const encodings = cameraEncodings({ width, height });
    expect(encodings).toHaveLength(layers);
    expect(encodings.at(-1)?.scaleResolutionDownBy).toBe(1);
  });
});
