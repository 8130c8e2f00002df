import { asked, built, notApplicable, type Section } from './line.ts';

const firmware = { asks: 'firmware' };

/** Security overview, Network Security: Wi-Fi and TLS. */
export const network: Section = {
  title: 'Network security',
  lines(product) {
    return [
      built(product, 'Wi-Fi offers WPA3', ['lint-wpa3'], firmware),
      built(product, 'TLS verifies who the server is', ['lint-tls-insecure', 'lint-tls-weak-verification'], firmware),
    ];
  },
};

/** Security overview, Secure Provisioning and Secure Device Control. */
export const provisioning: Section = {
  title: 'Secure provisioning and control',
  lines(product) {
    const own = 'Each device has provisioning credentials of its own (Security 2)';
    const { provisioning: credentials } = product.shown;
    const asks = 'provisioning';
    return [
      credentials
        ? asked(
            own,
            true,
            `${credentials.scheme}, user name ${credentials.username}, over ${credentials.transport}${product.isInEscrow('proof-of-possession') ? ', proof of possession in escrow' : ''}`,
            {
              asks,
            },
          )
        : notApplicable(own, 'the recipe asks for none', { asks }),
      built(
        product,
        'Provisioning and control offer nothing weaker than Security 2',
        ['lint-protocomm-0', 'lint-protocomm-1', 'lint-prov-dev-mode'],
        firmware,
      ),
    ];
  },
};
