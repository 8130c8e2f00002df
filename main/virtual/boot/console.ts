/** Log lines as ESP-IDF's bootloader and applications print them: `I (27) boot: text`. */
export interface IdfConsole {
  readonly lines: string[];
  info(tag: string, text: string): void;
  warn(tag: string, text: string): void;
  error(tag: string, text: string): void;
}

/** A console whose clock starts at `startMs` and goes on by a few milliseconds a line: the same boot always prints the same. */
export function idfConsole(startMs: number): IdfConsole {
  const lines: string[] = [];
  const print = (level: 'I' | 'W' | 'E') => (tag: string, text: string) => {
    lines.push(`${level} (${startMs + 3 * lines.length}) ${tag}: ${text}`);
  };
  return { lines, info: print('I'), warn: print('W'), error: print('E') };
}
