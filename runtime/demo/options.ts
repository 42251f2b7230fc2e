/** The demo's command line: what may be asked of it, within which bounds, and the text of `--help`. */
import { z } from 'zod';
import { readCommandLine, UsageError, whole } from '../command-line.ts';

const seconds = (min: number, max: number) =>
  z.coerce.number(`expected seconds, ${min} to ${max}`).min(min).max(max);

const optionsSchema = z.object({
  participants: whole(2, 6).default(3),
  duration: seconds(20, 3600).default(90),
  faultAfter: seconds(5, 600).default(20),
  faultFor: seconds(5, 600).default(30),
  /** Undefined: one is drawn, and printed. */
  seed: whole(0, 0xffff_ffff).optional(),
  json: z.string().min(1, 'expected a file name').optional(),
  /** The demo's own folder: the data of `npm start` stays untouched. */
  data: z.string().min(1, 'expected a folder').default('.callscope/demo'),
  /** Undefined: stay when somebody sits at a terminal. */
  exit: z.boolean().optional(),
});

/** Times in seconds, from the moment when all are in and media flows. */
export type DemoOptions = z.infer<typeof optionsSchema>;

export { UsageError };

export const help = `npm run demo -- [options]

Starts the whole stack and a real call of Chromium participants on this machine, spoils the way to one of them,
and shows how that is noticed, explained and mended while it goes on.

  --participants N   people in the call, 2 to 6                                   (3)
  --duration S       seconds from "ready" to the report                           (90)
  --fault-after S    seconds from "ready" until the fault                         (20)
  --fault-for S      seconds that the fault lasts                                 (30)
  --seed S           whose downlink it is, and which packets are lost             (drawn and printed)
  --json FILE        write the report as JSON too
  --data FOLDER      where its data live, from the project's folder               (.callscope/demo)
  --exit             end after the report; --no-exit: keep the call running
                     (without either: keep it running at a terminal, end elsewhere)
  --help             this text

The fault: the participant's downlink is held to 250 kbit/s and loses 5 % of the packets.
Ctrl-C ends everything at any moment.

Exit code: 0 when the loop closed - the right participant and hop named after the fault began, a decision for that
participant in force within 6 s, let go of after the fault ended, nobody else blamed. 1 when it did not, with the
reason; 2 for a wrong command line; 3 when the stack or the call could not be started; 130 after Ctrl-C.
`;

/** @throws UsageError */
export function readOptions(args: string[]): DemoOptions | 'help' {
  const options = readCommandLine(args, {
    schema: optionsSchema,
    negatable: true,
    flags: {
      participants: { type: 'string' },
      duration: { type: 'string' },
      'fault-after': { type: 'string' },
      'fault-for': { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
      data: { type: 'string' },
      exit: { type: 'boolean' },
    },
  });
  if (options === 'help') return 'help';
  if (options.faultAfter + options.faultFor >= options.duration) {
    throw new UsageError(
      `--duration ${options.duration} leaves no time after the fault, which ends at ` +
        `${options.faultAfter + options.faultFor} s: give it more, or shorten --fault-after or --fault-for`,
    );
  }
  return options;
}
