/** Whether a fault shows at one minute. Pure. */
import type { Sums } from '../burn.ts';
import type { Verdict } from '../verdict.ts';
import type { Fault } from './fault.ts';

/** A sign counts for so long: it may have come late, and signs so close together are of one trouble. */
export const faultMinutes = 5;

/** @param through epoch minute, the first that is not counted */
export function faultVerdict({ severity }: Pick<Fault, 'severity'>, sums: Sums, through: number): Verdict {
  const of = { kind: 'fault', severity, scope: '' } as const;
  for (let minute = through - faultMinutes; minute < through; minute += 1) {
    if (sums.total(minute, minute + 1) > sums.good(minute, minute + 1))
      return { ...of, state: 'holds', since: minute };
  }
  return { ...of, state: 'calm' };
}
