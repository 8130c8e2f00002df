import { isDay } from '../base/day.ts';
import { RecipeFault } from '../model/fault.ts';

const date = /^(\d{4}-\d{2}-\d{2})$/;
const time = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A query whose `from` and `to` are days or times that there are: a day as it is, a time in UTC with milliseconds (without a zone it is
 * taken for UTC). RecipeFault `ledger.date` for anything else, and for a span that ends before it begins.
 */
export function withDates<Query extends { readonly from?: string; readonly to?: string }>(query: Query): Query {
  const from = query.from === undefined ? undefined : boundOf(query.from);
  const to = query.to === undefined ? undefined : boundOf(query.to);
  // a day compares with a time of it as its beginning
  if (from !== undefined && to !== undefined && from > (date.test(to) ? `${to}Z` : to))
    throw refused(`The span ends (${query.to}) before it begins (${query.from}): nothing can lie in it.`);
  return { ...query, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function boundOf(text: string): string {
  const day = date.exec(text)?.[1] ?? time.exec(text)?.[1];
  if (day === undefined || !isDay(day)) throw refused(`${JSON.stringify(text)} is no date.`);
  if (date.test(text)) return text;
  const at = Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(at)) throw refused(`${JSON.stringify(text)} is no time.`);
  return new Date(at).toISOString();
}

function refused(what: string): RecipeFault {
  return new RecipeFault({
    code: 'ledger.date',
    what,
    next: 'Write days as 2026-11-30, times as 2026-11-30T14:00:00Z.',
  });
}
