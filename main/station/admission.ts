import { patternOf } from '../base/pattern.ts';
import { profileOf } from '../chip/profiles.ts';
import { shutsOwnUsb } from '../efuse/door-fields.ts';
import { efuseTables, fieldOf, hasField } from '../efuse/tables.ts';
import type { DeviceHistory, LedgerReader } from '../ledger/ledger.ts';
import { type ChipIdentity, revisionText } from '../model/chip.ts';
import { BoardFault, type Fault, RecipeFault } from '../model/fault.ts';
import { bareMac } from '../model/mac.ts';
import type { Plan, Recipe } from '../recipe/types.ts';

/**
 * May this board become this product here and now? Each rule is a small pure question; the first no is the answer.
 * Null: yes.
 */
export function refuseBoard(recipe: Recipe, identity: ChipIdentity, history: DeviceHistory | null): Fault | null {
  return (
    refuseForeignChip(recipe, identity) ??
    refuseLockedBoard(identity) ??
    refuseRevision(recipe, identity) ??
    (history === null ? null : (refuseSealed(history) ?? refuseCondemned(history)))
  );
}

function refuseForeignChip(recipe: Recipe, identity: ChipIdentity): Fault | null {
  if (identity.kind === recipe.chip) return null;
  return new BoardFault({
    code: 'admission.wrong-chip',
    what: `The board carries an ${profileOf(identity.kind).title}, and the recipe ${recipe.name} is for the ${profileOf(recipe.chip).title}.`,
    next: 'Take the board out, and check the order and the recipe.',
    safety: 'untouched',
    details: { found: identity.kind, wanted: recipe.chip },
  });
}

function refuseLockedBoard(identity: ChipIdentity): Fault | null {
  if (!identity.security.secureDownload) return null;
  return new BoardFault({
    code: 'admission.secure-download',
    what: 'The chip is in Secure Download Mode: it was locked before, and neither its MAC nor its eFuses can be read.',
    next: 'Take the board out. If it was sealed here, its record is found by its serial number. One that was only begun here, and has shut its door by itself, can be neither read nor finished: set it aside.',
    safety: 'untouched',
  });
}

function refuseRevision(recipe: Recipe, identity: ChipIdentity): Fault | null {
  const { min, max } = recipe.silicon;
  const revision = identity.revision;
  if (revision !== null && revision >= min && revision <= max) return null;
  return new BoardFault({
    code: 'admission.wrong-revision',
    what: `The chip is revision ${revision === null ? 'unknown' : revisionText(revision)}, and the recipe ${recipe.name} is for ${revisionText(min)} to ${revisionText(max)}.`,
    next: 'Take the board out, and use the recipe for this silicon.',
    safety: 'untouched',
  });
}

function refuseSealed(history: DeviceHistory): Fault | null {
  if (history.sealed === null) return null;
  return new BoardFault({
    code: 'admission.already-sealed',
    what: `The board ${history.mac} was sealed on ${history.sealed.sealedAt} in run ${history.sealed.run}.`,
    next: `Take the board out. Its record: audit show ${history.mac}.`,
    safety: 'sealed',
    details: { run: history.sealed.run, serial: history.sealed.serial },
  });
}

function refuseCondemned(history: DeviceHistory): Fault | null {
  if (history.condemned === null) return null;
  return new BoardFault({
    code: 'admission.condemned',
    what: `The board ${history.mac} was condemned on ${history.condemned.at}: ${history.condemned.reason.replace(/\.$/, '')}.`,
    next: `Take the board out and set it aside. What stands in it says recover --port; its keys are kept until two people say otherwise (board condemn ${history.mac}, board release ${history.mac}).`,
    safety: 'condemned',
  });
}

/** Whether the plan needs a reset that nobody can give. Null: it does not. */
export function refuseWithoutReset(
  plan: Pick<Plan, 'steps'>,
  reset: { readonly canReset: boolean; readonly resetBy: 'lines' | 'operator' },
): Fault | null {
  const boots = plan.steps.some((step) => step.id === 'boot-proof' || step.id === 'final-boot-proof');
  if (!boots || reset.canReset || reset.resetBy === 'operator') return null;
  return new RecipeFault({
    code: 'admission.cannot-reset',
    what: 'The recipe asks for a boot proof, and this port has no lines that could reset the board.',
    next: 'Let a person reset it (--reset-by-operator), or waive the proof (--waive "boot-proof=REASON").',
    safety: 'untouched',
  });
}

/** Vendor of the USB ports that chips bring themselves: USB-Serial-JTAG and USB-OTG. */
const espressifUsb = 0x303a;

/** Whether the recipe shuts the very port through which the board is reached, before its end is proven. Null: it does not. */
export function refuseOwnPort(recipe: Recipe, usb: { readonly vendorId: number } | null): Fault | null {
  const shutting = usb?.vendorId === espressifUsb ? usbShutIn(recipe) : null;
  if (shutting === null) return null;
  return new RecipeFault({
    code: 'admission.own-port',
    what: `The recipe shuts the chip's own USB (${shutting}), and this fixture reaches the board through it: the station would lose the board half done.`,
    next: "Use a fixture that reaches the chip's UART, or leave that door open in the recipe.",
    safety: 'untouched',
  });
}

/** What in a recipe shuts the chip's own USB, by its key; null: nothing. Fields by name may go by any of their names. */
function usbShutIn({ chip, doors, efuses }: Recipe): string | null {
  if (doors.usbSerialJtag === 'off') return 'doors.usb_serial_jtag';
  if (doors.usbDownload === 'off') return 'doors.usb_download';
  const tables = efuseTables.filter((table) => table.chip === chip);
  const isShut = ([name, value]: [string, number]) =>
    value !== 0 && tables.some((table) => hasField(table, name) && shutsOwnUsb(fieldOf(table, name).name));
  const named = Object.entries(efuses).find(isShut);
  return named === undefined ? null : `efuses.${named[0]}`;
}

/** Whether another board lies in the fixture than the one that a person named, by MAC or serial number. Null: it does not. */
export async function refuseUnnamed(
  device: string | null,
  mac: string | null,
  ledger: Pick<LedgerReader, 'claimedBy'>,
): Promise<Fault | null> {
  if (device === null || mac === null || bareMac(device) === bareMac(mac)) return null;
  if ((await ledger.claimedBy('serial', device.trim())) === mac) return null;
  return new RecipeFault({
    code: 'admission.other-board',
    what: `The board in the fixture is ${mac}, and ${JSON.stringify(device)} was named.`,
    next: 'Insert the board that was named, or start without --device.',
    safety: 'untouched',
    details: { found: mac, named: device },
  });
}

/** Whether a serial fits the recipe's pattern. Null: it does. */
export function refuseSerial(recipe: Recipe, serial: string | null): Fault | null {
  if (recipe.serial.from === 'scan' && serial === null) {
    return new RecipeFault({
      code: 'admission.no-serial',
      what: `The recipe ${recipe.name} asks for a scanned serial number for each board, and none was given.`,
      next: 'Give one serial number a board: --serial S.',
      safety: 'untouched',
    });
  }
  if (serial !== null && recipe.serial.pattern !== null && !patternOf(recipe.serial.pattern, 'whole').test(serial)) {
    return new RecipeFault({
      code: 'admission.serial-pattern',
      what: `The serial number ${JSON.stringify(serial)} does not fit the recipe's pattern ${recipe.serial.pattern}.`,
      next: 'Scan the right label, or check the recipe.',
      safety: 'untouched',
    });
  }
  return null;
}
