import { TextInput } from '@mantine/core';
import { words } from '../words/words.ts';

/** Days as date fields have them (YYYY-MM-DD); empty: open on that side. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

export const anyDay: Days = { from: '', to: '' };

/** Those moments (ISO 8601) between which the days lie, by this computer's clock; a side that is open is left out. */
export function momentsOf({ from, to }: Days): { from?: string; to?: string } {
  return {
    ...(from !== '' && { from: new Date(`${from}T00:00:00`).toISOString() }),
    ...(to !== '' && { to: new Date(`${to}T23:59:59.999`).toISOString() }),
  };
}

/** Two fields for the first and the last day of a span. */
export function DateSpan({
  days,
  onChange,
  width,
}: {
  readonly days: Days;
  readonly onChange: (days: Days) => void;
  readonly width: number;
}) {
  return (['from', 'to'] as const).map((end) => (
    <TextInput
      key={end}
      type="date"
      label={words.devices[end]}
      value={days[end]}
      onChange={(event) => onChange({ ...days, [end]: event.target.value })}
      size="md"
      w={width}
    />
  ));
}
