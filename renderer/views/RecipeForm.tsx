import { NumberInput, Select, Switch, TextInput } from '@mantine/core';
import type { FindingView } from '../../main/contract/views.ts';
import { listText } from '../words/format.ts';
import { findingText, words } from '../words/words.ts';
import { beyondForm, type FormField, formGroups } from './recipe-form.ts';
import { changeYaml, readYaml, valueAt } from './yaml-edit.ts';

interface RecipeFormProps {
  readonly text: string;
  readonly findings: readonly FindingView[];
  readonly readOnly: boolean;
  onChange(text: string): void;
}

/** The usual settings as fields over the same YAML: what is changed here is changed there, in its place. */
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
          {group.fields.map((field) => {
            const path = field.path.join('.');
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
                value={valueAt(values, field.path)}
                error={finding && findingText(finding).what}
                readOnly={readOnly || (field.needs !== undefined && valueAt(values, field.needs) == null)}
                onChange={(value) => onChange(changed(text, field, value, values))}
              />
            );
          })}
        </fieldset>
      ))}
    </form>
  );
}

function changed(text: string, field: FormField, value: string | number | boolean, values: unknown): string {
  if (field.section !== undefined && typeof value === 'string') {
    if (value === 'none') return changeYaml(text, field.section.path, null);
    if (valueAt(values, field.section.path) == null)
      return changeYaml(text, field.section.path, field.section.make(value));
  }
  if (value === '' && field.unset === '') return changeYaml(text, field.whole ?? field.path, null);
  return changeYaml(text, field.path, value);
}

function Field({
  field,
  value,
  error,
  readOnly,
  onChange,
}: {
  readonly field: FormField;
  readonly value: unknown;
  readonly error: string | undefined;
  readonly readOnly: boolean;
  onChange(value: string | number | boolean): void;
}) {
  const label = words.recipes.fields[field.name];
  const shown = value ?? field.unset;
  // a section that is not there has no such setting
  const isAbsent = shown === undefined && field.section === undefined;
  const common = { label, error, disabled: isAbsent || readOnly, size: 'sm' as const };
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
          value={shown === undefined ? (field.section ? 'none' : null) : String(shown)}
          onChange={(next) => next !== null && onChange(next)}
          allowDeselect={false}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof shown === 'number' ? shown : ''}
          onChange={(next) => typeof next === 'number' && next !== shown && onChange(next)}
          hideControls
        />
      );
    case 'text':
      return (
        <TextInput
          {...common}
          value={typeof shown === 'string' || typeof shown === 'number' ? String(shown) : ''}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}
