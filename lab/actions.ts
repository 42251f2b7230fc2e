/** Carries out what a family's plan says, and undoes it. */
import type { LabCall } from './call.ts';
import { baseDelayMs } from './call.ts';
import type { Action } from './families/family.ts';
import { busiestSince, rendererCpu, workerPid } from './machine/processes.ts';
import { startPulses } from './machine/pulses.ts';
import { cleanLink, type LinkChange } from './network/settings.ts';
import { setCamera, setMicrophone } from './participants/devices.ts';
import type { Session } from './session.ts';

export interface Done {
  /** From when on it is in force, epoch ms. */
  readonly atMs: number;
  /** Nothing where it cannot be undone. */
  undo(): Promise<void>;
}

/** @throws Error when it cannot be done: the run is then worth nothing */
export async function carryOut(action: Action, call: LabCall, session: Session): Promise<Done> {
  switch (action.kind) {
    case 'line':
    case 'relay_line': {
      const line = action.kind === 'line' ? call.seats[action.seat]!.line : call.relayLine;
      if (!line) throw new Error('the plan changes a relay line that this call does not have');
      const atMs = await line.change(action.direction, action.change);
      return {
        atMs,
        undo: async () => {
          await line.change(action.direction, restored(action.change));
        },
      };
    }
    case 'camera':
    case 'microphone': {
      const { page } = call.seats[action.seat]!.participant;
      const set = (mode: 'asked' | 'good') =>
        action.kind === 'camera'
          ? setCamera(page, mode === 'good' ? mode : action.mode)
          : setMicrophone(page, mode === 'good' ? mode : action.mode);
      await set('asked');
      return { atMs: Date.now(), undo: () => set('good') };
    }
    case 'press': {
      const { page } = call.seats[action.seat]!.participant;
      const press = () => page.locator(`[data-control=${action.button}]`).first().click();
      await press();
      return { atMs: Date.now(), undo: press };
    }
    case 'starve': {
      const pid =
        action.who === 'worker'
          ? workerPid(session.stack.pid('sfu'))
          : await rendererPid(call, action.who, session);
      const pulses = await startPulses(pid, action.stopMs, action.runMs);
      return { atMs: pulses.startedAtMs, undo: () => pulses.end() };
    }
    case 'kill': {
      const sfu = session.stack.pid('sfu');
      process.kill(action.who === 'worker' ? workerPid(sfu) : sfu, 'SIGKILL');
      return { atMs: Date.now(), undo: async () => {} };
    }
  }
}

async function rendererPid(call: LabCall, seat: number, { browser }: Session): Promise<number> {
  const { renderers } = call.seats[seat]!;
  if (!renderers) throw new Error(`the plan slows seat ${seat} down, whose processes were not looked for`);
  return busiestSince(renderers, await rendererCpu(browser));
}

/** What the change named, as it was before. */
function restored(change: LinkChange): LinkChange {
  const before = { ...cleanLink, delayMs: baseDelayMs };
  return Object.fromEntries(
    Object.keys(change).map((name) => [name, before[name as keyof typeof before]]),
  ) as LinkChange;
}
