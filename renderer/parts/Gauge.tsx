/** A figure on a straight scale with its target: how far, and against what, at a glance. */
export function Gauge({
  value,
  most,
  target,
  label,
  low,
}: {
  readonly value: number;
  readonly most: number;
  readonly target?: number | null;
  readonly label: string;
  /** Whether the value is short of what a person should expect. */
  readonly low?: boolean;
}) {
  const place = (figure: number) => (most > 0 ? Math.min(1, Math.max(0, figure / most)) : 0);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a meter element cannot carry a mark for the target
    <span
      className="gauge"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={most}
      aria-valuenow={value}
    >
      <span className="gauge-done" data-low={low ? '' : undefined} style={{ transform: `scaleX(${place(value)})` }} />
      {target !== undefined && target !== null && (
        <span className="gauge-target" style={{ left: `${place(target) * 100}%` }} />
      )}
    </span>
  );
}
