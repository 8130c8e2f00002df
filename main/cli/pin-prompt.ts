// Asks a person for the token's PIN at a terminal: nothing of it is shown, and it never becomes a string.
import { readSync } from 'node:fs';
import { SecretBytes } from '../base/secret.ts';
import { TokenFault } from '../model/fault.ts';

/** The terminal in front of the person: the keyboard, and where the question is shown. */
export interface Terminal {
  readonly input: {
    setRawMode(raw: boolean): unknown;
    on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
    on(event: 'end', listener: () => void): unknown;
    off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
    off(event: 'end', listener: () => void): unknown;
    resume(): unknown;
    pause(): unknown;
  };
  show(text: string): void;
}

/** PKCS#11 tokens take at most 255 bytes. */
const longest = 255;
const keys = { interrupt: 0x03, end: 0x04, backspace: 0x08, enter: [0x0a, 0x0d], erase: 0x15, delete: 0x7f } as const;

/**
 * The PIN that a person types, UTF-8, up to Enter. The terminal does not echo it. TokenFault `token.no-pin` when the person ends it
 * without one (Ctrl-C, Ctrl-D, an empty line).
 */
export function askPin(terminal: Terminal, question: string): Promise<SecretBytes> {
  const { input } = terminal;
  const typed = new Uint8Array(longest);
  let length = 0;
  return new Promise((resolve, reject) => {
    const end = () => {
      input.off('data', hear);
      input.off('end', end);
      input.setRawMode(false);
      input.pause();
      terminal.show('\n');
      if (length === 0) reject(noPinTyped());
      else resolve(SecretBytes.take(typed.subarray(0, length)));
      typed.fill(0);
    };
    const give = () => {
      length = 0;
      end();
    };
    const hear = (chunk: Uint8Array) => {
      for (const key of chunk) {
        if (keys.enter.some((code) => code === key)) {
          end();
          break;
        }
        if (key === keys.interrupt || key === keys.end) {
          give();
          break;
        }
        if (key === keys.erase) length = 0;
        else if (key === keys.backspace || key === keys.delete) length = withoutLast(typed, length);
        else if (key >= 0x20 && length < longest) typed[length++] = key;
      }
      chunk.fill(0);
    };
    terminal.show(question);
    input.setRawMode(true);
    input.on('data', hear);
    input.on('end', end);
    input.resume();
  });
}

/** The next line of a pipe or file, without its end, read byte by byte so that nothing behind it is taken. */
export function nextLine(fd: number): SecretBytes {
  const typed = new Uint8Array(longest);
  const key = new Uint8Array(1);
  let length = 0;
  while (length < longest && readSync(fd, key) === 1 && key[0] !== 0x0a) if (key[0] !== 0x0d) typed[length++] = key[0]!;
  key.fill(0);
  const line = SecretBytes.take(typed.subarray(0, length));
  typed.fill(0);
  return line;
}

/** Length without the last character, which may have several bytes. */
function withoutLast(typed: Uint8Array, length: number): number {
  let at = length;
  while (at > 0 && (typed[at - 1]! & 0xc0) === 0x80) at--;
  return Math.max(at - 1, 0);
}

/** A token whose PIN is asked for. */
export interface AskedToken {
  readonly label: string;
  readonly serial: string;
}

/**
 * Asks once a token, in the words of `question`, and keeps the PIN for the rest of the command, so that a token process that has to be started anew disturbs nobody. A PIN that
 * was refused is never tried again by the signer.
 */
export function askPinOnce(
  terminal: Terminal,
  question: (token: AskedToken) => Promise<string>,
): (token: AskedToken) => Promise<SecretBytes> {
  const kept = new Map<string, Promise<SecretBytes>>();
  return async (token) => {
    const name = JSON.stringify([token.label, token.serial]);
    const asked = kept.get(name) ?? question(token).then((text) => askPin(terminal, text));
    kept.set(name, asked);
    const pin = await asked;
    return pin.slice(0, pin.length);
  };
}

function noPinTyped(): TokenFault {
  return new TokenFault({
    code: 'token.no-pin',
    what: 'No PIN was typed, so the token was not opened.',
    next: 'Start the command again and type the PIN, or name a pin_file in the station file.',
    safety: 'untouched',
  });
}
