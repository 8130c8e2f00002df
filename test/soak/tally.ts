/** What a soak has seen, as README's reliability table tells it. */
export class Tally {
  /** Instants at which a supply was cut, an answer or a board was taken away, or a program killed. */
  instants = 0;
  boards = 0;
  /** Boards that met a trouble and were finished later. */
  finished = 0;
  readonly kinds = new Map<string, number>();
  /** Instants by kind of port, where one was struck. */
  readonly ways = new Map<string, number>();
  readonly chips = new Set<string>();
  /** Boards that their silicon let down, by chip and fault. */
  readonly condemned = new Map<string, number>();
  /** Secrets that were looked for. */
  searched = 0;
  readonly lost: string[] = [];
  readonly falseMessages: string[] = [];
  readonly secrets: string[] = [];

  strike(kind: string, count = 1): void {
    this.instants += count;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + count);
  }

  condemn(reason: string): void {
    this.condemned.set(reason, (this.condemned.get(reason) ?? 0) + 1);
  }

  get failures(): number {
    return this.lost.length + this.falseMessages.length + this.secrets.length;
  }

  /** Each failure. */
  lines(): string[] {
    return [
      ...this.lost.map((line) => `LOST     ${line}`),
      ...this.falseMessages.map((line) => `FALSE    ${line}`),
      ...this.secrets.map((line) => `SECRET   ${line}`),
    ];
  }

  /** What it comes to, the last line as the table of docs/reliability.md has it. */
  summary(part: string): string[] {
    const told = (counts: ReadonlyMap<string, number>) =>
      [...counts]
        .sort()
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ') || 'none';
    const { instants, boards, finished, lost, falseMessages, secrets, searched } = this;
    return [
      `${part}: instants: ${told(this.kinds)}`,
      `${part}: by port: ${told(this.ways)}; chips: ${[...this.chips].sort().join(' ') || 'none'}`,
      `${part}: ${boards} boards, ${finished} finished after a trouble, let down by their silicon: ${told(this.condemned)}; ${searched} secrets looked for`,
      '| part | instants | boards | boards lost | false messages | secrets found |',
      `| ${part} | ${instants} | ${boards} | ${lost.length} | ${falseMessages.length} | ${secrets.length} |`,
    ];
  }
}

/** `count` of something, so many of them at a time: one that ends makes room for the next. Answers in their order. */
export async function atOnce<T>(most: number, count: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const n = next++;
      done[n] = await work(n);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, count) }, lane));
  return done;
}
