// Write protection that is wanted for itself, and what it would freeze too early.

import { fieldsFrozenBy, frozenBy } from './bits.ts';
import type { WantedBit } from './block0-programs.ts';
import { mistake } from './field-checks.ts';
import type { CheckedField, EfuseRefusal, WantedEfuses, WantedField } from './plan-types.ts';
import { readNumber } from './snapshot.ts';
import { fieldOf, hasField } from './tables.ts';
import type { EfuseSnapshot } from './types.ts';

/** Bits of WR_DIS that are wanted for themselves, each in a program after the last field of its group. */
export function checkProtections(
  snapshot: EfuseSnapshot,
  wanted: WantedEfuses,
  wishes: readonly CheckedField[],
): { readonly bits: readonly WantedBit[]; readonly refusals: readonly EfuseRefusal[] } {
  const { table } = snapshot;
  const bits: WantedBit[] = [];
  const refusals: EfuseRefusal[] = [];
  const switchesOn = wishes.some(({ wanted: { stage, by } }) => stage === 'enable' && by !== 'device');
  for (const { field: name, reason, by } of wanted.writeProtect) {
    if (by === 'device') continue;
    if (!hasField(table, name)) {
      refusals.push(
        mistake('efuse.unknown-field', `${table.name} has no eFuse field ${name}.`, "Write the manual's name."),
      );
      continue;
    }
    const bit = fieldOf(table, name).writeDisableBit;
    if (bit === null) {
      refusals.push(
        mistake(
          'efuse.no-write-protection',
          `No bit of WR_DIS of ${table.name} is known to freeze ${name}.`,
          'Leave it out.',
        ),
      );
      continue;
    }
    const group = fieldsFrozenBy(table, bit).map((field) => field.name);
    const refusal = groupRefusal(snapshot, name, bit, group, wishes);
    if (refusal !== null) refusals.push(refusal);
    else bits.push({ bit, reason, ...programOf(stagesIn(group, wishes), switchesOn) });
  }
  return { bits, refusals };
}

/**
 * The first program in which no field of the group is burned any more: a supply that fails in the middle of a program must not freeze what
 * is not yet in. RD_DIS has no field of its own among the wishes: it is burned and read back before all of these. `switchesOn`: the station
 * burns what switches boot security on, in a program behind the protections.
 */
function programOf(stages: readonly WantedField['stage'][], switchesOn: boolean): Pick<WantedBit, 'stage' | 'last'> {
  if (stages.includes('enable')) return { stage: 'enable', last: true };
  if (!stages.includes('protection')) return { stage: 'protection', last: false };
  return switchesOn ? { stage: 'enable', last: false } : { stage: 'protection', last: true };
}

/** When the fields of a group are burned. */
function stagesIn(group: readonly string[], wishes: readonly CheckedField[]): readonly WantedField['stage'][] {
  return wishes.filter(({ field }) => group.includes(field.name)).map(({ wanted: { stage } }) => stage);
}

function groupRefusal(
  snapshot: EfuseSnapshot,
  name: string,
  bit: number,
  group: readonly string[],
  wishes: readonly CheckedField[],
): EfuseRefusal | null {
  const frozen = `Write-protecting ${name} (WR_DIS bit ${bit}, ${frozenBy(snapshot.table, bit)})`;
  const byDevice = wishes.find(
    ({ field, wanted, present }) => wanted.by === 'device' && group.includes(field.name) && present !== wanted.value,
  );
  if (byDevice !== undefined)
    return mistake(
      'efuse.freezes-device',
      `${frozen} would freeze ${byDevice.field.name} before the device burns it at its first start.`,
      'Leave it to the device, or let the station encrypt.',
    );
  if (stagesIn(group, wishes).includes('door'))
    return mistake(
      'efuse.freezes-door',
      `${frozen} would freeze the download door before it is shut.`,
      'Leave it out.',
    );
  const counts = wishes.some(({ field, wanted }) => field.name === 'SECURE_VERSION' && wanted.value > 0);
  if (group.includes('SECURE_VERSION') && (counts || readNumber(snapshot, 'SECURE_VERSION') > 0))
    return mistake(
      'efuse.freezes-anti-rollback',
      `${frozen} would freeze SECURE_VERSION too, and with it anti-rollback.`,
      'Leave one of the two out.',
    );
  return null;
}
