/** What was wrong with a link, in words: for the sentences of both directions. */
import type { Evidence } from './detector.ts';

export function linkTrouble(facts: Evidence): string {
  const loss = Math.max(
    ...['lossRatio', 'receiverLossRatio', 'reportedLossRatio', 'producerLossRatio'].map((k) =>
      Number(facts[k] ?? 0),
    ),
  );
  const fall =
    facts.estimateBps !== undefined && facts.estimateBeforeBps !== undefined
      ? ` and what it can carry fell from ${kbps(facts.estimateBeforeBps)} to ${kbps(facts.estimateBps)} kbit/s`
      : '';
  const fell = Number(facts.estimateBps ?? 1) < 0.8 * Number(facts.estimateBeforeBps ?? 0);
  if (loss >= 0.01) return `lost ${Math.round(loss * 100)} % of packets${fell ? fall : ''}`;
  return 'carried too little';
}

const kbps = (bps: Evidence[string]) => Math.round(Number(bps) / 1000);
