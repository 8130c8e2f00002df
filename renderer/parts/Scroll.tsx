import type { ReactNode } from 'react';
import { words } from '../words/words.ts';

/** A part that scrolls by itself; the keyboard reaches it, so that arrows can scroll it too. */
export function Scroll({ children, className = '' }: { readonly children: ReactNode; readonly className?: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: it groups what is seen together, no fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <div className={`scroll ${className}`} role="group" aria-label={words.scrollable} tabIndex={0}>
      {children}
    </div>
  );
}
