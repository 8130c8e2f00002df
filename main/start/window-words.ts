// What the desktop program may be started with. Chromium takes hundreds of switches off the same command line: some give whoever starts
// the program the page (remote debugging), others take the sandbox away or start programs of their choice in the place of its processes.
// So the list names what is allowed, and every other word ends the start.
import { RecipeFault } from '../model/fault.ts';
import type { Places } from './settings.ts';

export interface WindowWords {
  readonly places: Places;
  /** The window fills the screen, and only an engineer leaves it. */
  readonly isKiosk: boolean;
}

/** Chromium's own that a desktop may need: how the window is drawn and in which language, nothing of what it may do. */
const drawing = ['disable-gpu', 'force-device-scale-factor', 'lang', 'ozone-platform', 'ozone-platform-hint'];

/**
 * Reads the words behind the program's own. RecipeFault `desktop.word` for any that is not in the list, in whatever form Chromium would
 * take it (`--x`, `-x`, `/x`), and for a place that is not named; `desktop.no-sandbox` where somebody or something (a word, an environment
 * variable, a wrapper) took the page's sandbox away.
 */
export function windowWords(words: readonly string[], isWithoutSandbox: boolean): WindowWords {
  if (isWithoutSandbox) throw noSandboxFault();
  const places: { data?: string; station?: string } = {};
  let isKiosk = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === 'data' || name === 'station') {
      const place = value ?? words[++at];
      if (!place || place.startsWith('-'))
        throw unknownWord(word, `Name ${name === 'data' ? 'a folder' : 'a station file'} behind it.`);
      places[name] = place;
    } else if (name === 'kiosk' && value === undefined) isKiosk = true;
    else if (name === undefined || !drawing.includes(name)) throw unknownWord(word);
  }
  return { places, isKiosk };
}

function noSandboxFault(): RecipeFault {
  return new RecipeFault({
    code: 'desktop.no-sandbox',
    what: 'The program was started without the sandbox of its page.',
    next: 'Start it without --no-sandbox and ELECTRON_DISABLE_SANDBOX; where the system has no user namespaces, let root own chrome-sandbox with mode 4755.',
  });
}

function unknownWord(word: string, next?: string): RecipeFault {
  return new RecipeFault({
    code: 'desktop.word',
    what: `The desktop program does not take ${JSON.stringify(word.slice(0, 80))}.`,
    next:
      next ??
      `It takes --data FOLDER, --station FILE, --kiosk, and of Chromium's own ${drawing.map((one) => `--${one}`).join(', ')}.`,
  });
}
