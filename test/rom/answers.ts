// How answers of two loaders are compared: what the protocol says must agree, what a buffer of the ROM happens to hold need not.
import { fromHex, toHex } from '../../main/base/bytes.ts';

const end = 0xc0;

/** Frames of a stream of bytes, unescaped; what stands between them is text. */
function* pieces(bytes: Uint8Array): Generator<{ readonly frame: Uint8Array } | { readonly text: string }> {
  let at = 0;
  while (at < bytes.length) {
    const start = bytes.indexOf(end, at);
    const stop = start < 0 ? bytes.length : start;
    if (stop > at) yield { text: new TextDecoder('latin1').decode(bytes.subarray(at, stop)) };
    if (start < 0) return;
    const close = bytes.indexOf(end, start + 1);
    const body = bytes.subarray(start + 1, close < 0 ? bytes.length : close);
    yield { frame: unescaped(body) };
    at = close < 0 ? bytes.length : close + 1;
  }
}

function unescaped(body: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < body.length; i++) out.push(body[i] !== 0xdb ? body[i]! : body[++i] === 0xdc ? 0xc0 : 0xdb);
  return Uint8Array.from(out);
}

const readReg = 0x0a;
const sync = 0x08;

/**
 * What an answer says, in words: opcode, data, status, error. Left out as stale (the ROM never clears its buffers): the value field of
 * every command but READ_REG and SYNC, the error byte behind a good status, and the two bytes behind that.
 */
export function meaningOf(hex: string): string {
  const said: string[] = [];
  for (const piece of pieces(fromHex(hex))) {
    if ('text' in piece) {
      said.push(piece.text);
      continue;
    }
    const { frame } = piece;
    if (frame.length === 0) said.push('empty frame');
    else if (frame[0] !== 1 || frame.length < 12) said.push(`frame ${toHex(frame)}`);
    else said.push(answerWords(frame));
  }
  return counted(said).join('; ');
}

function answerWords(frame: Uint8Array): string {
  const view = new DataView(frame.buffer);
  const opcode = frame[1]!;
  const length = view.getUint16(2, true) - 4;
  const status = frame[8 + length]!;
  const words = [`${opcode.toString(16).padStart(2, '0')}:`];
  if ((opcode === readReg && status === 0) || opcode === sync)
    words.push(`value ${view.getUint32(4, true).toString(16)}`);
  if (length > 0) words.push(toHex(frame.subarray(8, 8 + length)));
  words.push(status === 0 ? 'done' : `refused ${frame[9 + length]!.toString(16).padStart(2, '0')}`);
  return words.join(' ');
}

/** Equal neighbours as one: `a (8 times)`. */
function counted(words: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < words.length; ) {
    let n = 1;
    while (words[i + n] === words[i]) n++;
    out.push(n === 1 ? words[i]! : `${words[i]} (${n} times)`);
    i += n;
  }
  return out;
}
