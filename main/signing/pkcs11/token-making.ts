import pkcs11js from 'pkcs11js';
import type { SecretBytes } from '../../base/secret.ts';
import { TokenFault } from '../../model/fault.ts';
import { faultOfModule } from './faults.ts';
import { withPinText } from './leftovers.ts';
import {
  type Cryptoki,
  type FoundToken,
  initialiseModule,
  loadModule,
  quietly,
  tokensOf,
  trimmed,
} from './token-session.ts';

/**
 * Makes a token in the module's first empty slot and gives it a user PIN. A token of this label without a user PIN (its making was cut
 * short) is finished with the same SO-PIN. Throws `token.label` where a finished one bears the label, `token.none` without an empty slot.
 * Gives back the token's serial.
 */
export function makeToken(path: string, label: string, soPin: SecretBytes, pin: SecretBytes): { serial: string } {
  const module = loadModule(path);
  initialiseModule(module, path);
  try {
    const token = unfinishedToken(module, path, label) ?? freshToken(module, label, soPin);
    const serial = trimmed(module.C_GetTokenInfo(token.slot).serialNumber);
    setUserPin(module, token, soPin, pin);
    return { serial };
  } catch (error) {
    throw faultOfModule(error, { doing: 'be made', token: `A new token '${label}'`, stillThere: () => true });
  } finally {
    quietly(() => module.C_Finalize());
    quietly(() => module.close());
  }
}

/** A token of this label whose making was cut short; null where there is none. */
function unfinishedToken(module: Cryptoki, path: string, label: string): FoundToken | null {
  const namesakes = tokensOf(module).filter((token) => token.label === label);
  const finished = namesakes.find(({ flags }) => flags & pkcs11js.CKF_USER_PIN_INITIALIZED);
  if (finished !== undefined)
    throw new TokenFault({
      code: 'token.label',
      what: `The module ${path} already has a token '${label}' (serial ${finished.serial}).`,
      next: 'Use this one, or choose another label.',
      details: { label, serial: finished.serial },
    });
  return namesakes[0] ?? null;
}

function freshToken(module: Cryptoki, label: string, soPin: SecretBytes): FoundToken {
  for (const slot of module.C_GetSlotList(true)) {
    const { flags } = module.C_GetTokenInfo(slot);
    if (flags & pkcs11js.CKF_TOKEN_INITIALIZED) continue;
    // 32 bytes, filled with blanks, as the norm has it: the binding would fill with NULs
    const padded = label + ' '.repeat(32 - Buffer.byteLength(label));
    withPinText(module, soPin, (text) => module.C_InitToken(slot, text, padded));
    return { slot, label, serial: '', flags };
  }
  throw new TokenFault({
    code: 'token.none',
    what: 'The module has no empty token to initialise.',
    next: "Erase or add a token with the token maker's tool; this station never erases one that is in use.",
  });
}

function setUserPin(module: Cryptoki, token: FoundToken, soPin: SecretBytes, pin: SecretBytes): void {
  const session = module.C_OpenSession(token.slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  try {
    withPinText(module, soPin, (text) => module.C_Login(session, pkcs11js.CKU_SO, text));
    withPinText(module, pin, (text) => module.C_InitPIN(session, text));
  } finally {
    quietly(() => module.C_Logout(session));
    quietly(() => module.C_CloseSession(session));
  }
}
