import { customMacField, customMacIn } from '../../efuse/custom-mac.ts';
import { blockName, slotState } from '../../efuse/slots.ts';
import { decodeSnapshot } from '../../efuse/snapshot.ts';
import { fieldKindOf } from '../../efuse/tables/meanings.ts';
import { fieldOf, keySlotsOf, slotOfBlock } from '../../efuse/tables.ts';
import type { EfuseSnapshot } from '../../efuse/types.ts';
import type { DeviceHistory } from '../../ledger/ledger.ts';
import type { RunRecord } from '../../model/record.ts';
import type { BurnedThing } from '../../model/recovery.ts';
import { type BurnHistory, cameAs } from '../burn-history.ts';

/** What stands in a board that no factory puts there, key blocks first, each with the run that burned it. Pure. */
export function burnedThings(
  snapshot: EfuseSnapshot,
  history: DeviceHistory | null,
  past: Pick<BurnHistory, 'slots' | 'givenUp'>,
): BurnedThing[] {
  const authors = authorsOf(history);
  return [...keyBlocks(snapshot, past, authors), ...ownMac(snapshot, authors), ...fields(snapshot, history, authors)];
}

type Author = NonNullable<BurnedThing['by']>;

/** The latest run that meant to burn a field of BLOCK0, or a key block by its name. */
function authorsOf(history: DeviceHistory | null): ReadonlyMap<string, Author> {
  const authors = new Map<string, Author>();
  const note = (name: string, { id, fixture, operator }: RunRecord, at: string) =>
    authors.set(name, { run: id, at, fixture, operator });
  for (const { run, events } of history?.runs ?? [])
    for (const { event, at } of events) {
      if (event.type !== 'intend') continue;
      if (event.what === 'key-block') note(event.detail.name, run, at);
      else if (event.what === 'custom-mac') note(event.detail.field, run, at);
      else for (const { field } of event.detail.fields) note(field, run, at);
    }
  return authors;
}

function keyBlocks(
  snapshot: EfuseSnapshot,
  { slots, givenUp }: Pick<BurnHistory, 'slots' | 'givenUp'>,
  authors: ReadonlyMap<string, Author>,
): BurnedThing[] {
  const { table } = snapshot;
  return keySlotsOf(table).flatMap((slot) => {
    const state = slotState(snapshot, slot);
    if (state.blank) return [];
    const where = blockName(table, slot);
    const ours = slots.filter((one) => one.slot === slot);
    const purpose = state.purpose === null ? null : table.purposes.find(({ number }) => number === state.purpose);
    const words = [
      ours.length === 0
        ? purpose === null || state.purpose === 0
          ? 'holds something'
          : `holds a key or digest for ${purpose?.purpose ?? `purpose ${state.purpose}`}`
        : ours
            .map(
              ({ role, part, proven }) =>
                `${role} key${part === 'whole' ? '' : `, ${part} half`}, ${proven ? 'read back' : 'not proven'}`,
            )
            .join('; '),
      ...(ours.length > 0 && state.purpose !== null ? [`purpose ${purpose?.purpose ?? state.purpose}`] : []),
      ...(givenUp.includes(slot) ? ['given up for its errors'] : []),
      ...(state.hiddenBy.length > 0 ? ['hidden'] : []),
      ...(state.health.failed ? ['more wrong bytes than its code can set right'] : []),
      ...(ours.some(({ keyAtHand }) => keyAtHand === false) ? ['its wrapped key is not in this ledger any more'] : []),
    ];
    return [{ where, what: words.join('; '), by: authors.get(where) ?? null }];
  });
}

/** The product's own MAC address, in the block that is its own. */
function ownMac(snapshot: EfuseSnapshot, authors: ReadonlyMap<string, Author>): BurnedThing[] {
  const own = customMacIn(snapshot);
  if (own === null) return [];
  const where = customMacField(snapshot.table).name;
  return [
    { where, what: own.trouble === null ? own.mac : `${own.mac}: ${own.trouble}`, by: authors.get(where) ?? null },
  ];
}

/** Fields of BLOCK0 that decide about security, by what they were when the board came. Bits of locks are counted, not listed. */
function fields(
  snapshot: EfuseSnapshot,
  history: DeviceHistory | null,
  authors: ReadonlyMap<string, Author>,
): BurnedThing[] {
  const { table } = snapshot;
  const came = history === null ? null : cameAs(history);
  const lock = [...authors].findLast(([name]) => /^(WR|RD)_DIS/.test(name))?.[1] ?? null;
  return Object.entries(decodeSnapshot(snapshot)).flatMap(([name, { value, text }]) => {
    const [piece] = fieldOf(table, name).pieces;
    const isOfKeys = /^KEY_PURPOSE_/.test(name) || slotOfBlock(table, piece!.block) !== null;
    if (isOfKeys || fieldKindOf(name) !== 'security' || typeof value !== 'number' || value === 0) return [];
    if (came?.[name]?.value === value) return [];
    const what = /^(WR|RD)_DIS$/.test(name)
      ? `0x${value.toString(16)}: what can be ${name === 'WR_DIS' ? 'written' : 'read'} no more`
      : `${value}${text === undefined ? '' : ` (${text})`}`;
    return [{ where: name, what, by: authors.get(name) ?? (/^(WR|RD)_DIS$/.test(name) ? lock : null) }];
  });
}
