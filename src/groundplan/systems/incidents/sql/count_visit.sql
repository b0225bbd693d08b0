-- Counts one use of a public door and returns the count of the window.
INSERT INTO incidents_door_count (door, visitor, "window", count)
VALUES (%s, %s, %s, 1)
ON CONFLICT (door, visitor, "window") DO UPDATE SET count = incidents_door_count.count + 1
RETURNING count
