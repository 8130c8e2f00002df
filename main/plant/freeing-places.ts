/**
 * The function that makes places of a lease nobody's, under a name: one of migrations of two versions, and so never changed. Only the station
 * that has them gives them back.
 */
export const freeingPlaces = (
  name: 'free_places' | 'free_settled',
) => `CREATE FUNCTION plant.${name}(of text, "row" bigint, name text, detail jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  given bytea := decode(detail ->> 'lease', 'hex');
  range text;
  low int;
  high int;
  had plant.held;
BEGIN
  UPDATE plant.leases AS l SET returned = ${name}."row" WHERE l.digest = given AND l.station = of AND l.returned IS NULL;
  IF NOT FOUND THEN
    PERFORM plant.tell_conflict('lease', of, "row", name, detail ->> 'lease', NULL, NULL);
    RETURN;
  END IF;
  FOR range IN SELECT jsonb_array_elements_text(detail -> 'unused') LOOP
    low := split_part(range, '-', 1)::int;
    high := split_part(range, '-', 2)::int;
    DELETE FROM plant.held AS h WHERE h.lease = given AND h.first <= low AND h.last >= high AND low <= high RETURNING * INTO had;
    IF NOT FOUND THEN RAISE EXCEPTION 'not its places'; END IF;
    IF had.first < low THEN
      INSERT INTO plant.held (number, boards, station, lease, first, last) VALUES (had.number, had.boards, of, given, had.first, low - 1);
    END IF;
    IF had.last > high THEN
      INSERT INTO plant.held (number, boards, station, lease, first, last) VALUES (had.number, had.boards, of, given, high + 1, had.last);
    END IF;
  END LOOP;
EXCEPTION WHEN raise_exception THEN
  PERFORM plant.tell_conflict('lease', of, "row", name, detail ->> 'lease', NULL, NULL);
END $$;`;
