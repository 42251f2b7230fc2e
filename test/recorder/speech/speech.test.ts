import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parsePocketsphinx } from '../../../recorder/speech/pocketsphinx.ts';
import { transcriptLines, webVtt } from '../../../recorder/speech/transcript.ts';
import { whisper } from '../../../recorder/speech/whisper.ts';

test('pocketsphinx: utterances with the times of their words, without silences and numbers of pronunciations', () => {
  const output = `we want to go
<s> 0.000 0.030 1.000000
we 0.040 0.170 0.639063
want 0.180 0.530 0.251463
<sil> 0.540 0.720 0.999900
to(3) 0.730 0.870 0.946006
go 0.880 1.080 0.962035
</s> 1.890 2.480 1.000000
that door
that(2) 3.470 3.640 0.023461
[NOISE] 3.640 3.650 0.2
door 3.650 3.990 1.000300
`;
  expect(parsePocketsphinx(output)).toEqual([
    { startMs: 40, endMs: 1_080, text: 'we want to go', confidence: expect.closeTo(0.7, 1) },
    { startMs: 3_470, endMs: 3_990, text: 'that door', confidence: expect.closeTo(0.51, 2) },
  ]);
  expect(parsePocketsphinx('')).toEqual([]);
});

describe('an engine behind a URL', () => {
  const answering = async (status: number, body: string) => {
    const got: { authorization: string | undefined; body: string }[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.setEncoding('latin1').on('data', (part: string) => {
        text += part;
      });
      request.on('end', () => {
        got.push({ authorization: request.headers.authorization, body: text });
        response.writeHead(status).end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/audio/transcriptions`;
    return { engine: whisper({ url, key: 'a key', model: 'tiny.en' }), got, close: () => server.close() };
  };

  test('gets the file as the API wants it; noise it made words of is left out', async () => {
    const segments = [
      { start: 0.5, end: 1.25, text: ' Open the door.', avg_logprob: -0.1, no_speech_prob: 0.01 },
      { start: 2, end: 3, text: ' Thanks for watching!', avg_logprob: -1, no_speech_prob: 0.95 },
    ];
    const { engine, got, close } = await answering(200, JSON.stringify({ segments }));
    expect(await engine.transcribe(import.meta.filename)).toEqual([
      { startMs: 500, endMs: 1_250, text: 'Open the door.', confidence: expect.closeTo(0.9, 1) },
    ]);
    expect(got[0]?.authorization).toBe('Bearer a key');
    for (const part of ['name="file"', 'tiny.en', 'verbose_json']) expect(got[0]?.body).toContain(part);
    close();
  });

  test.each([
    ['an error', 503, 'busy'],
    ['no JSON', 200, 'oops'],
    ['another form', 200, '{"text":"hello"}'],
  ])('with %s the piece is tried again', async (_, status, body) => {
    const { engine, close } = await answering(status, body);
    await expect(engine.transcribe(import.meta.filename)).rejects.toMatchObject({ code: 'speech_refused' });
    close();
  });
});

test('a transcript is in the order of time, and names cannot break out of it', () => {
  const said = (startMs: number, text: string, displayName = 'Ada') => ({
    streamId: 's',
    participantId: 'p',
    displayName,
    engine: 'e',
    utterances: [{ startMs, endMs: startMs + 1_500, text, latencyMs: 1 }],
  });
  const lines = transcriptLines([said(3_725_000, 'later', '<b>&'), said(1_500, 'sooner')], 1_000);
  expect(webVtt(lines)).toBe(`WEBVTT

00:00:00.500 --> 00:00:02.000
<v Ada>sooner</v>

01:02:04.000 --> 01:02:05.500
<v &lt;b&gt;&amp;>later</v>
`);
});
