/** Participants of a media node whose transports are plain RTP in the place of WebRTC; nobody answers over them. */
import type { types as mediasoup } from 'mediasoup';
import { MediaLink } from '../../sfu/MediaLink.ts';
import type { Participant } from '../../sfu/Participant.ts';

/** Nobody answers with feedback here: an estimate of the bandwidth would stay where it begins and hold layers down. */
export const withoutEstimate = ({ codecs = [], headerExtensions = [] }: mediasoup.RtpCapabilities) => ({
  codecs: codecs.map((codec) => ({
    ...codec,
    rtcpFeedback:
      codec.rtcpFeedback?.filter(({ type }) => type !== 'transport-cc' && type !== 'goog-remb') ?? [],
  })),
  headerExtensions: headerExtensions.filter(({ uri }) => !/transport-wide-cc|abs-send-time/.test(uri)),
});

/** What is asked of a participant's transport, a plain one has too. */
export function link(
  participant: Participant,
  plain: mediasoup.PlainTransport,
  direction: 'send' | 'recv',
): void {
  const transport = plain as unknown as mediasoup.WebRtcTransport;
  const { identity } = participant;
  const telemetry = { event: () => {} } as unknown as ConstructorParameters<typeof MediaLink>[0]['telemetry'];
  participant.transports.set(transport.id, new MediaLink({ transport, direction, identity, telemetry }));
}
