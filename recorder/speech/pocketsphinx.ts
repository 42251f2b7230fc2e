/** pocketsphinx with its English model, as Debian packages them: the default, since it needs nothing else. */
import { runProgram } from '../finish/program.ts';
import type { SpeechEngine, Utterance } from './engine.ts';

const limitMs = 3 * 60_000;

export function pocketsphinx(): SpeechEngine {
  return {
    name: 'pocketsphinx',
    async transcribe(wavFile) {
      const output = await runProgram({
        command: 'pocketsphinx_continuous',
        debianPackage: 'pocketsphinx pocketsphinx-en-us',
        args: ['-infile', wavFile, '-time', 'yes', '-logfn', '/dev/null'],
        limitMs,
      });
      return parsePocketsphinx(output);
    },
  };
}

/**
 * Each utterance is a line of text, then a line a word: `word start end probability`, s. Silences and noises are in
 * angle brackets, and a pronunciation other than the first has its number: `that(2)`.
 */
export function parsePocketsphinx(output: string): Utterance[] {
  const utterances: Utterance[] = [];
  let words: { text: string; start: number; end: number; probability: number }[] = [];
  const finish = () => {
    if (words.length > 0) {
      utterances.push({
        startMs: Math.round(words[0]!.start * 1_000),
        endMs: Math.round(words.at(-1)!.end * 1_000),
        text: words.map(({ text }) => text).join(' '),
        confidence: words.reduce((sum, { probability }) => sum + Math.min(1, probability), 0) / words.length,
      });
    }
    words = [];
  };
  for (const line of output.split('\n')) {
    const word = /^(\S+) (\d+\.\d+) (\d+\.\d+) (\d+\.\d+)$/.exec(line);
    if (!word) {
      finish();
      continue;
    }
    const [, text = '', start, end, probability] = word;
    if (/^[<[+]/.test(text)) continue;
    words.push({
      text: text.replace(/\(\d+\)$/, ''),
      start: Number(start),
      end: Number(end),
      probability: Number(probability),
    });
  }
  finish();
  return utterances;
}
