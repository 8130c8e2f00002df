import { existsSync } from 'node:fs';
import { auditBook } from './auditor.ts';
import { backupBook } from './backup.ts';
import { ledgerFaultOf, noBook } from './faults.ts';
import type { AuditCall, ThreadOptions } from './link.ts';
import { proveFrom } from './prover.ts';
import type { ThreadBody } from './requests.ts';

function audited(file: string, call: AuditCall): unknown {
  if ('prove' in call) return proveFrom(file, call.prove);
  return 'backup' in call ? backupBook(file, call.backup) : auditBook(file, call.audit, true);
}

/** Looks at the whole book in one call, beside those who write and ask. */
export function startAuditor({ file }: Extract<ThreadOptions, { role: 'reader' | 'auditor' }>): ThreadBody {
  if (!existsSync(file)) throw noBook(file);
  const handle: ThreadBody['handle'] = (calls) =>
    calls.map((call) => {
      try {
        return { ok: true, value: audited(file, call as AuditCall) };
      } catch (error) {
        return { ok: false, fault: ledgerFaultOf(error, file).toJSON() };
      }
    });
  return { handle, close: () => {}, report: null };
}
