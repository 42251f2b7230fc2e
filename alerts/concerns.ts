/** All that alerts are about: promises and faults. */
import type { Fault } from './faults/fault.ts';
import { faults } from './faults/list.ts';
import { slos } from './slos/list.ts';
import type { Slo } from './slos/slo.ts';

export type Concern = Slo | Fault;

export const concerns: readonly Concern[] = [...slos, ...faults];

export const isFault = (concern: Concern): concern is Fault => 'parts' in concern;

/** @throws Error naming those there are */
export function concernNamed(name: string): Concern {
  const concern = concerns.find((one) => one.name === name);
  if (concern) return concern;
  throw new Error(
    `there is no SLO or fault "${name}"; there are ${concerns.map((one) => one.name).join(', ')}`,
  );
}
