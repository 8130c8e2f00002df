import { identityWords } from '../../model/record.ts';
import { asked, built, notApplicable, type Section } from './line.ts';

const asks = 'identity';

/** Whether a key serves the DS peripheral. */
const isOfDs = (role: string) => role === 'hmac-down-ds' || role === 'hmac-down-all';

/** Security overview, Device Identity: the DS peripheral, or on chips that have it the ECDSA peripheral. */
export const identity: Section = {
  title: 'Device identity',
  lines(product) {
    const { shown, profile, table } = product;
    const what = 'A private key that no software can read, and a certificate over it';
    const proof = 'The device proved that it holds the key';
    const driver = 'The firmware uses the key where it lies';
    const ecdsaRefusal = profile.ecdsaRefusal(shown.chip.revision);
    const hasDs = table.purposes.some(({ purpose }) => purpose === 'HMAC_DOWN_DIGITAL_SIGNATURE');
    if (ecdsaRefusal !== null && !hasDs)
      return [what, proof, driver].map((each) =>
        notApplicable(each, `${ecdsaRefusal}, and no DS peripheral`, { asks }),
      );
    const keys = product.keys((role) => role === 'ecdsa-identity' || isOfDs(role));
    const hidden = keys.length > 0 && keys.every((key) => product.hidden(key) && product.locked(key));
    const proofs = Object.values(shown.bootProof).filter((one) => typeof one.signature === 'string');
    const where = keys.map(({ role, blocks }) => `${role} in block ${blocks.join(' and ')}`).join(', ');
    return [
      asked(
        what,
        hidden && shown.identity !== null,
        shown.identity ? `${where}; ${identityWords(shown.identity)}` : where || 'none',
        { asks, waivers: ['no-device-identity'] },
      ),
      keys.length === 0
        ? notApplicable(proof, 'no device key is burned', { asks: 'boot_proof.challenge' })
        : asked(proof, proofs.length > 0, `${proofs.length} signed challenges`, {
            asks: 'boot_proof.challenge',
            waivers: ['boot-proof'],
          }),
      keys.some(({ role }) => role === 'ecdsa-identity')
        ? built(product, driver, ['lint-ecdsa-peripheral'], { asks: 'firmware' })
        : keys.some(({ role }) => isOfDs(role))
          ? built(product, driver, ['lint-rsa-ds-peripheral'], { asks: 'firmware' })
          : notApplicable(driver, 'no device key is burned', { asks: 'firmware' }),
    ];
  },
};
