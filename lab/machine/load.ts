/** How busy the machine is: a finding on a starved machine is worth less, so every result says how it was. */
import { cpus } from 'node:os';

export interface LoadMeter {
  /** Share of all cores' time that was used since the last reading, 0 to 1. */
  read(): number;
}

export function createLoadMeter(): LoadMeter {
  let before = total();
  return {
    read() {
      const now = total();
      const [busy, all] = [now.busy - before.busy, now.all - before.all];
      before = now;
      return all > 0 ? Math.round((busy / all) * 1000) / 1000 : 0;
    },
  };
}

function total(): { busy: number; all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.idle + times.irq;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}
