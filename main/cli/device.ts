import type { Board } from '../chip/board.ts';
import { connectBoard } from '../chip/connect.ts';
import { customMacIn } from '../efuse/custom-mac.ts';
import { blockHealth, decodeSnapshot } from '../efuse/snapshot.ts';
import { efuseToken } from '../efuse/token.ts';
import { revisionText } from '../model/chip.ts';
import { BoardFault, RecipeFault } from '../model/fault.ts';
import { bootRuleOf } from '../station/boot-rule.ts';
import { type DeviceReport, proveSealedBoard } from '../station/verify-device.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { table, wordsOf } from './words.ts';

export interface DeviceOptions extends OpenOptions {
  readonly port: string;
  readonly json?: boolean;
  readonly serial?: string;
  readonly resetByOperator?: boolean;
}

export interface InspectOptions extends DeviceOptions {
  /** The eFuse token alone. */
  readonly token?: boolean;
}

async function withBoard<T>(
  options: DeviceOptions,
  context: CliContext,
  work: (board: Board) => Promise<T>,
): Promise<T> {
  const port = await context.openPort(options.port, { baudRate: 115200 });
  try {
    return await work(await connectBoard(port, { clock: context.clock }));
  } finally {
    await port.close();
  }
}

/** Identity, security state and decoded eFuses. Read only: nothing is written, loaded or burned. */
export function inspect(options: InspectOptions, context: CliContext): Promise<Exit> {
  return withBoard(options, context, async (board) => {
    const { identity } = board;
    const closed = identity.security.secureDownload;
    const snapshot = closed ? null : await board.readEfuses();
    if (options.token) {
      if (snapshot === null) throw noToken();
      const token = efuseToken(snapshot);
      context.streams.answer(options.json ? JSON.stringify({ token }) : token);
      return exit.passed;
    }
    const flashSize = closed ? null : await board.detectFlashSize();
    if (options.json) {
      context.streams.answer(
        JSON.stringify({
          identity,
          flashSize,
          customMac: snapshot && customMacIn(snapshot),
          efuses: snapshot && decodeSnapshot(snapshot),
          health: snapshot && blockHealth(snapshot),
          token: snapshot && efuseToken(snapshot),
        }),
      );
      return exit.passed;
    }
    const { security } = identity;
    const own = snapshot && customMacIn(snapshot);
    const words = wordsOf(context).terminal.device;
    const shut = words.notInSecureMode;
    const rows = [
      [words.chip, board.profile.title],
      [words.revision, identity.revision === null ? shut : revisionText(identity.revision)],
      ['MAC', identity.mac ?? shut],
      ...(own === null ? [] : [[words.customMac, own.trouble === null ? own.mac : `${own.mac}: ${own.trouble}`]]),
      [words.flash, flashSize === null ? words.unknown : `${flashSize / 1024 / 1024} MiB`],
      [words.secureBoot, security.secureBoot ? words.on : words.off],
      [words.flashEncryption, words.counter({ count: security.flashCryptCount })],
      [words.downloadMode, closed ? words.secure : words.open],
      ['JTAG', security.hardJtagDisabled ? words.off : security.softJtagDisabled ? words.softOff : words.on],
    ];
    for (const line of table(rows)) context.streams.answer(line);
    if (snapshot === null) return exit.passed;
    context.streams.answer('');
    const fields = Object.entries(decodeSnapshot(snapshot)).map(([name, field]) => [
      name,
      String(field.text ?? field.value),
      [field.readProtected ? words.readProtected : '', field.writeProtected ? words.writeProtected : '']
        .filter((word) => word !== '')
        .join(', '),
    ]);
    for (const line of table(fields)) context.streams.answer(line);
    const sick = blockHealth(snapshot).filter((block) => block.failed || block.correctedBytes > 0);
    for (const block of sick) {
      context.streams.answer(
        `BLOCK${block.block}: ${block.failed ? words.codingFailed : words.corrected({ bytes: block.correctedBytes })}`,
      );
    }
    context.streams.answer('');
    context.streams.answer(efuseToken(snapshot));
    return exit.passed;
  });
}

function noToken(): BoardFault {
  return new BoardFault({
    code: 'chip.secure-download',
    what: 'The board is in secure download mode: nobody can read its eFuses any more, and there is no token of them.',
    next: 'Whether it was sealed, and what was burned into it, tells its record, where the ledger has one: audit show.',
    safety: 'shut',
  });
}

/**
 * The board against its sealed record: by MAC and eFuses where its door is open, else by what a sealed device still shows: that it
 * refuses the loader, boots, and signs a fresh challenge with the key of its certificate.
 */
export async function verify(options: DeviceOptions, context: CliContext): Promise<Exit> {
  const ledger = await context.openLedger(options);
  try {
    const record = options.serial ? await ledger.sealedDevice(options.serial) : null;
    if (options.serial && record === null) throw unknown(options.serial);
    const open = () => context.openPort(options.port, { baudRate: 115200 });
    const report = await proveSealedBoard(open, {
      clock: context.clock,
      random: context.random,
      record,
      find: (id) => ledger.sealedDevice(id),
      ruleOf: (hash) => bootRuleOf(ledger, hash),
      ...(options.resetByOperator ? { resetBy: 'operator' } : {}),
    });
    return tell(report, options, context);
  } finally {
    await ledger.close();
  }
}

function tell(report: DeviceReport, options: DeviceOptions, context: CliContext): Exit {
  const failed = report.checks.filter((check) => !check.ok);
  const words = wordsOf(context).terminal.device;
  if (options.json) {
    context.streams.answer(
      JSON.stringify({
        mac: report.record.chip.mac,
        run: report.record.run,
        checks: report.checks,
        unproven: report.unproven,
        ok: failed.length === 0,
      }),
    );
  } else {
    context.streams.answer(
      words.record({ mac: report.record.chip.mac, time: report.record.sealedAt, run: report.record.run }),
    );
    for (const line of table(
      report.checks.map((check) => [check.ok ? words.asRecorded : words.differs, check.what, check.evidence]),
    ))
      context.streams.answer(line);
    for (const what of report.unproven) context.streams.answer(`${words.notProven}   ${what}`);
  }
  if (failed.length > 0) {
    throw new BoardFault({
      code: 'device.differs',
      what: `The board differs from its sealed record in: ${failed.map((check) => check.what).join(', ')}.`,
      next: 'Set the board aside and tell QA; the ledger was not changed.',
      safety: 'sealed',
    });
  }
  return exit.passed;
}

function unknown(serial: string): RecipeFault {
  return new RecipeFault({
    code: 'device.no-record',
    what: `The ledger holds no sealed record for ${JSON.stringify(serial)}.`,
    next: 'Check the serial number with audit list, or give the ledger of the station that sealed it: --data DIR.',
  });
}
