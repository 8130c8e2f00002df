import type { FormField } from './recipe-field.ts';
import { formGroups } from './recipe-fields.ts';
import { changeYaml, readYaml, valueAt, type YamlPath } from './yaml-edit.ts';

// What the form over a recipe's text does with its fields: what each shows, and what becomes of the text where it is changed. Pure.

export type FieldValue = string | number | boolean;

/** What a field shows for a value of the YAML; lists as lines. Undefined: nothing is there, and nothing counts in its place. */
export function shownOf(field: FormField, value: unknown): FieldValue | undefined {
  const shown = value ?? field.unset;
  if (field.kind === 'lines') return Array.isArray(shown) ? shown.map(String).join('\n') : '';
  if (field.kind === 'pairs')
    return isTable(shown)
      ? Object.entries(shown)
          .map(([name, of]) => `${name}=${String(of)}`)
          .join('\n')
      : '';
  if (field.kind === 'offset' && typeof shown === 'number') return `0x${shown.toString(16).toUpperCase()}`;
  if (field.kind === 'choice') return shown === undefined ? (field.section ? 'none' : undefined) : String(shown);
  return typeof shown === 'object' ? undefined : (shown as FieldValue | undefined);
}

/** The text of the recipe with this field as it was given: `at` is where the field's row begins, or nothing. */
export function withField(text: string, field: FormField, given: FieldValue, at: YamlPath = []): string {
  const path = [...at, ...field.path];
  const whole = field.whole === undefined ? path : [...at, ...field.whole];
  if (field.section !== undefined) {
    if (given === 'none') return changeYaml(text, field.section.path, null);
    if (valueAt(readYaml(text), field.section.path) == null)
      return changeYaml(text, field.section.path, field.section.make(String(given)));
  }
  if (given === '' && typeof field.unset === 'string') return changeYaml(text, whole, null);
  switch (field.kind) {
    case 'lines': {
      const lines = linesOf(given);
      return changeYaml(text, lines.length === 0 ? whole : path, lines.length === 0 ? null : lines);
    }
    case 'pairs': {
      const pairs = pairsOf(given, field.as);
      return changeYaml(text, path, Object.keys(pairs).length === 0 ? null : pairs);
    }
    case 'offset':
      return changeYaml(text, path, isNumber(given) ? Number(given) : given, 'hex');
    case 'choice':
      if (given === 'none' && field.unset === 'none' && field.as !== undefined) return changeYaml(text, whole, null);
      if (field.as !== undefined)
        return changeYaml(text, path, field.as === 'number' ? Number(given) : given === 'true');
      return changeYaml(text, path, given);
    default:
      return changeYaml(text, path, given);
  }
}

/** With one more row at the end of a field's rows. */
export function withRow(text: string, field: FormField, at: YamlPath = []): string {
  const path = [...at, ...field.path];
  const rows = valueAt(readYaml(text), path);
  const { fresh } = field.row!;
  return Array.isArray(rows) && rows.length > 0
    ? changeYaml(text, [...path, String(rows.length)], { ...fresh })
    : changeYaml(text, path, [{ ...fresh }]);
}

/** Without this row; without the list where it was its last one. */
export function withoutRow(text: string, field: FormField, row: number, at: YamlPath = []): string {
  return changeYaml(text, [...at, ...field.path, String(row)], null);
}

export function linesOf(text: FieldValue): string[] {
  return String(text)
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** `name=value` in each line; a line that has no value yet is none. */
export function pairsOf(text: FieldValue, as: FormField['as']): Record<string, string | number> {
  return Object.fromEntries(
    linesOf(text).flatMap((line) => {
      const at = line.indexOf('=');
      if (at <= 0) return [];
      const value = line.slice(at + 1).trim();
      return [[line.slice(0, at).trim(), as === 'number' && isNumber(value) ? Number(value) : value]];
    }),
  );
}

function isNumber(text: FieldValue): boolean {
  return /^(0[xX][0-9a-fA-F]+|\d+)$/.test(String(text));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What of a recipe no field shows, by its path in the text: kept as it stands. Lists and tables that no field reaches into are told as a
 * whole.
 */
export function beyondForm(values: unknown): string[] {
  const paths = formGroups.flatMap(({ fields }) => fields.map(({ path }) => path));
  const told: string[] = [];
  const look = (value: unknown, at: readonly string[]): void => {
    const below = paths.filter((path) => at.every((key, depth) => path[depth] === key));
    if (below.some((path) => path.length === at.length)) return;
    const isOpen = typeof value === 'object' && value !== null;
    if (below.length === 0 || !isOpen) told.push(at.join('.'));
    else for (const [key, inner] of Object.entries(value)) look(inner, [...at, key]);
  };
  if (!isTable(values)) return [];
  for (const [key, value] of Object.entries(values)) if (key !== 'fuseline') look(value, [key]);
  return told;
}
