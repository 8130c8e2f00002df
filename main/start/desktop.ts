// Front door of the desktop program, started by Electron.
import { app } from 'electron';
import { runWindow, tellStartFault } from './electron-window.ts';
import { type WindowWords, windowWords } from './window-words.ts';

/** Words of the command line, behind the program's own (and, where it runs from its sources, behind its folder). */
function wordsOfStart(): WindowWords {
  const words = process.argv.slice(1);
  const ours = app.isPackaged ? words : words.slice(words.findIndex((word) => !word.startsWith('-')) + 1);
  return windowWords(ours, app.commandLine.hasSwitch('no-sandbox'));
}

try {
  runWindow(wordsOfStart());
} catch (error) {
  tellStartFault(error);
}
