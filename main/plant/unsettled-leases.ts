import { freeingPlaces } from './freeing-places.ts';

/**
 * Leases that a station has taken and whose places somebody else has in this database, or whose order it does not know. In a database that was
 * put back to an older copy that is nothing wrong: rows of several stations come anew in whatever order, and one of the two stations may say
 * in a later row that it gave the places back. Such a lease waits, together with what its station says of it, and is tried again whenever
 * places become free. It is a conflict once both stations have sent all that they have, or after a quarter of an hour. Nobody is given places
 * of that order meanwhile (leasing.ts).
 */
export const unsettledLeases = `
CREATE TABLE plant.unsettled (
  lease    bytea PRIMARY KEY,               -- digest of its file
  name     text   NOT NULL,                 -- of the order
  digest   text   NOT NULL,                 -- ... hex
  station  text   NOT NULL REFERENCES plant.stations,
  "row"    bigint NOT NULL,                 -- in which the station took it
  first    int    NOT NULL,
  boards   int    NOT NULL,
  file     bytea  NOT NULL,
  returned bigint,                          -- row of the station in which it gave back what it had not used
  unused   int4multirange NOT NULL DEFAULT '{}',
  at       timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE plant.unsettled ENABLE ROW LEVEL SECURITY;

CREATE OR REPLACE FUNCTION plant.learn_lease(of text, "row" bigint, name text, detail jsonb) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
  ordered plant.orders;
  told bytea := decode(detail ->> 'file', 'base64');
  low int := (detail ->> 'first')::int;
  many int := (detail ->> 'boards')::int;
BEGIN
  IF EXISTS (SELECT FROM plant.leases AS l WHERE l.digest = sha256(told) AND l.station = of AND l.first = low AND l.boards = many) THEN
    RETURN;
  END IF;
  IF low IS NULL OR many IS NULL OR low < 1 OR many < 1 OR told IS NULL THEN
    RAISE EXCEPTION 'no lease' USING ERRCODE = 'check_violation';
  END IF;
  SELECT * INTO ordered FROM plant.orders AS o WHERE o.name = learn_lease.name AND encode(o.digest, 'hex') = detail ->> 'order';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no order' USING ERRCODE = 'exclusion_violation';
  END IF;
  -- (who gives leases may be making the database know this very one at this moment)
  INSERT INTO plant.leases (digest, number, station, first, boards, file) VALUES (sha256(told), ordered.number, of, low, many, told)
    ON CONFLICT (digest) DO NOTHING;
  IF FOUND THEN
    INSERT INTO plant.held (number, boards, station, lease, first, last) VALUES (ordered.number, ordered.boards, of, sha256(told), low, low + many - 1);
  ELSIF NOT EXISTS (SELECT FROM plant.leases AS l WHERE l.digest = sha256(told) AND l.station = of AND l.first = low AND l.boards = many) THEN
    RAISE EXCEPTION 'the lease of another' USING ERRCODE = 'unique_violation';
  END IF;
EXCEPTION
  WHEN exclusion_violation THEN
    INSERT INTO plant.unsettled (lease, name, digest, station, "row", first, boards, file)
      VALUES (sha256(told), learn_lease.name, detail ->> 'order', of, learn_lease."row", low, many, told) ON CONFLICT DO NOTHING;
  WHEN check_violation OR unique_violation THEN
    PERFORM plant.tell_conflict('lease', of, "row", name, detail ->> 'lease', NULL, NULL);
END $$;

-- As it was: of a lease that is in order.
${freeingPlaces('free_settled')}

CREATE OR REPLACE FUNCTION plant.free_places(of text, "row" bigint, name text, detail jsonb) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
  ranges int4multirange;
BEGIN
  SELECT coalesce(range_agg(int4range(split_part(range, '-', 1)::int, split_part(range, '-', 2)::int, '[]')), '{}') INTO ranges
    FROM jsonb_array_elements_text(detail -> 'unused') AS range;
  UPDATE plant.unsettled AS u SET returned = free_places."row", unused = ranges WHERE u.lease = decode(detail ->> 'lease', 'hex')
    AND u.station = of AND u.returned IS NULL AND int4multirange(int4range(u.first, u.first + u.boards)) @> ranges;
  IF NOT FOUND THEN
    PERFORM plant.free_settled(of, "row", name, detail);
  END IF;
  PERFORM plant.settle_leases(name);
END $$;

-- Tries again what waits, for as long as something becomes settled by it.
CREATE FUNCTION plant.settle_leases(of_order text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  waiting plant.unsettled;
  ordered plant.orders;
  moved boolean := true;
BEGIN
  WHILE moved LOOP
    moved := false;
    FOR waiting IN SELECT * FROM plant.unsettled AS u WHERE u.name = of_order ORDER BY u.station, u."row" FOR UPDATE SKIP LOCKED LOOP
      SELECT * INTO ordered FROM plant.orders AS o WHERE o.name = of_order AND encode(o.digest, 'hex') = waiting.digest;
      CONTINUE WHEN NOT FOUND;
      BEGIN
        INSERT INTO plant.leases AS l (digest, number, station, first, boards, file, returned)
          VALUES (waiting.lease, ordered.number, waiting.station, waiting.first, waiting.boards, waiting.file, waiting.returned)
          ON CONFLICT (digest) DO UPDATE SET returned = excluded.returned;
        DELETE FROM plant.held AS h WHERE h.lease = waiting.lease;
        INSERT INTO plant.held (number, boards, station, lease, first, last)
          SELECT ordered.number, ordered.boards, waiting.station, waiting.lease, lower(stretch), upper(stretch) - 1
          FROM unnest(int4multirange(int4range(waiting.first, waiting.first + waiting.boards)) - waiting.unused) AS stretch;
        DELETE FROM plant.unsettled AS u WHERE u.lease = waiting.lease;
        moved := true;
      EXCEPTION
        WHEN exclusion_violation THEN NULL; -- they are still somebody else's
        WHEN check_violation THEN
          DELETE FROM plant.unsettled AS u WHERE u.lease = waiting.lease;
          PERFORM plant.tell_conflict('lease', waiting.station, waiting."row", of_order, encode(waiting.lease, 'hex'), NULL, NULL);
      END;
    END LOOP;
  END LOOP;
END $$;

-- The plant has every row that this station had when it was heard last, which was after that moment.
CREATE FUNCTION plant.is_level(of text, since timestamptz) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM plant.stations AS s WHERE s.name = of AND s.seen_at > since
    AND s.newest <= (SELECT max("row") FROM plant.rows WHERE station = of))
$$;

CREATE FUNCTION plant.tell_unsettled() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  waiting plant.unsettled;
  certain boolean;
BEGIN
  -- (one that somebody is settling at this moment is left to him)
  FOR waiting IN SELECT * FROM plant.unsettled FOR UPDATE SKIP LOCKED LOOP
    SELECT count(*) > 0 AND bool_and(plant.is_level(h.station, waiting.at)) INTO certain FROM plant.held AS h JOIN plant.orders AS o USING (number)
      WHERE o.name = waiting.name AND encode(o.digest, 'hex') = waiting.digest AND h.lease IS DISTINCT FROM waiting.lease
      AND h.first < waiting.first + waiting.boards AND h.last >= waiting.first;
    IF (certain AND plant.is_level(waiting.station, waiting.at)) OR waiting.at < now() - interval '15 minutes' THEN
      PERFORM plant.tell_conflict('lease', waiting.station, waiting."row", waiting.name, encode(waiting.lease, 'hex'), NULL, NULL);
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION plant.seen(newest bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  waiting text;
BEGIN
  UPDATE plant.stations AS s SET seen_at = now(), newest = seen.newest WHERE s.name = plant.me();
  FOR waiting IN SELECT DISTINCT u.name FROM plant.unsettled AS u LOOP
    PERFORM plant.settle_leases(waiting);
  END LOOP;
  PERFORM plant.tell_unsettled();
END $$;

REVOKE ALL ON FUNCTION plant.free_settled(text, bigint, text, jsonb), plant.settle_leases(text), plant.is_level(text, timestamptz),
  plant.tell_unsettled() FROM PUBLIC;
`;
