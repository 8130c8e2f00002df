import { existsSync } from 'node:fs';
import { auditLargeBook } from './auditor.ts';
import { backupBook } from './backup.ts';
import { ledgerFaultOf, noBook } from './faults.ts';
import type { AuditCall, ThreadOptions } from './link.ts';
import { proveFrom } from './prover.ts';
import type { Answer, ThreadBody } from './requests.ts';

async function audited(file: string, call: AuditCall): Promise<unknown> {
  if ('prove' in call) return proveFrom(file, call.prove);
  return 'backup' in call ? backupBook(file, call.backup) : await auditLargeBook(file, call.audit);
}

/** Looks at the whole book in one call, beside those who write and ask. */
export function startAuditor({ file }: Extract<ThreadOptions, { role: 'reader' | 'auditor' }>): ThreadBody {
  if (!existsSync(file)) throw noBook(file);
  const handle: ThreadBody['handle'] = (calls) =>
    Promise.all(
      calls.map(async (call): Promise<Answer<unknown>> => {
        try {
          return { ok: true, value: await audited(file, call as AuditCall) };
        } catch (error) {
          return { ok: false, fault: ledgerFaultOf(error, file).toJSON() };
        }
      }),
    );
  return { handle, close: () => {}, report: null };
}
