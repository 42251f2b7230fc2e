/** Each packet lost or not by itself, as on a weak radio link. */
import { bySeverity, type LineFault, lineFamily } from './line.ts';

/** Opus and NACK hide about 3 %; 8 % is heard and seen; at 20 % little is left. */
const lossRatio = bySeverity(0.03, 0.08, 0.2);

const loss: LineFault = {
  name: 'loss',
  fault: 'random loss',
  severities: bySeverity('3 %', '8 %', '20 %'),
  change: (severity) => ({ lossRatio: lossRatio[severity] }),
};

export const uplinkLoss = lineFamily('up', loss);
export const downlinkLoss = lineFamily('down', loss);
