import type { DeedView } from '../../../contract/views.ts';
import type { Deed, StationAct } from '../../../ledger/ledger.ts';
import { english } from '../../../words/told.ts';
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
        what: english.deeds[what],
        about: face,
        detail: detail ?? '',
      };
    }
    case 'recipe-state': {
      const { recipe, state, by, reason, rehearsal } = deed.body;
      const done = rehearsal?.passed === false ? 'in-vain' : state;
      return {
        ...{ row, at, by: [by], what: english.deeds[`recipe-${done}`], about: `${recipe.name} r${recipe.revision}` },
        detail: [fingerprintWords(recipe.hash), reason ?? ''].filter((part) => part !== '').join(': '),
      };
    }
    case 'escrow-released': {
      const { custodians, what, mac, reason } = deed.body;
      return { row, at, by: custodians, what: `${what} given out`, about: mac, detail: reason };
    }
    default: {
      const { what, by, about, detail } = deed.body;
      return { row, at, by, what: english.deeds[what], about: about ?? '', detail: detailWords(detail) };
    }
  }
}

function detailWords(detail: StationAct['detail']): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== false)
    .map(([name, value]) =>
      value === true ? name : `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`,
    )
    .join('; ');
}
