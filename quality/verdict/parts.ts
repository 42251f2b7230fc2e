/**
 * Text that still knows what it speaks of: a moment stays a moment, so that a page shows it on its reader's clock, and a
 * person stays a person, so that a page can link them. `plainText` is the same as one string.
 */

export type Part =
  | string
  /** A moment, epoch ms. */
  | { readonly at: number }
  /** A participant. */
  | { readonly who: string; readonly name: string };

export type Text = readonly Part[];

/** Joins templates: `text`${who} heard nothing from ${at(5)}.`` keeps what stands between as it is. */
export function text(words: TemplateStringsArray, ...values: readonly (Part | Text | number)[]): Text {
  const parts: Part[] = [];
  words.forEach((word, index) => {
    if (word !== '') parts.push(word);
    const value = values[index];
    if (value === undefined || value === '') return;
    if (typeof value === 'number') parts.push(String(value));
    else if (typeof value === 'string' || !isText(value)) parts.push(value);
    else parts.push(...value);
  });
  return merged(parts);
}

const isText = (value: Part | Text): value is Text => Array.isArray(value);

export const at = (ms: number): Part => ({ at: ms });

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly (Part | Text)[], most = 4): Text {
  const shown = items.length > most ? items.slice(0, most - 1) : items;
  const rest = items.length - shown.length;
  const all: (Part | Text)[] = rest > 0 ? [...shown, `${rest} others`] : [...shown];
  return merged(
    all.flatMap((item, index): Part[] => {
      const before = index === 0 ? '' : index === all.length - 1 ? ' and ' : ', ';
      return [before, ...(typeof item !== 'string' && isText(item) ? item : [item])];
    }),
  );
}

function merged(parts: readonly Part[]): Text {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part === '') continue;
    if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part;
    else result.push(part);
  }
  return result;
}

/** @param timeZone an IANA name. @default UTC */
export function plainText(parts: Text, timeZone = 'UTC'): string {
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone });
  return parts
    .map((part) => (typeof part === 'string' ? part : 'at' in part ? clock.format(part.at) : part.name))
    .join('');
}
