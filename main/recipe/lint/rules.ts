import { downloadModeRules, flashEncryptionRules, secureBootRules } from './rules/boot.ts';
import type { LintContext, LintRule, RuleGroup } from './rules/row.ts';
import {
  debugRules,
  identityRules,
  memoryRules,
  provisioningRules,
  sideChannelRules,
  tlsRules,
  wifiRules,
} from './rules/running.ts';
import { antiRollbackRules, startRules, storageRules, updateRules } from './rules/start.ts';

export type { LintContext, LintRule };

/** FACTS 14.3; the reasons are those of the Security overview of ESP-IDF and of the options' own help. */
const groups: readonly RuleGroup[] = [
  secureBootRules,
  flashEncryptionRules,
  downloadModeRules,
  storageRules,
  updateRules,
  antiRollbackRules,
  startRules,
  memoryRules,
  debugRules,
  sideChannelRules,
  identityRules,
  tlsRules,
  wifiRules,
  provisioningRules,
];

export const lintRules: readonly LintRule[] = groups.flatMap(({ section, rows }) =>
  rows.map(([check, options, want, severity, reason, remedy = '', more = {}]) => ({
    check,
    section,
    options,
    want,
    severity,
    reason,
    remedy,
    ...more,
  })),
);
