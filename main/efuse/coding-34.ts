// The 3/4 coding of ESP32's BLOCK1 to BLOCK3 (FACTS 2.10; CODING_SCHEME 1): after every six data bytes stand their XOR and a weight, the sum
// of k times the ones of byte k (k = 1..6), modulo 256. Eight words carry 24 bytes.

const groupData = 6;
const groupSize = 8;
const groups = 4;

/** Data bytes that a block carries with this coding. */
export const coding34Bytes = groups * groupData;

/** The 32 bytes to burn for 24 bytes of data, byte 0 first. RangeError for another length. */
export function encode34(data: Uint8Array): Uint8Array {
  if (data.length !== coding34Bytes) throw new RangeError(`3/4 coding takes 24 bytes, not ${data.length}`);
  const coded = new Uint8Array(groups * groupSize);
  for (let group = 0; group < groups; group++) {
    const bytes = data.subarray(group * groupData, (group + 1) * groupData);
    coded.set(bytes, group * groupSize);
    coded.set(checkBytes(bytes), group * groupSize + groupData);
  }
  return coded;
}

/**
 * The 24 data bytes in 32 burned ones, and the groups (0..3) whose check bytes do not fit. The silicon corrects what it can in ways that no
 * source tells; here the data are given as they are and the group is marked.
 */
export function decode34(coded: Uint8Array): {
  readonly data: Uint8Array;
  readonly wrong: readonly number[];
} {
  const data = new Uint8Array(coding34Bytes);
  const wrong: number[] = [];
  for (let group = 0; group < groups; group++) {
    const bytes = coded.subarray(group * groupSize, group * groupSize + groupData);
    data.set(bytes, group * groupData);
    const [xor, weight] = checkBytes(bytes);
    const at = group * groupSize + groupData;
    if (coded[at] !== xor || coded[at + 1] !== weight) wrong.push(group);
  }
  return { data, wrong };
}

function checkBytes(bytes: Uint8Array): [number, number] {
  let xor = 0;
  let weight = 0;
  for (const [i, byte] of bytes.entries()) {
    xor ^= byte;
    for (let rest = byte; rest !== 0; rest &= rest - 1) weight += i + 1;
  }
  return [xor, weight & 0xff];
}
