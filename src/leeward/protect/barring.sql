-- Whose record somebody must not see, because the person says so and nobody lifted it.
-- Stands as `:barring` in the functions of `context.sql`.
SELECT b.client_id, b.staff_id
  FROM protect_barring b
 WHERE NOT EXISTS (SELECT FROM protect_barringlift l WHERE l.barring_id = b.id)
