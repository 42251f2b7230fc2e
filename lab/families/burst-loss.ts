/** Packets lost in rows (Gilbert-Elliott): mean loss p/(p+r), mean row 1/r packets. */
import { bySeverity, type LineFault, lineFamily } from './line.ts';

const burstLoss = bySeverity({ p: 0.01, r: 0.25 }, { p: 0.03, r: 0.25 }, { p: 0.06, r: 0.18 });

const burst: LineFault = {
  name: 'burst-loss',
  fault: 'loss in bursts',
  severities: bySeverity(
    '4 % in rows of 4 packets',
    '11 % in rows of 4 packets',
    '25 % in rows of 5 to 6 packets',
  ),
  change: (severity) => ({ burstLoss: burstLoss[severity] }),
};

export const uplinkBurstLoss = lineFamily('up', burst);
export const downlinkBurstLoss = lineFamily('down', burst);
