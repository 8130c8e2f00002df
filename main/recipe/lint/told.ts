import type { Finding } from '../finding.ts';

/** A finding before it is known where the recipe file and its waivers stand; `line` is one of the sdkconfig. */
export type Told = Pick<Finding, 'check' | 'severity' | 'what' | 'remedy'> & {
  /** Section of the Security overview on which it rests. */
  readonly section: string;
  readonly line?: number | undefined;
};
