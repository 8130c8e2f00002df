import type { words } from '../words/words.ts';
import type { YamlPath } from './yaml-edit.ts';

export type FieldName = keyof typeof words.recipes.fields;

/** One field of the form: where it stands in the YAML, and what it may be. The check on the station's side has the last word. */
export interface FormField {
  readonly name: FieldName;
  /** In rows: from the row on. */
  readonly path: YamlPath;
  /** lines: a list of texts; pairs: names and their values; offset: a number written in hexadecimal digits, or a word. */
  readonly kind: 'text' | 'number' | 'offset' | 'switch' | 'choice' | 'lines' | 'pairs' | 'rows';
  readonly choices?: readonly string[];
  /** What a choice, or each value of pairs, is in the YAML; left out: a text. */
  readonly as?: 'number' | 'boolean';
  /** Section that this choice brings with it, and takes away again with 'none'. */
  readonly section?: { readonly path: YamlPath; make(choice: string): Record<string, unknown> };
  /** What counts when the key is left out; '': it may be left out. */
  readonly unset?: string | number | boolean;
  /** The field is shown only where this is there. */
  readonly needs?: YamlPath;
  /** What goes with the value where it is taken away. */
  readonly whole?: YamlPath;
  /** Of rows: what each has, and what a new one begins with. */
  readonly row?: { readonly fields: readonly FormField[]; readonly fresh: Readonly<Record<string, unknown>> };
}

export interface FormGroup {
  readonly name: keyof typeof words.recipes.groups;
  readonly fields: readonly FormField[];
}
