// `npm run soak -- certificates [N] [SEED]`: certificates of so many devices, and so many damaged and forged ones, judged by the page for
// auditors and by the Go program. None undetected, none of them of two minds.
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../main/base/bytes.ts';
import { systemClock } from '../../main/base/clock.ts';
import { canonicalJson } from '../../main/base/json.ts';
import { checkpointText, signedNote } from '../../main/ledger/checkpoint.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { openBook } from '../../main/ledger/sqlite/opening.ts';
import { readSealedRecord } from '../../main/model/evidence/sealed-record.ts';
import { birthPayload, unsignedCertificate } from '../../main/station/certificates.ts';
import { buildGoJudge, judgedByGo, judgedByPage, verifierPage } from '../interop/certificate-judges.ts';
import { type Draw, damaged, drawOf, es256, forged } from '../interop/damage.ts';
import { keyMade, mac, record, run } from '../unit/ledger/book.ts';

const at = '2026-11-22T10:00:00.000Z';
const station = 'Linie 1 (S\u00fcd) \u5e83\u5cf6*';
/** Files that are judged at once. */
const portion = 1000;

export async function soakCertificates(count: number, seed: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-certificates-'));
  try {
    return await judgeAll(folder, count, drawOf(seed));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Serial numbers as factories have them, and as nobody should. */
function serialOf(n: number, draw: Draw): string | null {
  const kinds = [
    `SN-${n}`,
    `\u88fd\u9020-${n}`,
    `\u{1f4a1}${n}`,
    `a"b\\c\u2028${n}`,
    `\u0001${n}`,
    `<&>${n}`,
    `0${n}`,
    `e\u0301${n}`,
  ];
  return draw(9) === 8 ? null : kinds[draw(kinds.length)]!;
}

async function judgeAll(folder: string, count: number, draw: Draw): Promise<boolean> {
  const built = buildGoJudge(folder);
  if ('cannot' in built) throw new Error(`Go cannot build its judge here: ${built.cannot}`);
  const file = join(folder, 'ledger.db');
  fill(file, count, draw);
  const ledger = await openSqliteLedger({ file, station, clock: systemClock });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const head = await ledger.treeHead();
  const text = checkpointText(head, Date.parse(at), 'a soak');
  const signature = new Uint8Array(sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'der' }));
  await ledger.noteCheckpoint({ note: signedNote(text, head.origin, spki, signature), publicKey: toHex(spki) });
  const page = verifierPage();
  let [apart, lost, unseen, forgeries] = [0, 0, 0, 0];
  const twice = async (files: readonly Uint8Array[]) => {
    const byGo = judgedByGo(built.program, files, toHex(spki));
    const byPage = await Promise.all(files.map((one) => judgedByPage(page, one, toHex(spki))));
    return files.map((one, n) => {
      const same = byGo[n]!.ok === byPage[n]!.ok && (!byGo[n]!.ok || byGo[n]!.says === byPage[n]!.says);
      if (!same) {
        apart++;
        console.log(`of two minds: Go ${JSON.stringify(byGo[n])}, page ${JSON.stringify(byPage[n])}: ${toHex(one)}`);
      }
      return byGo[n]!.ok || byPage[n]!.ok;
    });
  };
  for (let from = 0; from < count; from += portion) {
    const boards = Array.from({ length: Math.min(portion, count - from) }, (_, n) => from + n);
    const proofs = await ledger.proveSeals(boards.map(mac));
    const made = proofs.map((proof) => {
      const { row, path, head: under } = proof!;
      const sealed = readSealedRecord((JSON.parse(row.body) as { record: unknown }).record);
      const proven = { row, path: path! };
      const message = unsignedCertificate(birthPayload(sealed, proven, under!, at), 'birth', spki);
      return { sealed, proven, under: under!, bytes: message.with(es256(privateKey, message.toBeSigned)) };
    });
    for (const ok of await twice(made.map(({ bytes }) => bytes))) if (!ok) lost++;
    const wrong = made.map(({ sealed, proven, under, bytes }) => {
      if (draw(5) > 0) return damaged(bytes, draw);
      forgeries++;
      return forged(sealed, proven, under, bytes, draw);
    });
    for (const ok of await twice(wrong)) if (ok) unseen++;
    console.log(
      `${from + boards.length} certificates and as many damaged ones: ${lost} refused, ${unseen} undetected, ${apart} of two minds`,
    );
  }
  await ledger.close();
  console.log(
    `${forgeries} of the damaged ones were hashed and signed anew by somebody with every key but the token's.`,
  );
  return apart + lost + unseen === 0;
}

function fill(file: string, count: number, draw: Draw): void {
  const { db, writer, lock } = openBook({ file, station, at, maxBytes: null });
  for (let n = 0; n < count; n++) {
    const id = `R-${n}`;
    const serial = serialOf(n, draw);
    const sealed = { ...record(id, n, { serial, station }) };
    const requests = [
      { op: 'openRun', run: run(id, { mac: mac(n) }) },
      { op: 'append', run: id, step: 'prepare', event: keyMade(`key-${n}`, new Uint8Array(72)) },
      { op: 'seal', record: sealed },
    ];
    const answers = writer.commit(requests.map((request) => ({ at, text: canonicalJson(request) })));
    for (const answer of answers) if (!answer.ok) throw new Error(answer.fault.what);
  }
  db.close();
  lock.release();
}
