-- +goose Up

-- The awards of a village or a town in the order in which they were given, a page at a time. There was only the order of the whole register: of
-- 30,000 awards a page of a village read all, 492 pages in 7 ms, and reads 68 in 0.1 ms by this.
CREATE INDEX awards_area ON awards (area_code, id);
