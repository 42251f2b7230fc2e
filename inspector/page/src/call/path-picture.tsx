/** The way of the media from sender to receiver, with the hop marked where quality was lost. */
import type { CallPage, Finding, Hop } from '../../../contract.ts';
import { words } from '../format.ts';
import { Words } from '../parts/text.tsx';

interface Stop {
  readonly hops: readonly Hop[];
  readonly label: string;
  readonly icon: string;
  readonly link?: boolean;
}

const stops: readonly Stop[] = [
  { hops: ['sender_device'], label: 'Sender’s device', icon: 'M4 6h16v10H4zM2 19h20' },
  { hops: ['uplink'], label: 'Uplink', icon: '', link: true },
  { hops: ['sfu'], label: 'Media server', icon: 'M4 4h16v6H4zM4 14h16v6H4zM7 7h.01M7 17h.01' },
  { hops: ['downlink', 'far_network'], label: 'Downlink', icon: '', link: true },
  { hops: ['receiver_device'], label: 'Receiver’s device', icon: 'M4 6h16v10H4zM2 19h20' },
];

const names: Record<Hop, string> = {
  sender_device: 'the sender’s device',
  uplink: 'the way from the sender to the media server',
  sfu: 'the media server',
  relay: 'the relay on the way',
  downlink: 'the way from the media server to the receiver',
  receiver_device: 'the receiver’s device',
  far_network: 'a network further away',
  unknown: 'not known',
};

export function PathPicture({ page, finding }: { page: CallPage; finding: Finding | undefined }) {
  const nameOf = (id: string) => page.people.find((p) => p.participantId === id)?.name ?? '';
  const hop = finding?.hop;
  const guilty = finding ? nameOf(finding.participantId) : '';
  const sendSide = hop === 'sender_device' || hop === 'uplink';
  const others = finding?.concerns.filter((id) => id !== finding.participantId).map(nameOf) ?? [];
  const sender = sendSide ? guilty : 'others';
  const receiver = sendSide ? others.slice(0, 2).join(', ') + (others.length > 2 ? ' …' : '') : guilty;
  const relayed = page.people.some(
    (p) =>
      (!finding || p.participantId === finding.participantId) &&
      p.ways.some((way) => way.localType === 'relay' || way.remoteType === 'relay'),
  );
  const place =
    hop === undefined ? '' : `Lost at: ${names[hop]}${guilty && hop !== 'sfu' ? ` (${guilty})` : ''}`;
  return (
    <section class="card path" aria-labelledby="path-title">
      <h2 id="path-title">Where it was lost</h2>
      <div
        class="path-row"
        role="img"
        aria-label={place || 'Sender, uplink, media server, downlink, receiver: no fault found'}
      >
        {stops.map((stop) => {
          const marked = hop !== undefined && stop.hops.includes(hop);
          const atRelay = hop === 'relay' && stop.label === (sendSide ? 'Uplink' : 'Downlink');
          return stop.link ? (
            <div key={stop.label} class={`hop link${marked || atRelay ? ' guilty' : ''}`}>
              <span class="hop-line" />
              {(relayed || atRelay) && <span class="relay">relay</span>}
              <span class="hop-label">{stop.label}</span>
            </div>
          ) : (
            <div key={stop.label} class={`hop node${marked ? ' guilty' : ''}`}>
              <svg viewBox="0 0 24 24" width="30" height="30" aria-hidden="true">
                <path
                  d={stop.icon}
                  fill="none"
                  stroke="currentColor"
                  stroke-width="1.8"
                  stroke-linejoin="round"
                  stroke-linecap="round"
                />
              </svg>
              <span class="hop-label">{stop.label}</span>
              <span class="hop-who">
                {stop.label.startsWith('Sender')
                  ? sender
                  : stop.label.startsWith('Receiver')
                    ? receiver || 'others'
                    : ' '}
              </span>
            </div>
          );
        })}
      </div>
      <p class="path-told">
        {finding && hop ? (
          <>
            <b>
              {hop === 'unknown'
                ? 'The place is not known.'
                : `Lost at ${names[hop]}${guilty && hop !== 'sfu' ? ` (${guilty})` : ''}.`}
            </b>{' '}
            <Words text={finding.why} />
          </>
        ) : (
          'Nothing was lost on the way that anybody noticed.'
        )}
        {hop && <span class="unseen"> Hop: {words(hop)}</span>}
      </p>
    </section>
  );
}
