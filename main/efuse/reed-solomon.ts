// The code of BLOCK1 to BLOCK10: RS(44,32) over GF(2^8), polynomial 0x11D, generator element 2, roots 2^0 to 2^11 (FACTS 2.4).
//
//   position   0 ............ 31   32 ............ 43        position p stands for x^(43 - p)
//              data, byte 0 first   parity, byte 0 first
//
// Byte 0 is the least significant byte of PGM_DATA0; parity bytes 0..3 make CHECK_VALUE0.

const dataLength = 32;
const parityLength = 12;
const codeLength = dataLength + parityLength;

/** exp[i] = 2^i for i in 0..509 (so that sums of two logarithms need no reduction); log is its inverse. */
const exp = new Uint8Array(510);
const log = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  exp[power] = value;
  exp[power + 255] = value;
  log[value] = power;
  value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1;
}

function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : exp[log[a]! + log[b]!]!;
}

function inverse(a: number): number {
  return exp[255 - log[a]!]!;
}

/** Generator polynomial, highest degree first, leading 1 left out. */
const generator = (() => {
  let polynomial = [1];
  for (let root = 0; root < parityLength; root++) {
    const next = [...polynomial, 0];
    for (let i = 0; i < polynomial.length; i++) next[i + 1] = next[i + 1]! ^ multiply(polynomial[i]!, exp[root]!);
    polynomial = next;
  }
  return Uint8Array.from(polynomial.slice(1));
})();

/** Twelve parity bytes of 32 data bytes (shorter data is extended with zeros at the end). RangeError for longer data. */
export function rsEncode(data: Uint8Array): Uint8Array {
  if (data.length > dataLength) throw new RangeError(`a block holds ${dataLength} bytes, not ${data.length}`);
  const rest = new Uint8Array(parityLength);
  for (let i = 0; i < dataLength; i++) {
    const factor = (data[i] ?? 0) ^ rest[0]!;
    rest.copyWithin(0, 1);
    rest[parityLength - 1] = 0;
    if (factor !== 0) for (let j = 0; j < parityLength; j++) rest[j] = rest[j]! ^ multiply(generator[j]!, factor);
  }
  return rest;
}

export interface RsDecoded {
  /** 32 data bytes: corrected, or as stored where the decoder failed. */
  readonly data: Uint8Array;
  /** Wrong bytes found and set right, parity included: 0..6. */
  readonly corrected: number;
  /** More bytes are wrong than six: the data cannot be trusted. */
  readonly failed: boolean;
}

/** Decodes 44 stored bytes (data, then parity) as the silicon does: up to six wrong bytes are set right. */
export function rsDecode(stored: Uint8Array): RsDecoded {
  if (stored.length !== codeLength) throw new RangeError(`a codeword has ${codeLength} bytes, not ${stored.length}`);
  const syndromes = syndromesOf(stored);
  const asStored = () => stored.slice(0, dataLength);
  if (syndromes.every((value) => value === 0)) return { data: asStored(), corrected: 0, failed: false };

  const locator = errorLocator(syndromes);
  const errors = locator.length - 1;
  // x^(43 - p) is wrong where the locator vanishes at its inverse.
  const wrong: number[] = [];
  for (let power = 0; power < codeLength; power++)
    if (evaluate(locator, exp[(255 - power) % 255]!) === 0) wrong.push(power);
  if (errors > parityLength / 2 || wrong.length !== errors) return { data: asStored(), corrected: 0, failed: true };

  const fixed = stored.slice();
  for (const power of wrong) {
    const at = codeLength - 1 - power;
    fixed[at] = fixed[at]! ^ magnitude(syndromes, locator, power);
  }
  if (syndromesOf(fixed).some((value) => value !== 0)) return { data: asStored(), corrected: 0, failed: true };
  return { data: fixed.slice(0, dataLength), corrected: errors, failed: false };
}

/** The codeword's value at each root of the generator. */
function syndromesOf(codeword: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: parityLength }, (_, root) =>
    codeword.reduce((sum, byte) => multiply(sum, exp[root]!) ^ byte, 0),
  );
}

/** Berlekamp-Massey: the shortest error locator polynomial of the syndromes, lowest degree first. */
function errorLocator(syndromes: Uint8Array): number[] {
  let locator = [1];
  let earlier = [1];
  let errors = 0;
  let gap = 1;
  let earlierDiscrepancy = 1;
  for (let n = 0; n < syndromes.length; n++) {
    let discrepancy = syndromes[n]!;
    for (let i = 1; i <= errors; i++) discrepancy ^= multiply(locator[i] ?? 0, syndromes[n - i]!);
    if (discrepancy === 0) {
      gap++;
      continue;
    }
    const factor = multiply(discrepancy, inverse(earlierDiscrepancy));
    const next = Array.from({ length: Math.max(locator.length, earlier.length + gap) }, (_, i) => {
      const shifted = i >= gap ? (earlier[i - gap] ?? 0) : 0;
      return (locator[i] ?? 0) ^ multiply(factor, shifted);
    });
    if (2 * errors <= n) {
      earlier = locator;
      earlierDiscrepancy = discrepancy;
      errors = n + 1 - errors;
      gap = 1;
    } else gap++;
    locator = next;
  }
  while (locator.length > 1 && locator.at(-1) === 0) locator.pop();
  return locator;
}

/** Value of a polynomial (lowest degree first) at x. */
function evaluate(polynomial: readonly number[], x: number): number {
  return polynomial.reduceRight((sum, coefficient) => multiply(sum, x) ^ coefficient, 0);
}

/** Forney: the error's value at x^power. With the first root 2^0 it is X * omega(1/X) / locator'(1/X). */
function magnitude(syndromes: Uint8Array, locator: readonly number[], power: number): number {
  const x = exp[power]!;
  const inverseX = inverse(x);
  let omega = 0;
  let derivative = 0;
  for (let i = syndromes.length - 1; i >= 0; i--) {
    let coefficient = 0;
    for (let j = 0; j <= i && j < locator.length; j++) coefficient ^= multiply(locator[j]!, syndromes[i - j]!);
    omega = multiply(omega, inverseX) ^ coefficient;
  }
  // In a field of characteristic 2 only the odd coefficients live on in the derivative.
  for (let i = 1; i < locator.length; i += 2)
    derivative ^= multiply(locator[i]!, exp[((i - 1) * log[inverseX]!) % 255]!);
  return multiply(x, multiply(omega, inverse(derivative)));
}
