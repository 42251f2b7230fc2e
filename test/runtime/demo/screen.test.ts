import { describe, expect, it } from 'vitest';
import { createScreen } from '../../../runtime/demo/screen.ts';

const esc = '\u001b';

/** A terminal that knows what the screen uses: new lines, cursor up, clear below, colours. */
function terminal({ isTTY = true, columns = 40 } = {}) {
  const rows: string[] = [''];
  let row = 0;
  let raw = '';
  const put = (text: string) => {
    for (let rest = text; rest !== ''; rest = rest.slice(columns)) {
      if (rest !== text) rows[++row] = '';
      rows[row] = rest.slice(0, columns);
    }
  };
  const write = (text: string) => {
    raw += text;
    const tokens = text.match(new RegExp(`${esc}\\[\\d*[AJm]|\\r|\\n|[^${esc}\\r\\n]+`, 'g')) ?? [];
    for (const token of tokens) {
      if (token === '\n') {
        row++;
        rows[row] ??= '';
      } else if (token.endsWith('A') && token.startsWith(esc)) row -= Number(token.slice(2, -1));
      else if (token === `${esc}[J`) rows.length = row + 1;
      else if (token !== '\r' && !token.startsWith(esc)) put(token);
      if (token === `${esc}[J`) rows[row] = '';
    }
    return true;
  };
  const out = { isTTY, columns, rows: 24, write } as unknown as NodeJS.WriteStream;
  return { out, shown: () => rows.join('\n').trimEnd(), raw: () => raw };
}

const lines = (...texts: string[]) => texts.map((text) => ({ text, tone: 'plain' as const }));

describe('a terminal', () => {
  it('is redrawn in place, also when the lines become fewer', () => {
    const { out, shown } = terminal();
    const screen = createScreen(out, {});
    screen.print('before');
    screen.draw(lines('one', 'two', 'three'));
    screen.draw(lines('uno', 'due'));
    expect(shown()).toBe('before\nuno\ndue');
  });

  it('keeps printed lines above what is redrawn', () => {
    const { out, shown } = terminal();
    const screen = createScreen(out, {});
    screen.draw(lines('one'));
    screen.print('said');
    screen.draw(lines('two'));
    expect(shown()).toBe('said\ntwo');
  });

  it('counts lines that are wider than itself as many', () => {
    const { out, shown } = terminal({ columns: 10 });
    const screen = createScreen(out, {});
    screen.draw(lines('first', 'x'.repeat(25), ''));
    screen.draw(lines('second'));
    expect(shown()).toBe('second');
  });

  it('leaves what was settled', () => {
    const { out, shown } = terminal();
    const screen = createScreen(out, {});
    screen.draw(lines('kept'));
    screen.settle();
    screen.draw(lines('new'));
    expect(shown()).toBe('kept\nnew');
  });

  it('has colours unless told otherwise', () => {
    for (const [env, coloured] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      const { out, raw } = terminal();
      createScreen(out, env).print('bad', 'bad');
      expect(raw().includes(`${esc}[31m`)).toBe(coloured);
    }
  });
});

describe('anything else', () => {
  it.each([
    ['a pipe', { isTTY: false }, {}],
    ['a dumb terminal', {}, { TERM: 'dumb' }],
  ])('%s gets plain lines only', (_name, options, env) => {
    const { out, raw } = terminal(options);
    const screen = createScreen(out, env);
    screen.draw(lines('never'));
    screen.print('said', 'bad');
    expect(raw()).toBe('said\n');
    expect(screen.inPlace).toBe(false);
  });
});
