/** The lab's command line: what may be asked of it, within which bounds, and the text of `--help`. */
import { z } from 'zod';
import { readCommandLine, someOf, UsageError, whole } from '../runtime/command-line.ts';
import { severities } from './families/family.ts';
import { families } from './families/list.ts';

const names = families.map(({ name }) => name);

const optionsSchema = z.object({
  family: someOf('family', names),
  severity: z.array(z.enum(severities)).default([...severities]),
  runs: whole(1, 1_000).default(1),
  seed: whole(0, 99_999).default(0),
  tune: z.boolean().default(false),
  loop: z.enum(['on', 'shadow', 'off']).default('shadow'),
  quick: z.boolean().default(false),
  /** Undefined: a new file in the data folder, whose name is printed. */
  resume: z.string().min(1, 'expected a file name').optional(),
  json: z.string().min(1, 'expected a file name').optional(),
  play: z.boolean().default(true),
  publish: z.boolean().default(false),
  rejudge: z.boolean().default(false),
  data: z.string().min(1, 'expected a folder').default('.callscope/lab'),
});

export type LabOptions = z.infer<typeof optionsSchema>;

export { UsageError };

export const help = `npm run lab -- [options]
npm run lab -- loop [options]     the same faults with the loop off and on, side by side (loop --help)
npm run lab -- turn [options]     relays that become full, are killed, are drained (turn --help)
npm run lab -- alerts [options]   faults that must wake people, and a week that must not (alerts --help)
npm run lab -- words [options]    what the inspector says of played calls, against the truth (words --help)
npm run lab -- failures [options] parts killed, cut off, slowed down under real calls (failures --help)

Plays real calls of three Chromium participants under faults whose truth is known, and scores what the service says.

  --family NAME      only these families; may be given several times             (all)
  --severity NAME    mild, moderate or severe; may be given several times        (all)
  --runs N           seeds of each family and severity                           (1)
  --seed N           the first of them, counted within its range                 (0)
  --tune             take the seeds for fitting detectors, never on the scoreboard
  --loop MODE        shadow: decisions are recorded, not carried out; on; off    (shadow)
  --quick            a subset of about five minutes, for CI
  --resume FILE      keep results in this file and skip what it holds            (a new file)
  --no-play          play nothing: score what the file of --resume holds
  --rejudge          play nothing: judge the stored samples of the runs in the file of --resume once more, with the
                     detectors as they are now; for fitting them, not for the scoreboard
  --json FILE        write the scores as JSON
  --publish          write docs/scoreboard.md and docs/scoreboard.json; not with --tune
  --data FOLDER      where the store and the results live                        (.callscope/lab)
  --help             this text

Families: ${names.join(', ')}.

Every run is one line of the results file, written as it ends. Ctrl-C keeps what is done and scores it; --resume
goes on from there.

Exit code: 0 when everything was played, 1 when some runs could not be, 2 for a wrong command line, 3 when the stack
could not be started, 130 after Ctrl-C.
`;

/** @throws UsageError */
export function readOptions(args: string[]): LabOptions | 'help' {
  const options = readCommandLine(args, {
    schema: optionsSchema,
    negatable: true,
    flags: {
      family: { type: 'string', multiple: true },
      severity: { type: 'string', multiple: true },
      runs: { type: 'string' },
      seed: { type: 'string' },
      tune: { type: 'boolean' },
      loop: { type: 'string' },
      quick: { type: 'boolean' },
      resume: { type: 'string' },
      play: { type: 'boolean' },
      json: { type: 'string' },
      publish: { type: 'boolean' },
      rejudge: { type: 'boolean' },
      data: { type: 'string' },
    },
  });
  if (options === 'help') return 'help';
  if (!options.play && !options.resume)
    throw new UsageError('--no-play needs --resume FILE: the results to score');
  if (options.rejudge && (!options.resume || options.publish)) {
    throw new UsageError(
      '--rejudge needs --resume FILE, and does not go with --publish: its times are reckoned',
    );
  }
  if (options.publish && options.tune) {
    throw new UsageError(
      '--publish and --tune exclude each other: the scoreboard takes no seeds used for fitting',
    );
  }
  return options;
}
