import { finishedWords } from '../../model/record.ts';
import { advisories, chipAdvisories } from '../lint/advisories.ts';
import { checkOf } from '../lint/versions.ts';
import { asked, built, type Line, notApplicable, type Section } from './line.ts';
import type { Product } from './product.ts';

const asks = 'firmware';

/** Advisories that say why ECDSA Secure Boot is doubtful: whoever let that go has let them go. */
const ecdsaSecureBoot = chipAdvisories
  .filter(({ concerns }) => concerns === 'ecdsa-secure-boot')
  .map(({ id }) => checkOf(id));

/** Security overview, Security Policy: advisories and updates. */
export const policy: Section = {
  title: 'Policy, advisories, updates',
  lines(product) {
    return [
      supported(product),
      noAdvisory(product, 'No published advisory concerns the firmware', advisories, []),
      noAdvisory(product, 'No published advisory concerns the chip', chipAdvisories, ['secure-boot-ecdsa']),
    ];
  },
};

function supported({ firmware }: Product): Line {
  const what = 'Built with a release of ESP-IDF that gets security fixes';
  const checks = ['lint-idf-end-of-life', 'lint-idf-prerelease', 'lint-idf-version-unknown'];
  if (firmware === null) return asked(what, false, 'the record was sealed before builds were judged', { asks });
  if (firmware.idfVersion === null) return notApplicable(what, 'the application names no version of ESP-IDF', { asks });
  const found = firmware.findings.filter(({ check }) => checks.includes(check));
  return asked(what, found.length === 0, `ESP-IDF ${firmware.idfVersion}, as of ${firmware.advisoriesOf}`, {
    asks,
    waivers: checks,
  });
}

/** Each advisory that was found has to be let go: by a waiver of its own, or by one of what it is about. */
function noAdvisory(
  { firmware }: Product,
  what: string,
  table: readonly { readonly id: string }[],
  about: string[],
): Line {
  if (firmware === null) return asked(what, false, 'the record was sealed before builds were judged', { asks });
  const checks = table.map(({ id }) => checkOf(id));
  const found = firmware.findings.filter(({ check }) => checks.includes(check));
  // A waiver of one advisory says nothing of another.
  const open = found.filter(({ check, waived }) => !waived && !ecdsaSecureBoot.includes(check));
  const told = (open.length > 0 ? open : found).map(({ check }) => check.slice('lint-'.length).toUpperCase());
  return asked(what, found.length === 0, [...told, `table of ${firmware.advisoriesOf}`].join(', '), {
    asks,
    waivers: open.length > 0 ? [] : [...found.map(({ check }) => check), ...about],
  });
}

/** Security overview, Goals: what a release build leaves out. */
export const releaseBuild: Section = {
  title: 'Release build',
  lines(product) {
    return [
      built(product, 'The log gives no internals away', ['lint-log-debug', 'lint-bootloader-log'], { asks }),
      built(product, 'Failed assertions tell no source', ['lint-assertions'], { asks }),
      built(product, 'No factory test code can be started', ['lint-bootloader-pins'], { asks }),
      built(product, 'A start that hangs ends', ['lint-bootloader-watchdog'], { asks }),
    ];
  },
};

/** Not the guide’s, but what an auditor asks first: was the finished device seen to work? */
export const bootProof: Section = {
  title: 'Boot proof',
  lines({ shown }) {
    const proofs = Object.keys(shown.bootProof);
    const booted = proofs.includes('afterDoor') || proofs.includes('beforeDoor');
    const { finishedLater: later } = shown;
    return [
      // Only a device that was shut and not sealed in one go has this question.
      ...(later === undefined
        ? []
        : [
            asked(
              'The finished device is known to be the one of this record',
              later.identifiedBy !== 'operator',
              finishedWords(later),
            ),
          ]),
      asked('The finished device was seen to start', booted, proofs.join(', ') || 'none', {
        waivers: ['boot-proof'],
        asks: 'boot_proof',
      }),
    ];
  },
};
