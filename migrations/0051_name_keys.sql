-- +goose Up

-- A name is sought by its key (internal/names): another dot between its parts, another blank or another form of a character hides nobody.
-- The program writes the keys of who is there already right after the migrations, since it alone knows the forms. NULL is somebody whom an
-- older process has entered since then, until `zhucan standing rebuild`.
ALTER TABLE persons ADD COLUMN name_key text COLLATE "C";
CREATE INDEX persons_name ON persons (name_key, managing_area_code);
