import { patternOf } from '../../base/pattern.ts';
import type { ChipProfile } from '../../chip/board.ts';
import { planBurn } from '../../efuse/plan.ts';
import { blankSnapshot } from '../../efuse/snapshot.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import { checkFirmware } from '../../image/firmware-check.ts';
import type { Firmware } from '../../image/types.ts';
import { revisionText, romReach } from '../../model/chip.ts';
import { proofMarker } from '../../model/proof.ts';
import type { Add, Finding } from '../finding.ts';
import { lintChecks, lintFirmware } from '../lint/lint.ts';
import { keysOf } from '../making/token-keys.ts';
import type { NamedFiles } from '../named-files.ts';
import { flashEnd } from '../plan/flash-needs.ts';
import { tablesOf } from '../plan/silicon-lines.ts';
import { wantedEfuses } from '../plan/wanted-efuses.ts';
import { offersProof } from '../steps/proof.ts';
import type { Recipe } from '../types.ts';
import { checkBootloader, withoutLacking } from './bootloader.ts';
import { checkCustomMac } from './custom-mac.ts';
import { checkDeviceEncryption, checkFirstBootBurns } from './device-encryption.ts';
import { checkDoorRules } from './doors.ts';
import { checkEfusesByName } from './efuses-by-name.ts';
import { checkHmacDown } from './hmac-down.ts';
import { checkIdentity } from './identity.ts';
import { checkKeyRoom } from './key-room.ts';
import { checkKeySlots } from './key-slots.ts';
import { checkOta } from './ota.ts';
import { checkSecureBoot } from './secure-boot.ts';
import { checkSecureVersion, highestSecureVersion } from './secure-version.ts';
import { checkPseudoRounds } from './side-channels.ts';
import { checkStartUp } from './start-up.ts';
import { checkStorage } from './storage.ts';

/** Checks that a waiver may let go, with what it lets go. The whole list: a waiver of anything else is itself a mistake. */
export const waivableChecks: Readonly<Record<string, string>> = {
  'boot-proof': 'no boot proof is made',
  'preview-chip': 'a production recipe for a chip that ESP-IDF calls a preview target',
  'secure-boot-ecdsa': 'ECDSA Secure Boot on a chip where ESP-IDF calls it insecure',
  'secure-padding': 'an application that is not padded to the MMU page',
  'download-open': 'a production recipe that leaves download mode open',
  'jtag-open': 'a production recipe that leaves JTAG on',
  'direct-boot-open': 'a production recipe that leaves direct boot on',
  'no-secure-boot': 'a production recipe without Secure Boot',
  'no-flash-encryption': 'a production recipe without flash encryption in release mode',
  'unused-digests': 'unused Secure Boot digest slots that are not revoked',
  'anti-rollback-factory': 'anti-rollback with a factory partition',
  'storage-plain': 'secret values or provisioning credentials in an NVS partition in clear',
  'hmac-down-driver': 'a shared HMAC block with a build whose RSA driver may refuse it',
  'no-device-identity': 'a product without a device key of its own',
  'sbom-other-build': 'an SBOM that says it is of another build',
  'sbom-unread': 'devices of which nobody can be asked what components they have',
  ...lintChecks,
};

/**
 * Judges a recipe and its firmware against the chip: what it lacks (with the chip's reason), what collides, what a production recipe
 * must not leave open. Pure. Rehearses the burn plan on a blank chip of every silicon line in the recipe's range, so that a plan that
 * breaks a hardware order is refused long before a board is in (LAW 1).
 */
