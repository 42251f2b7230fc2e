/** What is wrong with a recording, and where: a line and column of its text, or a byte of its file. */
export interface Place {
  /** From 1. */
  readonly line?: number;
  /** From 1, in UTF-16 units. */
  readonly column?: number;
  /** From 0, of the unpacked file. */
  readonly byte?: number;
}

export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly place: Place;

  constructor(what: string, place: Place) {
    super(`${placeText(place)}: ${what}`);
    this.place = place;
  }
}

function placeText({ line, column, byte }: Place): string {
  if (line === undefined) return `byte ${byte ?? 0}`;
  return column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
}
