import { asked, built, notApplicable, type Section } from './line.ts';

const firmware = { asks: 'firmware' };

/** Security overview, Memory Protection; and what the compiler adds to it. */
export const memoryProtection: Section = {
  title: 'Memory protection',
  lines(product) {
    const what = 'Memory that can be written does not run';
    const lock = 'Memory protection cannot be switched off';
    const none = 'the chip has no memory protection';
    const has = product.profile.memoryProtection;
    return [
      has
        ? built(product, what, ['lint-memory-protection', 'lint-memory-protection-lp'], firmware)
        : notApplicable(what, none, firmware),
      has ? built(product, lock, ['lint-memory-protection-lock'], firmware) : notApplicable(lock, none, firmware),
      built(product, 'The bootloader does not run data', ['lint-bootloader-protection'], firmware),
      built(product, 'Buffer and stack overflows end the program', ['lint-stack-check', 'lint-stack-guard'], firmware),
    ];
  },
};

/** Security overview, DPA Protection; FACTS 3.6 and 14.3 for the bits and options of a chip. */
export const sideChannels: Section = {
  title: 'Side-channel options',
  lines(product) {
    const pseudo = 'Flash is decrypted with pseudo rounds';
    const clock = 'Keys in use are hidden from power analysis';
    const time = 'Point multiplication takes the same time for every secret';
    const rounds = 'XTS_DPA_PSEUDO_LEVEL';
    const constant = 'ECC_FORCE_CONST_TIME';
    const clockFields = ['SEC_DPA_LEVEL', 'CRYPT_DPA_ENABLE', 'XTS_DPA_CLK_ENABLE'];
    const burned = product.those('CRYPT_DPA_ENABLE', 'XTS_DPA_CLK_ENABLE').some((field) => product.value(field) === 1);
    const dpa = built(product, clock, ['lint-dpa', 'lint-aes-pseudo-rounds'], { asks: 'firmware' });
    const ecc = built(product, time, ['lint-ecc-constant-time'], { asks: 'firmware' });
    return [
      product.has(rounds)
        ? asked(pseudo, product.value(rounds) >= 1, product.show([rounds]), {
            waivers: ['no-flash-encryption'],
            asks: 'flash_encryption',
          })
        : notApplicable(pseudo, 'the chip has no pseudo rounds', { asks: 'flash_encryption' }),
      product.those(...clockFields).length === 0
        ? notApplicable(clock, 'the chip has no such protection', { asks: 'efuses' })
        : burned
          ? asked(clock, true, product.show(clockFields), { asks: 'efuses' })
          : dpa,
      product.value(constant) === 1
        ? asked(time, true, product.show([constant]), { asks: 'efuses' })
        : product.has(constant) || ecc.verdict === 'met'
          ? ecc
          : notApplicable(time, `the chip has no ${constant}`, { asks: 'efuses' }),
    ];
  },
};
