import { words } from '../words/words.ts';

const rows = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'C', '0', '⌫'] as const;

/** Digits for a finger; the keyboard types into the field itself. */
export function PinPad({ value, onChange }: { readonly value: string; onChange(value: string): void }) {
  const press = (key: string) => {
    if (key === 'C') onChange('');
    else if (key === '⌫') onChange(value.slice(0, -1));
    else onChange(value + key);
  };
  return (
    <fieldset className="pinpad" aria-label={words.session.pad}>
      {rows.map((key) => (
        <button
          key={key}
          type="button"
          tabIndex={-1}
          aria-label={key === 'C' ? words.session.clear : key === '⌫' ? words.back : key}
          onClick={() => press(key)}
        >
          {key}
        </button>
      ))}
    </fieldset>
  );
}
