import type { ReactNode } from 'react';
import type { Shape } from './tone.ts';

/** Shapes that differ in outline, not only in colour: told apart from three metres and in grey. */
const shapes: Readonly<Record<Shape, ReactNode>> = {
  ring: <circle cx="12" cy="12" r="8.5" className="g-line" />,
  gap: <path d="M5 5l14 14M12 3.5a8.5 8.5 0 0 1 6 14.5M6 6a8.5 8.5 0 0 0 6 14.5" className="g-line" />,
  slot: <path d="M3.5 13v7.5h17V13M12 3v11m0 0l-4.5-4.5M12 14l4.5-4.5" className="g-line" />,
  eye: <path d="M10.5 3.5a7 7 0 1 1 0 14a7 7 0 0 1 0-14zM15.5 15.5l5.5 5.5" className="g-line" />,
  play: <path d="M6 3.5v17L20.5 12z" className="g-fill" />,
  turn: <path d="M12 3.5a8.5 8.5 0 1 1-8.5 8.5M12 7.5V12l3.5 2.5" className="g-line" />,
  pause: (
    <>
      <rect x="4.5" y="3.5" width="5.5" height="17" className="g-fill" />
      <rect x="14" y="3.5" width="5.5" height="17" className="g-fill" />
    </>
  ),
  check: (
    <>
      <circle cx="12" cy="12" r="10.5" className="g-fill" />
      <path d="M6.8 12.4l3.6 3.7 6.9-7.6" className="g-cut" />
    </>
  ),
  cross: (
    <>
      <path d="M7.7 1.5h8.6l6.2 6.2v8.6l-6.2 6.2H7.7l-6.2-6.2V7.7z" className="g-fill" />
      <path d="M7.8 7.8l8.4 8.4m0-8.4l-8.4 8.4" className="g-cut" />
    </>
  ),
  bar: (
    <>
      <path d="M12 1.5L23.5 22H.5z" className="g-fill" />
      <path d="M12 8.5v6.2m0 3v.6" className="g-cut" />
    </>
  ),
  bolt: (
    <>
      <path d="M12 .8L23.2 12L12 23.2L.8 12z" className="g-fill" />
      <path d="M13.4 5.8l-3.9 6.6h5l-3.9 6" className="g-cut" />
    </>
  ),
  label: (
    <>
      <path d="M1.5 12L8 4.5h14.5v15H8z" className="g-fill" />
      <path d="M11 9h8m-8 3h8m-8 3h5" className="g-cut" />
    </>
  ),
  stop: <rect x="3.5" y="3.5" width="17" height="17" rx="1.5" className="g-fill" />,
};

/** A shape of state, drawn in the ink of its surroundings. The word beside it speaks; the shape is silent for screen readers. */
export function Glyph({ shape }: { readonly shape: Shape }) {
  return (
    <svg className="glyph" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {shapes[shape]}
    </svg>
  );
}
