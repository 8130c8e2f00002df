import type { ReactNode } from 'react';

/** A number with its name, as instruments show it. */
export function Figure({
  name,
  children,
  note,
  tone,
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly note?: ReactNode;
  readonly tone?: 'fail' | undefined;
}) {
  return (
    <div className="figure" data-tone={tone}>
      <dt>{name}</dt>
      <dd>
        <span className="figure-value">{children}</span>
        {note !== undefined && <span className="figure-note">{note}</span>}
      </dd>
    </div>
  );
}
