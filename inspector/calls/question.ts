/**
 * What somebody typed into the one box: words to look for, a time, a quality. Whatever is not understood as one of the
 * latter is a word, and all words must be found. Pure.
 */

export interface Question {
  readonly words: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly quality: '' | 'bad' | 'good' | 'unknown';
  readonly live: boolean;
  /** For the person who typed it: how it was taken. */
  readonly understood: readonly string[];
}

const dayMs = 86_400_000;
/** Without a time: a month back. */
export const usualSpanMs = 31 * dayMs;
const mostWords = 12;

const qualities: Record<string, Question['quality']> = {
  bad: 'bad',
  poor: 'bad',
  worst: 'bad',
  broken: 'bad',
  good: 'good',
  fine: 'good',
  clean: 'good',
  unscored: 'unknown',
  unknown: 'unknown',
};

/** What people call things, and what detectors are called. */
const synonyms: Record<string, string> = {
  frozen: 'freeze',
  freezing: 'freeze',
  stuttering: 'concealment',
  choppy: 'concealment',
  robotic: 'concealment',
  lag: 'delay',
  laggy: 'delay',
  latency: 'delay',
  disconnected: 'ice loss',
  disconnect: 'ice loss',
  muted: 'silent microphone',
  cpu: 'cpu limited',
};

/**
 * @param zoneMinutes the asker's offset from UTC, as `-new Date().getTimezoneOffset()` has it
 */
export function questionOf(typed: string, nowMs: number, zoneMinutes = 0): Question {
  const understood: string[] = [];
  const words: string[] = [];
  let from = nowMs - usualSpanMs;
  let to = nowMs + dayMs;
  let quality: Question['quality'] = '';
  let live = false;
  const zoneMs = zoneMinutes * 60_000;
  const midnight = Math.floor((nowMs + zoneMs) / dayMs) * dayMs - zoneMs;
  let day = midnight;
  const span = (start: number, end: number, said: string) => {
    from = start;
    to = end;
    understood.push(said);
  };
  const tokens = tokensOf(typed.slice(0, 500).toLowerCase());
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    const [, field = '', value = token] =
      /^(quality|kind|room|name|device|region|call|is):(.+)$/.exec(token) ?? [];
    const clock = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(token);
    const date = /^(\d{4})-(\d\d)-(\d\d)$/.exec(token);
    const last = /^(\d{1,3})(m|min|h|d)$/.exec(token);
    if (token === 'today' || token === 'yesterday') {
      day = token === 'today' ? midnight : midnight - dayMs;
      span(day, day + dayMs, token);
    } else if (date) {
      day = Date.UTC(Number(date[1]), Number(date[2]) - 1, Number(date[3])) - zoneMs;
      if (Number.isNaN(day)) words.push(token);
      else span(day, day + dayMs, `on ${token}`);
    } else if (clock) {
      const moment = day + (Number(clock[1]) * 60 + Number(clock[2])) * 60_000;
      // A time that is yet to come today was meant of yesterday.
      const meant = moment > nowMs + 300_000 && day === midnight ? moment - dayMs : moment;
      span(meant - 15 * 60_000, meant + 15 * 60_000, `around ${token}`);
    } else if (last) {
      const unit = last[2] === 'd' ? dayMs : last[2] === 'h' ? 3_600_000 : 60_000;
      span(nowMs - Number(last[1]) * unit, nowMs + dayMs, `the last ${last[1]} ${last[2]}`);
    } else if ((field === '' || field === 'quality') && Object.hasOwn(qualities, value)) {
      quality = qualities[value]!;
      understood.push(
        quality === 'bad' ? 'bad calls' : quality === 'good' ? 'good calls' : 'calls without a score',
      );
    } else if ((field === '' || field === 'is') && value === 'live') {
      live = true;
      understood.push('calls that go on');
    } else if (words.length < mostWords) {
      const word = Object.hasOwn(synonyms, value) ? synonyms[value]! : value.replaceAll('_', ' ').trim();
      words.push(...word.split(' '));
      understood.push(`“${value}”`);
    }
  }
  return { words, from, to, quality, live, understood };
}

/** Words, and what stands in quotes as one. */
const tokensOf = (typed: string): string[] =>
  [...typed.matchAll(/"([^"]+)"|(\S+)/g)]
    .map(([, quoted, bare]) => (quoted ?? bare ?? '').trim())
    .filter((token) => token !== '' && token !== 'last' && token !== 'ago');
