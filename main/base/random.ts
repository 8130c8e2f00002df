import { randomFillSync } from 'node:crypto';

/** Randomness as a part: fills and gives back `length` bytes. Keys of devices come from the token's generator, never from here. */
export type RandomSource = (length: number) => Uint8Array;

export const systemRandom: RandomSource = (length) => randomFillSync(new Uint8Array(length));

/** A small deterministic generator (splitmix64) for virtual silicon and repeatable faults. Not for keys. */
export function seededRandom(seed: number): RandomSource {
  let state = BigInt.asUintN(64, BigInt(Math.trunc(seed)) + 0x9e3779b97f4a7c15n);
  const next = () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 8) {
      let word = next();
      for (let i = at; i < Math.min(at + 8, length); i++) {
        bytes[i] = Number(word & 0xffn);
        word >>= 8n;
      }
    }
    return bytes;
  };
}
