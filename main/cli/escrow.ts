import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretBytes } from '../base/secret.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import type { EscrowedSecret } from '../model/event.ts';
import { RecipeFault } from '../model/fault.ts';
import { qrPayload } from '../recipe/making/device-credentials.ts';
import { asTyped, type Custodian, macOf, releaseEscrow } from '../station/desk/access/escrow.ts';
import { templateOf } from '../station/desk/labels/label-desk.ts';
import { labelFacts } from '../station/desk/labels/label-template.ts';
import { fillSecretLabel } from '../station/desk/labels/secret-label.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { askedPin } from './sign-in.ts';
import { headed, table, wordsOf } from './words.ts';

export interface EscrowOptions extends OpenOptions {
  readonly json?: boolean;
  readonly limit?: number;
  readonly what?: string;
  readonly custodian?: readonly string[];
  readonly reason?: string;
  readonly out?: string;
  /** How a proof of possession is given: as it is typed, as the text of its QR code, or as the label in ZPL. */
  readonly as?: string;
}

const secrets: readonly EscrowedSecret[] = ['jtag-token', 'proof-of-possession'];

/** What is in escrow, newest first, and what was given out. Never a secret. */
export async function escrowList(
  device: string | undefined,
  options: EscrowOptions,
  context: CliContext,
): Promise<Exit> {
  const ledger = await context.openLedger(options);
  try {
    const mac = device === undefined ? null : await macOf(ledger, device);
    const kept = await ledger.escrows({ ...(mac === null ? {} : { mac }), limit: options.limit ?? 100 });
    const given = (await ledger.escrowReleases()).filter((release) => mac === null || release.mac === mac);
    if (options.json) {
      for (const { wrapped: _, ...escrow } of kept)
        context.streams.answer(JSON.stringify({ type: 'escrow', ...escrow }));
      for (const release of given) context.streams.answer(JSON.stringify({ type: 'release', ...release }));
      return exit.passed;
    }
    const words = wordsOf(context).terminal.escrow;
    const { kinds, none } = wordsOf(context).page.station.escrow;
    if (kept.length === 0) context.streams.answer(none);
    const rows = kept.map((one) => [one.mac, one.serial ?? '-', one.what, one.at, one.fingerprint ?? '-']);
    for (const line of table([headed(context, 'mac', 'serial', 'what', 'putAway', 'fingerprint'), ...rows]))
      if (rows.length > 0) context.streams.answer(line);
    for (const one of given)
      context.streams.answer(
        words.given({
          ...{ time: one.at, what: kinds[one.what], mac: one.mac },
          ...{ people: one.custodians.join(', '), reason: one.reason },
        }),
      );
    return exit.passed;
  } finally {
    await ledger.close();
  }
}

/**
 * Gives a secret out of escrow to two custodians, whose PINs are asked for: on stdout, or into a new file (mode 0600). A JTAG token is
 * told as 64 hex digits, a proof of possession as it is typed, or as its QR code or label.
 */
export async function escrowRelease(device: string, options: EscrowOptions, context: CliContext): Promise<Exit> {
  const what = secrets.find((secret) => secret === options.what);
  if (what === undefined) throw badOption('--what', options.what ?? '', `It is one of ${secrets.join(', ')}.`);
  const form = forms.find((known) => known === (options.as ?? 'typed'));
  if (form === undefined || (form !== 'typed' && what !== 'proof-of-possession'))
    throw badOption(
      '--as',
      options.as ?? '',
      `A proof of possession comes as ${forms.join(', ')}; a JTAG token only as it is typed.`,
    );
  const names = options.custodian ?? [];
  if (names.length !== 2 || names[0] === names[1])
    throw badOption('--custodian', names.join(', '), 'Name two different custodians: --custodian A --custodian B.');
  const people = context.people(options);
  if (people.isEmpty)
    throw new RecipeFault({
      code: 'escrow.nobody',
      what: 'This station knows nobody: nobody can ask for a secret in escrow.',
      next: 'Make two custodians under Station in the window (npm start).',
      safety: 'sealed',
    });
  const custodians: Custodian[] = [];
  const sink = openSink(options.out, context);
  const station = await context.openStation(options);
  try {
    const show = form === 'typed' ? null : await labelOf(device, form, station.parts.ledger, options, context);
    for (const id of names) custodians.push({ id, pin: await askedPin(id, context) });
    const request = { device, what, custodians, reason: options.reason ?? '', face: 'terminal' };
    const { secret, release } = await releaseEscrow({ ...station.parts, people }, request);
    try {
      using shown = show === null ? asTyped(secret, what) : show(secret);
      const text = textOf(shown);
      sink.take(options.json && options.out === undefined ? JSON.stringify({ what, secret: text }) : text);
    } finally {
      secret.destroy();
    }
    context.streams.say(
      wordsOf(context).terminal.escrow.kept({
        ...{ people: release.custodians.join(', '), mac: release.mac },
        what: wordsOf(context).page.station.escrow.kinds[what],
      }),
    );
    return exit.passed;
  } finally {
    sink.close();
    for (const { pin } of custodians) pin.destroy();
    await station.close();
  }
}

const forms = ['typed', 'code', 'label'] as const;

/** Everything but the secret of what is on the label of a sealed device, found before anybody is asked. RecipeFault `escrow.no-label`. */
async function labelOf(
  device: string,
  form: 'code' | 'label',
  ledger: LedgerReader,
  options: EscrowOptions,
  context: CliContext,
): Promise<(proof: SecretBytes) => SecretBytes> {
  const record = await ledger.sealedDevice(await macOf(ledger, device));
  if (record?.provisioning === undefined)
    throw new RecipeFault({
      code: 'escrow.no-label',
      what: `${device} is not sealed, or its recipe makes no provisioning credentials: it has no such label.`,
      next: 'Leave --as out, and the secret comes as it is typed.',
      safety: 'sealed',
    });
  const { provisioning } = record;
  if (form === 'code') return (proof) => qrPayload({ ...provisioning, proof });
  const folders = [join(context.dataFolder(options), 'labels'), join(context.stationConfig, 'labels')];
  const template = await templateOf(record, ledger, folders);
  return (proof) => fillSecretLabel(template, labelFacts(record), { ...provisioning, proof });
}

/** The only place where a secret becomes text: for the people who were just given it. */
function textOf(secret: SecretBytes): string {
  return secret.use((bytes) => new TextDecoder().decode(bytes));
}

/** Where the secret will go, opened before anybody is asked: stdout, or a new file for its owner alone, which vanishes when it stays empty. */
function openSink(out: string | undefined, context: CliContext): { take(text: string): void; close(): void } {
  if (out === undefined) return { take: (text) => context.streams.answer(text), close: () => undefined };
  let file: number;
  try {
    file = openSync(out, 'wx', 0o600);
  } catch (cause) {
    throw new RecipeFault({
      code: 'escrow.cannot-write',
      what: `${out} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'Name a new file in a folder where you may write.',
      cause,
    });
  }
  let filled = false;
  return {
    take(text) {
      writeSync(file, `${text}\n`);
      filled = true;
    },
    close() {
      closeSync(file);
      if (!filled) rmSync(out);
    },
  };
}

function badOption(option: string, value: string, next: string): RecipeFault {
  return new RecipeFault({ code: 'cli.value', what: `${option} cannot be ${JSON.stringify(value)}.`, next });
}
