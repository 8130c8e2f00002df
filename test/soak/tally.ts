/** What a soak has seen, as README's reliability table tells it. */
export class Tally {
  /** Instants at which a supply was cut, an answer or a board was taken away, or a program killed. */
  instants = 0;
  boards = 0;
  /** Boards that met a trouble and were finished later. */
  finished = 0;
  readonly kinds = new Map<string, number>();
  readonly lost: string[] = [];
  readonly falseMessages: string[] = [];
  readonly secrets: string[] = [];

  strike(kind: string, count = 1): void {
    this.instants += count;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + count);
  }

  get clean(): boolean {
    return this.lost.length + this.falseMessages.length + this.secrets.length === 0;
  }

  lines(): string[] {
    const kinds = [...this.kinds].sort().map(([kind, count]) => `${kind} ${count}`);
    return [
      ...this.lost.map((line) => `LOST     ${line}`),
      ...this.falseMessages.map((line) => `FALSE    ${line}`),
      ...this.secrets.map((line) => `SECRET   ${line}`),
      `instants: ${kinds.join(', ')}`,
      `${this.boards} boards, ${this.finished} of them finished after a trouble`,
      '| instants | boards | boards lost | false messages | secrets found |',
      '|---|---|---|---|---|',
      `| ${this.instants} | ${this.boards} | ${this.lost.length} | ${this.falseMessages.length} | ${this.secrets.length} |`,
    ];
  }
}
