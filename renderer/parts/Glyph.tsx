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
  hand: (
    <>
      <path d="M7.2 1h9.6L23 7.2v9.6L16.8 23H7.2L1 16.8V7.2z" className="g-fill" />
      <path
        d="M8 12.5V8m2.7 4V6.2m2.7 5.8V6.6m2.6 5.9V8.6m0 3.9c0 3.6-1.4 5.6-4 5.6s-3.6-2-5-4.8"
        className="g-cut g-thin"
      />
    </>
  ),
  bin: <path d="M3 6.5h18M9 6V3.5h6V6M5.5 6.5l1.2 14h10.6l1.2-14M10 10.5v6.5m4-6.5v6.5" className="g-line" />,
  eject: <path d="M3.5 15v5.5h17V15M12 14V3.5m0 0L7.5 8M12 3.5L16.5 8" className="g-line" />,
  call: (
    <path
      d="M5 3.5h3.6l1.7 4.6-2.2 1.7a13 13 0 0 0 6.1 6.1l1.7-2.2 4.6 1.7V19a1.7 1.7 0 0 1-1.9 1.6A16.5 16.5 0 0 1 3.4 5.4A1.7 1.7 0 0 1 5 3.5z"
      className="g-line"
    />
  ),
  codes: <path d="M3 5v14M7 5v14M10.5 5v14M15 5v14M18 5v14M21.5 5v14" className="g-line" />,
  unknown: <path d="M8 8.5a4 4 0 1 1 5.6 3.7c-1.2.6-1.6 1.3-1.6 2.8m0 4v.6" className="g-line" />,
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
