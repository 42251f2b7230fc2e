/** Text in columns for terminals of any width. */

/** Cut to `width` characters, the last one an ellipsis where something is missing. */
export function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 0 ? '' : `${text.slice(0, width - 1).trimEnd()}…`;
}

/** The line broken at spaces to `width`, later lines indented. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = Math.max(8, width - (lines.length > 0 ? indent : 0));
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((text, i) => fit(i === 0 ? text : ' '.repeat(indent) + text, width));
}

/** Cells padded to their columns' width; the last column takes what it needs. */
export function columns(rows: string[][], gap = 2): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + gap)))
      .join('')
      .trimEnd(),
  );
}

/** `1:04`; `1:04.3` with `tenths`. Before the start of the call it is negative. */
export function clock(ms: number, tenths = false): string {
  const total = Math.abs(ms) / 1000;
  const whole = tenths ? Math.floor(total * 10) / 10 : Math.floor(total);
  const minutes = Math.floor(whole / 60);
  const rest = (whole - minutes * 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, '0');
  return `${ms < 0 ? '-' : ''}${minutes}:${rest}`;
}

export const mosText = (mos: number | null) => (mos === null ? '–' : mos.toFixed(1));

/** `612 kbit/s` */
export const bitrateText = (bps: number | null) => (bps === null ? '–' : `${Math.round(bps / 1000)} kbit/s`);

export const percentText = (ratio: number | null) => (ratio === null ? '–' : `${(ratio * 100).toFixed(1)} %`);
