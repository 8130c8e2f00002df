import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../base/bytes.ts';
import { sha256Hex } from '../base/digest.ts';
import { parseCheckpoint } from '../ledger/checkpoint.ts';
import { witnessText } from '../ledger/cosignature.ts';
import { textOfFile } from '../model/text-file.ts';
import { cosignedHere, ownWitness, takeCosignature, witnessHead } from '../station/witnessing.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { readInput, writeOutput } from './files.ts';
import { withLedger, withStation } from './opened.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';
import { headed, table, wordsOf } from './words.ts';

export interface HeadsOptions extends SignInOptions {
  readonly json?: boolean;
  readonly out?: string;
}

/** Who may: what a head is held against decides what an auditor believes. */
export const witnessRoles = ['qa', 'engineer', 'custodian'] as const;

/** The newest head, with the proof that it grew out of what a witness saw last: docs/witnesses.md. */
export function headsAsk(
  options: HeadsOptions & { readonly out: string; readonly of?: string; readonly old?: number },
  context: CliContext,
): Promise<Exit> {
  const { of, old } = options;
  return withStation(options, context, async (station) => {
    await signInWhereKnown(station.parts.ledger, options, witnessRoles, context);
    const request = await station.askWitness({
      ...(of === undefined ? {} : { of }),
      ...(old === undefined ? {} : { old }),
    });
    writeOutput(options.out, utf8(request), context);
    return exit.passed;
  });
}

export function headsWitness(
  file: string,
  options: HeadsOptions & { readonly out: string; readonly key?: string },
  context: CliContext,
): Promise<Exit> {
  return withStation(options, context, async (station) => {
    const by = await signInWhereKnown(station.parts.ledger, options, witnessRoles, context);
    const asked = {
      request: textOfFile(readInput(file), file),
      ...(options.key === undefined ? {} : { key: textOfFile(readInput(options.key), options.key) }),
    };
    const note = await witnessHead(station.parts, asked, by);
    writeOutput(options.out, utf8(note), context);
    const { origin, size } = parseCheckpoint(note)!;
    if (options.json) context.streams.answer(JSON.stringify({ origin, size }));
    context.streams.say(wordsOf(context).terminal.heads.cosigned({ rows: size, ledger: origin }));
    return exit.passed;
  });
}

export function headsTake(
  file: string,
  options: HeadsOptions & { readonly witnessKey: string; readonly request?: string },
  context: CliContext,
): Promise<Exit> {
  return withStation(options, context, async (station) => {
    const by = await signInWhereKnown(station.parts.ledger, options, witnessRoles, context);
    const taken = await takeCosignature(
      station.parts,
      {
        answer: textOfFile(readInput(file), file),
        witness: textOfFile(readInput(options.witnessKey), options.witnessKey),
        ...(options.request === undefined ? {} : { request: textOfFile(readInput(options.request), options.request) }),
      },
      by,
    );
    if (options.json) context.streams.answer(JSON.stringify(taken));
    const { size, name, time } = taken;
    context.streams.say(wordsOf(context).terminal.heads.taken({ rows: size, name, time: String(time) }));
    return exit.passed;
  });
}

export function headsKey(options: HeadsOptions, context: CliContext): Promise<Exit> {
  return withStation(options, context, async (station) => {
    const text = witnessText(await ownWitness(station.parts));
    if (options.out === undefined) context.streams.answer(text);
    else writeOutput(options.out, utf8(`${text}\n`), context);
    return exit.passed;
  });
}

export function headsSeen(options: HeadsOptions, context: CliContext): Promise<Exit> {
  return withLedger(options, context, async (ledger) => {
    const seen = await cosignedHere(ledger);
    if (options.out !== undefined) mkdirSync(options.out, { recursive: true });
    for (const { origin, note } of seen)
      if (options.out !== undefined)
        writeOutput(join(options.out, `${sha256Hex(origin).slice(0, 16)}.head`), utf8(note), context);
    if (options.json) for (const one of seen) context.streams.answer(JSON.stringify(one));
    else
      for (const line of table([
        headed(context, 'ledger', 'rows', 'seen'),
        ...seen.map(({ origin, size, at }) => [origin, `${size}`, at]),
      ]))
        context.streams.answer(line);
    return exit.passed;
  });
}
