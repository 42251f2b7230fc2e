/**
 * Attributes that are never stored: what applications put into events and spans by habit and nobody needs to explain a
 * call. The name stays, so that one sees that something was there; the value goes before anything is written to
 * ClickHouse. (The spool holds requests as they came, until their rows are in.)
 */

/** Names as they come, or with `*` for any characters; letters of either case. */
export const defaultRedactedNames: readonly string[] = [
  '*password*',
  '*passwd*',
  '*secret*',
  '*credential*',
  '*authorization*',
  '*cookie*',
  '*token*',
  '*api_key*',
  '*apikey*',
  '*email*',
  'phone*',
  '*.phone*',
  '*_phone*',
  'user.name',
  'user.full_name',
  'enduser.id',
];

export const redactedValue = '[redacted]';

export interface Redaction {
  covers(name: string): boolean;
}

/** Names looked up before: applications use the same few again and again. */
const maxRemembered = 5_000;

export function redaction(names: readonly string[]): Redaction {
  const patterns = names.map((name) => name.split('*').map(escaped).join('.*'));
  const pattern = new RegExp(`^(?:${patterns.join('|')})$`, 'is');
  const remembered = new Map<string, boolean>();
  return {
    covers(name) {
      let known = remembered.get(name);
      if (known === undefined) {
        known = patterns.length > 0 && pattern.test(name);
        if (remembered.size >= maxRemembered) remembered.clear();
        remembered.set(name, known);
      }
      return known;
    },
  };
}

const escaped = (text: string): string => text.replace(/[\\^$.+?()[\]{}|]/g, '\\$&');

export const defaultRedaction = redaction(defaultRedactedNames);
