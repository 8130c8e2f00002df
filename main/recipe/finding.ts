/** A mistake or doubt in a recipe or its firmware: where, why, and the remedy. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  /** Stable name by which it can be waived where `waivable`. */
  readonly check: string;
  readonly waivable: boolean;
  /** Place: file, line and column from 1, and the path inside the document, as far as known. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string | null;
  readonly what: string;
  readonly remedy: string;
  /** Section of the ESP-IDF Security overview on which it rests, where it is one of the guide's. */
  readonly section?: string;
  /** The reason given, where a waiver lets it go. */
  readonly waived: string | null;
}

/** Takes a finding about the recipe: an error of the recipe's file unless it says otherwise. */
export type Add = (finding: Partial<Finding> & Pick<Finding, 'check' | 'what' | 'remedy'>) => void;
