/** The recorder's end of a tap (telemetry/recording.ts): events of a call as they come, and its streams on request. */
import {
  aliveEveryMs,
  type RecordJob,
  recordingPaths,
  type TakeAnswer,
  type TapEvent,
  takeAnswerSchema,
  tapEventSchema,
} from '../../telemetry/recording.ts';
import { RecorderError } from '../errors.ts';

export interface TapOptions {
  readonly job: Pick<RecordJob, 'callId' | 'sfuUrl'>;
  readonly recorderId: string;
  readonly secret: string;
  readonly onEvent: (event: Exclude<TapEvent, { type: 'open' }>) => void;
  /** Once; nothing is told afterwards. */
  readonly onClosed: () => void;
}

export interface OpenTap {
  take(producerId: string, address: { ip: string; port: number }): Promise<TakeAnswer>;
  close(): void;
}

const requestLimitMs = 5_000;

/** @returns null where there is nothing to record: the call is over, or another recorder has it. @throws RecorderError */
export async function openTap(options: TapOptions): Promise<OpenTap | null> {
  const { job, recorderId, onEvent, onClosed } = options;
  const { callId } = job;
  const ended = new AbortController();
  const opened = setTimeout(() => ended.abort(), requestLimitMs);
  const response = await post(options, recordingPaths.tap(callId), { recorderId }, ended.signal);
  clearTimeout(opened);
  if ([404, 409, 410].includes(response.status)) return null;
  if (!response.ok || !response.body) throw await refusal(response);

  const { body } = response;
  let tapId: string | undefined;
  let tell: () => void = () => {};
  const isOpen = new Promise<void>((resolve) => {
    tell = resolve;
  });
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    clearInterval(timer);
    ended.abort();
    tell();
    onClosed();
  };
  const timer = setInterval(() => {
    // A node that knows this tap no more has ended it; one that cannot be asked has its own limit.
    void post(options, recordingPaths.alive(callId), { tapId }).then(
      ({ status }) => [404, 410].includes(status) && close(),
      () => {},
    );
  }, aliveEveryMs);
  const read = async () => {
    for await (const line of linesOf(body)) {
      const event = tapEventSchema.safeParse(JSON.parse(line));
      // An event of a newer node: not ours to judge.
      if (!event.success) continue;
      if (event.data.type === 'open') {
        tapId = event.data.tapId;
        tell();
      } else if (!closed) onEvent(event.data);
    }
  };
  read()
    .catch(() => {})
    .finally(close);
  await isOpen;
  if (tapId === undefined) return null;
  return {
    async take(producerId, address) {
      const response = await post(options, recordingPaths.streams(callId), { tapId, producerId, ...address });
      if (!response.ok) throw await refusal(response);
      return takeAnswerSchema.parse(await response.json());
    },
    close,
  };
}

/** An event is a few hundred bytes; what is longer is no media node. */
const mostLineChars = 64 * 1024;

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > mostLineChars) return;
    yield* lines;
  }
}

async function post(
  { job, secret }: TapOptions,
  path: string,
  body: object,
  signal: AbortSignal = AbortSignal.timeout(requestLimitMs),
): Promise<Response> {
  try {
    return await fetch(new URL(path, job.sfuUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw new RecorderError('node_unreachable', `${job.sfuUrl} did not answer.`, { cause: error });
  }
}

async function refusal(response: Response): Promise<RecorderError> {
  const said = (await response.text().catch(() => '')).slice(0, 300);
  return new RecorderError('node_refused', `The media node answered ${response.status}: ${said}`);
}
