import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordingError } from '../../../quality/recordings/error.ts';
import { findFault, parseJson } from '../../../quality/recordings/json.ts';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('parseJson', () => {
  it.each([
    [
      '{"a":1',
      'line 1, column 7: it ends where , or a closing bracket should come; the file may have been cut off',
    ],
    ['[1,\n2,\n x]', 'line 3, column 2: "x" where a value should come'],
    ['["abc', 'line 1, column 6: it ends within a text; the file may have been cut off'],
    ['["a\u0007"]', 'line 1, column 4: "\\u0007" within a text; it must be escaped'],
    ['["\\x"]', 'line 1, column 3: a \\ before "x", which is no escape'],
    ['["\\u12"]', 'line 1, column 3: a \\u that four hexadecimal digits do not follow'],
    ['[1]]', 'line 1, column 4: "]" where nothing more should come'],
    ['{1:2}', 'line 1, column 2: "1" where a name in quotes or } should come'],
    ['[NaN]', 'line 1, column 2: "NaN" where a value should come'],
    ['[01]', 'line 1, column 2: "01" where a value should come'],
    ['{"a" 1}', 'line 1, column 6: "1" where : should come'],
    ['', 'line 1, column 1: it ends where a value should come; the file may have been cut off'],
  ])('says of %j where and what', (text, says) => {
    expect(() => parseJson(text)).toThrow(new RecordingError(says.replace(/^[^:]*: /, ''), placeIn(says)));
    expect(() => parseJson(text)).toThrow(says);
  });

  it('counts lines on from where the text stands in its file', () => {
    expect(() => parseJson('[1,', 57)).toThrow('line 57, column 4');
  });

  it('is not overcome by depth', () => {
    expect(() => parseJson('['.repeat(1_000_000))).toThrow('line 1, column 1000001');
  });
});

function placeIn(says: string): { line: number; column: number } {
  const [, line, column] = /line (\d+), column (\d+)/.exec(says)!;
  return { line: Number(line), column: Number(column) };
}

describe('findFault', () => {
  const texts = fc.oneof(
    fc.json(),
    fc.json().map((text) => text.slice(0, Math.floor(text.length / 2))),
    fc.tuple(fc.json(), fc.nat(), fc.string({ minLength: 1, maxLength: 2 })).map(([text, at, put]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + put + text.slice(cut + 1);
    }),
    fc.stringMatching(/^[[\]{},:"\\\d eE+.truefalsn-]*$/),
  );

  it('finds a fault where and only where JSON.parse does', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(findFault(text) === undefined, text).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('names a place that the text has', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const fault = findFault(text);
        if (!fault) return;
        expect(fault.offset).toBeGreaterThanOrEqual(0);
        expect(fault.offset).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
