/** The join of one participant as a waterfall: what took how long until the first picture. */
import type { CallPage, JoinSpan } from '../../../contract.ts';

const labels: Record<string, string> = {
  'rtc.join': 'Join in all',
  'rtc.join.get_user_media': 'Camera and microphone',
  'rtc.join.admission': 'Admission',
  'rtc.join.signaling': 'Signaling',
  'rtc.join.transport': 'Transports',
  'rtc.join.ice': 'Network path (ICE)',
  'rtc.join.dtls': 'Secure handshake (DTLS)',
  'rtc.join.first_packet': 'First packet',
  'rtc.join.first_frame': 'First picture',
};

export function JoinPanel({ page, participant }: { page: CallPage; participant: string }) {
  const person = page.people.find((p) => p.participantId === participant);
  const own = page.spans.filter((s) => s.participantId === participant && s.name.startsWith('rtc.join'));
  const root = own.find((s) => s.name === 'rtc.join');
  const server = page.spans.filter(
    (s) =>
      s.participantId === participant &&
      !s.name.startsWith('rtc.join') &&
      own.some((o) => o.spanId === s.parentId),
  );
  const spans = [...own.filter((s) => s !== root), ...server].toSorted((a, b) => a.time - b.time);
  const start = Math.min(...(root ? [root, ...spans] : spans).map((s) => s.time));
  const end = Math.max(...(root ? [root, ...spans] : spans).map((s) => s.time + s.durationMs));
  return (
    <section class="card" aria-labelledby="join-title">
      <h2 id="join-title">How {person?.name ?? 'the participant'} joined</h2>
      {spans.length === 0 && !root ? (
        <p class="soft">No trace of the join: recordings have none, and older calls may have lost theirs.</p>
      ) : (
        <ol class="waterfall">
          {root && <Bar span={root} start={start} end={end} root />}
          {spans.map((span) => (
            <Bar key={span.spanId} span={span} start={start} end={end} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Bar({
  span,
  start,
  end,
  root = false,
}: {
  span: JoinSpan;
  start: number;
  end: number;
  root?: boolean;
}) {
  const total = Math.max(1, end - start);
  const server = span.source === 'sfu';
  const label =
    labels[span.name] ?? (server ? `server: ${span.name.replace('rtc.sfu.request ', '')}` : span.name);
  return (
    <li class={`${root ? 'root ' : ''}${server ? 'server ' : ''}${span.failed ? 'failed' : ''}`}>
      <span class="bar-label">{label}</span>
      <span class="bar-area">
        <i
          style={{
            left: `${((span.time - start) / total) * 100}%`,
            width: `max(2px, ${(span.durationMs / total) * 100}%)`,
          }}
        />
      </span>
      <span class="bar-time">
        {span.durationMs < 1000
          ? `${Math.round(span.durationMs)} ms`
          : `${(span.durationMs / 1000).toFixed(2)} s`}
        {span.failed && <b> {span.failed}</b>}
      </span>
    </li>
  );
}
