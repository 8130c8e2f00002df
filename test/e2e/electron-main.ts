// The program as Electron starts it, on boards that a test chose; what it opened is left where the test finds it.

import { forkLine } from '../../main/base/process-line.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { keptPin } from '../../main/ipc/electron/pin-keeper.ts';
import { processThread, threadFile } from '../../main/ledger/sqlite/link.ts';
import { runWindow } from '../../main/start/electron-window.ts';
import type { Demonstration, OpenedDesk } from '../../main/start/open-desk.ts';

const word = process.argv.find((one) => one.startsWith('--bench=')) ?? '--bench={}';
const { folder, demonstration, ledgerNode } = JSON.parse(word.slice('--bench='.length)) as {
  folder: string;
  demonstration: Demonstration;
  /** The Node.js whose processes hold the ledger; left out: Electron's own do. */
  ledgerNode?: string;
};
const launchLedger =
  ledgerNode === undefined ? {} : { launchLedger: () => processThread(forkLine(threadFile, {}, ledgerNode)) };
globalThis.fuselineParts = { keptPin, SecretBytes };
globalThis.fuselineBench = new Promise<OpenedDesk>((onOpen) => {
  runWindow({ places: { data: folder }, demonstration, onOpen, ...launchLedger });
});
