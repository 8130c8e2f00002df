// The program as Electron starts it, on boards that a test chose; what it opened is left where the test finds it.

import { join } from 'node:path';
import { SecretBytes } from '../../main/base/secret.ts';
import { keptPin } from '../../main/ipc/electron/pin-keeper.ts';
import { runWindow } from '../../main/start/electron-window.ts';
import type { Demonstration, OpenedDesk } from '../../main/start/open-desk.ts';
import { hearBench } from './bench-line.ts';

const word = process.argv.find((one) => one.startsWith('--bench=')) ?? '--bench={}';
const { folder, demonstration, isKiosk } = JSON.parse(word.slice('--bench='.length)) as {
  folder: string;
  demonstration: Demonstration;
  isKiosk?: boolean;
};
globalThis.fuselineParts = { keptPin, SecretBytes };
globalThis.fuselineBench = new Promise<OpenedDesk>((opened) => {
  const onOpen = (one: OpenedDesk) => {
    hearBench(join(folder, 'bench.socket'));
    opened(one);
  };
  runWindow({ places: { data: folder }, demonstration, isKiosk: isKiosk === true, onOpen });
});
