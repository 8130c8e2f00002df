import type { DeedView } from '../../../contract/views.ts';
import type { Deed, StationAct } from '../../../ledger/ledger.ts';
import { fingerprintWords } from '../access/fingerprint.ts';

/** A row about people in words: who, what, of whom or what. */
export function deedView(deed: Deed): DeedView {
  const { row, at } = deed;
  switch (deed.kind) {
    case 'session': {
      const { what, face, operator, detail } = deed.body;
      return {
        row,
        at,
        by: operator === null ? [] : [operator],
        what: sessionWords[what],
        about: face,
        detail: detail ?? '',
      };
    }
    case 'recipe-state': {
      const { recipe, state, by, reason, rehearsal } = deed.body;
      const words = rehearsal?.passed === false ? 'rehearsed in vain' : stateWords[state];
      return {
        ...{ row, at, by: [by], what: `recipe ${words}`, about: `${recipe.name} r${recipe.revision}` },
        detail: [fingerprintWords(recipe.hash), reason ?? ''].filter((part) => part !== '').join(': '),
      };
    }
    case 'escrow-released': {
      const { custodians, what, mac, reason } = deed.body;
      return { row, at, by: custodians, what: `${what} given out`, about: mac, detail: reason };
    }
    default: {
      const { what, by, about, detail } = deed.body;
      return { row, at, by, what: actWords[what], about: about ?? '', detail: detailWords(detail) };
    }
  }
}

const sessionWords = {
  login: 'signed in',
  logout: 'signed out',
  'login-refused': 'sign-in refused',
  'call-refused': 'refused',
} as const;

const stateWords = { draft: 'saved', rehearsed: 'rehearsed', approved: 'approved', retired: 'retired' } as const;

const actWords: Readonly<Record<StationAct['what'], string>> = {
  'person-saved': 'person saved',
  'person-removed': 'person removed',
  'credential-made': 'credential file made',
  'printer-set': 'printer set',
  'fixtures-set': 'fixtures set',
  'keys-made': 'keys made',
  'token-known': 'token taken as known',
  'key-making': 'key is to be made',
  'key-known': 'key known',
  'key-undone': 'half a key removed',
  'clock-set': 'clock taken for right',
  'token-switched': 'token switched',
  signed: 'signed',
  'key-used': 'wrapping key used',
  'ledger-restored': 'backup put in place of the ledger',
  'recipe-removed': 'recipe taken off the shelf',
  'order-taken': 'signed order taken',
  exported: 'exported',
  'development-work': 'work in development mode',
  'anonymous-tries': 'tries of nobody in particular',
  'seats-forgotten': 'browsers turned out',
};

function detailWords(detail: StationAct['detail']): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== false)
    .map(([name, value]) =>
      value === true ? name : `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`,
    )
    .join('; ');
}
