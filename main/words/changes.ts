import type { Messages } from './messages.ts';

type Words = Messages['changes'];

/** What one recipe asks for that another does not, as data: each language says it by its own words. */
export interface Change {
  readonly kind: keyof Words['kinds'];
  /** What it is about; null: the path in the recipe says it. */
  readonly name: keyof Words['names'] | null;
  /** Values as the recipes have them. */
  readonly before: string;
  readonly after: string;
}

export function changeIn({ changes }: Pick<Messages, 'changes'>, { kind, name, before, after }: Change): string {
  return changes.kinds[kind]({ what: name === null ? '' : changes.names[name], before, after });
}
