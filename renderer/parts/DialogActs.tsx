import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../words/words.ts';

interface DialogActsProps {
  /** What the act is called. */
  readonly act: string;
  onCancel(): void;
  /** Left out: the act sends the form around it. */
  onAct?(): void;
  /** It takes something away, or cannot be undone. */
  readonly red?: boolean;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** Which of both Enter presses at once; left out: neither, there is something to fill in. */
  readonly first?: 'cancel' | 'act';
  /** What stands before both. */
  readonly children?: ReactNode;
}

/** The end of a dialog: put it away, or do it. */
export function DialogActs({ act, onCancel, onAct, red, busy, disabled, first, children }: DialogActsProps) {
  return (
    <div className="form-acts">
      {children}
      <Button variant="default" size="md" onClick={onCancel} data-autofocus={first === 'cancel' || undefined}>
        {words.cancel}
      </Button>
      <Button
        {...(onAct === undefined ? { type: 'submit' as const } : { onClick: onAct })}
        {...(red === true && { color: 'red' })}
        size="md"
        loading={busy === true}
        disabled={disabled === true}
        data-autofocus={first === 'act' || undefined}
      >
        {act}
      </Button>
    </div>
  );
}
