/**
 * `npm run mos -- '{"model":"g107","ta":150,"t":150,"tr":300}'`: any model on given parameters, for those who
 * want to check us against their own tables. Prints one flat JSON object: every parameter by its symbol,
 * every intermediate term, `r` and `mos`. Exit code 0, or 2 with an error that names parameter and range.
 */

import { z } from 'zod';
import { g107, pureDelay } from './g107.ts';
import { g1071 } from './g107-1.ts';
import { fullbandRating, g1072 } from './g107-2.ts';
import { opusImpairment, opusModel } from './opus.ts';
import {
  g107Parameters,
  g1071Parameters,
  g1072Parameters,
  type NumberParameter,
  opusParameters,
  videoParameters,
} from './parameters.ts';
import { mosOfRating } from './rating.ts';
import { scoreVideo, type VideoInput } from './score.ts';
import { mosOfFactors, videoFactors } from './video.ts';

type Numbers = Record<string, number>;

interface Model {
  readonly parameters: readonly NumberParameter[];
  /** Parameters that are words, with what they may be. */
  readonly words?: Record<string, readonly string[]>;
  readonly compute: (numbers: Numbers, words: Record<string, string>) => object;
}

const models: Record<string, Model> = {
  g107: {
    parameters: g107Parameters,
    compute: (given) => {
      const { model, parameters, terms, r, mos, gob, pow } = g107(given);
      return { version: model, scale: 'narrowband', ...parameters, ...terms, r, mos, gob, pow };
    },
  },
  'g107.1': {
    parameters: g1071Parameters,
    compute: (given) => {
      const { model, parameters, terms, r, mos } = g1071(given);
      return { version: model, scale: 'wideband', ...parameters, ...terms, r, mos };
    },
  },
  'g107.2': {
    parameters: g1072Parameters,
    compute: (given) => {
      const { model, parameters, terms, r, mos } = g1072(given);
      return { version: model, scale: 'fullband', ...parameters, ...terms, r, mos };
    },
  },
  opus: { parameters: opusParameters, compute: computeOpus },
  video: {
    parameters: videoParameters,
    words: { source: ['camera', 'screen'], codec: ['vp8', 'vp9', 'h264', 'h265', 'av1'] },
    compute: computeVideo,
  },
};

function computeOpus(given: Numbers): object {
  const p = { ...defaultsOf(opusParameters), ...given } as {
    bitrateBps: number;
    ppl: number;
    burstr: number;
    ta: number;
    a: number;
    st: number;
    mt: number;
  };
  const { ie, bpl, ieEff, confidence } = opusImpairment(p.bitrateBps, p.burstr, p.ppl);
  const { x, idd } = pureDelay(p.ta, p.st, p.mt);
  const r = fullbandRating(idd, ieEff, p.a);
  return {
    version: opusModel,
    scale: 'fullband',
    ...p,
    ro: 148,
    is: 0,
    x,
    idd,
    id: 1.48 * idd,
    ie,
    bpl,
    ieEff,
    r,
    mos: mosOfRating(r, 'fullband'),
    confidence,
  };
}

function computeVideo(given: Numbers, words: Record<string, string>): object {
  const input = {
    source: 'camera',
    ...defaultsOf(videoParameters),
    ...given,
    ...words,
  } as unknown as VideoInput;
  const score = scoreVideo(input);
  const { factors } = videoFactors(input);
  return {
    version: score.model,
    scale: score.scale,
    ...input,
    ...factors,
    quality: (mosOfFactors(factors) - 1) / 3.5,
    mos: score.mos,
    confidence: score.confidence,
    missing: score.missing,
    unclassified: score.unclassified,
  };
}

function defaultsOf(parameters: readonly NumberParameter[]): Numbers {
  const defaults: Numbers = {};
  for (const { name, default: value } of parameters) if (value !== undefined) defaults[name] = value;
  return defaults;
}

export interface CliResult {
  exitCode: 0 | 2;
  stdout: string;
  stderr: string;
}

