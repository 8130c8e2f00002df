// Where in the file wrapped keys lie. Deleting a row with secure_delete=ON zeroes its bytes, but only where the row lies last: when a
// page of the table is split or merged, SQLite moves small rows about and may leave the old bytes in the free part of a page (seen: one
// key of 300). The overflow pages of a long row are never moved, and are zeroed when they are freed. So every wrapped key stands behind
// filling that is longer than any part of a row that SQLite keeps in the table's own pages (at most page size - 35 bytes).

/** Page size of the database file, bytes. */
export const pageSize = 4096;

/** The value that is stored for `data`: filling, then the bytes. */
export function toOverflow(data: Uint8Array): Uint8Array {
  const stored = new Uint8Array(pageSize + data.length);
  stored.set(data, pageSize);
  return stored;
}

/** The bytes of a stored value. */
export function fromOverflow(stored: Uint8Array): Uint8Array {
  return stored.subarray(pageSize);
}
