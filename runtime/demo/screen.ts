/** Where the demo writes: a terminal, redrawn in place, or plain lines anywhere else. */
import type { Line, Tone } from './view.ts';

export interface Screen {
  /** Whether `draw` replaces what it drew before. */
  readonly inPlace: boolean;
  readonly width: number;
  readonly height: number;
  /** A line that stays, above what is drawn in place. */
  print(text: string, tone?: Tone): void;
  /** Shows these lines instead of those drawn last; elsewhere than on a terminal it does nothing. */
  draw(lines: Line[]): void;
  /** Leaves what was drawn last where it is. */
  settle(): void;
}

const colours: Record<Tone, string> = {
  plain: '',
  title: '\u001b[1m',
  dim: '\u001b[2m',
  good: '\u001b[32m',
  warn: '\u001b[33m',
  bad: '\u001b[31m',
};
const reset = '\u001b[0m';
const cursorUp = (lines: number) => (lines > 0 ? `\u001b[${lines}A` : '');
const clearBelow = '\r\u001b[J';

/** Of logs, which nobody asks for their width. */
const plainWidth = 120;

export function createScreen(out: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Screen {
  const inPlace = out.isTTY === true && env.TERM !== 'dumb';
  const coloured = inPlace && !env.NO_COLOR;
  let drawn: Line[] = [];

  const paint = ({ text, tone }: Line) =>
    coloured && colours[tone] ? `${colours[tone]}${text}${reset}` : text;
  /** Rows of the terminal that the lines took: what is wider than it goes on in the next row. */
  const rows = (lines: Line[]) =>
    lines.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(text.length / (out.columns || 80))), 0);

  function redraw(lines: Line[], above = '') {
    const body = lines.map((line) => `${paint(line)}\n`).join('');
    out.write(`${cursorUp(rows(drawn))}${clearBelow}${above}${body}`);
    drawn = lines;
  }

  return {
    inPlace,
    get width() {
      return inPlace ? out.columns || 80 : plainWidth;
    },
    get height() {
      return out.rows || 40;
    },
    print(text, tone = 'plain') {
      const line = `${paint({ text, tone })}\n`;
      if (inPlace) redraw(drawn, line);
      else out.write(line);
    },
    draw(lines) {
      if (inPlace) redraw(lines);
    },
    settle() {
      drawn = [];
    },
  };
}
