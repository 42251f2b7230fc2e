/** Text of a verdict: moments on the reader's clock, people as what they are called. */
import type { Text } from '../../../contract.ts';
import { clock } from '../format.ts';

export function Words({ text }: { text: Text }) {
  return (
    <>
      {text.map((part, index) => {
        const key = index;
        if (typeof part === 'string') return part;
        if ('at' in part) {
          return (
            <time key={key} dateTime={new Date(part.at).toISOString()}>
              {clock(part.at)}
            </time>
          );
        }
        return <b key={key}>{part.name}</b>;
      })}
    </>
  );
}

export const plain = (text: Text): string =>
  text.map((part) => (typeof part === 'string' ? part : 'at' in part ? clock(part.at) : part.name)).join('');
