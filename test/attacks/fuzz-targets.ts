// Readers of what comes from outside, with good inputs to begin from. Seeded: an input that breaks one is found again by its number.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8, viewOf } from '../../main/base/bytes.ts';
import { calls } from '../../main/contract/contract.ts';
import { classicIdentity, identityFromSnapshot } from '../../main/efuse/identity.ts';
import { blankSnapshot, blockHealth, decodeSnapshot, withoutSecrets } from '../../main/efuse/snapshot.ts';
import { efuseTables } from '../../main/efuse/tables.ts';
import { parseCsv } from '../../main/formats/csv.ts';
import { parseImage } from '../../main/image/app-image.ts';
import { buildNvs } from '../../main/image/nvs.ts';
import { parseNvsCsv } from '../../main/image/nvs-csv.ts';
import { readNvs } from '../../main/image/nvs-read.ts';
import { parsePartitionTable } from '../../main/image/partition-table.ts';
import { splitSigned } from '../../main/image/secure-boot.ts';
import { parseSecureCert } from '../../main/image/secure-cert.ts';
import { verifyRows } from '../../main/ledger/chain.ts';
import { checkpointText, parseCheckpoint, signedNote } from '../../main/ledger/checkpoint.ts';
import { isFault } from '../../main/model/fault.ts';
import { commands } from '../../main/protocol/commands.ts';
import { SlipDecoder, slipFrame } from '../../main/protocol/slip.ts';
import { readDeviceList } from '../../main/recipe/device-list.ts';
import { loadRecipeText } from '../../main/recipe/load.ts';
import { chainOf } from '../../main/signing/chain.ts';
import { keyOfFile } from '../../main/signing/file-key.ts';
import { publicKeyOfFile } from '../../main/signing/public-key-file.ts';
import { stationConfigFolder } from '../../main/start/program-folder.ts';
import { isLabelOf, isProvisioningCode } from '../../main/station/desk/labels/label-template.ts';
import { readLease, readWorkOrder, unsignedLease } from '../../main/station/work-order.ts';
import { selfSigned, selfSignedPair } from '../self-signed.ts';
import { askHostileToken, hearTokenMessage, tokenMessages, tokenScripts } from './hostile-token.ts';

const read = (...path: string[]) => new Uint8Array(readFileSync(join(stationConfigFolder, ...path)));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const recipeFile = join(stationConfigFolder, 'recipes/esp32p4-provisioning.yaml');

export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Reads an input; a fault in words is an answer, anything else that is thrown is not. */
  read(input: Uint8Array): unknown;
}

const certificate = utf8(selfSigned());
const head = { origin: 'fuseline/s/1', size: 7, root: '00'.repeat(32) };
const headNote = utf8(signedNote(checkpointText(head, 0, 'tests'), head.origin, new Uint8Array(8), new Uint8Array(70)));

