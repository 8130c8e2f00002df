/** How a device, or what a recipe makes, stands to one recommendation of the security guide. */
export interface Assurance {
  /** Section of the guide (ESP-IDF Security overview), or the release checklist of ESP-IDF that asks for it. */
  readonly section: string;
  readonly recommendation: string;
  readonly verdict: 'met' | 'not met' | 'waived' | 'not applicable';
  /** What shows it: eFuse values as read before the door, proofs, digests, findings of the build; of a recipe, the key that asks for it. */
  readonly evidence: string;
  /** Who let it go, and why, where it is waived. */
  readonly waiver?: { readonly check: string; readonly reason: string; readonly by: string | null };
}

/** What was known of the firmware when a device was made with it, as its record keeps it. No secret is in a build. */
export interface FirmwareFacts {
  readonly project: string | null;
  readonly version: string | null;
  readonly idfVersion: string | null;
  /** SHA-256 (hex) of the sdkconfig; null where the build brought none. */
  readonly sdkconfigSha256: string | null;
  /** Date of the table of advisories that the build was compared with. */
  readonly advisoriesOf: string;
  /** What the checks of the build found, let go or not. */
  readonly findings: readonly {
    readonly check: string;
    readonly severity: 'error' | 'warning' | 'info';
    readonly waived: boolean;
  }[];
  /** Rules of the guide that the build is known to keep. */
  readonly kept: readonly string[];
  /** How its update images are encrypted on their way, by the recipe; null: the recipe says nothing of updates. */
  readonly updates?: 'none' | 'rsa3072' | 'ecies-p256' | null;
}

/** A check that was let go: by whom, where that is known. */
export interface WaiverRecord {
  readonly check: string;
  readonly reason: string;
  /** Who approved the recipe that states it, or the operator who gave it at the run; null: nobody is known. */
  readonly by?: string | null;
  readonly from?: 'recipe' | 'operator';
}
