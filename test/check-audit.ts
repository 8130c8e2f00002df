// Whether advisories are known of packages that the program is made of, by the lock file. Where the registry cannot be asked that is said,
// and nothing fails: a check must not depend on a network.
import { npmWords } from './npm.ts';

const patienceMs = 30_000;

interface Audit {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly via: readonly unknown[] }>>;
}

const { out } = await npmWords(['audit', '--package-lock-only', '--omit', 'dev', '--json'], patienceMs);
const found = parsed(out)?.vulnerabilities;
if (found === undefined) console.log('note: the registry did not answer, so no advisories were looked up');
else {
  const grave = Object.entries(found).filter(([, { severity }]) => ['high', 'critical'].includes(severity));
  for (const [name, { severity }] of grave)
    console.log(`${name}: an advisory of severity ${severity} (npm audit tells more)`);
  process.exitCode = grave.length > 0 ? 1 : 0;
}

function parsed(text: string): Audit | null {
  try {
    return JSON.parse(text) as Audit;
  } catch {
    return null;
  }
}