const orderKey = keyOfFile(utf8(selfSignedPair('owner').key), 'key', null);
const lease = unsignedLease(
  {
    ...{ issued: '2026-11-26T00:00:00.000Z', expires: '2026-11-27T00:00:00.000Z', order: '00'.repeat(32) },
    ...{ station: 's', ledger: 'l', first: 1, boards: 5 },
  },
  orderKey.spki,
).with(new Uint8Array(64));

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: 'work orders and leases',
    seeds: [lease],
    read(input) {
      try {
        readWorkOrder(input, [orderKey.spki], 'order');
      } finally {
        readLease(input, orderKey.spki, 'lease');
      }
    },
  },
  {
    name: 'SLIP and console text',
    seeds: [slipFrame(Uint8Array.of(1, 8, 4, 0, 0xc0, 0xdb, 7, 7)), utf8('ESP-ROM:esp32c3\r\n\xc0\xdb\xdc')],
    read(input) {
      let bytes = 0;
      const decoder = new SlipDecoder({
        frame(frame) {
          bytes += frame.length;
          return bytes % 2 === 0;
        },
        outside(words) {
          bytes += words.length;
        },
      });
      decoder.push(input.subarray(0, input.length >> 1));
      decoder.push(input.subarray(input.length >> 1));
      decoder.reset();
      if (bytes > 2 * input.length) throw new Error('more came out than went in');
    },
  },
  {
    name: 'answers of a loader',
    seeds: [new Uint8Array(24), Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, ...new Uint8Array(9))],
    read(input) {
      const value = input.length < 4 ? 0 : viewOf(input).getUint32(0, true);
      // the exchange takes answers of the lengths alone that a command has
      for (const { decode, replyLengths } of Object.values(commands))
        for (const length of [...replyLengths('rom'), ...replyLengths('stub')]) {
          const payload = new Uint8Array(length);
          payload.set(input.subarray(4, 4 + length));
          decode({ value, payload });
        }
    },
  },
  {
    name: 'eFuses of a chip',
    seeds: efuseTables.map((_, at) => Uint8Array.of(at, ...new Uint8Array(440))),
    read(input) {
      const table = efuseTables[(input[0] ?? 0) % efuseTables.length]!;
      let at = 1;
      const word = () => {
        const start = at;
        at += 4;
        return at > input.length ? 0 : viewOf(input).getUint32(start, true);
      };
      const blank = blankSnapshot(table);
      const snapshot = {
        ...blank,
        blocks: blank.blocks.map((words) => words.map(word)),
        repeatErrors: blank.repeatErrors.map(word),
        rsErrors: [word(), word()] as const,
      };
      decodeSnapshot(snapshot);
      blockHealth(snapshot);
      withoutSecrets(snapshot);
      if (table.chip === 'esp32') classicIdentity(snapshot);
      else identityFromSnapshot(snapshot);
    },
  },
  { name: 'application images', seeds: [read('firmware/esp32c3/fuseline_demo.bin').slice(0, 4096)], read: parseImage },
  { name: 'signed images', seeds: [read('firmware/esp32c3/bootloader.bin')], read: splitSigned },
  { name: 'partition tables', seeds: [read('firmware/esp32c3/partition-table.bin')], read: parsePartitionTable },
  {
    name: 'NVS',
    seeds: [
      buildNvs([{ name: 'a', entries: [{ key: 'b', value: { type: 'string', value: 'x'.repeat(90) } }] }], 0x3000),
    ],
    read: readNvs,
  },
  { name: 'secure_cert', seeds: [new Uint8Array(64), utf8('\xa5\xa5\xa5')], read: parseSecureCert },
  {
    name: 'lists',
    seeds: [utf8('mac,v\n60:55:f9:00:11:22,"a,""b"\n'), utf8('key,type,encoding,value\na,namespace,,\nb,data,u8,7\n')],
    read(input) {
      readDeviceList(input.slice());
      parseCsv(text(input), ['key']);
      parseNvsCsv(text(input), () => new Uint8Array(1));
    },
  },
  {
    name: 'certificates and keys',
    seeds: [certificate, new Uint8Array(new X509Certificate(certificate).raw)],
    read(input) {
      try {
        publicKeyOfFile(input, 'x');
      } catch (error) {
        if (!isFault(error)) throw error;
      }
      chainOf([input]);
    },
  },
  {
    name: 'barcodes',
    seeds: [utf8('SN-0001 60:55:f9:00:11:22'), utf8('{"ver":"v1","pop":"x"}')],
    read(input) {
      isProvisioningCode(text(input));
      isLabelOf(text(input), { mac: '60:55:f9:00:11:22', serial: null });
    },
  },
  {
    name: 'messages of a page',
    seeds: [
      utf8('{"recipe":"x","order":null,"count":1,"mode":"scan"}'),
      utf8('{"id":"a","name":"b","roles":["qa"],"pin":null,"badge":null}'),
    ],
    read(input) {
      let value: unknown;
      try {
        value = JSON.parse(text(input));
      } catch {
        return;
      }
      for (const { input: schema } of Object.values(calls)) schema.safeParse(value);
    },
  },
  {
    name: 'imported ledgers',
    seeds: [
      utf8(
        '{"row":1,"at":"2026-01-01T00:00:00.000Z","kind":"genesis","run":null,"body":{"schema":4},"prev":"00","hash":"00"}\n{"row":2}',
      ),
    ],
    read(input) {
      const rows = text(input)
        .split('\n')
        .flatMap((line) => {
          try {
            const row: unknown = JSON.parse(line);
            return typeof row === 'object' && row !== null ? [row as Record<string, unknown>] : [];
          } catch {
            return [];
          }
        });
      verifyRows(rows);
    },
  },
  { name: 'notes of signed heads', seeds: [headNote], read: (input) => void parseCheckpoint(text(input)) },
  { name: 'answers of a PKCS#11 module', seeds: tokenScripts, read: askHostileToken },
  { name: 'messages of a token process', seeds: tokenMessages, read: hearTokenMessage },
  {
    name: 'recipes',
    seeds: [read('recipes/esp32p4-provisioning.yaml'), read('recipes/esp32c3-production.yaml')],
    read: (input) => loadRecipeText(text(input), recipeFile, { findFolder: () => '/nowhere' }),
  },
];

