import type { ReactNode } from 'react';

export type FactRow = readonly [name: string, value: ReactNode, mono?: 'mono'];

/** Names and values in two columns. Rows without a value are left out. */
export function Facts({ rows }: { readonly rows: readonly FactRow[] }) {
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value, mono]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={mono}>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
