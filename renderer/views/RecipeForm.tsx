import { Button, NumberInput, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { FindingView } from '../../main/contract/views.ts';
import { listText } from '../words/format.ts';
import { findingText, words } from '../words/words.ts';
import type { FormField } from './recipe-field.ts';
import { formGroups } from './recipe-fields.ts';
import {
  beyondForm,
  type FieldValue,
  linesOf,
  pairsOf,
  shownOf,
  withField,
  withoutRow,
  withRow,
} from './recipe-form.ts';
import { readYaml, valueAt, type YamlPath } from './yaml-edit.ts';

interface RecipeFormProps {
  readonly text: string;
  readonly findings: readonly FindingView[];
  readonly readOnly: boolean;
  onChange(text: string): void;
}

/** What a recipe says as fields over the same YAML: what is changed here is changed there, in its place. */
export function RecipeForm({ text, findings, readOnly, onChange }: RecipeFormProps) {
  const values = readYaml(text);
  const beyond = beyondForm(values);
  return (
    <form className="recipe-form" onSubmit={(event) => event.preventDefault()}>
      {beyond.length > 0 && (
        <p className="calm-note beyond-form">{words.recipes.beyondForm({ names: listText(beyond) })}</p>
      )}
      {formGroups.map((group) => (
        <fieldset key={group.name} disabled={readOnly || values === null}>
          <legend>{words.recipes.groups[group.name]}</legend>
          <Fields fields={group.fields} at={[]} {...{ text, values, findings, readOnly, onChange }} />
        </fieldset>
      ))}
    </form>
  );
}

interface FieldsProps extends RecipeFormProps {
  readonly fields: readonly FormField[];
  readonly at: YamlPath;
  readonly values: unknown;
}

function Fields({ fields, at, ...rest }: FieldsProps) {
  const { text, values, findings, readOnly, onChange } = rest;
  return fields.map((field) => {
    if (field.needs !== undefined && valueAt(values, [...at, ...field.needs]) == null) return null;
    if (field.kind === 'rows') return <Rows key={field.name} field={field} at={at} {...rest} />;
    const path = [...at, ...field.path].join('.');
    const finding = findings.find(
      (one) =>
        one.severity !== 'info' &&
        one.waived === null &&
        (one.path === path || one.path === field.section?.path.join('.')),
    );
    return (
      <Field
        key={field.name}
        field={field}
        shown={shownOf(field, valueAt(values, [...at, ...field.path]))}
        error={finding && findingText(finding).what}
        readOnly={readOnly}
        onChange={(value) => onChange(withField(text, field, value, at))}
      />
    );
  });
}

/** A list whose members have fields of their own: one below the other, each with a way out, and a way to one more. */
function Rows({ field, at, ...rest }: Omit<FieldsProps, 'fields'> & { readonly field: FormField }) {
  const { text, values, readOnly, onChange } = rest;
  const path = [...at, ...field.path];
  const rows = valueAt(values, path);
  const label = words.recipes.fields[field.name];
  return (
    <div className="form-rows">
      {(Array.isArray(rows) ? rows : []).map((_, row) => {
        const name = words.recipes.row({ name: label, number: row + 1 });
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a member of the list is its place in the text
          <fieldset key={row} className="form-row" disabled={readOnly}>
            <legend>{name}</legend>
            <Fields fields={field.row!.fields} at={[...path, String(row)]} {...rest} />
            {!readOnly && (
              <Button
                variant="subtle"
                size="compact-md"
                aria-label={words.recipes.rowRemove({ name })}
                onClick={() => onChange(withoutRow(text, field, row, at))}
              >
                {words.recipes.remove}
              </Button>
            )}
          </fieldset>
        );
      })}
      {!readOnly && (
        <Button variant="default" size="compact-md" onClick={() => onChange(withRow(text, field, at))}>
          {words.recipes.rowAdd({ name: label })}
        </Button>
      )}
    </div>
  );
}

interface FieldProps {
  readonly field: FormField;
  readonly shown: FieldValue | undefined;
  readonly error: string | undefined;
  readonly readOnly: boolean;
  onChange(value: FieldValue): void;
}

function Field({ field, shown, error, readOnly, onChange }: FieldProps) {
  const label = words.recipes.fields[field.name];
  const common = { label, error, disabled: readOnly, size: 'sm' as const };
  switch (field.kind) {
    case 'switch':
      return <Switch {...common} checked={shown === true} onChange={(event) => onChange(event.target.checked)} />;
    case 'choice':
      return (
        <Select
          {...common}
          data={(field.choices ?? []).map((choice) => ({
            value: choice,
            label: choice === 'none' ? words.recipes.notSet : choice,
          }))}
          value={shown === undefined ? null : String(shown)}
          onChange={(next) => next !== null && onChange(next)}
          allowDeselect={false}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof shown === 'number' ? shown : ''}
          onChange={(next) => {
            if (next !== shown && (typeof next === 'number' || field.unset === '')) onChange(next);
          }}
          hideControls
        />
      );
    case 'lines':
    case 'pairs':
      return <Lines {...common} field={field} shown={String(shown)} onChange={onChange} />;
    default:
      return (
        <TextInput
          {...common}
          value={shown === undefined ? '' : String(shown)}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}

/** A list as lines. What is typed stays as it is typed for as long as it says what the recipe says: a line that is begun is none yet. */
function Lines({
  field,
  shown,
  onChange,
  ...common
}: {
  readonly field: FormField;
  readonly shown: string;
  readonly label: string;
  readonly error: string | undefined;
  readonly disabled: boolean;
  readonly size: 'sm';
  onChange(value: FieldValue): void;
}) {
  const [typed, setTyped] = useState(shown);
  const meant = (lines: string) => JSON.stringify(field.kind === 'pairs' ? pairsOf(lines, field.as) : linesOf(lines));
  return (
    <Textarea
      {...common}
      description={field.kind === 'pairs' ? words.recipes.pairsNote : words.recipes.linesNote}
      value={meant(typed) === meant(shown) ? typed : shown}
      onChange={(event) => {
        const { value } = event.target;
        setTyped(value);
        if (meant(value) !== meant(shown)) onChange(value);
      }}
      classNames={{ input: 'mono' }}
      minRows={2}
      autosize
    />
  );
}
