import { stationGroup, witnessGroup } from './groups.ts';

/**
 * Heads of stations that other stations cosigned (docs/witnesses.md). The plant carries them and is not believed: a witness holds each head to
 * its signature and to the rows, a station each answer to the key of its witness. A witness reads hashes and heads of the others, and no
 * other body.
 */
export const witnessing = `
CREATE TABLE plant.cosignatures (
  station  text   NOT NULL REFERENCES plant.stations,
  size     bigint NOT NULL,
  witness  text   NOT NULL REFERENCES plant.stations,  -- the station that gave it
  note     text   NOT NULL CHECK (length(note) BETWEEN 1 AND 10000),
  given_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (station, witness, size),
  CHECK (station <> witness)
);

CREATE FUNCTION plant.others() RETURNS TABLE (name text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT s.name FROM plant.stations AS s WHERE s.name <> plant.me() ORDER BY s.name
$$;
CREATE FUNCTION plant.newest_head(of text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT plant.readable(body) ->> 'note' FROM plant.rows WHERE station = $1 AND kind = 'checkpoint' ORDER BY "row" DESC LIMIT 1
$$;
CREATE FUNCTION plant.hashes(of text, after bigint, many int) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce(string_agg(hash, ''::bytea ORDER BY "row"), ''::bytea)
    FROM plant.rows WHERE station = $1 AND "row" > $2 AND "row" <= $2 + least($3, 50000)
$$;
-- Of a head that the plant has, once for each witness.
CREATE FUNCTION plant.give_cosignature(of text, size bigint, note text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO plant.cosignatures (station, size, witness, note)
    SELECT $1, $2, plant.me(), $3 WHERE EXISTS (SELECT FROM plant.heads AS h WHERE h.station = $1 AND h.size = $2) ON CONFLICT DO NOTHING
$$;

REVOKE ALL ON FUNCTION plant.others(), plant.newest_head(text), plant.hashes(text, bigint, int), plant.give_cosignature(text, bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plant.others(), plant.newest_head(text), plant.hashes(text, bigint, int), plant.give_cosignature(text, bigint, text)
  TO ${witnessGroup};
GRANT SELECT ON plant.cosignatures TO ${stationGroup};
ALTER TABLE plant.cosignatures ENABLE ROW LEVEL SECURITY;
CREATE POLICY cosignatures_read ON plant.cosignatures FOR SELECT TO ${stationGroup} USING (station = (SELECT plant.me()));
CREATE TRIGGER cosignatures_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON plant.cosignatures FOR EACH STATEMENT EXECUTE FUNCTION plant.append_only();
`;
