export interface RecipeRef {
  readonly name: string;
  readonly revision: number;
  /** SHA-256 (hex) over the canonical recipe and the digests of every file it names. */
  readonly hash: string;
}

/** A key of the station's token, or of another one that the station file lists by this label. */
export interface SigningKeyRef extends KeyRef {
  readonly token?: string;
}

/** Exactly one key of the token. Label, id and public key must all fit where they are given (LAW 6). */
export interface KeyRef {
  readonly label: string;
  /** CKA_ID, hex. */
  readonly id?: string;
  /** SHA-256 (hex) of the DER SubjectPublicKeyInfo. */
  readonly publicKeySha256?: string;
}
