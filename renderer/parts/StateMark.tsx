import { Glyph } from './Glyph.tsx';
import type { Look } from './tone.ts';

/** Colour, shape and word in one line. */
export function StateMark({ look }: { readonly look: Look }) {
  return (
    <span className="mark" data-tone={look.tone}>
      <Glyph shape={look.shape} />
      <span className="mark-word">{look.word}</span>
    </span>
  );
}
