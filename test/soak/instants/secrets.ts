// Looks for many secrets in much text at once.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretBytes } from '../../../main/base/secret.ts';
import type { ScriptedSigner } from '../../unit/station/scripted-signer.ts';

/** Half of a key is as bad as the whole. */
const least = 16;
/** A certificate's serial number, which is drawn as secrets are and is none. */
const serialBytes = 20;

export class Secrets {
  /** Every form of every secret, by its first four bytes. */
  readonly #forms = new Map<number, Buffer[]>();
  readonly #first = new Uint8Array(1 << 16);
  count = 0;

  /** Learns what this token hands out and wraps from now on. */
  follow(token: ScriptedSigner): void {
    const random = token.random.bind(token);
    token.random = async (length) => {
      const secret = await random(length);
      if (length !== serialBytes) this.#learn(secret);
      return secret;
    };
    const wrap = token.wrap.bind(token);
    token.wrap = async (key, secret) => {
      this.#learn(secret);
      return await wrap(key, secret);
    };
  }

  #learn(secret: SecretBytes): void {
    const bytes = secret.use((own) => Buffer.from(own));
    if (bytes.length < least) return;
    this.count++;
    for (const order of [bytes, Buffer.from(bytes).reverse()]) {
      const half = order.subarray(0, least);
      this.#add(half);
      this.#add(Buffer.from(half.toString('hex')));
      this.#add(Buffer.from(half.toString('base64').slice(0, 20)));
    }
  }

  #add(form: Buffer): void {
    const key = form.readUInt32LE(0);
    const there = this.#forms.get(key);
    if (there === undefined) this.#forms.set(key, [form]);
    else there.push(form);
    this.#first[form.readUInt16LE(0)] = 1;
  }

  /** How often any of them stands in `text`. */
  in(text: Uint8Array): number {
    const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    let found = 0;
    for (let at = 0; at + least <= buffer.length; at++) {
      if (this.#first[buffer[at]! | (buffer[at + 1]! << 8)] === 0) continue;
      const forms = this.#forms.get(buffer.readUInt32LE(at));
      if (forms === undefined) continue;
      for (const form of forms) if (buffer.subarray(at, at + form.length).equals(form)) found++;
    }
    return found;
  }

  /** Files of a folder in which one stands. */
  files(folder: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((file) => statSync(file).isFile() && this.in(readFileSync(file)) > 0);
  }
}
