// Everything that a run can say, defined once: the events of the house are made of these tables and of nothing else.

import { boot, sealedBoot } from './boot.ts';
import {
  bits,
  bitsProven,
  customMac,
  customMacProven,
  doorShutByFirmware,
  keyBlock,
  keyBlockGivenUp,
  keyBlockProven,
} from './burns.ts';
import type { BurnDefinition, Definition, FactOf } from './define.ts';
import { deviceEncryption, deviceEncryptionSeen } from './device-encryption.ts';
import { efusesBeforeDoor, identified } from './efuses.ts';
import { contact } from './fixture.ts';
import { flashBlank, flashFound, flashWritten, image } from './flash.ts';
import { certificate, certificateRequest, otaKey, rsaKeyDestroyed } from './identity.ts';
import { escrowed, keyMade, keysDestroyed, keyUnwrapped } from './keys.ts';
import { firmware, planned, waived } from './product.ts';
import {
  awaitsReset,
  finishesRun,
  labelScanned,
  parked,
  resumed,
  route,
  runEnded,
  runStarted,
  stepPassed,
  stepStarted,
} from './run.ts';
import { provisioning, rowTaken, storage } from './storage.ts';

/** Something read or computed: the member `value` of an event `observed`. */
export const observations = {
  'awaits-reset': awaitsReset,
  certificate,
  contact,
  'certificate-request': certificateRequest,
  'door-shut-by-firmware': doorShutByFirmware,
  'efuses-before-door': efusesBeforeDoor,
  'finishes-run': finishesRun,
  firmware,
  flash: flashFound,
  image,
  'key-block-given-up': keyBlockGivenUp,
  'key-unwrapped': keyUnwrapped,
  'ota-key': otaKey,
  provisioning,
  route,
  'rsa-key-destroyed': rsaKeyDestroyed,
  storage,
} as const satisfies Readonly<Record<string, Definition>>;

/** What no one can take back: the member `detail` of `intend` and of `burned`. */
export const burns = {
  bits,
  'custom-mac': customMac,
  'device-encryption': deviceEncryption,
  'key-block': keyBlock,
} as const satisfies Readonly<Record<string, BurnDefinition>>;

/** What was seen to be as it should: the member `detail` of `verified`. */
export const proofs = {
  bits: bitsProven,
  boot,
  'custom-mac': customMacProven,
  'device-encryption': deviceEncryptionSeen,
  flash: flashWritten,
  'flash-blank': flashBlank,
  'key-block': keyBlockProven,
  'sealed-boot': sealedBoot,
} as const satisfies Readonly<Record<string, Definition>>;

/** Other things that steps say: the members of the event itself. */
export const stepFacts = {
  'key-made': keyMade,
  escrowed,
  'keys-destroyed': keysDestroyed,
  waived,
} as const satisfies Readonly<Record<string, Definition>>;

/** What a run adds around its steps. */
export const runFacts = {
  identified,
  'label-scanned': labelScanned,
  parked,
  planned,
  resumed,
  'row-taken': rowTaken,
  'run-ended': runEnded,
  'run-started': runStarted,
  'step-passed': stepPassed,
  'step-started': stepStarted,
} as const satisfies Readonly<Record<string, Definition>>;

type Table = Readonly<Record<string, Definition>>;

type Observed<Facts extends Table> = {
  [What in keyof Facts]: {
    readonly type: 'observed';
    readonly what: What;
    readonly value: FactOf<Facts[What]['schema']>;
  };
}[keyof Facts];

type Act<Type extends string, Facts extends Table> = {
  [What in keyof Facts]: { readonly type: Type; readonly what: What; readonly detail: FactOf<Facts[What]['schema']> };
}[keyof Facts];

type Said<Facts extends Table> = {
  [Type in keyof Facts]: { readonly type: Type } & FactOf<Facts[Type]['schema']>;
}[keyof Facts];

/** What steps say, and the ledger keeps. */
export type StepFact =
  /** Something read or computed. */
  | Observed<typeof observations>
  /** The board is about to be changed for ever: appended before, never after. */
  | Act<'intend', typeof burns>
  /** The irreversible act was carried out; not yet believed. */
  | Act<'burned', typeof burns>
  /** Read back and found as intended. */
  | Act<'verified', typeof proofs>
  | Said<typeof stepFacts>;

/** What a run adds around its steps. */
export type RunFact = Said<typeof runFacts>;