export function checkRecipe(
  recipe: Recipe,
  firmware: Firmware | null,
  profile: ChipProfile,
  file: string,
  files: NamedFiles,
): Finding[] {
  const findings: Finding[] = [];
  const add = (finding: Partial<Finding> & Pick<Finding, 'check' | 'what' | 'remedy'>) =>
    findings.push({
      severity: 'error',
      waivable: finding.check in waivableChecks,
      file,
      line: null,
      column: null,
      path: null,
      waived: null,
      ...finding,
    });
  const tables = tablesOf(recipe, profile);
  if (tables.length === 0) {
    add({
      check: 'silicon-range',
      path: 'silicon',
      what: `No silicon of the ${profile.title} that this station knows lies between ${revisionText(recipe.silicon.min)} and ${revisionText(recipe.silicon.max)}.`,
      remedy: `Known lines: ${profile.efuseTables.map((table) => `${revisionText(table.revisions.min)} to ${revisionText(table.revisions.max)}`).join(', ')}.`,
    });
  }
  if (tables.length > 1) {
    add({
      check: 'silicon-lines',
      path: 'silicon',
      what: `The range ${revisionText(recipe.silicon.min)} to ${revisionText(recipe.silicon.max)} spans ${tables.length} silicon lines of the ${profile.title} whose eFuses differ.`,
      remedy: 'Write one recipe a silicon line.',
    });
  }
  checkPreview(recipe, profile, add);
  checkCapabilities(recipe, profile, add);
  checkKeyRoom(recipe, profile, add);
  checkDoors(recipe, add);
  checkDoorRules(recipe, profile, tables[0], add);
  checkDeviceEncryption(recipe, firmware, profile, add);
  checkPseudoRounds(recipe, firmware, tables, add);
  checkProof(recipe, firmware, add);
  checkKeyUses(recipe, add);
  if (recipe.purpose === 'production' && recipe.identity === null)
    add({
      severity: 'info',
      check: 'no-device-identity',
      section: 'Device Identity',
      path: 'identity',
      what: 'The recipe gives the device no key of its own: a server cannot know it from a copy.',
      remedy: 'Add identity, or waive no-device-identity with the reason.',
    });
  checkWaivers(recipe, add);
  checkSecureBoot(recipe, firmware, files, add);
  checkSecureVersion(recipe, firmware, tables, add);
  checkBootloader(recipe, firmware, tables, profile.title, add);
  checkCustomMac(recipe, firmware, files, add);
  checkHmacDown(recipe, firmware, tables, profile.title, add);
  checkOta(recipe, firmware, profile, files, add);
  checkIdentity(recipe, firmware, profile, files, add);
  checkStorage({ recipe, firmware, profile, file, files, add });
  for (const table of tables) {
    checkEfusesByName(recipe, profile, table, add);
    checkKeySlots(recipe, profile, table, add);
    checkBurns(recipe, profile, table, add);
    checkFirstBootBurns(recipe, firmware, profile, table, add);
  }
  if (firmware !== null) {
    checkRomReach(recipe, firmware, add);
    for (const table of tables) checkStartUp(recipe, firmware, profile, table, add);
    checkBuild(recipe, firmware, profile, add);
    findings.push(...lintFirmware(recipe, firmware));
  }
  return findings;
}

function checkPreview({ purpose }: Recipe, { title, preview }: ChipProfile, add: Add): void {
  if (preview === null) return;
  add({
    severity: purpose === 'production' ? 'error' : 'warning',
    check: 'preview-chip',
    path: 'chip',
    what: `The ${title} is a preview target of ${preview}: what this station knows of its eFuses and ROM is from source, never from a board.`,
    remedy: 'Make a few boards by hand first and look at each; for a product waive preview-chip with the reason.',
  });
}

function checkCapabilities(recipe: Recipe, profile: ChipProfile, add: Add): void {
  const boot = recipe.secureBoot;
  const noBoot = profile.refusals['secure-boot'];
  if (boot && noBoot !== undefined) {
    add({
      check: 'secure-boot-refused',
      path: 'secure_boot',
      what: `The ${profile.title} cannot be given Secure Boot: ${noBoot}.`,
      remedy: 'Leave secure_boot out, or take another chip.',
    });
  } else if (boot && !profile.secureBootSchemes.includes(boot.scheme)) {
    add({
      check: 'secure-boot-scheme',
      path: 'secure_boot.scheme',
      what: `The ${profile.title} has no Secure Boot V2 with ${boot.scheme}.`,
      remedy: `Use ${profile.secureBootSchemes.join(' or ')}.`,
    });
  } else if (boot && boot.scheme !== 'rsa3072' && profile.ecdsaSecureBootInsecure) {
    add({
      check: 'secure-boot-ecdsa',
      path: 'secure_boot.scheme',
      what: `ESP-IDF calls ECDSA Secure Boot on the ${profile.title} insecure: its verification does not work for certain inputs.`,
      remedy: `${profile.secureBootSchemes.includes('rsa3072') ? 'Use rsa3072, or waive' : 'The chip has no other: waive'} secure-boot-ecdsa with the reason.`,
    });
  }
  if (
    boot?.scheme === 'ecdsa-p384' &&
    profile.p384MinRevision !== null &&
    recipe.silicon.min < profile.p384MinRevision
  ) {
    add({
      check: 'secure-boot-scheme',
      path: 'secure_boot.scheme',
      what: `Secure Boot with P-384 on the ${profile.title} needs silicon ${revisionText(profile.p384MinRevision)} or later.`,
      remedy: `Raise silicon.min to ${revisionText(profile.p384MinRevision)}, or use rsa3072.`,
    });
  }
  if (boot && recipe.silicon.min < profile.secureBootMinRevision) {
    add({
      check: 'secure-boot-silicon',
      path: 'silicon.min',
      what: `Secure Boot V2 on the ${profile.title} needs silicon ${revisionText(profile.secureBootMinRevision)} or later: older ROMs know only the first Secure Boot, which this station does not make.`,
      remedy: `Raise silicon.min to ${revisionText(profile.secureBootMinRevision)}.`,
    });
  }
  const encryption = recipe.flashEncryption;
  if (encryption && !profile.flashEncryption.includes(encryption.key)) {
    add({
      check: 'flash-encryption-key',
      path: 'flash_encryption.key',
      what: `The ${profile.title} cannot encrypt its flash with ${encryption.key} from eFuse.`,
      remedy: `Use ${profile.flashEncryption.join(' or ')}.`,
    });
  }
  // a key that only storage asks for is refused there
  if (recipe.hmacUp && !profile.hmac && !recipe.storage?.some(({ encryption }) => encryption === 'hmac')) {
    add({
      check: 'hmac',
      path: 'hmac_up',
      what: `The ${profile.title} has no HMAC peripheral.`,
      remedy: 'Set hmac_up to false.',
    });
  }
}