/** Numbers by a seed, fast: xorshift32 (Marsaglia, 2003) after a multiplication that spreads neighbouring seeds. */
function numbers(seed: number): (below: number) => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return below <= 0 ? 0 : (state >>> 0) % below;
  };
}

/** One mutation of a good input, by seed: bits, bytes, lengths, pieces twice or gone, and numbers that readers trip over. */
export function mutated(seed: Uint8Array, number: number): Uint8Array {
  const below = numbers(number);
  let bytes = Buffer.from(seed);
  const { concat } = Buffer;
  for (let left = 1 + below(4) + (seed.length < 200 ? below(6) : 0); left > 0; left--) {
    const at = below(bytes.length);
    switch (below(8)) {
      case 0:
        if (bytes.length > 0) bytes[at]! ^= 1 << below(8);
        break;
      case 1:
        if (bytes.length > 0) bytes[at] = [0, 0xff, 0x7f, 0x80, 0xc0, 0xdb][below(6)]!;
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = concat([
          bytes.subarray(0, at),
          Buffer.from(Array.from({ length: below(9) }, () => below(256))),
          bytes.subarray(at),
        ]);
        break;
      case 4:
        bytes = concat([bytes.subarray(0, at), bytes.subarray(at + below(40))]);
        break;
      case 5: {
        const piece = bytes.subarray(at, at + below(60));
        const to = below(bytes.length);
        bytes = concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
        break;
      }
      case 6:
        if (bytes.length > 0) bytes[at] = below(256);
        break;
      default:
        bytes.fill(0xff, at, Math.min(at + 4, bytes.length));
    }
  }
  return new Uint8Array(bytes);
}

/** An input may take so long of this thread, in ms. */
const longestMs = 2_000;

/** Feeds `count` inputs from `first` on to a target, until `until` (by performance.now); gives back how many. Throws with the number of the one that broke it. */
export function feed(target: FuzzTarget, first: number, count: number, until: number): number {
  let fed = 0;
  for (; fed < count && performance.now() < until; fed++) {
    const number = first + fed;
    const input = mutated(target.seeds[number % target.seeds.length]!, number);
    const before = process.threadCpuUsage();
    try {
      target.read(input);
    } catch (error) {
      if (!isFault(error) || error.faultClass === 'program')
        throw new Error(`${target.name}, input ${number}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
    }
    const { user, system } = process.threadCpuUsage(before);
    if (user + system > longestMs * 1000)
      throw new Error(`${target.name}, input ${number}: it took ${(user + system) / 1000} ms`);
  }
  return fed;
}
