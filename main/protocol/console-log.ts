/** Lines kept of what a board prints: enough for any boot, no growth on a board that prints for ever. */
const mostLines = 400;
/** Longer than the signature of an RSA-4096 key in hex. */
const longestLine = 2000;

/** Bytes that a chip prints, as lines of text without line ends; control characters (colours too) are left out. */
export class ConsoleLog {
  readonly lines: string[] = [];
  readonly #decoder = new TextDecoder();
  #partial = '';
  #listener: ((line: string) => void) | null = null;

  /** Gets each whole line as it comes (null: nobody). */
  onLine(listener: ((line: string) => void) | null): void {
    this.#listener = listener;
  }

  push(bytes: Uint8Array): void {
    const parts = (this.#partial + this.#decoder.decode(bytes, { stream: true })).split(/\r?\n|\r(?!$)/);
    this.#partial = (parts.pop() ?? '').slice(0, longestLine);
    for (const part of parts) this.#add(part);
  }

  /** Takes what stands without a line end as a line. */
  flush(): void {
    const rest = this.#partial;
    this.#partial = '';
    this.#add(rest);
  }

  clear(): void {
    this.lines.length = 0;
    this.#partial = '';
  }

  #add(raw: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
    const line = raw.replace(/\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]/g, '').trimEnd();
    if (line === '') return;
    this.lines.push(line);
    if (this.lines.length > mostLines) this.lines.shift();
    this.#listener?.(line);
  }
}
