import { describe, expect, it } from 'vitest';
import { cameraEncodings, wishedSpatialLayer } from '../../../client/page/layers.ts';

describe('the layer that a tile asks for', () => {
  it.each([
    // Three layers of 90, 180 and 360 lines; a layer is stretched by a quarter at most.
    [60, 3, 0],
    [112, 3, 0],
    [113, 3, 1],
    [225, 3, 1],
    [226, 3, 2],
    [1080, 3, 2],
    // Two layers: 180 and 360.
    [112, 2, 0],
    [226, 2, 1],
    // Nothing to choose.
    [1080, 1, 0],
    [1080, 0, 0],
  ])('%i lines of %i layers: layer %i', (lines, layers, wanted) => {
    expect(wishedSpatialLayer(lines, layers)).toBe(wanted);
  });

  it('steps down only well below where it stepped up, so that the edge does not flap', () => {
    expect(wishedSpatialLayer(224, 3, 2)).toBe(2);
    expect(wishedSpatialLayer(192, 3, 2)).toBe(2);
    expect(wishedSpatialLayer(191, 3, 2)).toBe(1);
    expect(wishedSpatialLayer(191, 3, 1)).toBe(1);
    expect(wishedSpatialLayer(226, 3, 1)).toBe(2);
  });
});

describe('what the camera sends', () => {
  it('three VP8 layers of a quarter, a half and the whole picture, each with three temporal layers', () => {
    expect(cameraEncodings(360)).toEqual([
      { scaleResolutionDownBy: 4, maxBitrate: 90_000, scalabilityMode: 'L1T3' },
      { scaleResolutionDownBy: 2, maxBitrate: 220_000, scalabilityMode: 'L1T3' },
      { scaleResolutionDownBy: 1, maxBitrate: 600_000, scalabilityMode: 'L1T3' },
    ]);
  });

  it.each([
    [480, 3],
    [270, 3],
    [240, 2],
    [120, 1],
  ])('a picture of %i lines in %i layers', (lines, layers) => {
    const encodings = cameraEncodings(lines);
    expect(encodings).toHaveLength(layers);
    expect(encodings.at(-1)?.scaleResolutionDownBy).toBe(1);
  });
});
