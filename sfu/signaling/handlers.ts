/** What each request of a joined participant does. One entry per method of telemetry/signaling.ts. */

import type { types as client } from 'mediasoup-client';
import type { z } from 'zod';
import type { Method, ResponseData, requestSchemas } from '../../telemetry/signaling.ts';
import type { Participant } from '../Participant.ts';

/** What begins and ends a stay, and `restartIce`, which needs the relays, belong to the connection. */
export type ParticipantMethod = Exclude<Method, 'join' | 'resume' | 'leave' | 'restartIce'>;

type Handlers = {
  [M in ParticipantMethod]: (
    participant: Participant,
    data: z.output<(typeof requestSchemas)[M]>,
  ) => Promise<ResponseData[M]> | ResponseData[M];
};

export const handlers: Handlers = {
  ping: () => ({ serverTimeMs: Date.now() }),

  createTransport: async (participant, { direction }) => {
    const transport = await participant.createTransport(direction);
    return {
      transportId: transport.id,
      iceParameters: transport.iceParameters,
      iceCandidates: transport.iceCandidates,
      dtlsParameters: transport.dtlsParameters,
    };
  },

  connectTransport: async (participant, { transportId, dtlsParameters }) => {
    await participant.connectTransport(transportId, dtlsParameters);
    return {};
  },

  tellPath: (participant, { transportId, usesRelay }) => {
    participant.tellPath(transportId, usesRelay);
    return {};
  },

  produce: async (participant, data) => ({ producerId: await participant.produce(data) }),

  closeProducer: (participant, { producerId }) => {
    participant.closeProducer(producerId);
    return {};
  },

  pauseProducer: async (participant, { producerId }) => {
    await participant.pauseProducer(producerId);
    return {};
  },

  resumeProducer: async (participant, { producerId }) => {
    await participant.resumeProducer(producerId);
    return {};
  },

  consume: async (participant, { producerId, rtpCapabilities }) => {
    const consumer = await participant.consume(producerId, rtpCapabilities);
    return {
      consumerId: consumer.id,
      producerId: consumer.producerId,
      kind: consumer.kind,
      rtpParameters: consumer.rtpParameters as client.RtpParameters,
      producerPaused: consumer.producerPaused,
    };
  },

  resumeConsumer: async (participant, { consumerId }) => {
    await participant.resumeConsumer(consumerId);
    return {};
  },

  setPreferredLayers: async (participant, { consumerId, spatialLayer, temporalLayer }) => {
    await participant.setPreferredLayers(consumerId, { spatialLayer, temporalLayer });
    return {};
  },
};
