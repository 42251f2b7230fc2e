/**
 * What flows at a participant, noted ten times a second by its own page: how far each incoming stream has come, and by
 * which relays. A gap is read from that afterwards, so nothing of it depends on how busy the lab is.
 */
import type { Page } from 'playwright-core';
import type { LabPage } from '../participants/detour.ts';

export interface FlowNote {
  /** By the clock of the machine, epoch ms. */
  readonly atMs: number;
  /** By stream: frames decoded, or audio packets received, so far. */
  readonly streams: Readonly<Record<string, number>>;
  /** By connection. */
  readonly paths: Readonly<Record<string, Path>>;
  /** Whether the page says that it is in the call. */
  readonly joined: boolean;
  /** How many people the page shows besides oneself. */
  readonly others: number;
}

export interface Path {
  /** Of the TURN server; '' for a path without one. */
  readonly relayUrl: string;
  /** Over this candidate pair so far, both ways. */
  readonly bytes: number;
  /** Changes with the candidate pair, whose bytes begin anew. */
  readonly pairId: string;
}

const everyMs = 100;
const keptNotes = 3_000;

type FlowPage = { callscopeFlow: { notes: FlowNote[] } };

/** From now on until the page closes. */
export const watchFlow = (page: Page): Promise<void> => page.evaluate(noteFlow, { everyMs, kept: keptNotes });

/** @param last so many of the notes. @default all that are kept, of the last five minutes */
export const flowOf = (page: Page, last = keptNotes): Promise<FlowNote[]> =>
  page.evaluate((count) => (window as unknown as FlowPage).callscopeFlow.notes.slice(-count), last);

export const lastNote = async (page: Page): Promise<FlowNote | undefined> => (await flowOf(page, 1))[0];

/** Runs in the page. */
function noteFlow({ everyMs, kept }: { everyMs: number; kept: number }): void {
  const notes: FlowNote[] = [];
  Object.assign(window, { callscopeFlow: { notes } });
  let noting = false;
  const note = async () => {
    const { connections } = (window as unknown as LabPage).callscopeLab;
    const streams: Record<string, number> = {};
    const paths: Record<string, Path> = {};
    await Promise.all(
      connections.map(async (connection, i) => {
        if (connection.connectionState === 'closed') return;
        const report = await connection.getStats();
        for (const stat of report.values()) {
          if (stat.type === 'transport') {
            const pair = report.get(stat.selectedCandidatePairId ?? '');
            const local = pair && report.get(pair.localCandidateId);
            if (!local) continue;
            paths[i] = {
              relayUrl: local.url ?? '',
              bytes: (pair.bytesSent ?? 0) + (pair.bytesReceived ?? 0),
              pairId: pair.id,
            };
          }
          if (stat.type !== 'inbound-rtp' || stat.mid === 'probator') continue;
          const { kind, framesDecoded, packetsReceived } = stat;
          streams[`${i} ${stat.id}`] = (kind === 'video' ? framesDecoded : packetsReceived) ?? 0;
        }
      }),
    );
    notes.push({
      atMs: Date.now(),
      streams,
      paths,
      joined: document.documentElement.dataset.state === 'joined',
      others: document.querySelectorAll('[data-participant][data-self=false]').length,
    });
    if (notes.length > kept) notes.shift();
  };
  setInterval(() => {
    if (noting) return;
    noting = true;
    void note()
      .catch(() => {})
      .finally(() => {
        noting = false;
      });
  }, everyMs);
}