function checkDoors(recipe: Recipe, add: Add): void {
  if (recipe.purpose !== 'production') return;
  const open: [boolean, string, string, string, string][] = [
    [
      recipe.secureBoot === null,
      'no-secure-boot',
      'secure_boot',
      'without Secure Boot any firmware runs',
      'Add secure_boot',
    ],
    [
      recipe.flashEncryption?.mode !== 'release',
      'no-flash-encryption',
      'flash_encryption',
      'flash encryption is not in release mode, so flash can be read or switched back to plain',
      'Set flash_encryption.mode to release',
    ],
    [
      recipe.doors.downloadMode === 'open',
      'download-open',
      'doors.download_mode',
      'download mode stays open',
      'Set it to disabled or secure',
    ],
    [recipe.doors.jtag === 'leave', 'jtag-open', 'doors.jtag', 'JTAG stays on', 'Set it to off or soft'],
    [
      recipe.doors.directBoot !== 'off',
      'direct-boot-open',
      'doors.direct_boot',
      'direct boot stays on',
      'Set it to off',
    ],
    [
      recipe.secureBoot !== null && !recipe.secureBoot.revokeUnused && recipe.secureBoot.keys.length < 3,
      'unused-digests',
      'secure_boot.revoke_unused',
      'an empty digest slot that is not revoked can take an attacker’s key',
      'Set revoke_unused to true',
    ],
  ];
  for (const [isOpen, check, path, what, remedy] of open) {
    if (isOpen) {
      add({
        check,
        path,
        what: `In a production recipe ${what}.`,
        remedy: `${remedy}, or waive ${check} with the reason.`,
      });
    }
  }
}

function checkProof(recipe: Recipe, firmware: Firmware | null, add: Add): void {
  const proof = recipe.bootProof;
  if (proof.when === 'none') {
    add({
      check: 'boot-proof',
      path: 'boot_proof.when',
      what: 'No boot proof is asked for: nobody sees whether the sealed device starts.',
      remedy: 'Set boot_proof.when, or waive boot-proof with the reason.',
    });
  }
  if (proof.challenge === 'required' && firmware !== null && recipe.identity !== null && !offersProof(firmware.parts)) {
    add({
      check: 'boot-proof-challenge',
      path: 'boot_proof.challenge',
      what: `The recipe requires an answer to a challenge, but no application of this firmware holds the words ${proofMarker}.`,
      remedy:
        'Build the proof into the firmware (docs/engineers.md#firmware-that-proves-itself), or set boot_proof.challenge to if-offered.',
    });
  }
  if (proof.challenge === 'required' && recipe.identity === null) {
    add({
      check: 'boot-proof-challenge',
      path: 'boot_proof.challenge',
      what: 'A challenge is asked for, but the recipe burns no device key that could answer it.',
      remedy: 'Add identity, or set boot_proof.challenge to if-offered.',
    });
  }
  for (const [at, wanted] of proof.expect.entries()) {
    // A pattern without signs of its own is a line that it fits.
    const line = /[\\^$.*+?()[\]{}|]/.test(wanted) ? null : wanted;
    const against = proof.reject.find((one) => one === wanted || (line !== null && patternOf(one).test(line)));
    if (against === undefined) continue;
    add({
      check: 'boot-proof-contradicts',
      path: `boot_proof.expect.${at}`,
      what: `The line ${JSON.stringify(wanted)} is expected, and boot_proof.reject fails every board that prints it (${JSON.stringify(against)}).`,
      remedy: 'Leave one of the two out.',
    });
  }
  if (proof.when !== 'none' && proof.expect.length === 0) {
    add({
      check: 'boot-proof-expect',
      path: 'boot_proof.expect',
      what: 'A boot proof without an expected line proves nothing.',
      remedy: 'Name at least one line of the application’s console.',
    });
  }
}

