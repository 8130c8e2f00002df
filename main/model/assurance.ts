export type { FirmwareFacts, WaiverRecord } from './evidence/product.ts';

/** How a device, or what a recipe makes, stands to one recommendation of the security guide. */
export interface Assurance {
  /** Section of the guide (ESP-IDF Security overview), or the release checklist of ESP-IDF that asks for it. */
  readonly section: string;
  readonly recommendation: string;
  /** 'not shown': nothing is known to be wrong, and nobody can show that it is right: the build brought no sdkconfig. */
  readonly verdict: 'met' | 'not met' | 'not shown' | 'waived' | 'not applicable';
  /** What shows it: eFuse values as read before the door, proofs, digests, findings of the build; of a recipe, the key that asks for it. */
  readonly evidence: string;
  /** Who let it go, and why, where it is waived. */
  readonly waiver?: { readonly check: string; readonly reason: string; readonly by: string | null };
}
