import type { ChipProfile } from '../../chip/board.ts';
import type { Assurance, WaiverRecord } from '../../model/assurance.ts';
import type { SealedRecord } from '../../model/record.ts';
import { flashEncryptionChecklist, secureBootChecklist } from './checklist.ts';
import { debugInterfaces, downloadMode } from './doors.ts';
import { flashEncryption } from './flash-encryption.ts';
import { identity } from './identity.ts';
import type { Line, Section } from './line.ts';
import { memoryProtection, sideChannels } from './memory.ts';
import { network, provisioning } from './network.ts';
import { bootProof, policy, releaseBuild } from './policy.ts';
import { Product } from './product.ts';
import { secureBoot } from './secure-boot.ts';
import { secureStorage } from './storage.ts';
import { antiRollback, updates } from './updates.ts';

export type { Assurance };

/** In the order of the Security overview; what ESP-IDF itself asks of release mode follows what it is about. */
const sections: readonly Section[] = [
  secureBoot,
  secureBootChecklist,
  flashEncryption,
  flashEncryptionChecklist,
  identity,
  memoryProtection,
  sideChannels,
  debugInterfaces,
  downloadMode,
  network,
  provisioning,
  updates,
  antiRollback,
  secureStorage,
  policy,
  releaseBuild,
  bootProof,
];

/**
 * Each recommendation of Espressif's guide for production (ESP-IDF Security overview, and the two checklists by which ESP-IDF judges
 * release mode): met, not met, waived by whom and why, or not applicable, with the evidence. From the last read-out of the eFuses, what
 * was burned afterwards, the proofs, and what was known of the build. Pure.
 */
export function assuranceOf(record: SealedRecord, profile: ChipProfile): Assurance[] {
  return assuranceOfProduct(new Product(record, profile, 'device'));
}

/** The same for anything that can be asked like a device. */
export function assuranceOfProduct(product: Product): Assurance[] {
  return sections.flatMap(({ title, lines }) =>
    lines(product).map((line) =>
      judged(title, line, product.of === 'recipe' ? line.asks : null, product.shown.waivers),
    ),
  );
}

/** The evidence in words, with who let it go and why. */
export function evidenceWords({ evidence, waiver }: Assurance): string {
  if (waiver === undefined) return evidence;
  return `${evidence}; waived (${waiver.check})${waiver.by === null ? '' : ` by ${waiver.by}`}: ${waiver.reason}`;
}

/** What somebody has to let go, or to mend. */
function isOpen(verdict: Assurance['verdict']): boolean {
  return verdict === 'not met' || verdict === 'not shown';
}

function judged(
  section: string,
  { recommendation, verdict, evidence, waivers: letsGo }: Line,
  asks: string | null,
  waivers: readonly WaiverRecord[],
): Assurance {
  const told = asks === null ? evidence : `${asks}: ${evidence}`;
  const waiver = isOpen(verdict) ? waivers.find(({ check }) => letsGo.includes(check)) : undefined;
  if (waiver === undefined) return { section, recommendation, verdict, evidence: told };
  const { check, reason, by = null } = waiver;
  return {
    section,
    recommendation,
    verdict: 'waived',
    evidence: told,
    waiver: { check, reason, by },
  };
}
