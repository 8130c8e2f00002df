/** A small deliberate damage to the product, and who has to notice it. */
export interface Mutant {
  /** Unique; the area first: `burn.order`. */
  readonly id: string;
  /** Of the product: `main/...`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly before: string;
  readonly after: string;
  /** What a station with it would do to a board, a secret or a record. */
  readonly breaks: string;
  /** Test files, at least one of which must go red; tried in this order. */
  readonly tests: readonly string[];
  /** Only tests of whose name this is a part (a regular expression) are run. */
  readonly name?: string;
}
