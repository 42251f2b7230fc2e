/**
 * Text from a recording on its way to a terminal: characters that a terminal obeys, or that turn the order of
 * others around, are shown as what they are. Recordings come from anywhere.
 */

/** Control and format characters (escape, direction marks), separators of lines, halves of characters. */
const obeyed = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Also right for JSON, whose texts take these escapes. */
export const plain = (text: string): string => text.replace(obeyed, escaped);

/** A value on one line of its own: no newline of the recording's. */
export const inline = (text: string): string => plain(text.replaceAll('\n', '\\n').replaceAll('\t', '\\t'));

function escaped(character: string): string {
  let units = '';
  for (let at = 0; at < character.length; at++) {
    units += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return units;
}
