import type { LedgerReader } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { type Told, told } from '../../../words/told.ts';
import { waitingBoardNamed } from '../../waiting-boards.ts';
import { isProvisioningCode } from '../labels/label-template.ts';
import type { LineBatch } from './line-batch.ts';
import { judgeSerial } from './serials.ts';

export interface Scan {
  readonly text: string;
  /** The fixture that it is meant for: its details are open, or the person has chosen it; null: none. */
  readonly fixture: string | null;
  /** Who scanned, by id. */
  readonly by: string;
}

export interface ScanRules {
  readonly ledger: Pick<LedgerReader, 'claimedBy' | 'history'>;
  /** Name of another recipe to whose products a text belongs, or null. */
  foreign(text: string, recipe: string): string | null;
}

/** What a scan was taken for, in words, and the fixture that it concerns. */
export interface ScanAnswer extends Told {
  readonly fixture: string | null;
}

/**
 * What a scanned or typed text means to a batch under way: the label of a sealed board that waits for it, or the serial number of a board
 * to come, or of one that was shut and waits for its seal. Faults: as `judgeSerial`; RecipeFault `line.which-fixture`, `line.has-serial`, `line.board-known`, `line.serial-held`, `label.foreign`, `label.other-board`, `label.provisioning-code`.
 */
export async function readScan({ text, fixture, by }: Scan, batch: LineBatch, rules: ScanRules): Promise<ScanAnswer> {
  const { gate, labels, start } = batch;
  if (isProvisioningCode(text)) throw provisioningCode();
  if (batch.scansLabels) {
    const taken = await labels.take(text, fixture, by);
    if (taken !== null) return taken;
    const isMeantForLabel = fixture === null ? !gate.wantsSerial : true;
    if (isMeantForLabel && labels.waits(fixture)) return labels.refuse(text, fixture, by);
  }
  const shut = await waitingBoardNamed(rules.ledger, text);
  if (shut !== null) {
    if (fixture === null) throw whichFixture(text);
    gate.name(text, fixture);
    return { ...told('shutBoard', { fixture, label: text, mac: shut.mac }), fixture };
  }
  const { recipe } = start.loaded;
  await judgeSerial(text, {
    recipe,
    ledger: rules.ledger,
    taken: gate.taken,
    foreign: (candidate) => rules.foreign(candidate, recipe.name),
  });
  // While the ledger was asked another face may have given the same one.
  if (gate.taken.includes(text)) return { ...told('waitsAlready', { serial: text }), fixture };
  const given = gate.give(text, fixture);
  if ('no' in given) throw notGiven(text, fixture, given);
  const to = given.fixture;
  if (to === null) return { ...told('onNext', { serial: text }), fixture: to };
  const isNext = gate.bound(to)?.startsInMs == null && gate.needs(to) === null;
  return { ...told(isNext ? 'onNextIn' : 'onBoardIn', { serial: text, fixture: to }), fixture: to };
}

/** A good serial number for which nobody could say on which board it goes. */
function notGiven(
  text: string,
  fixture: string | null,
  { no, serial }: { readonly no: 'has-serial' | 'board-known' | 'held'; readonly serial: string },
): RecipeFault {
  const there = JSON.stringify(serial);
  switch (no) {
    case 'has-serial':
      return new RecipeFault({
        code: 'line.has-serial',
        what: `${JSON.stringify(text)} was not taken: ${there} was scanned for ${fixture ?? 'that board'} and has not started yet.`,
        next: 'Take that scan back first, or choose the fixture that this label belongs to.',
        safety: 'untouched',
      });
    case 'board-known':
      return new RecipeFault({
        code: 'line.board-known',
        what: `${JSON.stringify(text)} was not taken: the board in ${fixture ?? 'that fixture'} came before, as ${there}.`,
        next: 'Look whether the right board is in that fixture. It keeps the serial number it has.',
        safety: 'untouched',
      });
    case 'held':
      return new RecipeFault({
        code: 'line.serial-held',
        what: `${JSON.stringify(text)} was not taken: ${there} still waits for its board, and nobody could say which board is whose.`,
        next: 'Insert that board first, or scan the name of the fixture and then this label.',
        safety: 'no-board',
      });
  }
}

/** Which of several shut boards a label is on, the label alone cannot say. */
function whichFixture(text: string): RecipeFault {
  return new RecipeFault({
    code: 'line.which-fixture',
    what: `${JSON.stringify(text)} is the label of a board whose door is shut and that waits for its seal.`,
    next: 'Choose the fixture that it lies in (scan its name, or open it), scan the label again, and insert the board again.',
    safety: 'shut',
  });
}

/** Its text stands in no fault: it holds a secret. */
function provisioningCode(): RecipeFault {
  return new RecipeFault({
    code: 'label.provisioning-code',
    what: 'That was the code by which the device is provisioned: it holds a secret, and was not kept.',
    next: 'Scan the serial number or the other code of the label.',
    safety: 'no-board',
  });
}
