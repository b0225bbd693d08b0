-- Takes the staged rows over in one statement: new identities are inserted, known ones changed.
INSERT INTO registers_component (
    public_id, identity, name, category, authority_code, authority_name, owner_code, owner_name, maintainer_code,
    maintainer_name, unit_grid, state, first_date, change_date, source, note, street_code, street_name,
    community_code, community_name, lon, lat, load_id, version
)
SELECT
    public_id, identity, name, category, authority_code, authority_name, owner_code, owner_name, maintainer_code,
    maintainer_name, unit_grid, state, first_date, change_date, source, note, street_code, street_name,
    community_code, community_name, lon, lat, load_id, 1
FROM registers_staging
ON CONFLICT (identity) DO UPDATE SET
    name = excluded.name, category = excluded.category,
    authority_code = excluded.authority_code, authority_name = excluded.authority_name,
    owner_code = excluded.owner_code, owner_name = excluded.owner_name,
    maintainer_code = excluded.maintainer_code, maintainer_name = excluded.maintainer_name,
    unit_grid = excluded.unit_grid, state = excluded.state, first_date = excluded.first_date,
    change_date = excluded.change_date, source = excluded.source, note = excluded.note,
    street_code = excluded.street_code, street_name = excluded.street_name,
    community_code = excluded.community_code, community_name = excluded.community_name,
    lon = excluded.lon, lat = excluded.lat, load_id = excluded.load_id,
    version = registers_component.version + 1
