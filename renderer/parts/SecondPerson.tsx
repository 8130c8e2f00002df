import { PasswordInput, type PasswordInputProps, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

/** A PIN, as it is typed: hidden, by digits, remembered by no browser unless it is a new one. */
export function PinInput({
  onChange,
  ...rest
}: Omit<PasswordInputProps, 'onChange'> & { onChange(pin: string): void }) {
  return (
    <PasswordInput
      autoComplete="off"
      {...rest}
      onChange={(event) => onChange(event.target.value)}
      inputMode="numeric"
      size="md"
      visibilityToggleButtonProps={{ 'aria-hidden': true, tabIndex: -1 }}
    />
  );
}

/** The name and the PIN of a second person who agrees. */
export interface Second {
  readonly id: string;
  readonly pin: string;
}

export const nobody: Second = { id: '', pin: '' };

/** Asks for a second person, who types an own PIN. */
export function SecondPerson({
  labels,
  value,
  onChange,
}: {
  readonly labels: { readonly secondId: ReactNode; readonly secondPin: ReactNode };
  readonly value: Second;
  onChange(value: Second): void;
}) {
  return (
    <>
      <TextInput
        label={labels.secondId}
        value={value.id}
        onChange={(event) => onChange({ ...value, id: event.target.value })}
        autoComplete="off"
        size="md"
      />
      <PinInput label={labels.secondPin} value={value.pin} onChange={(pin) => onChange({ ...value, pin })} />
    </>
  );
}
