import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '../base/bytes.ts';
import { isoTime } from '../base/clock.ts';
import { sha256, sha256Hex } from '../base/digest.ts';
import { RecipeFault } from '../model/fault.ts';
import { giveLease } from '../plant/leasing.ts';
import { publicKeyOfFile } from '../signing/public-key-file.ts';
import { Leases } from '../station/leases.ts';
import { signedOrderIn } from '../station/sealed-orders.ts';
import { readLease, readWorkOrder, unsignedLease, type WorkOrder } from '../station/work-order.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { readInput } from './files.ts';
import { type SigningOptions, withKey } from './order.ts';
import { type OwnerOptions, withPlant } from './plant.ts';
import { wordsOf } from './words.ts';

export interface LeaseOptions extends OwnerOptions, SigningOptions {
  readonly owner: string;
  readonly for: string;
  readonly boards: number;
  readonly days: number;
  readonly kept: string;
}

/** Gives a station places of a signed order for some days: docs/work-orders.md#leases. */
export async function plantLease(file: string, options: LeaseOptions, context: CliContext): Promise<Exit> {
  const bytes = readInput(file);
  const order = readWorkOrder(bytes, [publicKeyOfFile(readInput(options.owner), options.owner)], file);
  const { for: station } = options;
  const entry = order.stations.find(({ station: name }) => name === station);
  return await withKey(options, context, async (key) => {
    if (order.leases !== toHex(key.spki))
      throw new RecipeFault({
        code: 'plant.lease-key',
        what: `Leases of the order ${order.order} are given by ${order.leases === null ? 'nobody' : `the key ${sha256Hex(fromHex(order.leases))}`}, not by ${toHex(sha256(key.spki))}.`,
        next: 'Sign with the key that its owner named (order show), or ask the owner.',
      });
    return await withPlant(options, async (sql) => {
      const kept = keptIn(options.kept, order);
      const now = context.clock.now();
      const lease = await giveLease(
        sql,
        { ...order, name: order.order, file: bytes },
        { station, boards: options.boards, kept },
        async (places) => {
          const unsigned = unsignedLease(
            {
              ...{
                issued: isoTime(now),
                expires: isoTime(Math.min(Date.parse(order.expires), now + options.days * 86_400_000)),
              },
              ...{ order: order.digest, station, ledger: entry?.ledger ?? '', ...places },
            },
            key.spki,
          );
          const signed = unsigned.with(await key.sign(unsigned.toBeSigned));
          // what the database forgets is remembered here
          keepIn(options.kept, order, signed);
          return signed;
        },
      );
      const { first, boards } = lease;
      const words = wordsOf(context).terminal.order;
      if (options.json) context.streams.answer(JSON.stringify({ order: order.order, station, first, boards }));
      else context.streams.answer(words.leased({ station, first, last: first + boards - 1, order: order.order }));
      if (boards < options.boards) context.streams.say(words.fewer({ wanted: options.boards, boards }));
      return exit.passed;
    });
  });
}

/** Leases of an order that were signed here before. */
function keptIn(folder: string, order: WorkOrder) {
  mkdirSync(folder, { recursive: true });
  const key = fromHex(order.leases!);
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${order.order}.`) && name.endsWith('.lease'))
    .map((name) => {
      const bytes = readInput(join(folder, name));
      return { ...readLease(bytes, key, join(folder, name)), file: bytes };
    })
    .filter((lease) => lease.order === order.digest);
}

function keepIn(folder: string, { order }: WorkOrder, bytes: Uint8Array): void {
  try {
    writeFileSync(join(folder, `${order}.${sha256Hex(bytes).slice(0, 32)}.lease`), bytes, { flag: 'wx', flush: true });
  } catch (error) {
    throw new RecipeFault({
      code: 'plant.cannot-write',
      what: `The lease cannot be kept in ${folder}: ${error instanceof Error ? error.message : String(error)}.`,
      next: 'Name a folder where you may write (--kept). Nothing was changed in the plant.',
      cause: error,
    });
  }
}

/** Gives back what this station has of an order by leases, and no board has. */
export async function orderGiveBack(
  name: string,
  options: SigningOptions & { readonly json?: boolean },
  context: CliContext,
): Promise<Exit> {
  const rules = context.settings(options).boards.sealedOrders;
  if (rules === null)
    throw new RecipeFault({
      code: 'order.not-configured',
      what: 'The station file asks for no signed orders.',
      next: "Write 'boards.sealed_orders' into it (docs/work-orders.md).",
    });
  const order = signedOrderIn(rules, name);
  const station = await context.openStation(options);
  try {
    const leases = await Leases.of(order, station.parts);
    const { boards } = await station.parts.ledger.boardsOfOrder(name, '');
    const share = order.stations.find((one) => one.station === station.parts.name)?.share?.boards ?? 0;
    const places = (await leases?.giveBackAll(boards, share)) ?? 0;
    if (options.json) context.streams.answer(JSON.stringify({ order: name, places }));
    else context.streams.answer(wordsOf(context).terminal.order.givenBack({ places, order: name }));
    return exit.passed;
  } finally {
    await station.close();
  }
}
