import type { Assurance } from '../../model/assurance.ts';
import type { Product } from './product.ts';

/** One recommendation before waivers are looked at. */
export interface Line {
  readonly recommendation: string;
  readonly verdict: Exclude<Assurance['verdict'], 'waived'>;
  readonly evidence: string;
  /** Checks of which any waiver lets it go. */
  readonly waivers: readonly string[];
  /** Key of the recipe that asks for it. */
  readonly asks: string | null;
}

/** A section of the guide with its recommendations. */
export interface Section {
  readonly title: string;
  lines(product: Product): readonly Line[];
}

interface More {
  readonly waivers?: readonly string[];
  readonly asks?: string;
}

/** A recommendation that is met or not. */
export function asked(recommendation: string, isMet: boolean, evidence: string, more: More = {}): Line {
  return line(recommendation, isMet ? 'met' : 'not met', evidence, more);
}

/** A recommendation that may well be met, and nobody can show it. */
function unshown(recommendation: string, reason: string, more: More): Line {
  return line(recommendation, 'not shown', reason, more);
}

/** A recommendation that does not concern this product, with the reason. */
export function notApplicable(recommendation: string, reason: string, more: More = {}): Line {
  return line(recommendation, 'not applicable', reason, more);
}

/**
 * A recommendation about how the firmware was built: met where the build is known to keep one of the rules and none found anything. What
 * a record does not say is not shown, which is neither met nor found wanting.
 */
export function built(
  { firmware, of }: Product,
  recommendation: string,
  checks: readonly string[],
  more: More = {},
): Line {
  if (firmware === null) return unshown(recommendation, 'the record was sealed before builds were judged', more);
  const found = firmware.findings.filter(({ check }) => checks.includes(check));
  const open = found.filter(({ waived }) => !waived);
  const names = (members: typeof found) => members.map(({ check }) => check).join(', ');
  if (open.length > 0) return asked(recommendation, false, `found in the build: ${names(open)}`, more);
  // Each finding needs a waiver of its own: here all have one.
  const letGo = [...found.map(({ check }) => check), ...(more.waivers ?? [])];
  if (found.length > 0)
    return asked(recommendation, false, `found in the build: ${names(found)}`, { ...more, waivers: letGo });
  if (firmware.sdkconfigSha256 === null)
    return unshown(recommendation, 'the build brought no sdkconfig: nobody can show it', {
      ...more,
      waivers: ['lint-no-sdkconfig', ...(more.waivers ?? [])],
    });
  const digest = `sdkconfig ${firmware.sdkconfigSha256.slice(0, 16)}`;
  if (checks.some((check) => firmware.kept.includes(check)))
    return asked(recommendation, true, `${of === 'device' ? 'built so' : 'the build is so'}: ${digest}`, more);
  return notApplicable(recommendation, `the build has no such option: ${digest}`, more);
}

function line(recommendation: string, verdict: Line['verdict'], evidence: string, { waivers = [], asks }: More): Line {
  return { recommendation, verdict, evidence, waivers, asks: asks ?? null };
}
