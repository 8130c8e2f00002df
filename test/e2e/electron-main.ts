// The program as Electron starts it, on boards that a test chose; what it opened is left where the test finds it.

import { runWindow } from '../../main/start/electron-window.ts';
import type { Demonstration, OpenedDesk } from '../../main/start/open-desk.ts';

const word = process.argv.find((one) => one.startsWith('--bench=')) ?? '--bench={}';
const { folder, demonstration } = JSON.parse(word.slice('--bench='.length)) as {
  folder: string;
  demonstration: Demonstration;
};
globalThis.fuselineBench = new Promise<OpenedDesk>((onOpen) => {
  runWindow({ places: { data: folder }, demonstration, onOpen });
});
