import { utf8 } from '../../../base/bytes.ts';
import { SecretBytes } from '../../../base/secret.ts';
import type { SecretWay } from '../../../contract/contract.ts';
import type { EscrowView } from '../../../contract/views.ts';
import type { EscrowedSecret } from '../../../model/event.ts';
import { RecipeFault } from '../../../model/fault.ts';
import { told } from '../../../words/told.ts';
import type { DeskAnswers, DeskRoom } from '../room.ts';
import { asTyped, macOf, releaseEscrow } from './escrow.ts';

type Answers = Pick<DeskAnswers, 'escrow.list' | 'escrow.release'>;

/** Of either list. */
const mostListed = 200;

/** What the desk says of secrets in escrow, and how they come out of it: past the page, which is never told one. */
export function escrowAnswers(
  room: Pick<DeskRoom, 'operators' | 'labels' | 'showSecret'> & {
    readonly station: { readonly parts: Pick<DeskRoom['station']['parts'], 'ledger' | 'signer'> };
  },
): Answers {
  const { operators, labels, showSecret } = room;
  const { ledger, signer } = room.station.parts;

  /** Where it will come out, readied before anybody is asked. */
  const wayOut = async (
    way: SecretWay,
    mac: string,
    what: EscrowedSecret,
  ): Promise<(secret: SecretBytes) => unknown> => {
    if (way === 'label') return labels.released(mac, what);
    if (showSecret === undefined) throw noBox(mac, what);
    return (secret) => {
      using typed = asTyped(secret, what);
      showSecret({ mac, what, typed });
    };
  };

  return {
    async 'escrow.list'({ device }): Promise<EscrowView> {
      const mac = device === null ? null : await macOf(ledger, device.trim());
      const kept = await ledger.escrows({ ...(mac === null ? {} : { mac }), limit: mostListed + 1 });
      const released = (await ledger.escrowReleases()).filter((one) => mac === null || one.mac === mac).reverse();
      return {
        kept: kept
          .slice(0, mostListed)
          .map(({ mac, serial, what, at, fingerprint }) => ({ mac, serial, what, at, fingerprint })),
        released: released
          .slice(0, mostListed)
          .map(({ mac, what, at, custodians, reason }) => ({ mac, what, at, custodians, reason })),
        more: kept.length > mostListed || released.length > mostListed,
        ways: [
          ...(showSecret === undefined ? [] : ['box' as const]),
          ...(labels.printsSecrets ? ['label' as const] : []),
        ],
      };
    },
    async 'escrow.release'({ device, what, way, reason, pin, second }, by) {
      const mac = await macOf(ledger, device.trim());
      const comesOut = await wayOut(way, mac, what);
      const custodians = [
        { id: by, pin: SecretBytes.adopt(utf8(pin)) },
        { id: second.id, pin: SecretBytes.adopt(utf8(second.pin)) },
      ];
      try {
        const request = { device: mac, what, custodians, reason, face: 'desk' };
        const { secret } = await releaseEscrow({ ledger, signer, people: operators }, request);
        try {
          await comesOut(secret);
        } finally {
          secret.destroy();
        }
      } finally {
        for (const { pin: bytes } of custodians) bytes.destroy();
      }
      return told(answers[what][way], { device: mac });
    },
  };
}

const answers = {
  'jtag-token': { box: 'tokenShown', label: 'tokenPrinted' },
  'proof-of-possession': { box: 'proofShown', label: 'proofPrinted' },
} as const;

function noBox(mac: string, what: EscrowedSecret): RecipeFault {
  return new RecipeFault({
    code: 'escrow.no-box',
    what: 'This desk is a page in a browser, and a secret never goes through a page.',
    next: `Print it on a label, or type at the terminal: audit escrow release ${mac} --what ${what} --custodian A --custodian B --reason "..."`,
    safety: 'sealed',
  });
}
