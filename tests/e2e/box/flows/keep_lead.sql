insert into lead (number, name, note) values (:number, :name, :note) returning number, name