/** A label of the station's token that stands for keys of two kinds, or for two uses that must not share one. */
function checkKeyUses(recipe: Recipe, add: Add): void {
  const named = new Map<string, { use: string; algorithm: string }>();
  for (const { ref, use, algorithm } of keysOf(recipe)) {
    if (ref.id !== undefined || ref.publicKeySha256 !== undefined) continue;
    const before = named.get(ref.label);
    if (before !== undefined && (before.use !== use || before.algorithm !== algorithm))
      add({
        check: 'key-label-twice',
        path: 'wrapping_key',
        what: `The label ${JSON.stringify(ref.label)} stands for a key of ${before.use} (${before.algorithm}) and for one of ${use} (${algorithm}).`,
        remedy: 'Give each key a label of its own.',
      });
    else named.set(ref.label, { use, algorithm });
  }
}

function checkWaivers(recipe: Recipe, add: Add): void {
  for (const [at, waiver] of recipe.waivers.entries()) {
    if (waiver.check in waivableChecks) continue;
    add({
      check: 'unknown-waiver',
      path: `waivers.${at}.check`,
      what: `There is no check ${JSON.stringify(waiver.check)} that could be waived.`,
      remedy: `Checks that can be waived: ${Object.keys(waivableChecks)
        .filter((check) => !(check in lintChecks))
        .join(', ')}, and those of the firmware's build that recipe check names (lint-...).`,
    });
  }
}

/** Where in a recipe the wish stands that the planner refuses; refusals of the whole have no place. */
const wishedAt: Readonly<Record<string, string>> = {
  'efuse.no-such-slot': 'slots',
  'efuse.forbidden-slot': 'slots',
  'efuse.unknown-field': 'efuses',
  'efuse.not-by-name': 'efuses',
  'efuse.key-manager': 'efuses',
  'efuse.board-property': 'efuses',
  'efuse.unshown': 'efuses',
  'efuse.value-too-wide': 'efuses',
  'efuse.wish-twice': 'efuses',
  'efuse.door-too-early': 'efuses',
  'efuse.jtag-both': 'doors.jtag',
  'efuse.jtag-key-unused': 'doors.jtag',
};

/** Rehearses the burn plan on a blank chip of this line. */
function checkBurns(recipe: Recipe, profile: ChipProfile, table: EfuseTable, add: Add): void {
  const revision = Math.max(recipe.silicon.min, table.revisions.min);
  const digests = (recipe.secureBoot?.keys ?? []).map((_, index) => String(index + 1).repeat(64));
  // a floor that does not fit is told where it is checked, not once more by the planner
  const secureVersion = Math.min(recipe.secureVersion, highestSecureVersion(table));
  const wanted = wantedEfuses({ ...withoutLacking(recipe, table), secureVersion }, profile, table, revision, digests);
  for (const refusal of planBurn(blankSnapshot(table), wanted, { slots: [] }).refusals) {
    const path = wishedAt[refusal.code] ?? null;
    add({ check: refusal.code, path, what: `${refusal.what} (${table.name})`, remedy: refusal.next });
  }
}

function checkRomReach(recipe: Recipe, firmware: Firmware, add: Add): void {
  if (recipe.flash.stub !== 'never' || flashEnd(recipe, firmware) <= romReach) return;
  add({
    check: 'flash-beyond-rom',
    path: 'flash.stub',
    what: 'What is to be written reaches beyond 16 MB, and without the stub the loader in ROM would write there at the beginning of flash: it sends three bytes of address.',
    remedy: 'Set flash.stub to auto.',
  });
}

function checkBuild(recipe: Recipe, firmware: Firmware, profile: ChipProfile, add: Add): void {
  const problems = checkFirmware(firmware, {
    kind: profile.kind,
    chipId: profile.chipId,
    bootloaderOffset: profile.bootloaderOffset,
    revision: recipe.silicon,
    flashSize: recipe.flash.size,
    secureBoot: recipe.secureBoot !== null,
  });
  for (const problem of problems) {
    const part = firmware.parts.find((candidate) => candidate.name === problem.part);
    add({
      severity: problem.severity,
      check: problem.code,
      file: part?.file ?? null,
      path: 'firmware',
      what: problem.what,
      remedy: problem.remedy,
    });
  }
}