/** The whole command, without touching the process. */
export function runMos(args: readonly string[]): CliResult {
  if (args.length === 0) return failed(`no model given\n\n${help()}`);
  if (args.includes('--help') || args.includes('-h')) return { exitCode: 0, stdout: help(), stderr: '' };
  if (args.length > 1) {
    return failed(`one JSON object expected, got ${args.length} arguments; put it in single quotes`);
  }
  let request: unknown;
  try {
    request = JSON.parse(args[0]!);
  } catch (error) {
    return failed(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return failed('a JSON object is expected, e.g. {"model":"g107","ta":150}');
  }
  const { model: name, ...given } = request as Record<string, unknown>;
  const model = typeof name === 'string' && Object.hasOwn(models, name) ? models[name] : undefined;
  if (!model) {
    return failed(`model ${JSON.stringify(name)} is not known; one of ${Object.keys(models).join(', ')}`);
  }
  const parsed = schemaOf(model).safeParse(given);
  if (!parsed.success) {
    return failed(parsed.error.issues.map((issue) => describeIssue(issue, model, given)).join('\n'));
  }
  const numbers: Numbers = {};
  const words: Record<string, string> = {};
  for (const [key, value] of Object.entries(parsed.data)) {
    if (typeof value === 'number') numbers[key] = value;
    else if (typeof value === 'string') words[key] = value;
  }
  const warnings = model.parameters.flatMap(({ name: key, table }) => {
    const value = numbers[key];
    if (value === undefined || !table || (value >= table[0] && value <= table[1])) return [];
    return [`${key} = ${value} is outside of ${table[0]} to ${table[1]}, for which the model answers`];
  });
  const result = { model: name, ...model.compute(numbers, words), warnings };
  return { exitCode: 0, stdout: `${JSON.stringify(result, null, 2)}\n`, stderr: '' };
}

function schemaOf(model: Model) {
  const shape: Record<string, z.ZodType> = {};
  for (const { name, min, max } of model.parameters) shape[name] = z.number().min(min).max(max).optional();
  for (const [name, allowed] of Object.entries(model.words ?? {})) shape[name] = z.enum(allowed).optional();
  return z.strictObject(shape);
}

function describeIssue(issue: z.core.$ZodIssue, model: Model, given: Record<string, unknown>): string {
  const names = [...model.parameters.map(({ name }) => name), ...Object.keys(model.words ?? {})];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const meant = names.find((name) => name.toLowerCase() === key.toLowerCase());
        return `unknown parameter ${key}${meant ? `; did you mean ${meant}?` : ''} (known: ${names.join(', ')})`;
      })
      .join('\n');
  }
  const name = String(issue.path[0]);
  const value = JSON.stringify(given[name]);
  const parameter = model.parameters.find((candidate) => candidate.name === name);
  if (parameter) {
    const unit = parameter.unit ? ` ${parameter.unit}` : '';
    return `${name} = ${value} is no number from ${parameter.min} to ${parameter.max}${unit} (${parameter.what})`;
  }
  return `${name} = ${value} is none of ${model.words?.[name]?.join(', ')}`;
}

function failed(message: string): CliResult {
  return { exitCode: 2, stdout: '', stderr: `mos: ${message}\n` };
}

function help(): string {
  const sections = Object.entries(models).map(([name, model]) => {
    const lines = model.parameters.map(({ name: symbol, unit, what, min, max, default: value }) => {
      const range = `${min} to ${max}${unit ? ` ${unit}` : ''}`;
      return `  ${symbol.padEnd(24)}${what}; ${range}${value === undefined ? '' : `, default ${value}`}`;
    });
    for (const [word, allowed] of Object.entries(model.words ?? {})) {
      lines.push(`  ${word.padEnd(24)}${allowed.join(', ')}`);
    }
    return `${name}\n${lines.join('\n')}`;
  });
  return (
    'Usage: npm run mos -- \'{"model":"g107","ta":150,"t":150,"tr":300}\'\n\n' +
    'Prints all parameters, intermediate terms, r and mos of a quality model as JSON.\n' +
    'Loss ppl is in percent; the models and their sources: docs/models.md.\n\n' +
    `${sections.join('\n\n')}\n`
  );
}

if (import.meta.main) {
  const { exitCode, stdout, stderr } = runMos(process.argv.slice(2));
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}
