/**
 * JSON that says where it is broken. V8's own message names a position only sometimes; so when it refuses a text,
 * the text is walked once more, without recursion, up to the first character that cannot be.
 */
import { RecordingError } from './error.ts';

/**
 * @param firstLine the number of the text's first line in its file
 * @throws RecordingError
 */
export function parseJson(text: string, firstLine = 1): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findFault(text) ?? { offset: 0, what: error instanceof Error ? error.message : 'not JSON' };
    throw new RecordingError(fault.what, placeOf(text, fault.offset, firstLine));
  }
}

export function placeOf(text: string, offset: number, firstLine = 1): { line: number; column: number } {
  let line = firstLine;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

export interface Fault {
  readonly offset: number;
  readonly what: string;
}

type Awaited =
  | 'a value'
  | 'a value or ]'
  | 'a name in quotes'
  | 'a name in quotes or }'
  | ':'
  | ', or a closing bracket'
  | 'nothing more';

/** The first place where the text stops being JSON; undefined when it is JSON. */
export function findFault(text: string): Fault | undefined {
  const open: string[] = [];
  let awaited: Awaited = 'a value';
  let at = 0;
  const valueDone = (): Awaited => (open.length > 0 ? ', or a closing bracket' : 'nothing more');
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length) {
      if (awaited === 'nothing more') return undefined;
      return { offset: at, what: `it ends where ${awaited} should come; the file may have been cut off` };
    }
    const char = text[at]!;
    const unexpected: Fault = { offset: at, what: `${shown(char)} where ${awaited} should come` };
    if (awaited === 'nothing more') return unexpected;
    if (awaited === ':') {
      if (char !== ':') return unexpected;
      awaited = 'a value';
      at++;
    } else if (awaited === ', or a closing bracket') {
      if (char === ',') awaited = open.at(-1) === '{' ? 'a name in quotes' : 'a value';
      else if (char === (open.at(-1) === '{' ? '}' : ']')) {
        open.pop();
        awaited = valueDone();
      } else return unexpected;
      at++;
    } else if (
      (char === ']' && awaited === 'a value or ]') ||
      (char === '}' && awaited === 'a name in quotes or }')
    ) {
      open.pop();
      awaited = valueDone();
      at++;
    } else if (char === '"') {
      const end = endOfString(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      awaited = awaited.startsWith('a name') ? ':' : valueDone();
    } else if (awaited.startsWith('a name')) {
      return unexpected;
    } else if (char === '{' || char === '[') {
      open.push(char);
      awaited = char === '{' ? 'a name in quotes or }' : 'a value or ]';
      at++;
    } else {
      const end = endOfWord(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      awaited = valueDone();
    }
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++;
  return at;
}

const escapes = '"\\/bfnrt';

function endOfString(text: string, start: number): number | Fault {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') return at + 1;
    if (char < ' ') return { offset: at, what: `${shown(char)} within a text; it must be escaped` };
    if (char !== '\\') continue;
    const escaped = text[at + 1];
    if (escaped === undefined) break;
    if (escaped === 'u') {
      if (!/^[\da-f]{4}$/i.test(text.slice(at + 2, at + 6))) {
        if (at + 6 > text.length) break;
        return { offset: at, what: 'a \\u that four hexadecimal digits do not follow' };
      }
      at += 5;
    } else if (escapes.includes(escaped)) at++;
    else return { offset: at, what: `a \\ before ${shown(escaped)}, which is no escape` };
  }
  return { offset: text.length, what: 'it ends within a text; the file may have been cut off' };
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function endOfWord(text: string, start: number): number | Fault {
  let at = start;
  while (at < text.length && /[\w.+-]/.test(text[at]!)) at++;
  const word = text.slice(start, at);
  if (word === 'true' || word === 'false' || word === 'null' || number.test(word)) return at;
  if (at >= text.length && word !== '') {
    return { offset: at, what: 'it ends within a value; the file may have been cut off' };
  }
  return { offset: start, what: `${shown(word || text[start]!)} where a value should come` };
}

/** Short, and without anything that a terminal would obey. */
function shown(text: string): string {
  return text.length > 20 ? `${JSON.stringify(text.slice(0, 20))}…` : JSON.stringify(text);
}
